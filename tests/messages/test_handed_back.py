"""A conversation is handed back: the family hears it, also by text, and what nobody has read is left to others."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock
from api.database import transaction
from api.messages import service
from api.messages.jobs import end_silent_takeovers
from api.messages.models import Conversation, InboundMessage
from tests.messages.test_takeovers import WAITING, always_safe, flags, minutes, opened, ours, says, taken, writes
from tests.small_town import Town


def test_what_is_written_in_the_moment_of_handing_back_is_shown_to_a_worker(session: Session, town: Town) -> None:
    waiting = town.message(town.mine.conversation, "one more thing", "recorded", "flag.taken_over")
    end_silent_takeovers()
    session.expire_all()
    assert session.get_one(InboundMessage, waiting.id).state == "unanswered"


def test_by_text_the_family_hears_who_writes_once_and_that_it_was_handed_back(session: Session, town: Town) -> None:
    always_safe(session)
    phone = town.mine.conversation
    taken(phone.id, town.duty)
    says(phone.id, town.duty, "Hello, Dora here.")
    says(phone.id, town.duty, "How are you?")
    with transaction() as acting:
        service.hand_back(acting, acting.get_one(Conversation, phone.id), town.duty)
    assert ours(session, phone) == [
        "(A person writes now, not the assistant.) Hello, Dora here.",
        "How are you?",
        "The assistant answers here again. You can ask for a person at any time.",
    ]
    taken(phone.id, town.duty)  # before that went out: it is not true any more
    assert ours(session, phone)[2:] == []


def test_who_loses_the_conversation_leaves_what_waits_to_others(session: Session, town: Town) -> None:
    phone = town.mine.conversation
    taken(phone.id, town.duty)
    writes(session.get_one(Conversation, phone.id))
    with transaction() as acting:
        service.hand_back_all(acting, town.duty.id, town.manager)
    assert flags(session, phone) == [WAITING]


def test_who_hands_it_back_themself_has_read_what_was_written(session: Session, town: Town) -> None:
    phone = town.mine.conversation
    taken(phone.id, town.duty)
    writes(session.get_one(Conversation, phone.id), "ok thanks")
    with transaction() as acting:
        service.hand_back(acting, acting.get_one(Conversation, phone.id), town.duty)
    assert flags(session, phone) == [("recorded", "")]
    assert ours(session, phone) == [], "no word of theirs had gone out"


def test_what_came_after_their_page_was_read_is_left_to_others(session: Session, town: Town) -> None:
    phone = town.mine.conversation
    taken(phone.id, town.duty)
    writes(session.get_one(Conversation, phone.id), "ok thanks")
    seen = session.scalars(select(InboundMessage.seq)).one()
    writes(session.get_one(Conversation, phone.id), "wait, one more thing")
    with transaction() as acting:
        service.hand_back(acting, acting.get_one(Conversation, phone.id), town.duty, seen=seen)
    assert flags(session, phone) == [("recorded", ""), WAITING]


def test_who_asked_not_to_be_texted_is_told_nothing_of_it_and_others_are(session: Session, town: Town) -> None:
    always_safe(session)
    phone = town.mine.conversation
    taken(phone.id, town.duty)
    says(phone.id, town.duty)
    writes(session.get_one(Conversation, phone.id), "can you come")
    session.execute(update(Conversation).where(Conversation.id == phone.id).values(hushed_at=clock.now()))
    session.commit()
    before = ours(session, phone)
    minutes(31)
    assert end_silent_takeovers() == 1
    assert ours(session, phone) == before and [state for *_, state in opened(session)] == ["open"]
