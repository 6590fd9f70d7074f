"""How far a role reaches: duty workers while on duty, administrators by breaking the glass, others their own."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select, update

from api import clock
from api.access import openings, reach
from api.access.models import Opening, Worker
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.escalations import service as escalations
from api.escalations.models import Notification, RotaChange, Shift
from api.families.models import FamilyWorker
from api.messages import service as messages
from api.messages.models import Conversation
from tests.access.test_openings import look, open_it
from tests.small_town import Town

HOUR = timedelta(hours=1)


def on_shift(town: Town, starts: timedelta, ends: timedelta) -> None:
    """Dora's only shift, from now."""
    with transaction() as session:
        session.execute(
            update(Shift)
            .where(Shift.worker_id == town.duty.id)
            .values(starts_at=clock.now() + starts, ends_at=clock.now() + ends)
        )
        session.add(  # somebody has duty tomorrow: a rota is kept
            Shift(
                agency_id=town.agency.id, worker_id=town.worker.id, role="duty",
                starts_at=clock.now() + 24 * HOUR, ends_at=clock.now() + 30 * HOUR,
            )
        )  # fmt: skip


def change(town: Town, kind: str, worker: Worker, instead_of: Worker | None = None) -> None:
    now: datetime = clock.now()
    with transaction() as session:
        session.add(
            RotaChange(
                agency_id=town.agency.id, kind=kind, worker_id=worker.id, role="duty" if kind == "cover" else "",
                instead_of=instead_of.id if instead_of else None, starts_at=now - HOUR, ends_at=now + HOUR, made_at=now,
            )
        )  # fmt: skip


@pytest.mark.parametrize(
    ("starts", "ends", "status"),
    [
        (-1 * HOUR, 1 * HOUR, 200),
        (timedelta(minutes=20), 8 * HOUR, 200),  # about to begin
        (-8 * HOUR, timedelta(minutes=-50), 200),  # writing it up
        (2 * HOUR, 8 * HOUR, 404),
        (-8 * HOUR, timedelta(minutes=-70), 404),
    ],
    ids=["on shift", "about to begin", "just over", "later today", "long over"],
)
def test_a_duty_worker_sees_all_families_while_on_duty(
    client: TestClient, town: Town, starts: timedelta, ends: timedelta, status: int
) -> None:
    on_shift(town, starts, ends)
    assert look(client, town, town.duty, town.other) == status
    assert look(client, town, town.duty, town.far) == 404
    page = client.get("/console/families").text
    assert ("Birch" in page) == (status == 200)


def test_leave_a_swap_and_a_cover_count(client: TestClient, town: Town) -> None:
    on_shift(town, -HOUR, HOUR)
    change(town, "cover", town.manager, instead_of=town.duty)
    assert look(client, town, town.duty, town.other) == 404, "somebody else has the duty"
    change(town, "cover", town.duty)
    assert look(client, town, town.duty, town.other) == 200
    change(town, "leave", town.duty)
    assert look(client, town, town.duty, town.other) == 404


def test_an_agency_that_keeps_no_rota_shuts_no_duty_worker_out(client: TestClient, town: Town) -> None:
    with transaction() as session:
        session.execute(delete(Shift).where(Shift.role == "duty"))
    assert look(client, town, town.duty, town.other) == 200


def test_off_duty_own_families_and_opened_ones_stay(client: TestClient, town: Town) -> None:
    on_shift(town, 5 * HOUR, 9 * HOUR)
    assert look(client, town, town.duty, town.mine) == 404
    with transaction() as session:
        session.add(FamilyWorker(family_id=town.mine.family.id, worker_id=town.duty.id))
    assert look(client, town, town.duty, town.mine) == 200
    assert "Open a family that is not yours" in client.get("/console/families").text
    open_it(client, town, town.duty, "Birch")
    assert look(client, town, town.duty, town.other) == 200
    clock.move(openings.LASTS + timedelta(minutes=1))
    assert look(client, town, town.duty, town.other) == 404


def test_what_was_taken_on_in_a_shift_stays_open_after_it(client: TestClient, town: Town) -> None:
    number = town.escalation(town.other)
    with transaction() as session:
        session.execute(delete(Notification).where(Notification.worker_id == town.duty.id))
        escalations.acknowledge(session, number, town.duty, via="console")
        taken = session.get_one(Conversation, town.mine.conversation.id)
        messages.take_over(session, taken, session.get_one(Worker, town.duty.id))
    on_shift(town, -9 * HOUR, -2 * HOUR)
    client.cookies.update(town.signed_in(town.duty))
    assert client.get(f"/console/e/{number}").status_code == 200
    assert client.get(f"/console/conversations/{town.other.conversation.id}").status_code == 200
    assert client.get(f"/console/conversations/{town.mine.conversation.id}").status_code == 200, (
        "the bot is silent there"
    )
    assert look(client, town, town.duty, town.other) == 404


def test_an_administrator_opens_a_family_only_with_a_reason_and_it_is_recorded(client: TestClient, town: Town) -> None:
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == town.manager.id).values(role="administrator"))
    number = town.escalation(town.other)
    with transaction() as session:
        session.execute(delete(Notification).where(Notification.worker_id == town.manager.id))
    boss = town.manager
    assert look(client, town, boss, town.mine) == look(client, town, boss, town.other) == 404
    assert "Birch" not in client.get("/console/families").text
    assert client.get(f"/console/e/{number}").status_code == 404
    assert client.get("/console/workers").status_code == client.get("/console/status").status_code == 200
    assert open_it(client, town, boss, "Birch", "look").status_code == 400
    open_it(client, town, boss, "Birch")
    assert look(client, town, boss, town.other) == 200
    with reading() as session:
        entry = session.scalars(select(AuditEntry).filter_by(verb="opened_unassigned_family")).one()
        assert (entry.actor_id, session.scalars(select(Opening.worker_id)).one()) == (boss.id, boss.id)
    clock.move(openings.LASTS + timedelta(minutes=1))
    assert look(client, town, boss, town.other) == 404


def test_an_administrator_adds_a_family_for_somebody_else(client: TestClient, town: Town) -> None:
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == town.manager.id).values(role="administrator"))
    cookies = town.signed_in(town.manager)
    client.cookies.update(cookies)
    fields = {"name": "Hazel", "worker": str(town.worker.id), "kind": "parent", "first_name": "Hana", "language": "en"}
    answer = client.post("/console/new-family", data=town.form(cookies, **fields))
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/families")
    client.cookies.update(town.signed_in(town.worker))
    assert "Hazel" in client.get("/console/families").text


def test_an_escalation_that_is_closed_is_seen_no_more_by_who_was_only_told(client: TestClient, town: Town) -> None:
    number = town.escalation(town.other)
    with transaction() as session:
        for worker in (town.worker, town.duty):
            session.add(Notification(escalation_id=number, rung=9, role="lead", worker_id=worker.id, at=clock.now()))
        escalations.acknowledge(session, number, town.worker, via="sms")
    on_shift(town, -9 * HOUR, -2 * HOUR)

    def sees(worker: Worker) -> int:
        client.cookies.update(town.signed_in(worker))
        return client.get(f"/console/e/{number}").status_code

    assert (sees(town.worker), sees(town.duty)) == (200, 200)
    with transaction() as session:
        escalations.resolve(session, number, town.worker, "seen to")
    assert (sees(town.worker), sees(town.duty)) == (200, 404), "who had it on writes it up"
    clock.move(reach.STILL_READABLE + timedelta(minutes=1))
    assert sees(town.worker) == 404 and sees(town.manager) == 200
