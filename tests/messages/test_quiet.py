"""When a message may arrive: safe hours, agreement, names; and that the reply to danger never waits."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from api import clock
from api.database import transaction
from api.escalations import service as escalations
from api.families.models import ContactPoint, Person
from api.messages import delivery, inbox, jobs, outbox
from api.messages.models import Conversation, OutboundMessage
from api.messages.quiet import STILL_WRITING, Facts, decide, names
from api.reminders.rules import Hours
from tests.harness.twilio import FakeTwilio
from tests.small_town import Town

LONDON = ZoneInfo("Europe/London")
NIGHT = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
MORNING = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
DANGER = "help he has got a knife and he is going to kill us"


def facts(**more: Any) -> Facts:
    given: dict[str, Any] = {
        "kind": "family", "body": "Hello", "reply": False, "reply_to_danger": False, "by_worker": False,
        "last_inbound_at": None, "hours": Hours(time(8), time(20), LONDON), "reach": "active", "calls": False,
    }  # fmt: skip
    return Facts(**{**given, **more})


@pytest.mark.parametrize(
    ("more", "goes"),
    [
        ({}, False),
        ({"kind": "reminder"}, False),
        ({"reply": True}, False),
        ({"by_worker": True}, False),
        ({"by_worker": True, "calls": True}, True),
        ({"calls": True}, False),
        ({"reply": True, "reply_to_danger": True}, True),
        ({"last_inbound_at": NIGHT - timedelta(minutes=5)}, True),
        ({"last_inbound_at": NIGHT - STILL_WRITING}, False),
        ({"hours": None, "reach": ""}, True),
        ({"hours": Hours(time(22), time(6), LONDON)}, True),
    ],
)
def test_at_night(more: dict[str, Any], goes: bool) -> None:
    verdict = decide(facts(**more), NIGHT)
    assert (verdict.wait_until is None) is goes and not verdict.reason
    if not goes:
        assert verdict.wait_until == MORNING


def test_it_waits_for_a_day_that_is_safe() -> None:
    only_fridays = facts(hours=Hours(time(8), time(20), LONDON, "5"))
    assert decide(only_fridays, NIGHT).wait_until == datetime(2026, 11, 27, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "reach", "reply", "reason"),
    [
        ("family", "pending", False, "not_agreed"),
        ("reminder", "pending", False, "not_agreed"),
        ("consent", "pending", False, ""),
        ("family", "opted_out", False, "opted_out"),
        ("family", "opted_out", True, ""),
        ("consent", "opted_out", False, "opted_out"),
    ],
)
def test_who_has_not_agreed_gets_only_the_question_and_answers(kind: str, reach: str, reply: bool, reason: str) -> None:
    assert decide(facts(kind=kind, reach=reach, reply=reply), MORNING).reason == reason


def test_a_name_that_may_not_be_written_stops_the_message() -> None:
    assert decide(facts(body="Hello Ruby!", unwanted=["Ruby"]), MORNING).reason == "names"
    assert decide(facts(body="Rubybank", unwanted=["Ruby"]), MORNING).reason == ""
    assert names("Hola Íñigo", "Íñigo") and not names("anything", "")


def at(session: Session, town: Town, begin: time, end: time, **more: Any) -> None:
    """The parent's safe hours, and whatever else; nobody has written lately."""
    session.execute(
        update(Person).where(Person.id == town.mine.parent.id).values(contact_from=begin, contact_until=end, **more)
    )
    session.execute(update(Conversation).values(last_inbound_at=None))
    session.commit()


def outside(now: datetime) -> tuple[time, time]:
    """Safe hours that began after now and are over before it comes again."""
    local = now.astimezone(LONDON)
    return (local + timedelta(hours=2)).time(), (local + timedelta(hours=3)).time()


def queued(town: Town, body: str = "Are you well?", **more: Any) -> uuid.UUID:
    with transaction() as session:
        conversation = session.get_one(Conversation, town.mine.conversation.id)
        return outbox.queue_reply(session, conversation, body, **more).id


def test_what_nobody_asked_for_waits_for_the_safe_hours(twilio: FakeTwilio, session: Session, town: Town) -> None:
    at(session, town, *outside(clock.now()))
    message_id = queued(town)
    delivery.deliver(message_id)
    message = session.get_one(OutboundMessage, message_id)
    assert message.state == "queued" and message.due_at > clock.now() + timedelta(hours=1) and twilio.calls == []
    at(session, town, time(0), time(0))
    message.due_at = clock.now()
    session.commit()
    delivery.deliver(message_id)
    session.refresh(message)
    assert message.state == "sent" and len(twilio.calls) == 1


def test_the_reply_to_danger_never_waits(twilio: FakeTwilio, session: Session, town: Town) -> None:
    at(session, town, *outside(clock.now()))
    inbox.accept(channel="sms", external_id="SM1", address=town.mine.conversation.address, body=DANGER)
    reply = session.query(OutboundMessage).filter_by(kind="safety").one()
    delivery.deliver(reply.id)
    session.refresh(reply)
    assert reply.state == "sent"


def test_a_workers_words_wait_unless_danger_was_told(twilio: FakeTwilio, session: Session, town: Town) -> None:
    at(session, town, *outside(clock.now()))
    first = queued(town, "Shall we speak tomorrow?", written_by=town.worker)
    delivery.deliver(first)
    assert session.get_one(OutboundMessage, first).state == "queued"
    number = town.escalation(town.mine)
    second = queued(town, "I am on my way.", written_by=town.worker)
    delivery.deliver(second)
    assert session.get_one(OutboundMessage, second).state == "sent"
    with transaction() as closing:
        escalations.resolve(closing, number, town.worker, "They are safe.", "helped")
    third = queued(town, "See you.", written_by=town.worker)
    delivery.deliver(third)
    assert session.get_one(OutboundMessage, third).state == "queued"


def test_a_number_that_has_not_agreed_gets_nothing_else(twilio: FakeTwilio, session: Session, town: Town) -> None:
    session.execute(update(ContactPoint).where(ContactPoint.person_id == town.mine.parent.id).values(state="pending"))
    session.commit()
    message_id = queued(town)
    delivery.deliver(message_id)
    message = session.get_one(OutboundMessage, message_id)
    assert (message.state, message.error) == ("cancelled", "not_agreed") and twilio.calls == []


def test_a_queued_message_with_a_name_that_may_not_be_written_goes_to_a_worker_instead(
    twilio: FakeTwilio, session: Session, town: Town
) -> None:
    message_id = queued(town, "Hello Ashparent.")
    at(session, town, time(0), time(0), may_name_self=False)
    delivery.deliver(message_id)
    message = session.get_one(OutboundMessage, message_id)
    assert (message.state, message.error, message.seen_at) == ("failed", "names", None) and twilio.calls == []


def test_a_held_message_is_found_again_when_its_time_has_come(
    twilio: FakeTwilio, session: Session, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(session, town, *outside(clock.now()))
    message_id = queued(town)
    delivery.deliver(message_id)
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(hours=2, minutes=5))
    session.execute(text("DELETE FROM procrastinate_jobs"))
    session.commit()
    assert jobs.sweep() == 1
    delivery.deliver(message_id)
    assert session.get_one(OutboundMessage, message_id).state == "sent"
