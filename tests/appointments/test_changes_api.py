"""Requests to change an appointment under /api/v1: read, other times offered, looked after; nobody else's."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.appointments import offers
from api.appointments.models import Appointment, ChangeRequest
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.families.models import ContactPoint
from api.messages.models import OutboundMessage
from tests.small_town import Town


def listed(client: TestClient, town: Town, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(
        f"/api/v1/families/{town.mine.family.id}/changes", params=query, headers=town.program(town.worker)
    )
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def offer(client: TestClient, town: Town, *starts: str, **headers: str) -> Any:
    return client.post(
        f"/api/v1/changes/{town.mine.change.id}/offer",
        json={"starts_at": list(starts)},
        headers={**town.program(town.worker), **headers},
    )


def handle(client: TestClient, town: Town, request: object) -> Any:
    return client.post(f"/api/v1/changes/{request}/handled", headers=town.program(town.worker))


def texts_sent() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(OutboundMessage.body)))


def test_the_request_that_today_tells_of_is_read_with_the_times_that_could_be_offered(
    client: TestClient, town: Town
) -> None:
    told = client.get("/api/v1/today", params={"what": "change"}, headers=town.program(town.worker)).json()["items"]
    (one,) = listed(client, town)
    assert [line["object_id"] for line in told] == [one["id"]] == [str(town.mine.change.id)]
    assert (one["words"], one["person_name"]) == ("Ash cannot come", "Ashparent")
    assert (one["appointment_id"], one["kind"]) == (str(town.mine.appointment.id), "core_group")
    assert len(one["proposed"]) == 3 and one["offered"] == [] and one["handled_at"] is None
    with reading() as session:
        seen = session.scalars(select(AuditEntry).where(AuditEntry.verb == "viewed_appointments")).one()
    assert seen.family_id == town.mine.family.id


def test_times_that_are_offered_go_by_one_text_and_the_one_that_is_chosen_is_booked(
    client: TestClient, town: Town
) -> None:
    (one,) = listed(client, town)
    starts = [slot["starts_at"] for slot in one["proposed"]]
    key, token = {"Idempotency-Key": "offer-1"}, town.program(town.worker)
    made = offer(client, town, *starts, **key, **token)
    assert made.status_code == 200, made.text
    assert [slot["starts_at"] for slot in made.json()["offered"]] == starts and made.json()["proposed"] == []
    assert offer(client, town, *starts, **key, **token).json() == made.json() and len(texts_sent()) == 1
    assert offer(client, town, starts[0]).json()["offered"] == made.json()["offered"][:1], "the others are taken back"
    with transaction() as session:
        (left,) = offers.open_offers(session, town.mine.change.id)
        assert offers.choose(session, town.mine.parent.id, left.id) is not None
    with reading() as session:
        moved = session.get_one(Appointment, town.mine.appointment.id).starts_at
    assert moved == datetime.fromisoformat(starts[0])
    assert listed(client, town, open=True) == []
    (over,) = listed(client, town)
    assert over["handled_at"] and over["handled_by"] == "Lena Worker"
    assert (over["offered"], over["proposed"], over["refused"]) == ([], [], False)


def test_what_cannot_be_offered_is_refused_with_the_reason(client: TestClient, town: Town) -> None:
    def refused(*starts: str) -> tuple[int, str]:
        answer = offer(client, town, *starts)
        assert answer.json()["error"]["message"]
        return answer.status_code, answer.json()["error"]["code"]

    later = [(clock.now() + timedelta(days=n)).isoformat() for n in range(3, 7)]
    assert refused((clock.now() - timedelta(hours=1)).isoformat()) == (422, "offer_past")
    assert refused() == refused(*later) == (422, "invalid")
    with transaction() as session:
        session.scalars(select(ContactPoint).filter_by(person_id=town.mine.parent.id)).one().state = "opted_out"
    assert refused(later[0]) == (409, "offer_no_way")
    with transaction() as session:
        session.get_one(Appointment, town.mine.appointment.id).status = "cancelled"
    assert refused(later[0]) == (409, "offer_handled")
    assert texts_sent() == []


def test_a_request_is_looked_after_once(client: TestClient, town: Town) -> None:
    first = handle(client, town, town.mine.change.id)
    assert first.status_code == 200 and first.json()["handled_by"] == "Lena Worker"
    assert handle(client, town, town.mine.change.id).json() == first.json()
    assert listed(client, town, open=True) == [] and len(listed(client, town)) == 1
    with reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "handled_change_request")).one()
    assert entry.actor_id == town.worker.id


def test_requests_of_families_that_are_not_theirs_are_not_there(client: TestClient, town: Town) -> None:
    headers = town.program(town.worker)
    for house in (town.other, town.far):
        assert client.get(f"/api/v1/families/{house.family.id}/changes", headers=headers).status_code == 404
        there = f"/api/v1/changes/{house.change.id}"
        when = {"starts_at": [(clock.now() + timedelta(days=3)).isoformat()]}
        assert client.post(f"{there}/offer", json=when, headers=headers).status_code == 404
        assert client.post(f"{there}/handled", headers=headers).status_code == 404
    assert handle(client, town, uuid.uuid4()).status_code == 404
    with reading() as session:
        assert not session.scalars(select(ChangeRequest).where(ChangeRequest.handled_at.is_not(None))).all()
    assert texts_sent() == []
