"""What stays of who was here: with the conversation, in the person's own file, and gone when they are erased."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.channels.webchat import service as webchat
from api.database import transaction
from api.families.models import Person
from api.messages import outbox
from api.messages.models import Conversation
from api.plans.models import Plan
from api.presence import service
from api.presence.models import Presence
from api.protection import erasure, person_file, retention
from tests.small_town import Town


def talked(town: Town, person: Person | None) -> uuid.UUID:
    """A chat in which each side has seen the other's words; over now."""
    cookies, chat = town.chatting(person)
    with transaction() as session:
        conversation = session.get_one(Conversation, chat)
        worker = session.get_one(Worker, town.duty.id)
        outbox.queue_reply(session, conversation, "Hi, Dora here.", written_by=worker)
    number = town.message(conversation, "hello").seq
    webchat.here(chat, writing=None, seen=number)
    with transaction() as session:
        service.worker_here(session, conversation, town.duty, writing=None, seen=number)
    webchat.leave(next(iter(cookies.values())))
    return chat


def rows(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Presence)) or 0


def test_a_persons_file_says_when_it_was_seen_and_by_whom(session: Session, town: Town) -> None:
    talked(town, town.mine.parent)
    held = person_file.everything(session, session.get_one(Person, town.mine.parent.id))
    assert {line["by"] for line in held["seen_on_the_web"]} == {"you", "Dora Worker (duty)"}
    other = person_file.everything(session, session.get_one(Person, town.other.parent.id))
    assert other["seen_on_the_web"] == []


def test_it_goes_when_the_person_is_erased(session: Session, town: Town) -> None:
    talked(town, town.mine.parent)
    talked(town, town.other.parent)
    session.execute(update(Plan).where(Plan.id == town.mine.plan.id).values(ended_on=date(2026, 1, 31)))
    session.commit()
    assert rows(session) == 4
    assert erasure.erase(str(town.mine.parent.id), "request 4711").counts["who was here"] == 2
    assert rows(session) == 2


def test_it_goes_with_a_chat_without_a_name_that_is_old_enough(session: Session, town: Town) -> None:
    talked(town, None)
    clock.move(timedelta(days=800))
    assert retention.clear()["anonymous_chats"] == 1
    assert rows(session) == 0
