"""Opening, climbing, acknowledging, resolving: an open escalation always has a next rung in the future."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.database import transaction
from api.escalations import jobs, service
from api.escalations.jobs import climb
from api.escalations.models import Escalation, Notification, Shift
from api.messages.models import Conversation, OutboundMessage
from tests.small_town import Town


def told(session: Session, number: int) -> list[tuple[int, str]]:
    """(rung, role) of everybody told, in order."""
    session.expire_all()
    rows = session.scalars(
        select(Notification).filter_by(escalation_id=number).order_by(Notification.rung, Notification.role)
    )
    return [(row.rung, row.role) for row in rows]


def one(session: Session, number: int) -> Escalation:
    session.expire_all()
    return session.get_one(Escalation, number)


def test_an_emergency_tells_the_lead_and_duty_at_once_then_the_manager_then_from_the_top(
    session: Session, town: Town
) -> None:
    number = town.escalation(town.mine)
    assert told(session, number) == [(0, "duty"), (0, "lead")]
    clock.move(timedelta(minutes=3))
    assert climb() == 1
    assert told(session, number)[2:] == [(1, "manager")]
    clock.move(timedelta(minutes=3))
    climb()
    assert told(session, number)[3:] == [(2, "duty"), (2, "lead")]
    assert climb() == 0


def test_a_rung_with_nobody_is_recorded_and_passed_over_at_once(session: Session, town: Town) -> None:
    number = town.escalation(town.other, priority="urgent")  # nobody leads this family
    assert told(session, number) == [(0, "lead"), (1, "duty")]
    assert session.scalars(select(Notification).filter_by(rung=0)).one().problem


def test_an_empty_rota_does_not_swallow_a_cry_for_help(session: Session, town: Town) -> None:
    session.execute(delete(Shift))
    session.commit()
    number = town.escalation(town.other)
    assert {role for _, role in told(session, number)} >= {"everyone"}
    assert session.scalars(select(OutboundMessage)).all()
    assert one(session, number).next_rung_at > clock.now()  # type: ignore[operator]


def test_an_agency_with_no_worker_at_all_keeps_climbing(session: Session, town: Town) -> None:
    for worker in session.scalars(select(Worker)):
        worker.active = False
    session.commit()
    number = town.escalation(town.mine)
    assert one(session, number).next_rung_at > clock.now()  # type: ignore[operator]
    clock.move(timedelta(hours=1))
    assert climb() == 1


def test_the_first_acknowledgement_wins_and_the_second_learns_who(session: Session, town: Town) -> None:
    number = town.escalation(town.mine)
    with transaction() as acting:
        assert service.acknowledge(acting, number, town.duty, via="sms").first
    with transaction() as acting:
        second = service.acknowledge(acting, number, town.worker, via="console")
    assert (second.first, second.by_name) == (False, town.duty.name)
    escalation = one(session, number)
    assert (escalation.state, escalation.next_rung_at) == ("acknowledged", None)
    clock.move(timedelta(days=1))
    assert climb() == 0


def test_another_agencys_worker_cannot_acknowledge_or_resolve(town: Town) -> None:
    number = town.escalation(town.mine)
    for act in (
        lambda s: service.acknowledge(s, number, town.far_manager, via="sms"),
        lambda s: service.resolve(s, number, town.far_manager, "done"),
        lambda s: service.acknowledge(s, 999_999, town.duty, via="sms"),
    ):
        with pytest.raises(service.NotOpen), transaction() as acting:
            act(acting)


@pytest.mark.parametrize(
    ("first", "second", "priority"),
    [("urgent", "emergency", "emergency"), ("emergency", "urgent", "emergency"), ("routine", "urgent", "urgent")],
)
def test_the_priority_rises_and_never_falls(
    session: Session, town: Town, first: str, second: str, priority: str
) -> None:
    number = town.escalation(town.mine, "one", first)
    assert town.escalation(town.mine, "two", second) == number
    assert one(session, number).priority == priority
    assert one(session, number).words == "one\ntwo"


def test_a_higher_priority_starts_its_ladder_from_the_top(session: Session, town: Town) -> None:
    number = town.escalation(town.mine, "one", "urgent")
    town.escalation(town.mine, "two", "emergency")
    rungs = told(session, number)
    assert rungs[0] == (0, "lead")
    assert {role for _, role in rungs[1:]} == {"lead", "duty"}


def test_a_routine_call_at_night_stands_on_the_console_and_texts_nobody_before_work_begins(
    client: TestClient, session: Session, town: Town
) -> None:
    local = clock.now().astimezone(ZoneInfo("Europe/London"))
    tuesday = local + timedelta(days=(8 - local.weekday()) % 7 or 7)
    clock.move(tuesday.replace(hour=2, minute=0, second=0, microsecond=0) - local)
    number = town.escalation(town.mine, priority="routine")
    assert told(session, number) == [] and session.scalars(select(OutboundMessage)).all() == []
    due = one(session, number).next_rung_at
    assert due is not None and due.astimezone(ZoneInfo("Europe/London")).hour == 9
    client.cookies.update(town.signed_in(town.worker))
    page = client.get("/console").text
    assert "Nobody yet" in page and "Lena Worker" in page
    clock.move(timedelta(hours=3))
    assert climb() == 0
    clock.move(timedelta(hours=4, seconds=1))
    assert climb() == 1
    assert told(session, number) == [(0, "lead")]


def test_danger_told_again_opens_what_was_acknowledged(session: Session, town: Town) -> None:
    number = town.escalation(town.mine)
    with transaction() as acting:
        service.acknowledge(acting, number, town.duty, via="sms")
    town.escalation(town.mine, "he is back")
    escalation = one(session, number)
    assert (escalation.state, escalation.acknowledged_by) == ("open", None)
    assert escalation.next_rung_at > clock.now()  # type: ignore[operator]


def test_after_it_is_resolved_a_new_one_opens(session: Session, town: Town) -> None:
    number = town.escalation(town.mine)
    with transaction() as acting:
        service.resolve(acting, number, town.duty, "spoke to the mother")
    assert town.escalation(town.mine, "again") != number


def test_resolving_needs_words(town: Town) -> None:
    number = town.escalation(town.mine)
    with pytest.raises(ValueError), transaction() as acting:
        service.resolve(acting, number, town.duty, "  ")


def test_the_database_itself_refuses_an_open_one_without_a_next_rung(session: Session, town: Town) -> None:
    number = town.escalation(town.mine)
    one(session, number).next_rung_at = None
    with pytest.raises(IntegrityError):
        session.commit()


def test_many_due_at_once_are_all_told(session: Session, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BATCH", 5)
    with transaction() as opening:
        for n in range(12):  # more than two batches
            chat = Conversation(
                channel="web", address=f"chat{n}", agency_id=town.agency.id, created_at=clock.now(), state={}
            )
            opening.add(chat)
            opening.flush()
            service.open_escalation(
                opening, conversation=chat, message=None, kind="contact", priority="urgent", words="ring me"
            )
    clock.move(timedelta(minutes=10))
    assert climb() == 12
    late = select(Escalation).where(Escalation.next_rung_at <= clock.now())
    assert session.scalars(late).all() == []


def test_an_emergency_in_words_that_stand_there_already_raises_the_priority(session: Session, town: Town) -> None:
    number = town.escalation(town.mine, "he says i will kill you tonight", "urgent")
    with transaction() as acting:
        service.acknowledge(acting, number, town.worker, via="sms")
    before = len(told(session, number))
    town.escalation(town.mine, "i will kill you", "emergency")
    escalation = one(session, number)
    assert (escalation.priority, escalation.state) == ("emergency", "open")
    assert escalation.words == "he says i will kill you tonight\ni will kill you"
    assert {role for _, role in told(session, number)[before:]} == {"lead", "duty"}


def test_the_same_words_again_by_a_turn_that_runs_twice_raise_but_are_not_written_twice(
    session: Session, town: Town
) -> None:
    number = town.escalation(town.mine, "help me", "urgent")
    town.escalation(town.mine, "help me", "emergency")
    assert (one(session, number).priority, one(session, number).words) == ("emergency", "help me")
    with transaction() as acting:
        service.acknowledge(acting, number, town.worker, via="sms")
    town.escalation(town.mine, "help me", "emergency")
    assert one(session, number).state == "acknowledged", "nothing new was said"
