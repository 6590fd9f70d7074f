"""Families and people under /api/v1, written: once for one key, on what was seen, and nobody is asked by the way."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.access import keys
from api.access.models import Worker
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.families.models import ContactPoint, Family, FamilyWorker, Person
from api.messages.models import OutboundMessage
from api.settings import settings
from tests.small_town import Town

ALL = "/api/v1/families"
RITA: dict[str, Any] = {"kind": "parent", "first_name": "Rita", "phone": "+447700900888", "language": "es"}


def error(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def family_of(name: str) -> Family | None:
    with reading() as session:
        return session.scalars(select(Family).where(Family.name == name)).one_or_none()


def lead_of(family: Family | None) -> object:
    assert family is not None
    with reading() as session:
        return session.scalar(select(FamilyWorker.worker_id).filter_by(family_id=family.id, lead=True))


def test_a_family_is_added_once_however_often_the_program_asks_with_one_key(client: TestClient, town: Town) -> None:
    headers = {**town.program(town.worker), "Idempotency-Key": "first-try"}
    body = {"name": "Rowan", "external_id": "R-17"}
    first, again = (client.post(ALL, json=body, headers=headers) for _ in range(2))
    assert first.status_code == again.status_code == 201 and first.json() == again.json()
    assert first.json()["workers"][0]["name"] == "Lena Worker" and first.headers["etag"]
    assert lead_of(family_of("Rowan")) == town.worker.id
    assert error(client.post(ALL, json=body, headers=town.program(town.worker))) == (409, "family_exists")
    given = {"name": "Elm", "lead_worker_id": str(town.duty.id)}
    assert error(client.post(ALL, json=given, headers=town.program(town.worker))) == (422, "no_such_worker")


def test_who_sees_the_whole_agency_chooses_whose_it_is_or_leaves_it_open(client: TestClient, town: Town) -> None:
    headers = town.program(town.manager)
    given = {"name": "Elm", "lead_worker_id": str(town.worker.id)}
    assert client.post(ALL, json=given, headers=headers).status_code == 201
    assert client.post(ALL, json={"name": "Oak"}, headers=headers).status_code == 201
    assert (lead_of(family_of("Elm")), lead_of(family_of("Oak"))) == (town.worker.id, None)
    given["lead_worker_id"] = str(town.far_manager.id)
    assert error(client.post(ALL, json=given, headers=headers)) == (422, "no_such_worker")


def test_somebody_is_added_and_asked_only_where_the_program_says_so(client: TestClient, town: Town) -> None:
    headers, there = town.program(town.worker), f"{ALL}/{town.mine.family.id}/people"
    made = client.post(there, json={**RITA, "external_id": "p-1"}, headers=headers)
    assert made.status_code == 201 and made.json()["contact_points"][0]["state"] == "pending"
    assert (made.json()["language"], made.json()["left_at"]) == ("es", None)
    with reading() as session:
        assert session.scalars(select(OutboundMessage)).all() == []
    assert error(client.post(there, json={**RITA, "external_id": "p-1"}, headers=headers)) == (409, "person_exists")
    asked = client.post(there, json={"kind": "carer", "first_name": "Ron", "phone": "+447700900887", "ask": True},
                        headers=headers)  # fmt: skip
    assert asked.status_code == 201
    with reading() as session:
        assert session.scalars(select(OutboundMessage)).one().address == "+447700900887"


def test_an_address_is_noted_and_waits_for_its_code(
    client: TestClient, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "smtp_url", "smtp://127.0.0.1:9")
    headers, there = town.program(town.worker), f"{ALL}/{town.mine.family.id}/people"
    lin = {"kind": "carer", "first_name": "Lin", "email": "Lin@Example.org"}
    made = client.post(there, json={**lin, "ask": True}, headers=headers)
    assert made.status_code == 201
    assert made.json()["contact_points"] == [{"channel": "email", "address": "lin@example.org", "state": "pending"}]
    assert made.json()["safe_contact"]["contact_channel"] == "sms"
    with reading() as session:
        sent = session.scalars(select(OutboundMessage)).one()
        assert (sent.channel, sent.address, sent.kind) == ("email", "lin@example.org", "consent")
    other = client.post(f"{ALL}/{town.other.family.id}/people", json=lin, headers=town.program(town.manager))
    assert error(other) == (409, "number_taken")
    assert client.post(there, json={**lin, "email": "lin at home"}, headers=headers).status_code == 422
    child = {"kind": "child", "first_name": "Mo", "email": "mo@example.org"}
    assert error(client.post(there, json=child, headers=headers)) == (422, "child_has_number")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"phone": "07700 900888"}, (422, "invalid")),
        ({"born": "2019-02-30"}, (422, "invalid")),
        ({"born": "2199-01-01"}, (422, "not_born_yet")),
        ({"kind": "child"}, (422, "child_has_number")),
        ({"language": "tlh"}, (422, "invalid")),
        ({"wording": "plain"}, (422, "invalid")),
    ],
    ids=["national number", "no such day", "not born", "child with a phone", "no such language", "unknown field"],
)
def test_what_cannot_be_is_refused_and_nobody_is_added(
    client: TestClient, town: Town, wrong: dict[str, str], said: tuple[int, str]
) -> None:
    there = f"{ALL}/{town.mine.family.id}/people"
    assert error(client.post(there, json={**RITA, **wrong}, headers=town.program(town.worker))) == said
    with reading() as session:
        assert session.scalars(select(Person).where(Person.first_name == "Rita")).all() == []


def test_a_number_in_use_says_nothing_of_who_has_it(client: TestClient, town: Town) -> None:
    there = f"{ALL}/{town.mine.family.id}/people"
    for taken in (town.other.conversation.address, town.far.conversation.address, town.duty.phone):
        answer = client.post(there, json={**RITA, "phone": taken}, headers=town.program(town.worker))
        assert error(answer) == (409, "number_taken")
        assert "Birch" not in answer.text and "Cedar" not in answer.text


def test_two_programs_do_not_overwrite_each_others_correction(client: TestClient, town: Town) -> None:
    headers, there = town.program(town.worker), f"/api/v1/people/{town.mine.child.id}"
    seen = client.get(there, headers=headers).headers["etag"]
    first = client.patch(there, json={"first_name": "Aisha"}, headers={**headers, "If-Match": seen})
    assert first.status_code == 200 and first.json()["first_name"] == "Aisha"
    late = client.patch(there, json={"first_name": "Ayesha"}, headers={**headers, "If-Match": seen})
    assert late.status_code == 412
    fresh = {**headers, "If-Match": first.headers["etag"]}
    assert client.patch(there, json={"born": "2019-03-01"}, headers=fresh).json()["born"] == "2019-03-01"
    assert client.patch(there, json={"born": None}, headers=headers).json()["born"] is None


def test_a_change_of_nothing_is_a_look_and_in_the_trail(client: TestClient, town: Town) -> None:
    headers, mine = town.program(town.duty), town.mine
    same = {"place": mine.appointment.place}
    for there, nothing in ((f"{ALL}/{mine.family.id}", {}), (f"/api/v1/people/{mine.parent.id}", {}),
                           (f"/api/v1/plans/{mine.plan.id}", {}),
                           (f"/api/v1/appointments/{mine.appointment.id}", same)):  # fmt: skip
        assert client.patch(there, json=nothing, headers=headers).status_code == 200, there
    with reading() as session:
        looks = session.scalars(select(AuditEntry.verb).where(AuditEntry.actor_id == town.duty.id)).all()
    assert {"viewed_family", "viewed_contact", "viewed_plan", "viewed_appointment"} <= set(looks)


def test_who_left_is_shown_with_the_day_and_comes_back(client: TestClient, town: Town) -> None:
    headers, there = town.program(town.worker), f"/api/v1/people/{town.mine.parent.id}"
    gone = client.patch(there, json={"left": True}, headers=headers).json()
    assert gone["left_at"] and [point["state"] for point in gone["contact_points"]] == ["quarantined"]
    family = client.get(f"{ALL}/{town.mine.family.id}", headers=headers).json()
    assert [one["left_at"] is not None for one in family["people"] if one["kind"] == "parent"] == [True]
    assert client.patch(there, json={"left": False}, headers=headers).json()["left_at"] is None
    with reading() as session:
        verbs = session.scalars(select(AuditEntry.verb).where(AuditEntry.verb.like("person%"))).all()
        assert session.scalars(select(ContactPoint).filter_by(person_id=town.mine.parent.id)).one().state != "active"
    assert sorted(verbs) == ["person_came_back", "person_left_family"]


def test_a_family_is_handed_over_by_a_manager_only_on_what_was_seen(client: TestClient, town: Town) -> None:
    there, hand = f"{ALL}/{town.mine.family.id}", {"lead_worker_id": str(town.duty.id)}
    assert error(client.patch(there, json=hand, headers=town.program(town.worker))) == (422, "no_such_worker")
    headers = town.program(town.manager)
    seen = {**headers, "If-Match": client.get(there, headers=headers).headers["etag"]}
    assert client.patch(there, json={"name": "Ashe"}, headers=seen).json()["name"] == "Ashe"
    assert client.patch(there, json=hand, headers=seen).status_code == 412
    moved = client.patch(there, json=hand, headers=headers)
    assert [one["name"] for one in moved.json()["workers"]] == ["Dora Worker"]
    assert client.get(there, headers=town.program(town.worker)).status_code == 404


def test_a_key_that_may_only_read_writes_nothing(client: TestClient, town: Town) -> None:
    with transaction() as session:
        plain = keys.make(session, session.get_one(Worker, town.manager.id), "reads", "read", town.manager.id)
    headers = {"Authorization": f"Bearer {plain}"}
    assert client.post(ALL, json={"name": "Rowan"}, headers=headers).status_code == 403
    assert client.patch(f"/api/v1/people/{town.mine.child.id}", json={}, headers=headers).status_code == 403
