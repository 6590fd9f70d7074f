"""Who writes here, by text: a worker who took over and has no words yet is told of, and so is that nobody answers, in
what the phone allows and nothing more."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock
from api.database import transaction
from api.families.models import Person
from api.messages import delivery, service
from api.messages.jobs import end_silent_takeovers, tell_who_reads
from api.messages.models import Conversation, OutboundMessage
from api.presence import service as presence
from tests.escalations.test_family_hears import at_local
from tests.escalations.test_theirs_alone import gone_over
from tests.harness.twilio import FakeTwilio
from tests.messages.test_hush import GUARDED, guard
from tests.messages.test_takeovers import always_safe, minutes, ours, says, taken, writes
from tests.small_town import Town

NAMED = "Dora is here now instead of the assistant, and reads what you write."
UNNAMED = "A person is here now instead of the assistant, and reads what you write."
QUIETLY = "Someone is here now, and reads this."
LAPSED = (
    "Sorry for the wait. Your messages have been passed on to the team. Until they write, the assistant answers here."
)
LAPSED_QUIETLY = "Sorry for the wait. Someone else will answer you."
LEFT = "The assistant answers here again. You can ask for a person at any time."
LEFT_QUIETLY = "The answers here are automatic again."


def waits(session: Session, town: Town, phone: str, *, danger: bool) -> Conversation:
    """They have just written, from a phone that is theirs alone, of which nothing is known, or that others may have; a
    worker takes it over."""
    always_safe(session)
    there = town.mine.conversation
    if phone != "unknown":
        gone_over(town)
    if phone == "others":
        guard(town, "seen")
    if danger:
        town.escalation(town.mine)
    town.message(there, "are you there")
    taken(there.id, town.duty)
    return there


def states(session: Session, conversation: Conversation) -> list[str]:
    session.expire_all()
    rows = select(OutboundMessage.state).filter_by(conversation_id=conversation.id).order_by(OutboundMessage.seq)
    return list(session.scalars(rows))


@pytest.mark.parametrize(
    ("phone", "danger", "words"),
    [
        ("alone", False, NAMED),
        ("unknown", False, UNNAMED),
        ("others", False, QUIETLY),
        ("alone", True, QUIETLY),
        ("unknown", True, QUIETLY),
    ],
)
def test_who_waits_hears_that_somebody_reads_here_in_what_the_phone_allows(
    session: Session, town: Town, twilio: FakeTwilio, phone: str, danger: bool, words: str
) -> None:
    there = waits(session, town, phone, danger=danger)
    minutes(1)
    assert tell_who_reads() == 0, "the first words may be on their way"
    minutes(2)
    assert (tell_who_reads(), tell_who_reads()) == (1, 0)
    assert ours(session, there) == [words]
    (text,) = session.scalars(select(OutboundMessage).filter_by(conversation_id=there.id))
    delivery.deliver(text.id)
    assert states(session, there) == ["sent"]
    minutes(3)
    assert tell_who_reads() == 0, "once a takeover"
    says(there.id, town.duty, "Hello.")
    assert ours(session, there) == [words, "Hello."], "who writes is known by then"


def test_plain_words_name_the_worker(session: Session, town: Town) -> None:
    session.execute(update(Person).values(wording="plain"))
    session.commit()
    there = waits(session, town, "unknown", danger=False)
    minutes(3)
    assert tell_who_reads() == 1 and ours(session, there) == [NAMED]


def test_after_danger_a_phone_that_others_may_have_hears_nothing(session: Session, town: Town) -> None:
    there = waits(session, town, "others", danger=True)
    minutes(3)
    assert tell_who_reads() == 0 and ours(session, there) == []


def test_who_does_not_write_just_now_hears_it_after_danger_on_a_phone_of_their_own_only(
    session: Session, town: Town
) -> None:
    there = waits(session, town, "unknown", danger=True)
    minutes(20)
    assert tell_who_reads() == 0
    gone_over(town)
    assert tell_who_reads() == 1 and ours(session, there) == [QUIETLY]


def test_a_phone_that_others_may_have_hears_it_only_while_they_write(session: Session, town: Town) -> None:
    there = waits(session, town, "others", danger=False)
    minutes(20)
    assert tell_who_reads() == 0 and ours(session, there) == []


def test_a_conversation_that_nobody_waits_in_is_left_alone(session: Session, town: Town) -> None:
    there = waits(session, town, "alone", danger=False)
    minutes(70)
    assert tell_who_reads() == 0 and ours(session, there) == []


@pytest.mark.parametrize(("ago", "told"), [(10, 1), (20, 0)])
def test_by_night_only_who_writes_just_now_hears_it(session: Session, town: Town, ago: int, told: int) -> None:
    at_local(2)
    gone_over(town)
    there = town.mine.conversation
    town.message(there, "are you there")
    taken(there.id, town.duty)
    minutes(ago)
    assert tell_who_reads() == told


def test_by_night_their_own_danger_message_calls_for_it(session: Session, town: Town, twilio: FakeTwilio) -> None:
    at_local(2)
    gone_over(town)
    town.escalation(town.mine)
    there = town.mine.conversation
    town.message(there, "are you there")
    taken(there.id, town.duty)
    minutes(20)
    assert tell_who_reads() == 1
    (text,) = session.scalars(select(OutboundMessage).filter_by(conversation_id=there.id))
    delivery.deliver(text.id)
    assert states(session, there) == ["sent"]


def test_a_worker_who_is_writing_is_waited_for_and_who_has_written_needs_no_word_of_it(
    session: Session, town: Town
) -> None:
    there = waits(session, town, "alone", danger=False)
    minutes(3)
    with transaction() as acting:
        presence.worker_here(acting, acting.get_one(Conversation, there.id), town.duty, writing=True, seen=0)
    assert tell_who_reads() == 0
    says(there.id, town.duty, "Hello.")
    minutes(1)
    assert tell_who_reads() == 0
    assert ours(session, there) == ["(A person writes now, not the assistant.) Hello."]


def test_who_asked_for_no_texts_hears_nothing(session: Session, town: Town) -> None:
    there = waits(session, town, "alone", danger=False)
    session.execute(update(Conversation).where(Conversation.id == there.id).values(hushed_at=clock.now()))
    session.commit()
    minutes(3)
    assert tell_who_reads() == 0 and ours(session, there) == []


@pytest.mark.parametrize("what", ["handed back", "first words", "others see it"])
def test_what_is_not_true_any_more_in_the_moment_of_sending_does_not_go(
    session: Session, town: Town, twilio: FakeTwilio, what: str
) -> None:
    there = waits(session, town, "alone", danger=True)
    minutes(3)
    assert tell_who_reads() == 1
    (text,) = session.scalars(select(OutboundMessage).filter_by(conversation_id=there.id))
    if what == "handed back":
        session.execute(update(Conversation).values(taken_over_by=None, taken_over_at=None))
        session.commit()
    elif what == "first words":
        says(there.id, town.duty, "Hello.")
    else:
        guard(town, "seen")
    delivery.deliver(text.id)
    assert states(session, there)[0] == "cancelled" and twilio.calls == []


@pytest.mark.parametrize(
    ("phone", "danger", "words"),
    [
        ("alone", False, [LAPSED]),
        ("unknown", False, [LAPSED]),
        ("others", False, [LAPSED_QUIETLY]),
        ("alone", True, [LAPSED_QUIETLY]),
        ("unknown", True, []),
        ("others", True, []),
    ],
)
def test_that_nobody_answered_is_said_in_what_the_phone_allows(
    session: Session, town: Town, twilio: FakeTwilio, phone: str, danger: bool, words: list[str]
) -> None:
    there = waits(session, town, phone, danger=danger)
    writes(session.get_one(Conversation, there.id), "hello")
    minutes(31)
    assert end_silent_takeovers() == 1
    assert ours(session, there) == words
    for text in session.scalars(select(OutboundMessage).filter_by(conversation_id=there.id)).all():
        delivery.deliver(text.id)
    assert states(session, there) == ["sent"] * len(words)


@pytest.mark.parametrize("how", GUARDED)
def test_sorry_for_the_wait_tells_a_phone_that_others_may_have_nothing_of_a_team(
    session: Session, town: Town, how: str
) -> None:
    always_safe(session)
    guard(town, how)
    there = town.mine.conversation
    taken(there.id, town.duty)
    writes(session.get_one(Conversation, there.id), "can you come")
    minutes(31)
    assert end_silent_takeovers() == 1
    assert ours(session, there) == [LAPSED_QUIETLY]


def test_what_waits_goes_in_no_open_words_to_a_phone_that_others_see_by_then(
    session: Session, town: Town, twilio: FakeTwilio
) -> None:
    at_local(20)
    there = town.mine.conversation
    taken(there.id, town.duty)
    writes(session.get_one(Conversation, there.id), "can you come")
    minutes(31)
    assert end_silent_takeovers() == 1
    (text,) = session.scalars(select(OutboundMessage).filter_by(conversation_id=there.id))
    guard(town, "seen")
    minutes(12 * 60)
    delivery.deliver(text.id)
    assert states(session, there) == ["cancelled"] and twilio.calls == []


@pytest.mark.parametrize(
    ("phone", "danger", "words"),
    [("unknown", False, LEFT), ("others", False, LEFT_QUIETLY), ("alone", True, LEFT_QUIETLY)],
)
def test_who_heard_that_somebody_reads_hears_that_they_left(
    session: Session, town: Town, phone: str, danger: bool, words: str
) -> None:
    there = waits(session, town, phone, danger=danger)
    minutes(3)
    assert tell_who_reads() == 1
    with transaction() as acting:
        service.hand_back(acting, acting.get_one(Conversation, there.id), town.duty)
    assert ours(session, there)[1:] == [words]
