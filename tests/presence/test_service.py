"""Looking and writing end by themselves, what was seen is never more than what is there, and no chat lives by it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.channels.webchat import service as webchat
from api.database import reading, transaction
from api.messages import outbox
from api.messages import service as messages
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from api.presence import queries, service
from api.presence.models import Presence
from tests.small_town import Town

T = TypeVar("T")


@pytest.fixture
def chat(town: Town) -> uuid.UUID:
    return town.chatting()[1]


def says(chat: uuid.UUID, worker: Worker, writing: bool | None = None, seen: int = 0, gone: bool = False) -> None:
    with transaction() as session:
        conversation = session.get_one(Conversation, chat)
        service.worker_here(session, conversation, worker, writing=writing, seen=seen, gone=gone)


def take_over(chat: uuid.UUID, worker: Worker) -> None:
    with transaction() as session:
        messages.take_over(session, session.get_one(Conversation, chat), session.get_one(Worker, worker.id))


def heard(town: Town, chat: uuid.UUID, body: str) -> int:
    with reading() as session:
        conversation = session.get_one(Conversation, chat)
    return town.message(conversation, body).seq


def wrote(chat: uuid.UUID, worker: Worker, words: str) -> int:
    with transaction() as session:
        conversation = session.get_one(Conversation, chat)
        return outbox.queue_reply(session, conversation, words, written_by=session.get_one(Worker, worker.id)).seq


def ask(question: Callable[[Session], T]) -> T:
    with reading() as session:
        return question(session)


def writer(chat: uuid.UUID) -> str:
    found = ask(lambda session: queries.writing_worker(session, session.get_one(Conversation, chat)))
    return found.name if found else ""


def seen_by(chat: uuid.UUID) -> str:
    return ask(lambda session: queries.last_message_seen_by(session, chat))


def person_writes(chat: uuid.UUID) -> bool:
    return ask(lambda session: queries.person_writes_until(session, chat)) is not None


def test_that_a_worker_writes_ends_by_itself_and_when_it_is_sent(town: Town, chat: uuid.UUID) -> None:
    says(chat, town.duty, writing=True)
    assert writer(chat) == "Dora Worker"
    clock.move(service.WRITING)
    assert writer(chat) == ""
    says(chat, town.duty, writing=True)
    with transaction() as session:
        service.wrote(session, chat, town.duty.id)
    assert writer(chat) == ""
    says(chat, town.duty, writing=True)
    says(chat, town.duty, writing=False)
    assert writer(chat) == ""


def test_a_page_that_only_says_that_it_is_there_does_not_end_the_writing(town: Town, chat: uuid.UUID) -> None:
    says(chat, town.duty, writing=True)
    says(chat, town.duty)
    assert writer(chat) == "Dora Worker"


def test_of_two_who_write_the_one_who_has_taken_over_is_shown(town: Town, chat: uuid.UUID) -> None:
    take_over(chat, town.duty)
    says(chat, town.duty, writing=True)
    clock.move(timedelta(seconds=1))
    says(chat, town.manager, writing=True)
    assert writer(chat) == "Dora Worker"


def test_that_the_person_writes_is_nobodys_business_before_a_worker_has_joined(town: Town, chat: uuid.UUID) -> None:
    webchat.here(chat, writing=True, seen=0)
    assert not person_writes(chat)
    take_over(chat, town.duty)
    webchat.here(chat, writing=True, seen=0)
    assert person_writes(chat)
    clock.move(service.WRITING)
    assert not person_writes(chat)


def test_nothing_that_a_page_says_keeps_a_chat_open_or_opens_it_again(town: Town, chat: uuid.UUID) -> None:
    take_over(chat, town.duty)
    with reading() as session:
        before = session.get_one(Conversation, chat).expires_at
    clock.move(timedelta(minutes=30))
    webchat.here(chat, writing=True, seen=1)
    says(chat, town.duty, writing=True, seen=1)
    with reading() as session:
        assert session.get_one(Conversation, chat).expires_at == before
    clock.move(timedelta(minutes=31))
    webchat.here(chat, writing=True, seen=1)
    says(chat, town.duty, writing=True)
    assert not person_writes(chat) and writer(chat) == "", "nobody writes in a chat that is over"


def test_colleagues_of_the_agency_who_are_here_are_named_and_nobody_else(town: Town, chat: uuid.UUID) -> None:
    for worker in (town.worker, town.duty, town.manager, town.far_manager):
        says(chat, worker, writing=worker is town.duty)

    def here(worker: Worker) -> list[tuple[str, bool]]:
        found = ask(lambda s: queries.colleagues(s, chat, agency_id=worker.agency_id, but=worker.id))
        return [(one.name, one.writing_until is not None) for one in found]

    assert here(town.manager) == [("Dora Worker", True), ("Lena Worker", False)]
    assert here(town.far_manager) == []
    says(chat, town.worker, gone=True)
    assert here(town.manager) == [("Dora Worker", True)]
    clock.move(service.LOOKING)
    assert here(town.manager) == [], "a page that is closed without a word is gone after a while"


def test_their_last_message_is_seen_once_a_worker_has_had_it_on_the_screen(town: Town, chat: uuid.UUID) -> None:
    first = heard(town, chat, "hello")
    assert seen_by(chat) == ""
    says(chat, town.duty, seen=first)
    clock.move(timedelta(minutes=1))
    says(chat, town.manager, seen=first)
    assert seen_by(chat) == "Dora Worker", "who was first"
    heard(town, chat, "are you there")
    assert seen_by(chat) == "", "nobody has seen the newest yet"


def test_an_answer_says_better_than_anything_that_it_was_seen(town: Town, chat: uuid.UUID) -> None:
    says(chat, town.duty, seen=heard(town, chat, "hello"))
    wrote(chat, town.duty, "Hi, Dora here.")
    assert seen_by(chat) == ""


def test_a_page_cannot_have_seen_what_is_still_to_come(town: Town, chat: uuid.UUID) -> None:
    far = 2**62
    first = heard(town, chat, "hello")
    says(chat, town.duty, seen=far)
    reply = wrote(chat, town.duty, "Hi.")
    webchat.here(chat, writing=None, seen=far)
    with reading() as session:
        rows = {row.worker_id: row.seen_seq for row in session.scalars(select(Presence))}
    assert rows == {town.duty.id: first, None: reply}
    heard(town, chat, "it is worse now")
    assert seen_by(chat) == ""


def test_what_was_seen_does_not_become_less(town: Town, chat: uuid.UUID) -> None:
    first, second = heard(town, chat, "one"), heard(town, chat, "two")
    says(chat, town.duty, seen=second)
    at = ask(lambda s: s.scalars(select(Presence.seen_at)).one())
    clock.move(timedelta(minutes=5))
    says(chat, town.duty, seen=first)
    says(chat, town.duty, seen=second)
    with reading() as session:
        row = session.scalars(select(Presence)).one()
    assert (row.seen_seq, row.seen_at) == (second, at), "since when, not when last"


def test_the_person_sees_what_workers_write_and_the_bots_words_do_not_count(town: Town, chat: uuid.UUID) -> None:
    with transaction() as session:
        bots = outbox.queue_reply(session, session.get_one(Conversation, chat), "I am a computer.").seq
    webchat.here(chat, writing=None, seen=bots)
    assert ask(lambda s: queries.seen_by_person(s, chat)) is None
    reply = wrote(chat, town.duty, "Hi, Dora here.")
    webchat.here(chat, writing=None, seen=reply)
    seen = ask(lambda s: queries.seen_by_person(s, chat))
    assert seen is not None and seen.seq == reply


def test_a_texts_conversation_has_colleagues_but_no_read_state(town: Town) -> None:
    sms = town.mine.conversation
    number = town.message(sms, "hello").seq
    says(sms.id, town.duty, writing=True, seen=number)
    with reading() as session:
        assert session.scalars(select(Presence.seen_seq)).one() == 0
        assert session.scalar(select(func.count()).select_from(OutboundMessage)) == 0, "nothing of it is texted"
        assert session.scalars(select(InboundMessage.state)).one() == "answered"


def test_saying_the_same_again_and_again_writes_once(town: Town, chat: uuid.UUID) -> None:
    take_over(chat, town.duty)

    def rows() -> list[str]:
        """Each row with the number that PostgreSQL gives every version of it."""
        with reading() as session:
            return sorted(session.scalars(text("SELECT xmin::text || presences::text FROM presences")))

    webchat.here(chat, writing=True, seen=0)
    says(chat, town.duty, writing=True)
    before = rows()
    for _ in range(20):
        clock.move(timedelta(milliseconds=100))
        webchat.here(chat, writing=True, seen=0)
        says(chat, town.duty, writing=True)
    assert rows() == before and len(before) == 2
