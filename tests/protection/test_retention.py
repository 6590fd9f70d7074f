"""What is old enough goes, what is young or needed stays, and the audit trail says how much went."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from api import clock
from api.access.models import KeptAnswer, SignInAttempt
from api.audit.models import AuditEntry
from api.channels.webchat import service as webchat
from api.cli import app
from api.demo.models import DemoText
from api.escalations import service as escalations
from api.messages.models import Conversation, DeliveryAttempt, InboundMessage, OutboundMessage
from api.protection import retention
from api.protection.jobs import remove_old
from tests.small_town import Town

YEARS = timedelta(days=800)


def one_of_everything(session: Session, town: Town, age: timedelta) -> tuple[Conversation, Conversation]:
    """Of each kind one, this old; returns the chat without a name and a family's conversation."""
    at = clock.now() - age
    session.add(DemoText(sid=uuid.uuid4().hex, at=at, sender="a", recipient="b", body="hello"))
    session.add(SignInAttempt(subject="x", at=at))
    session.add(KeptAnswer(worker_id=town.worker.id, key_hash=uuid.uuid4().hex, request_hash="x", at=at, body="{}"))
    chat = session.get_one(Conversation, webchat.start_without_name(town.agency.id, "en").conversation_id)
    family = session.get_one(Conversation, town.mine.conversation.id)
    chat.created_at = chat.closed_at = chat.expires_at = at
    for conversation in (chat, family):
        heard = InboundMessage(
            conversation_id=conversation.id,
            channel=conversation.channel,
            external_id=uuid.uuid4().hex,
            body="hello",
            received_at=at,
            state="answered",
        )
        session.add(heard)
        session.flush()
        said = OutboundMessage(
            conversation_id=conversation.id,
            in_reply_to=heard.id,
            part="1",
            channel=conversation.channel,
            address=conversation.address,
            kind="family",
            body="hello",
            created_at=at,
            due_at=at,
            state="delivered",
        )
        session.add(said)
        session.flush()
        session.add(DeliveryAttempt(outbound_id=said.id, started_at=at, ended_at=at, result="accepted"))
    session.commit()
    return chat, family


def test_what_is_young_stays(session: Session, town: Town) -> None:
    one_of_everything(session, town, timedelta(days=6))
    assert remove_old() == {}
    assert session.scalar(select(func.count()).select_from(DemoText)) == 1


def test_what_is_old_goes_with_its_parts_and_a_familys_messages_stay(session: Session, town: Town) -> None:
    chat, family = one_of_everything(session, town, YEARS)
    chat_id, family_id = chat.id, family.id
    gone = remove_old()
    # The chat's own attempt went first, by its age, and so did the family's.
    assert gone == {
        "simulated_texts": 1,
        "delivery_attempts": 2,
        "sign_in_attempts": 1,
        "anonymous_chats": 1,
        "kept_answers": 1,
    }
    session.expire_all()
    assert session.get(Conversation, chat_id) is None and session.get(Conversation, family_id) is not None
    assert set(session.scalars(select(InboundMessage.conversation_id))) == {family_id}
    assert set(session.scalars(select(OutboundMessage.conversation_id))) == {family_id}
    entries = session.scalars(select(AuditEntry).where(AuditEntry.verb == "removed_by_age")).all()
    assert {entry.object_id: entry.detail["removed"] for entry in entries} == gone
    assert remove_old() == {}


def test_a_chat_that_raised_an_escalation_or_waits_for_a_worker_stays(session: Session, town: Town) -> None:
    chat, _ = one_of_everything(session, town, YEARS)
    escalations.open_escalation(
        session, conversation=chat, message=None, kind="self_harm", priority="emergency", words="hello", reasons=[]
    )
    session.commit()
    waiting = session.get_one(Conversation, webchat.start_without_name(town.agency.id, "en").conversation_id)
    waiting.created_at = waiting.closed_at = waiting.expires_at = clock.now() - YEARS
    session.add(
        InboundMessage(
            conversation_id=waiting.id,
            channel="web",
            external_id="w",
            body="hello?",
            received_at=clock.now() - YEARS,
            state="unanswered",
        )
    )
    session.commit()
    assert "anonymous_chats" not in remove_old()


def test_a_strangers_texts_go_and_a_known_phones_do_not(session: Session, town: Town) -> None:
    long_ago = clock.now() - YEARS
    for address in ("+447700900998", town.mine.conversation.address):
        found = session.scalars(select(Conversation).where(Conversation.address == address)).first()
        if found is None:
            found = Conversation(
                channel="sms", address=address, agency_id=town.agency.id, created_at=long_ago, state={}
            )
            session.add(found)
        found.person_id, found.created_at, found.last_inbound_at = None, long_ago, long_ago
    session.commit()
    assert remove_old() == {"strangers_texts": 1}
    session.expire_all()
    assert "+447700900998" not in set(session.scalars(select(Conversation.address)))


def test_many_go_in_batches_each_with_its_entry(session: Session, town: Town) -> None:
    session.add_all(SignInAttempt(subject="x", at=clock.now() - YEARS) for _ in range(25))
    session.commit()
    assert retention.clear(batch=10) == {"sign_in_attempts": 25}
    removed = select(AuditEntry.detail).where(AuditEntry.verb == "removed_by_age").order_by(AuditEntry.id)
    assert [entry["removed"] for entry in session.scalars(removed)] == [10, 10, 5]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("removed: {family_messages: {days: 30, why: x}}\nkept: {}", "family_messages is unknown"),
        ("removed: {chat_codes: {days: 0, why: x}}\nkept: {}", "from 7 on"),
        ("removed: {chat_codes: {days: '90', why: x}}\nkept: {}", "from 7 on"),
        ("removed: {chat_codes: {days: 90}}\nkept: {}", "has its reason"),
        ("removed: [", "cannot be read"),
    ],
)
def test_rules_that_cannot_be_are_refused(words: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "retention.yaml"
    path.write_text(words)
    with pytest.raises(retention.BadRules, match=complaint):
        retention.read(path)


def test_the_operator_sees_the_rules_and_what_would_go(session: Session, town: Town) -> None:
    one_of_everything(session, town, YEARS)
    said = CliRunner().invoke(app, ["retention"])
    assert said.exit_code == 0, said.output
    assert "simulated_texts: 30 days, 1 to remove." in said.stdout and "family_messages: kept." in said.stdout
    assert session.scalar(select(func.count()).select_from(DemoText)) == 1
