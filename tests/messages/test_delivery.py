"""One try at a delivery, for each thing that Twilio may answer; and what a second try may do."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock
from api.channels.twilio import client
from api.families.models import Person
from api.messages import delivery, jobs
from api.messages.models import DeliveryAttempt, OutboundMessage
from api.settings import settings
from tests.harness.twilio import FakeTwilio
from tests.small_town import Town


@pytest.fixture(autouse=True)
def at_any_hour(session: Session, town: Town) -> None:
    """These tests run at all hours, and texts that nobody asked for keep to the safe ones (test_quiet.py)."""
    session.execute(update(Person).values(contact_from=time(0), contact_until=time(0)))
    session.commit()


def waiting(session: Session, town: Town, kind: str = "family", state: str = "queued") -> OutboundMessage:
    message = OutboundMessage(
        conversation_id=town.mine.conversation.id if kind == "family" else None,
        worker_id=town.duty.id if kind == "escalation" else None,
        channel="sms", address=town.mine.conversation.address, kind=kind, body="Hello there.", state=state,
        created_at=clock.now(), due_at=clock.now(),
    )  # fmt: skip
    session.add(message)
    session.commit()
    return message


def tried(session: Session, message: OutboundMessage) -> OutboundMessage:
    delivery.deliver(message.id)
    session.refresh(message)
    return message


@pytest.mark.parametrize(
    ("fault", "kind", "state"),
    [
        ("", "family", "sent"),
        ("429", "family", "queued"),
        ("500", "family", "queued"),
        ("html", "family", "uncertain"),
        ("drop", "family", "uncertain"),
        ("21610", "family", "failed"),
        ("30006", "family", "failed"),
        ("html", "escalation", "queued"),
        ("drop", "escalation", "queued"),
        ("21610", "escalation", "failed"),
    ],
)
def test_what_becomes_of_it(
    fault: str, kind: str, state: str, twilio: FakeTwilio, session: Session, town: Town
) -> None:
    if fault:
        twilio.fail(fault)
    message = tried(session, waiting(session, town, kind))
    assert message.state == state
    assert len(twilio.calls) == 1
    attempt = session.scalars(select(DeliveryAttempt)).one()
    assert attempt.ended_at is not None


def test_twilio_cannot_be_reached_so_it_is_tried_later(
    session: Session, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "twilio_api_url", "http://127.0.0.1:1")
    client._client.cache_clear()
    message = tried(session, waiting(session, town))
    assert message.state == "queued"
    assert message.due_at > clock.now()


def test_the_waits_grow_and_it_ends_as_failed_within_two_days(twilio: FakeTwilio, session: Session, town: Town) -> None:
    twilio.fail("500", times=99)
    message = waiting(session, town)
    begun, waits = message.due_at, []
    while message.state == "queued":
        clock.move(message.due_at - clock.now() + timedelta(milliseconds=50))
        before = message.due_at
        waits.append(tried(session, message).due_at - before)
    assert message.state == "failed"
    assert len(waits) == delivery.MOST_ATTEMPTS
    assert waits[:-1] == sorted(waits[:-1])
    assert message.settled_at is not None and message.settled_at - begun < timedelta(days=2)


def test_a_familys_text_that_was_cut_off_is_never_tried_again(twilio: FakeTwilio, session: Session, town: Town) -> None:
    message = tried(session, waiting(session, town, state="sending"))
    assert (message.state, message.error) == ("uncertain", "interrupted")
    assert twilio.calls == []


def test_a_workers_text_that_was_cut_off_is_sent_again(twilio: FakeTwilio, session: Session, town: Town) -> None:
    message = tried(session, waiting(session, town, "escalation", state="sending"))
    assert message.state == "sent"
    assert len(twilio.texts) == 1


@pytest.mark.parametrize("state", ["sent", "delivered", "failed", "uncertain", "cancelled"])
def test_what_is_settled_is_left_alone(state: str, twilio: FakeTwilio, session: Session, town: Town) -> None:
    assert tried(session, waiting(session, town, state=state)).state == state
    assert twilio.calls == []


def test_what_is_not_due_waits(twilio: FakeTwilio, session: Session, town: Town) -> None:
    message = waiting(session, town)
    message.due_at = clock.now() + timedelta(hours=1)
    session.commit()
    tried(session, message)
    assert twilio.calls == []
    assert jobs.sweep() == 0
    clock.move(timedelta(hours=1))
    assert jobs.sweep() == 1
    assert jobs.sweep() == 0  # a job carries it now


def test_the_bounce_of_an_opted_out_number_is_remembered(twilio: FakeTwilio, session: Session, town: Town) -> None:
    twilio.fail("21610")
    tried(session, waiting(session, town))
    point = town.mine.parent.id
    states = [p.state for p in session.scalars(select(delivery.ContactPoint).filter_by(person_id=point))]
    assert states == ["opted_out"]
