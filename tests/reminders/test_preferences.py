"""When somebody wants to be reminded: by REST, on the family's page, and in their own words."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from api.assistant.operations.reminders import wish
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.families.models import ContactPoint, Person
from tests.reminders.conftest import MEETING, Diary, set_clock, tick
from tests.small_town import Town


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("stop the reminders but keep texting me", ""),
        ("no more reminders please", ""),
        ("switch the reminders off, i've got a calendar", ""),
        ("stop sending me reminder texts", ""),
        ("no quiero más recordatorios pero sigue escribiéndome", ""),
        ("remind me the day before only", "1d"),
        ("can my reminders come the day before not an hour before", "1d"),
        ("id want the reminder at least 3 hrs before cos of my memory", "3h"),
        ("i want reminders a week before and two days before", "7d,2d"),
        ("recuérdamelo solo el día antes", "1d"),
        ("reminders on the day and 2 days before pls", "2d,2h"),
        ("turn my reminders back on", "default"),
        ("stop all the texts and the reminders", None),
        ("no more messages no more reminders nothing", None),
        ("send jake's reminders to him not me, he's 16", None),
        ("why am i getting reminders for somebody elses baby", None),
        ("ta for the reminder", None),
        ("not cancelling the reminders, just want them later in the day", None),
        ("can we move it to the day before", None),
        ("remind me 40 days before", None),
        ("dont text me after 6", None),
    ],
)
def test_what_people_ask_for(words: str, wanted: str | None) -> None:
    assert wish(words) == wanted


def put(client: TestClient, town: Town, body: Any) -> Any:
    path = f"/api/v1/people/{town.mine.parent.id}/reminders"
    return client.put(path, json=body, headers=town.program(town.worker))


def test_a_worker_chooses_the_moments_and_sees_what_became_of_each(client: TestClient, diary: Diary) -> None:
    town = diary.town
    answer = put(client, town, {"moments": ["1d", "3d"]})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["moments"], answer.json()["chosen"]) == (["3d", "1d"], True)
    tick()
    diary.at(MEETING.replace(day=25))
    shown = client.get(f"/api/v1/people/{town.mine.parent.id}/reminders", headers=town.program(town.worker)).json()
    states = {one["moment"]: (one["state"], one["delivery"], one["reason"]) for one in shown["reminders"]}
    assert states == {
        "3d": ("queued", "queued", ""), "1d": ("planned", "", ""), "2h": ("skipped", "", "not_wanted"),
    }  # fmt: skip
    assert put(client, town, {"moments": None}).json() | {"reminders": []} == {
        "person_id": str(town.mine.parent.id), "moments": ["3d", "1d", "2h"], "chosen": False, "reminders": [],
    }  # fmt: skip
    with reading() as session:
        verbs = session.scalars(select(AuditEntry.verb).where(AuditEntry.object_id == str(town.mine.parent.id))).all()
    assert verbs.count("chose_reminders") == 2


@pytest.mark.parametrize(
    "body",
    [{"moments": ["3w"]}, {"moments": ["15d"]}, {"moments": ["1d"] * 6}, {"moments": "1d"}, {}, {"moments": [1]}],
)
def test_what_is_no_moment_is_refused(client: TestClient, town: Town, body: Any) -> None:
    assert put(client, town, body).status_code == 422


def test_the_familys_page_shows_and_changes_them(client: TestClient, diary: Diary) -> None:
    town, path = diary.town, f"/console/families/{diary.household.family.id}"
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    page = client.get(path).text
    assert "3 d before, 1 d before, 2 h before" in page and "planned for" in page
    form = town.form(cookies)
    answer = client.post(f"/console/people/{town.mine.parent.id}/reminders", data={**form, "moment": ["1d", "99d"]})
    assert answer.status_code == 303
    assert "Reminders: 1 d before<" in client.get(path).text
    client.post(f"/console/people/{town.mine.parent.id}/reminders", data=form)
    assert "Reminders: none<" in client.get(path).text


def test_the_familys_page_says_who_could_not_be_told(client: TestClient, diary: Diary) -> None:
    with transaction() as session:
        session.execute(update(ContactPoint).where(ContactPoint.person_id == diary.person.id).values(state="opted_out"))
    diary.at(MEETING.replace(day=25))
    client.cookies.update(diary.town.signed_in(diary.town.worker))
    assert "has asked for no texts" in client.get(f"/console/families/{diary.household.family.id}").text


def test_the_installations_own_moments_hold_for_who_chose_none(diary: Diary) -> None:
    with reading() as session:
        assert session.scalars(select(Person.reminder_moments)).all() == [None] * 6
    set_clock(MEETING)
