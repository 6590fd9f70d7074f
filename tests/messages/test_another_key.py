"""A process that does not have the newest key yet leaves what it cannot read to one that has it, and loses nothing.

(The key is being changed, and this one was not started again: README, "What is kept, and asking for it".)
"""

from __future__ import annotations

import uuid
from datetime import time, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from api import clock
from api.assistant import rasa_client, turn
from api.assistant import state as dialogue
from api.assistant.operations import service
from api.assistant.operations.schemas import Question, Reply
from api.database import transaction
from api.families.models import Person
from api.messages import delivery, inbox
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from api.ops import queries as ops
from api.protection import data_keys
from tests.harness.twilio import FakeTwilio
from tests.harness.words import GIVEN, NEW, Keys, key_of, keys
from tests.small_town import Town

__all__ = ["keys"]


@pytest.fixture
def changing(keys: Keys, town: Town, session: Session) -> Keys:
    """One process has begun to write with the new key; what runs next has it too."""
    session.execute(update(Person).values(contact_from=time(0), contact_until=time(0)))
    session.commit()
    keys(NEW, GIVEN)
    data_keys.check()
    return keys


@pytest.fixture(autouse=True)
def rasa(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Rasa was asked; it greets."""
    asked: list[str] = []

    def ask(question: str, *, message_id: uuid.UUID, metadata: dict[str, Any]) -> list[Reply]:
        asked.append(question)
        return [Reply(id="greet.hello_discreet")]

    monkeypatch.setattr(rasa_client, "ask", ask)
    return asked


def queued(session: Session, town: Town, kind: str = "family") -> OutboundMessage:
    message = OutboundMessage(
        conversation_id=town.mine.conversation.id if kind == "family" else None,
        worker_id=town.duty.id if kind == "escalation" else None,
        channel="sms", address=town.mine.conversation.address, kind=kind, body="Hello there.", state="queued",
        created_at=clock.now(), due_at=clock.now(),
    )  # fmt: skip
    session.add(message)
    session.commit()
    return message


def later(session: Session, message: OutboundMessage) -> None:
    session.execute(update(OutboundMessage).values(due_at=clock.now()).where(OutboundMessage.id == message.id))
    session.commit()


@pytest.mark.parametrize("kind", ["family", "escalation"])
def test_a_text_waits_for_a_process_with_its_key(
    town: Town, session: Session, changing: Keys, twilio: FakeTwilio, kind: str
) -> None:
    message = queued(session, town, kind)
    session.execute(update(OutboundMessage).values(created_at=clock.now() - 2 * delivery.ANOTHER_MAY_HAVE_THE_KEY))
    session.commit()
    changing(GIVEN)
    delivery.deliver(message.id)
    session.expire_all()
    assert message.state == "queued" and timedelta() < message.due_at - clock.now() < timedelta(minutes=2)
    assert twilio.texts == []
    with transaction() as looking:
        assert ops.queues(looking, clock.now() + timedelta(minutes=3)).oldest_delivery > timedelta(minutes=2)
    session.rollback()
    later(session, message)
    changing(GIVEN, NEW)
    delivery.deliver(message.id)
    session.expire_all()
    assert (message.state, message.error) == ("sent", "")
    assert [one.body for one in twilio.texts] == ["Hello there."]


def test_a_text_whose_key_was_given_up_has_failed_and_is_seen(town: Town, session: Session, changing: Keys) -> None:
    message = queued(session, town)
    session.execute(update(OutboundMessage).values(created_at=clock.now() - 2 * delivery.ANOTHER_MAY_HAVE_THE_KEY))
    session.commit()
    changing(GIVEN)
    data_keys.give_up(key_of(NEW))
    delivery.deliver(message.id)
    session.expire_all()
    assert (message.state, message.error) == ("failed", "unreadable")


def accepted(town: Town, body: str) -> uuid.UUID:
    address = town.mine.conversation.address
    return inbox.accept(channel="sms", external_id=uuid.uuid4().hex, address=address, body=body).message_id


def half_screened(session: Session, message_id: uuid.UUID) -> None:
    """As a rush at the door leaves it: the whole screen has not seen it."""
    values = {"screened": False, "safety_kind": "none", "safety_priority": "routine"}
    session.execute(update(InboundMessage).values(**values).where(InboundMessage.id == message_id))
    session.commit()


@pytest.mark.parametrize("whole", [True, False], ids=["screened", "not yet screened"])
def test_a_message_waits_for_a_process_with_its_key_and_is_not_taken_for_harmless(
    town: Town, session: Session, changing: Keys, rasa: list[str], whole: bool
) -> None:
    message_id = accepted(town, "hello" if whole else "last night he put his hands round my throat")
    if not whole:
        half_screened(session, message_id)
    changing(GIVEN)
    for _ in range(2 * turn.MOST_ATTEMPTS):
        turn.run_waiting(town.mine.conversation.id)
    message = session.get_one(InboundMessage, message_id)
    assert (message.state, message.screened, message.turn_attempts) == ("queued", whole, 0) and rasa == []
    changing(GIVEN, NEW)
    turn.run_waiting(town.mine.conversation.id)
    session.expire_all()
    assert message.state == "answered" and message.screened
    assert (message.safety_kind == "none") is whole
    assert len(rasa) == 1


@pytest.mark.parametrize("whole", [True, False], ids=["screened", "not yet screened"])
def test_it_does_not_wait_long_for_a_person_to_look(
    town: Town, session: Session, changing: Keys, rasa: list[str], whole: bool
) -> None:
    message_id = accepted(town, "hello")
    if not whole:
        half_screened(session, message_id)
    session.execute(update(InboundMessage).values(received_at=clock.now() - 2 * turn.LONGEST_WITHOUT_KEY))
    session.commit()
    changing(GIVEN)
    turn.run_waiting(town.mine.conversation.id)
    message = session.get_one(InboundMessage, message_id)
    assert (message.state, message.flag, message.screened) == ("unanswered", "flag.no_answer", whole)
    assert rasa == []
    said = session.scalars(select(OutboundMessage.body).filter_by(in_reply_to=message_id)).one()
    assert "These words" not in said


def test_what_never_opens_again_goes_to_a_person_and_was_not_screened(
    town: Town, session: Session, rasa: list[str]
) -> None:
    message_id = accepted(town, "hello")
    half_screened(session, message_id)
    session.execute(text("UPDATE inbound_messages SET body = overlay(body placing 'AAAA' from 40)"))
    session.commit()
    turn.run_waiting(town.mine.conversation.id)
    message = session.get_one(InboundMessage, message_id)
    assert (message.state, message.flag, message.screened) == ("unanswered", "flag.no_answer", False) and rasa == []


REMEMBERED = {"options": [{"n": 1, "label": "Yes", "payload": "/affirm", "words": []}], "asking": "need"}


def remembering(town: Town) -> None:
    with transaction() as session:
        session.get_one(Conversation, town.mine.conversation.id).state = REMEMBERED


def test_a_memory_that_another_process_sealed_is_neither_lost_nor_taken_for_empty(
    town: Town, session: Session, changing: Keys, rasa: list[str]
) -> None:
    changing(GIVEN, NEW)
    message_id = accepted(town, "hello")
    changing(NEW, GIVEN)
    remembering(town)
    changing(GIVEN)
    turn.run_waiting(town.mine.conversation.id)
    assert session.get_one(InboundMessage, message_id).state == "queued" and rasa == []
    session.rollback()
    with transaction() as writing:
        conversation = writing.get_one(Conversation, town.mine.conversation.id)
        assert not dialogue.opens(conversation)
        dialogue.save(conversation, dialogue.State(asking="place"))
    changing(GIVEN, NEW)
    session.expire_all()
    assert session.get_one(Conversation, town.mine.conversation.id).state == REMEMBERED


def test_with_a_memory_that_cannot_be_read_nothing_is_done_by_halves(
    town: Town, session: Session, changing: Keys, rasa: list[str]
) -> None:
    changing(GIVEN, NEW)
    message_id = accepted(town, "1")
    changing(NEW, GIVEN)
    remembering(town)
    changing(GIVEN)
    session.execute(update(InboundMessage).values(received_at=clock.now() - 2 * turn.LONGEST_WITHOUT_KEY))
    session.commit()
    turn.run_waiting(town.mine.conversation.id)
    assert (session.get_one(InboundMessage, message_id).state, rasa) == ("unanswered", [])
    with pytest.raises(service.NoSuchTurn):
        service.answer("affirm", accepted(town, "yes"), Question())


def test_a_memory_whose_key_was_given_up_begins_anew(town: Town, session: Session, changing: Keys) -> None:
    remembering(town)
    changing(GIVEN)
    data_keys.give_up(key_of(NEW))
    with transaction() as writing:
        conversation = writing.get_one(Conversation, town.mine.conversation.id)
        assert dialogue.opens(conversation) and dialogue.load(conversation).asking == ""
        dialogue.save(conversation, dialogue.State())
    changing(GIVEN, NEW)
    session.expire_all()
    assert session.get_one(Conversation, town.mine.conversation.id).state == {}


def test_a_number_that_changed_hands_forgets_even_what_cannot_be_read(
    town: Town, session: Session, changing: Keys
) -> None:
    remembering(town)
    changing(GIVEN)
    with transaction() as writing:
        writing.get_one(Conversation, town.mine.conversation.id).state = {}
    changing(GIVEN, NEW)
    session.expire_all()
    assert session.get_one(Conversation, town.mine.conversation.id).state == {}
