"""When somebody wants to be reminded: by REST, on the family's page, and in their own words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from api.appointments.models import Appointment
from api.assistant.operations.reminders import kinds_meant, wish
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.families.models import ContactPoint, Person
from api.reminders import queries
from api.reminders.models import Reminder
from tests.reminders.conftest import MEETING, Booking, Diary, set_clock, tick
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
        "person_id": str(town.mine.parent.id), "moments": ["3d", "1d", "2h"], "chosen": False, "kinds": {},
        "reminders": [],
    }  # fmt: skip
    with reading() as session:
        verbs = session.scalars(select(AuditEntry.verb).where(AuditEntry.object_id == str(town.mine.parent.id))).all()
    assert verbs.count("chose_reminders") == 2


@pytest.mark.parametrize(
    "body",
    [
        {"moments": ["3w"]},
        {"moments": None, "kinds": {"party": ["1d"]}},
        {"moments": None, "kinds": {"other": ["1w"]}},
        {"moments": ["15d"]},
        {"moments": ["1d"] * 6},
        {"moments": "1d"},
        {},
        {"moments": [1]},
    ],
)
def test_what_is_no_moment_is_refused(client: TestClient, town: Town, body: Any) -> None:
    assert put(client, town, body).status_code == 422


def test_a_kind_of_appointment_has_moments_of_its_own(client: TestClient, diary: Diary, book: Booking) -> None:
    town = diary.town
    visit = book(MEETING + timedelta(hours=3))
    answer = put(client, town, {"moments": None, "kinds": {"core_group": ["2d"], "court_hearing": []}})
    assert (answer.json()["moments"], answer.json()["kinds"]) == (
        ["3d", "1d", "2h"], {"core_group": ["2d"], "court_hearing": []},
    )  # fmt: skip
    tick()

    def planned(appointment: Appointment) -> set[str]:
        with reading() as session:
            found = select(Reminder.moment).filter_by(appointment_id=appointment.id, state="planned")
            return set(session.scalars(found))

    assert planned(diary.appointment) == {"2d"} and planned(visit) == {"3d", "1d", "2h"}
    diary.change(Appointment, kind="court_hearing")
    tick()
    assert planned(diary.appointment) == set(), "it is a court hearing now, and of these they want none"
    assert put(client, town, {"moments": ["1d"]}).json()["kinds"] == {"core_group": ["2d"], "court_hearing": []}
    assert put(client, town, {"moments": ["1d"], "kinds": {}}).json()["kinds"] == {}
    tick()
    assert planned(diary.appointment) == {"1d"} == planned(visit)


def test_what_waits_in_the_outbox_is_not_sent_once_its_kind_is_not_wanted(client: TestClient, diary: Diary) -> None:
    diary.at(MEETING - timedelta(days=3))
    with reading() as session:
        outbound_id = session.scalars(select(Reminder.outbound_id).where(Reminder.outbound_id.is_not(None))).one()
        assert queries.no_longer_holds(session, outbound_id, MEETING - timedelta(days=3)) == ""
    put(client, diary.town, {"moments": None, "kinds": {"core_group": ["1d"]}})
    with reading() as session:
        assert queries.no_longer_holds(session, outbound_id, MEETING - timedelta(days=3)) == "not_wanted"


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        ("remind me the day before court", ["court_hearing"]),
        ("can i get reminders two days before the conference", ["initial_conference", "review_conference"]),
        ("no more reminders for contact please", ["contact_session"]),
        ("remind me 3 hours before the school meeting", ["school_meeting"]),
        ("recuérdame un día antes de la audiencia", ["court_hearing"]),
        ("remind me the day before only", []),
        ("remind me the day before, my memory is bad since hospital", []),
    ],
)
def test_a_kind_that_is_named_is_the_one_that_is_meant(words: str, kinds: list[str]) -> None:
    assert kinds_meant(words) == kinds


def test_the_familys_page_has_a_kinds_own_moments_and_takes_them_back(client: TestClient, diary: Diary) -> None:
    town, path = diary.town, f"/console/families/{diary.household.family.id}"
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    to, form = f"/console/people/{town.mine.parent.id}/reminders", town.form(cookies)
    assert client.post(to, data={**form, "moment": ["7d", "1d"], "kind": "court_hearing"}).status_code == 303
    page = client.get(path).text
    assert "3 d before, 1 d before, 2 h before; court hearing: 7 d before, 1 d before<" in page
    client.post(to, data={**form, "moment": ["1d"], "kind": "no such kind"})
    assert "3 d before, 1 d before, 2 h before; court" in client.get(path).text
    client.post(to, data={**form, "kind": "court_hearing", "do": "usual"})
    assert "3 d before, 1 d before, 2 h before<" in client.get(path).text


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
