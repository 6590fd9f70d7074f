"""What accepting a message does, all of it in one transaction."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.database import transaction
from api.escalations.models import Escalation
from api.families.models import ContactPoint
from api.messages import inbox, service
from api.messages.commands import REPLIES_TO_STRANGER
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from api.messages.sms import segments
from tests.small_town import Town

DANGER = "help he has got a knife and he is going to kill us"


def text_from(address: str, body: str, sid: str = "", **more: str) -> inbox.Accepted:
    return inbox.accept(channel="sms", external_id=sid or uuid.uuid4().hex, address=address, body=body, **more)  # type: ignore[arg-type]


def one(session: Session, accepted: inbox.Accepted) -> InboundMessage:
    session.expire_all()
    return session.get_one(InboundMessage, accepted.message_id)


def queued_turns(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(InboundMessage).where(InboundMessage.state == "queued")) or 0


def test_the_same_message_again_is_not_another(session: Session, town: Town) -> None:
    first = text_from(town.mine.conversation.address, DANGER, sid="SM1")
    again = text_from(town.mine.conversation.address, DANGER, sid="SM1")
    assert (first.duplicate, again.duplicate) == (False, True)
    assert first.message_id == again.message_id
    for table in (InboundMessage, Escalation):
        assert session.scalar(select(func.count()).select_from(table)) == 1
    assert queued_turns(session) == 1


def test_danger_opens_an_escalation_and_is_answered_before_anybody_thinks(session: Session, town: Town) -> None:
    accepted = text_from(town.mine.conversation.address, DANGER)
    escalation = session.scalars(select(Escalation)).one()
    assert (escalation.message_id, escalation.words) == (accepted.message_id, DANGER)
    assert escalation.next_rung_at is not None and escalation.next_rung_at > clock.now()
    kinds = {message.kind for message in session.scalars(select(OutboundMessage))}
    assert kinds == {"safety", "escalation"}


def test_a_failure_in_the_middle_leaves_nothing(session: Session, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(inbox.jobs, "announce_turns", fail)
    with pytest.raises(RuntimeError):
        text_from(town.mine.conversation.address, DANGER)
    for table in (InboundMessage, Escalation, OutboundMessage):
        assert session.scalar(select(func.count()).select_from(table)) == 0


def test_while_a_worker_has_taken_over_the_bot_is_silent_and_the_screen_is_not(session: Session, town: Town) -> None:
    with transaction() as taking:
        service.take_over(taking, taking.get_one(Conversation, town.mine.conversation.id), town.duty)
    quiet = text_from(town.mine.conversation.address, "hello are you there")
    assert one(session, quiet).state == "recorded"
    assert queued_turns(session) == 0
    text_from(town.mine.conversation.address, DANGER)
    assert session.scalar(select(func.count()).select_from(Escalation)) == 1


def test_a_stranger_gets_the_emergency_line_a_few_times_a_day_and_a_worker_sees_the_rest(
    session: Session, town: Town
) -> None:
    accepted = [text_from("+447700900777", f"hello number {n}") for n in range(REPLIES_TO_STRANGER + 2)]
    states = [one(session, a).state for a in accepted]
    assert states == ["answered"] * REPLIES_TO_STRANGER + ["unanswered"] * 2
    replies = session.scalars(select(OutboundMessage)).all()
    assert len(replies) == REPLIES_TO_STRANGER
    assert all("999" in reply.body and "Ash" not in reply.body for reply in replies)


def test_a_strangers_danger_is_heard_too(session: Session, town: Town) -> None:
    text_from("+447700900777", DANGER)
    escalation = session.scalars(select(Escalation)).one()
    assert (escalation.family_id, escalation.agency_id) == (None, town.agency.id) or escalation.agency_id
    (reply,) = session.scalars(select(OutboundMessage).filter_by(kind="safety")).all()
    assert "999" in reply.body and "To reach us: " in reply.body and segments(reply.body) <= 2


@pytest.mark.parametrize(("word", "kind"), [("STOP", "opted_out"), ("help", "help_word"), ("Info", "help_word")])
def test_the_carriers_words_are_recorded_and_a_worker_is_told(
    session: Session, town: Town, word: str, kind: str
) -> None:
    accepted = text_from(town.mine.conversation.address, word)
    assert one(session, accepted).state == "recorded"
    assert session.scalars(select(Escalation)).one().kind == kind
    to_family = select(OutboundMessage).filter_by(address=town.mine.conversation.address)
    assert session.scalars(to_family).all() == []  # Twilio answers these itself


def test_stop_and_start_are_remembered_at_the_number(session: Session, town: Town) -> None:
    point = select(ContactPoint.state).filter_by(address=town.mine.conversation.address)
    text_from(town.mine.conversation.address, "stop")
    assert session.scalar(point) == "opted_out"
    session.rollback()
    text_from(town.mine.conversation.address, "START")
    assert session.scalar(point) == "active"


def test_a_number_that_changed_hands_starts_afresh(session: Session, town: Town) -> None:
    with transaction() as moving:
        conversation = moving.get_one(Conversation, town.mine.conversation.id)
        conversation.state = {"options": [{"n": 1, "label": "Yes", "payload": "/confirm"}]}
        point = moving.scalars(select(ContactPoint).filter_by(address=conversation.address)).one()
        point.person_id = town.far.parent.id
    accepted = text_from(town.mine.conversation.address, "1")
    session.expire_all()
    conversation = session.get_one(Conversation, accepted.conversation_id)
    assert conversation.person_id == town.far.parent.id
    assert conversation.agency_id == town.far_agency.id
    assert conversation.state == {}
    assert one(session, accepted).payload == ""


def test_a_workers_phone_is_never_a_familys_conversation(session: Session, town: Town) -> None:
    assert town.duty.phone is not None
    accepted = text_from(town.duty.phone, DANGER)
    assert one(session, accepted).state == "recorded"
    assert session.scalar(select(func.count()).select_from(Escalation)) == 0
    assert queued_turns(session) == 0


def test_a_chat_that_has_ended_takes_no_message(town: Town) -> None:
    _, conversation_id = town.chatting()
    with transaction() as ending:
        ending.get_one(Conversation, conversation_id).closed_at = clock.now()
    with pytest.raises(LookupError):
        inbox.accept(channel="web", external_id="1", address="", body="hello", conversation_id=conversation_id)
