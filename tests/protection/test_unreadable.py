"""Words that do not open: nobody is sent what stands for them, nothing is taken for empty, and nobody is left alone."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from api import clock
from api.assistant import rasa_client, turn
from api.channels.outcome import Outcome
from api.channels.twilio import client as twilio
from api.database import transaction
from api.escalations.models import Escalation
from api.families.models import Person
from api.messages import delivery, outbox
from api.messages.models import Conversation, DeliveryAttempt, InboundMessage, OutboundMessage
from api.plans import history
from api.plans.models import Plan
from api.protection import person_file
from api.sealed import Sealer, Unreadable
from tests.small_town import Town

LOST = Sealer(["a key that nobody has any more...."])


def lose(column: str, table: str, words: str = "lost words", sealer: Sealer = LOST) -> None:
    """As if the key of all that stands in this column had been lost."""
    with transaction() as session:
        session.execute(
            text(f"UPDATE {table} SET {column} = :stored"),
            {"stored": sealer.seal(words, f"{table}.{column}")},
        )


def queued(town: Town) -> uuid.UUID:
    with transaction() as session:
        message = OutboundMessage(
            conversation_id=None, worker_id=town.duty.id, channel="sms", address=town.duty.phone or "+447700900001",
            kind="escalation", body="Hello there.", created_at=clock.now(), due_at=clock.now(),
        )  # fmt: skip
        session.add(message)
        session.flush()
        return message.id


def test_a_text_whose_words_do_not_open_is_not_sent_and_a_worker_sees_it(
    town: Town, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(twilio, "send", lambda to, body, **_: sent.append(body) or Outcome("accepted"))  # type: ignore[func-returns-value]
    message_id = queued(town)
    lose("body", "outbound_messages")
    delivery.deliver(message_id)
    message = session.get_one(OutboundMessage, message_id)
    assert message.state == "queued" and message.due_at > clock.now()  # another process may have the key
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=6))
    delivery.deliver(message_id)
    session.refresh(message)
    assert (message.state, message.error, sent) == ("failed", "unreadable", [])
    assert session.scalars(select(DeliveryAttempt)).first() is None


def test_a_damaged_text_fails_at_once(town: Town, session: Session) -> None:
    message_id = queued(town)
    with transaction() as writing:
        writing.execute(text("UPDATE outbound_messages SET body = left(body, -8)"))
    delivery.deliver(message_id)
    assert session.get_one(OutboundMessage, message_id).state == "failed"


def test_a_message_that_does_not_open_is_a_persons_to_look_at_and_rasa_is_not_asked(
    town: Town, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(rasa_client, "ask", lambda words, **_: asked.append(words) or [])  # type: ignore[func-returns-value]
    message = town.message(town.mine.conversation, "when is my meeting", state="queued")
    lose("body", "inbound_messages")
    turn.run_waiting(town.mine.conversation.id)
    found = session.get_one(InboundMessage, message.id)
    assert (found.state, found.flag, asked) == ("unanswered", "flag.no_answer", [])
    said = session.scalars(select(OutboundMessage.body).filter_by(in_reply_to=message.id)).one()
    assert "cannot be read" not in said


def test_danger_reaches_a_card_whose_words_do_not_open(town: Town, session: Session) -> None:
    number = town.escalation(town.mine, words="he is outside")
    lose("words", "escalations")
    assert town.escalation(town.mine, words="he is inside now") == number
    assert session.get_one(Escalation, number).words == "he is inside now"


def test_an_agreed_word_that_does_not_open_is_left_out(town: Town, session: Session) -> None:
    with transaction() as writing:
        writing.get_one(Person, town.mine.parent.id).use_code_word = True
    lose("code_word", "people", "Sunflower")
    with transaction() as writing:
        conversation = writing.get_one(Conversation, town.mine.conversation.id)
        assert outbox.queue_reply(writing, conversation, "Are you well?").body == "Are you well?"


def test_a_plans_version_that_does_not_open_says_so_on_its_page(client: TestClient, town: Town) -> None:
    with transaction() as session:
        history.begin(session, session.get_one(Plan, town.mine.plan.id))
    with transaction() as session:
        stored = LOST.seal("[]", "plan_versions.changes")
        session.execute(text("UPDATE plan_versions SET changes = to_jsonb(CAST(:stored AS text))"), {"stored": stored})
    client.cookies.update(town.signed_in(town.worker))
    page = client.get(f"/console/plans/{town.mine.plan.id}")
    assert page.status_code == 200 and f"sealed with the key {LOST.ids[0]}" in page.text


def test_a_persons_file_says_what_could_not_be_read(town: Town, session: Session) -> None:
    town.message(town.mine.conversation, "hello")
    lose("body", "inbound_messages")
    held = person_file.everything(session, session.get_one(Person, town.mine.parent.id))
    (message,) = held["messages"]
    assert isinstance(message["body"], Unreadable) and LOST.ids[0] in message["body"]
