"""One try at a delivery, for each thing that Twilio may answer; and what a second try may do."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock
from api.channels.twilio import client
from api.families.models import Person
from api.messages import delivery, jobs, lateness
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
        ("20003", "family", "queued"),
        ("20003", "safety", "queued"),
        ("20005", "family", "queued"),
        ("21606", "family", "queued"),
        ("403", "escalation", "queued"),
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


def given_up(session: Session, message: OutboundMessage) -> tuple[timedelta, list[timedelta]]:
    """Try it each time it is due, until it has failed: how long that took, and the waits between."""
    begun, waits = clock.now(), []
    while message.state == "queued":
        clock.move(max(message.due_at - clock.now(), timedelta()) + timedelta(milliseconds=5))
        before = clock.now()
        if tried(session, message).state == "queued":
            waits.append(message.due_at - before)
    return clock.now() - begun, waits


def test_the_waits_grow_and_it_is_tried_for_a_whole_day(twilio: FakeTwilio, session: Session, town: Town) -> None:
    twilio.fail("500", times=999)
    took, waits = given_up(session, waiting(session, town))
    assert timedelta(days=1) <= took < timedelta(days=1, minutes=1), sum(waits, timedelta())
    seconds = [round(wait.total_seconds()) for wait in waits]
    assert seconds[:-1] == sorted(seconds[:-1]) and max(waits) < lateness.LONGEST_WAIT + timedelta(seconds=1)
    assert len(waits) < 120


@pytest.mark.parametrize("kind", ["safety", "escalation"])
def test_what_is_said_into_a_moment_is_not_tried_for_longer_than_an_hour(
    kind: str, twilio: FakeTwilio, session: Session, town: Town
) -> None:
    twilio.fail("20003", times=999)
    message = waiting(session, town, kind)
    if kind == "escalation":
        message.escalation_id = town.escalation(town.mine)
        session.commit()
    took, _ = given_up(session, message)
    assert timedelta(hours=1) <= took < timedelta(hours=1, minutes=1)


def test_a_reply_to_danger_that_waited_for_hours_does_not_go_out_and_a_worker_sees_it(
    twilio: FakeTwilio, session: Session, town: Town
) -> None:
    message = waiting(session, town, "safety")
    message.conversation_id = town.mine.conversation.id
    session.commit()
    clock.move(timedelta(hours=3))
    tried(session, message)
    assert (message.state, message.error, message.seen_at) == ("failed", "too_late", None)
    assert twilio.calls == []


@pytest.mark.parametrize(
    ("body", "state"),
    [("You have a visit tomorrow at 10:00.", "failed"), ("You have a visit on 3 March at 10:00.", "sent")],
    ids=["tomorrow", "a date"],
)
def test_an_answer_that_says_tomorrow_does_not_go_out_the_day_after(
    body: str, state: str, twilio: FakeTwilio, session: Session, town: Town
) -> None:
    asked = town.message(town.mine.conversation, "when is it", state="answered")
    message = waiting(session, town)
    message.in_reply_to, message.body = asked.id, body
    session.commit()
    clock.move(timedelta(hours=24))
    assert tried(session, message).state == state


@pytest.mark.parametrize(("error", "state"), [("30001", "queued"), ("30002", "queued"), ("30005", "failed")])
def test_a_callback_that_tells_of_the_accounts_fault_is_no_end(
    error: str, state: str, twilio: FakeTwilio, session: Session, town: Town
) -> None:
    message = tried(session, waiting(session, town))
    delivery.settle_reported(message.id, str(message.provider_id), "failed", error)
    session.refresh(message)
    assert message.state == state


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
