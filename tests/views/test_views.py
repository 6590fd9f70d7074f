"""What people said is kept word for word and read only by those whom they let."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.access.models import Worker
from api.database import reading, transaction
from api.families.models import FamilyWorker
from api.views import queries
from tests.small_town import Town


def say(client: TestClient, town: Town, **changes: Any) -> Any:
    person = str(town.mine.child.id)
    body = {"person_id": person, "given_on": "2026-03-01", "words": "i dont WANT to move school !!", **changes}
    return client.post(f"/api/v1/families/{town.mine.family.id}/views", json=body, headers=town.program(town.worker))


def read(client: TestClient, town: Town, worker: Worker) -> set[str]:
    found = client.get(f"/api/v1/families/{town.mine.family.id}/views", headers=town.program(worker)).json()
    return {one["words"] for one in found}


def test_words_are_kept_as_they_were_said_and_are_for_the_own_worker_and_managers_first(
    client: TestClient, town: Town
) -> None:
    assert say(client, town).status_code == 201
    mine = "i dont WANT to move school !!"
    assert mine in read(client, town, town.worker) and mine in read(client, town, town.manager)
    assert mine not in read(client, town, town.duty), "duty workers see the family, not what is for one worker"
    with transaction() as session:
        session.get_one(FamilyWorker, (town.mine.family.id, town.worker.id)).lead = False
    assert mine not in read(client, town, town.worker), "nor does a worker who leads the family no more"


def test_whoever_lets_the_meeting_read_lets_every_worker_of_the_family(client: TestClient, town: Town) -> None:
    say(client, town, audience="meeting", words="tell everybody")
    assert "tell everybody" in read(client, town, town.duty)


def test_what_is_taken_back_is_read_by_nobody_and_hidden_ids_are_not_there(client: TestClient, town: Town) -> None:
    made = say(client, town).json()
    address = f"/api/v1/views/{made['id']}/withdraw"
    assert client.post(address, headers=town.program(town.duty)).status_code == 404
    assert client.post(address, headers=town.program(town.worker)).json()["withdrawn_at"]
    assert made["words"] not in read(client, town, town.manager)


def test_a_childs_words_are_on_no_other_page_of_the_family_unless_the_child_says_so(
    client: TestClient, town: Town
) -> None:
    say(client, town, words="a secret", audience="meeting")
    say(client, town, words="mum can know", family_may_see=True)
    with reading() as session:
        parents = {said.view.words for said in queries.for_person(session, town.mine.parent)}
        own = {said.view.words for said in queries.for_person(session, town.mine.child)}
    assert parents == {"mum can know"} and {"a secret", "mum can know"} <= own


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"person_id": "00000000-0000-0000-0000-000000000001"}, "view_of_a_stranger"),
        ({"given_on": "2999-01-01"}, "event_in_the_future"),
        ({"words": " "}, "invalid"),
        ({"audience": "everybody"}, "invalid"),
    ],
)
def test_what_cannot_be_is_refused(client: TestClient, town: Town, changes: dict[str, str], code: str) -> None:
    answer = say(client, town, **changes)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)


def test_the_console_form_keeps_the_words_and_who_may_read_them(client: TestClient, town: Town) -> None:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    address = f"/console/families/{town.mine.family.id}/views"
    fields = {
        "person_id": str(town.mine.child.id),
        "given_on": "2026-03-01",
        "words": "I like <it>",
        "audience": "lead",
    }
    empty = client.post(address, data=town.form(cookies, **{**fields, "given_on": ""}))
    assert empty.status_code == 400 and "I like &lt;it&gt;" in empty.text
    assert client.post(address, data=town.form(cookies, **fields)).status_code == 303
    page = client.get(f"/console/families/{town.mine.family.id}").text
    assert "I like &lt;it&gt;" in page and "for their own worker and the manager" in page
