"""What the family is told of a call holds when it arrives; and a call that did not come is owned to."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from api import clock
from api.database import transaction
from api.escalations import service
from api.escalations.family import Heard
from api.escalations.jobs import watch_calls
from api.escalations.models import Escalation
from api.messages import delivery, takeovers, who_writes
from api.messages import service as conversations
from api.messages.models import Conversation
from tests.escalations.test_by_text import says
from tests.escalations.test_family_hears import LONDON, asks, at_local, take, to_family
from tests.escalations.test_promised_calls import minutes, one
from tests.harness.twilio import FakeTwilio
from tests.messages.test_hush import GUARDED, guard
from tests.small_town import Town

BY_TEN = timedelta(hours=14)


def evening(town: Town) -> tuple[int, datetime]:
    """At 20:30 somebody says to ring by half past ten next day; the text waits for eight in the morning."""
    at_local(20)
    minutes(30)
    number, by = asks(town), clock.now() + BY_TEN
    assert take(town, number, by).how == "later"
    return number, by


def states(session: Session, town: Town) -> list[str]:
    return [text.state for text in to_family(session, town)]


@pytest.mark.parametrize("what", ["closed", "handed over", "opened again", "another time"])
def test_a_promise_that_waits_is_taken_back_with_what_made_it(session: Session, town: Town, what: str) -> None:
    number, by = evening(town)
    with transaction() as acting:
        if what == "closed":
            service.resolve(acting, number, town.worker, "rang her already")
        elif what == "handed over":
            service.hand_over(acting, number, town.worker, town.manager.id)
        elif what == "opened again":
            service.open_again(acting, acting.get_one(Escalation, number), clock.now())
        else:
            service.acknowledge(acting, number, town.worker, via="sms", ring_by=by + timedelta(hours=1))
    (first, *more) = to_family(session, town)
    assert first.state == "cancelled"
    assert [text.state for text in more] == (["queued"] if what == "another time" else [])


@pytest.mark.parametrize("what", ["closed", "over", "another time", "true"])
def test_in_the_moment_of_sending_it_is_looked_at_once_more(
    session: Session, town: Town, twilio: FakeTwilio, what: str
) -> None:
    number, _ = evening(town)
    (text,) = to_family(session, town)
    with transaction() as acting:  # by a process that takes nothing back
        escalation = acting.get_one(Escalation, number)
        if what == "closed":
            escalation.state = "resolved"
        elif what == "another time" and escalation.ring_by:
            escalation.ring_by += timedelta(hours=1)
    minutes((15 if what == "over" else 12) * 60)
    delivery.deliver(text.id)
    assert states(session, town) == ["sent" if what == "true" else "cancelled"]


def test_what_arrives_on_another_day_says_the_day(session: Session, town: Town) -> None:
    _, by = evening(town)
    (text,) = to_family(session, town)
    local = by.astimezone(LONDON)
    assert text.body.endswith(f"They will ring you by {local:%H:%M} on {local:%A} {local.day} {local:%B}.")


@pytest.mark.parametrize("how", GUARDED)
def test_after_danger_a_phone_that_others_may_have_hears_no_time(
    client: TestClient, session: Session, town: Town, how: str
) -> None:
    at_local(12)
    guard(town, how)
    number = asks(town, "immediate_danger")
    answer = says(session, town.worker, f"ACK {number} RING in 2 hours")
    session.commit()
    assert to_family(session, town) == [] and "Family not told when: others see this phone" in answer
    client.cookies.update(town.signed_in(town.worker))
    page = client.get(f"/console/e/{number}").text
    assert "others may see this phone" in page and "Lena Worker said when they ring; the family was not" in page
    with transaction() as session_:
        there = session_.get_one(Conversation, town.mine.conversation.id)
        there.proved_until = there.last_inbound_at = clock.now() + timedelta(minutes=10)
    assert take(town, number, clock.now() + timedelta(hours=3)).ring_by, "who has just proved who they are hears it"
    (text,) = to_family(session, town)
    assert "ring you by" in text.body
    assert "was not told when somebody rings" not in client.get("/console").text


def test_what_was_proved_when_it_was_queued_and_is_not_any_more_stays_here(
    session: Session, town: Town, twilio: FakeTwilio
) -> None:
    at_local(12)
    guard(town, "seen")
    with transaction() as acting:
        acting.get_one(Conversation, town.mine.conversation.id).proved_until = clock.now() + timedelta(minutes=10)
    assert take(town, asks(town, "self_harm"), clock.now() + timedelta(hours=2)).how == "now"
    (text,) = to_family(session, town)
    minutes(11)
    delivery.deliver(text.id)
    assert states(session, town) == ["cancelled"] and twilio.calls == []


def promised_to(town: Town, kind: str = "contact") -> int:
    at_local(12)
    number = asks(town, kind)
    assert take(town, number, clock.now() + timedelta(minutes=20)) != Heard("not")
    return number


def gone(session: Session, town: Town) -> None:
    for text in to_family(session, town):
        if text.state == "queued":
            delivery.deliver(text.id)


@pytest.mark.parametrize("kind", ["contact", "immediate_danger"])
def test_who_was_promised_a_call_that_did_not_come_hears_it_once(
    session: Session, town: Town, twilio: FakeTwilio, kind: str
) -> None:
    number = promised_to(town, kind)
    gone(session, town)
    minutes(60)
    assert (watch_calls(), watch_calls()) == (1, 0)
    (_, missed) = to_family(session, town)
    assert missed.body.startswith("We said somebody would ring you by now.") and missed.state == "queued"
    gone(session, town)
    assert states(session, town) == ["sent", "sent"]
    take(town, number)
    with transaction() as acting:
        acting.get_one(Escalation, number).ring_by = clock.now()
    minutes(60)
    watch_calls()
    assert one(session, number).state == "open"
    assert sum("We said" in text.body for text in to_family(session, town)) == 1, "no second time was told"


def test_who_heard_no_time_hears_of_no_call_and_who_is_taken_on_again_hears_that(
    session: Session, town: Town, twilio: FakeTwilio
) -> None:
    at_local(12)
    guard(town, "seen")
    number = asks(town, "immediate_danger")
    assert take(town, number, clock.now() + timedelta(minutes=20)).how == "others"
    minutes(60)
    assert watch_calls() == 1 and to_family(session, town) == []
    other = asks(town)
    take(town, other, clock.now() + timedelta(minutes=20))
    gone(session, town)
    minutes(60)
    assert watch_calls() == 1
    take(town, other)
    assert states(session, town) == ["sent", "queued"], "and not that a call did not come"


@pytest.mark.parametrize("state", ["failed", "cancelled", "queued", "delivered"])
def test_words_that_did_not_reach_them_are_no_word(session: Session, town: Town, state: str) -> None:
    number = promised_to(town)
    minutes(19)
    with transaction() as acting:
        there = acting.get_one(Conversation, town.mine.conversation.id)
        takeovers.take_over(acting, there, town.worker)
        words = conversations.reply_from_worker(acting, there, town.worker, "Shall I ring now?")
        assert who_writes.wrote_since(acting, there), "they are on their way"
        words.state, words.due_at = state, clock.now() + timedelta(hours=12)
    with transaction() as acting:
        there = acting.get_one(Conversation, town.mine.conversation.id)
        assert who_writes.wrote_since(acting, there) is (state == "delivered")
    minutes(60)
    watch_calls()
    assert one(session, number).state == ("acknowledged" if state == "delivered" else "open")
