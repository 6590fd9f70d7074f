"""Administrators hear of a new warning once, by text and e-mail; and an outage of Twilio is one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.database import transaction
from api.messages import delivery, quiet
from api.messages.models import DeliveryAttempt, OutboundMessage
from api.ops import heartbeat, telling
from api.ops.queries import measure
from api.ops.watch import warnings
from api.settings import settings
from tests.harness.twilio import FakeTwilio
from tests.messages.conftest import twilio
from tests.small_town import Town

__all__ = ["twilio"]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def boss(town: Town, session: Session) -> Worker:
    """The agency's administrator."""
    worker = session.get_one(Worker, town.manager.id)
    worker.role = "administrator"
    session.commit()
    return worker


def look(*names: str) -> list[str]:
    with transaction() as session:
        return telling.tell(session, names, clock.now())


def heard(session: Session, boss: Worker) -> list[OutboundMessage]:
    query = select(OutboundMessage).filter_by(worker_id=boss.id).order_by(OutboundMessage.seq)
    return list(session.scalars(query))


def test_a_new_warning_is_told_once_in_one_message_with_no_more_than_its_name(boss: Worker, session: Session) -> None:
    assert look("twilio_balance", "deliveries_failing") == [], "it may be over in a moment"
    clock.move(MINUTE)
    assert look("twilio_balance", "deliveries_failing") == ["deliveries_failing", "twilio_balance"]
    for _ in range(20):
        clock.move(30 * MINUTE)
        look("twilio_balance", "deliveries_failing")
    (message,) = heard(session, boss)
    assert (message.channel, message.address, message.kind) == ("sms", boss.phone, "escalation")
    assert "The money at Twilio is running out" in message.body and "And 1 more." in message.body
    assert "/console/status" in message.body and len(message.body) < 306


def test_what_comes_and_goes_is_told_of_once_in_some_hours(boss: Worker, session: Session) -> None:
    for _ in range(60):
        look("deliveries_failing")
        clock.move(2 * MINUTE)
        look("deliveries_failing")
        look()
        clock.move(MINUTE)
    assert len(heard(session, boss)) == 1
    clock.move(telling.FLOOR)
    look("deliveries_failing")
    clock.move(2 * MINUTE)
    assert look("deliveries_failing") == ["deliveries_failing"]


def test_by_e_mail_too_where_there_is_a_mail_server(
    boss: Worker, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "smtp_url", "smtp://127.0.0.1:1")
    look("texts_refused")
    clock.move(MINUTE)
    look("texts_refused")
    assert [one.channel for one in heard(session, boss)] == ["sms", "email"], "texts may be what fails"
    assert heard(session, boss)[1].body.startswith("Hearthline: something is wrong\n")


def test_a_part_that_does_not_answer_is_told_of_after_some_minutes_and_nobody_else_hears(
    boss: Worker, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "rasa_url", "http://127.0.0.1:1")
    for _ in range(6):
        heartbeat.beat()
        clock.move(MINUTE)
    heartbeat.beat()
    told = [one.body for one in session.scalars(select(OutboundMessage)) if one.worker_id != boss.id]
    assert told == []
    assert any("understands what families write" in one.body or "more." in one.body for one in heard(session, boss))


def test_texts_that_twilio_refuses_for_our_fault_are_a_warning_at_once(
    twilio: FakeTwilio, town: Town, session: Session
) -> None:
    twilio.fail("20003", times=9)
    town.escalation(town.mine)
    for message in session.scalars(select(OutboundMessage.id)).all():
        delivery.deliver(message)
    assert "texts_refused" in [one.name for one in warnings(measure(session, clock.now()))]


def test_an_outage_of_twilio_is_seen_although_each_try_puts_the_text_off(
    twilio: FakeTwilio, town: Town, session: Session
) -> None:
    twilio.fail("500", times=999)
    town.escalation(town.mine)
    ids = session.scalars(select(OutboundMessage.id)).all()
    session.commit()
    begun = clock.now()
    while clock.now() < begun + 3 * MINUTE:
        clock.move(timedelta(seconds=10))
        for outbound_id in ids:
            delivery.deliver(outbound_id)
    session.commit()
    state = measure(session, clock.now())
    assert state.oldest_delivery >= 2 * MINUTE
    assert "deliveries_stuck" in [one.name for one in warnings(state) if one.stops]


def test_one_phone_that_is_off_and_a_mail_server_that_puts_us_off_once_are_no_outage(
    twilio: FakeTwilio, town: Town, session: Session
) -> None:
    town.escalation(town.mine)
    (message, *_) = session.scalars(select(OutboundMessage).filter_by(kind="escalation")).all()
    session.commit()
    for one in session.scalars(select(OutboundMessage.id)).all():
        delivery.deliver(one)
    session.refresh(message)
    delivery.settle_reported(message.id, str(message.provider_id), "undelivered", "30003")
    session.refresh(message)
    message.due_at = clock.now() + timedelta(hours=1)
    session.commit()
    clock.move(10 * MINUTE)
    assert measure(session, clock.now()).oldest_delivery == timedelta()
    message.channel, message.error = "email", "451"
    session.commit()
    assert measure(session, clock.now()).oldest_delivery == timedelta()
    clock.move(30 * MINUTE)
    assert measure(session, clock.now()).oldest_delivery > 2 * MINUTE


def test_a_text_that_waits_because_they_asked_for_none_is_no_outage(town: Town, session: Session) -> None:
    town.escalation(town.mine)
    (message, *_) = session.scalars(select(OutboundMessage).filter_by(kind="escalation")).all()
    for other in session.scalars(select(OutboundMessage).where(OutboundMessage.id != message.id)):
        other.state = "sent"
    session.add(DeliveryAttempt(outbound_id=message.id, started_at=clock.now(), result="retry", error="30008"))
    message.kind, message.error, message.due_at = "family", quiet.HUSHED, clock.now() + timedelta(hours=1)
    session.commit()
    clock.move(10 * MINUTE)
    assert measure(session, clock.now()).oldest_delivery == timedelta()


def test_texts_of_which_nobody_knows_count_as_failing(town: Town, session: Session) -> None:
    town.escalation(town.mine)
    for message in session.scalars(select(OutboundMessage)):
        message.state = "uncertain"
    session.commit()
    assert measure(session, clock.now()).last_hour.failed > 0
