"""A worker's words in a takeover that do not reach the family are no answer: what they wrote waits again, and the
takeover ends as if nobody had written."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock
from api.database import transaction
from api.escalations import service as escalations
from api.escalations.models import Escalation
from api.families.models import Person
from api.messages import delivery
from api.messages.jobs import end_silent_takeovers
from api.messages.models import Conversation, OutboundMessage
from tests.harness.twilio import FakeTwilio
from tests.messages.test_takeovers import WAITING, always_safe, flags, minutes, opened, says, taken, writes
from tests.small_town import Town

WAITS, ANSWERED = ("recorded", "flag.taken_over"), ("recorded", "")


def goes_out(session: Session) -> list[str]:
    """One try at each of the worker's words; what became of them."""
    session.expire_all()
    theirs = select(OutboundMessage).where(OutboundMessage.written_by.is_not(None)).order_by(OutboundMessage.seq)
    for message in session.scalars(theirs).all():
        delivery.deliver(message.id)
    session.expire_all()
    return [message.state for message in session.scalars(theirs)]


def a_takeover(session: Session, town: Town) -> Conversation:
    """Dora has the parent's conversation by text."""
    always_safe(session)
    taken(town.mine.conversation.id, town.duty)
    return session.get_one(Conversation, town.mine.conversation.id)


@pytest.mark.parametrize(("fault", "becomes"), [("30006", "failed"), ("21610", "failed"), ("lost", "uncertain")])
def test_words_that_did_not_surely_arrive_leave_the_family_waiting_since_they_wrote(
    fault: str, becomes: str, session: Session, town: Town, twilio: FakeTwilio
) -> None:
    phone = a_takeover(session, town)
    writes(phone, "can you come")
    minutes(20)
    says(phone.id, town.duty)
    assert flags(session, phone) == [ANSWERED]
    twilio.fail(fault)
    assert goes_out(session) == [becomes]
    assert flags(session, phone) == [WAITS]
    minutes(9)
    assert end_silent_takeovers() == 0
    minutes(2)
    assert end_silent_takeovers() == 1
    assert flags(session, phone) == [WAITING] and ("left_waiting", "urgent", "open") in opened(session)


def test_words_that_twilio_took_and_that_come_back_later_are_no_answer(
    session: Session, town: Town, twilio: FakeTwilio
) -> None:
    phone = a_takeover(session, town)
    writes(phone, "can you come")
    says(phone.id, town.duty)
    assert goes_out(session) == ["sent"]
    minutes(40)
    assert end_silent_takeovers() == 0
    sent = session.scalars(select(OutboundMessage).where(OutboundMessage.written_by.is_not(None))).one()
    delivery.settle_reported(sent.id, str(sent.provider_id), "undelivered", "30005")
    assert end_silent_takeovers() == 1


def test_words_of_which_nobody_knew_and_that_arrived_are_an_answer_to_what_was_written_before(
    session: Session, town: Town, twilio: FakeTwilio
) -> None:
    phone = a_takeover(session, town)
    writes(phone, "can you come")
    says(phone.id, town.duty)
    writes(phone, "and bring the papers")
    twilio.fail("lost")
    assert goes_out(session) == ["uncertain"]
    assert flags(session, phone) == [WAITS, WAITS]
    sent = session.scalars(select(OutboundMessage).where(OutboundMessage.written_by.is_not(None))).one()
    delivery.settle_reported(sent.id, "SM1", "delivered", "")
    assert flags(session, phone) == [ANSWERED, WAITS]


def test_who_took_over_and_wrote_only_what_failed_has_said_nothing(
    session: Session, town: Town, twilio: FakeTwilio
) -> None:
    number = town.escalation(town.mine)
    with transaction() as acting:
        escalations.acknowledge(acting, number, town.duty, via="console")
    phone = a_takeover(session, town)
    twilio.fail("30006", to=phone.address)
    says(phone.id, town.duty)
    assert goes_out(session) == ["failed"]
    minutes(31)
    assert end_silent_takeovers() == 1
    assert session.get_one(Escalation, number, populate_existing=True).state == "open"


def test_what_was_answered_by_other_words_does_not_wait(session: Session, town: Town, twilio: FakeTwilio) -> None:
    phone = a_takeover(session, town)
    writes(phone, "can you come")
    twilio.fail("30006")
    says(phone.id, town.duty, "On my way.")
    says(phone.id, town.duty, "I am on my way, with you at four.")
    assert goes_out(session) == ["failed", "sent"]
    assert flags(session, phone) == [ANSWERED]
    writes(phone, "and bring the papers")
    says(phone.id, town.duty, "I will.")
    twilio.fail("30006")
    assert goes_out(session)[2:] == ["failed"]
    assert flags(session, phone) == [ANSWERED, WAITS], "what was written before is answered"


def test_a_word_of_the_carriers_waits_for_no_answer(session: Session, town: Town, twilio: FakeTwilio) -> None:
    phone = a_takeover(session, town)
    writes(phone, "HELP")
    twilio.fail("30006")
    says(phone.id, town.duty)
    assert goes_out(session) == ["failed"]
    assert flags(session, phone) == [ANSWERED]


def test_words_that_wait_for_a_safe_hour_or_another_try_are_believed(
    session: Session, town: Town, twilio: FakeTwilio
) -> None:
    phone = a_takeover(session, town)
    writes(phone, "can you come")
    minutes(20)
    soon = (clock.now() + timedelta(hours=3)).time()
    later = (clock.now() + timedelta(hours=4)).time()
    if later < soon:
        soon, later = time(0), time(0, 30)
    session.execute(update(Person).values(contact_from=soon, contact_until=later))
    session.commit()
    says(phone.id, town.duty)
    assert goes_out(session) == ["queued"]
    minutes(40)
    assert end_silent_takeovers() == 0 and flags(session, phone) == [ANSWERED]


def test_after_it_was_handed_back_nothing_waits_for_a_worker_who_is_gone(
    session: Session, town: Town, twilio: FakeTwilio
) -> None:
    phone = a_takeover(session, town)
    writes(phone, "can you come")
    says(phone.id, town.duty)
    session.execute(update(Conversation).values(taken_over_by=None, taken_over_at=None))
    session.commit()
    twilio.fail("30006")
    assert goes_out(session) == ["failed"]
    assert flags(session, phone) == [ANSWERED], "the console shows that the text failed"
