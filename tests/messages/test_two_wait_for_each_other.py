"""A message whose transaction and another wait for each other: the server ends one of them, and nothing is lost."""

from __future__ import annotations

import threading
import time
import uuid

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from api import clock
from api.database import engine, reading, transaction
from api.escalations.models import Escalation
from api.messages import inbox
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from tests.small_town import Town

DANGER = "help he has got a knife and he is going to kill us"


def text_in(town: Town, body: str, external_id: str) -> inbox.Accepted:
    return inbox.accept(channel="sms", external_id=external_id, address=town.mine.conversation.address, body=body)


def wait_for_a_lock() -> None:
    """Until a transaction of ours waits for another one."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with reading() as session:
            if session.scalar(waiting):
                return
        threading.Event().wait(0.01)
    raise AssertionError("nobody waits")


def test_the_same_message_again_while_its_turn_ends_is_a_duplicate_and_no_error(town: Town) -> None:
    first = text_in(town, "hello", "SM1")
    found: list[inbox.Accepted] = []
    again = threading.Thread(target=lambda: found.append(text_in(town, "hello", "SM1")))
    with Session(engine()) as turn:  # as a turn that ends does: its message, then its conversation
        turn.execute(update(InboundMessage).where(InboundMessage.id == first.message_id).values(state="answered"))
        again.start()
        wait_for_a_lock()
        turn.execute(update(Conversation).where(Conversation.id == first.conversation_id).values(state={}))
        turn.commit()
    again.join(20)
    assert [(one.message_id, one.duplicate) for one in found] == [(first.message_id, True)]


def test_danger_while_an_alarm_of_theirs_climbs_waits_for_it_and_is_stored(town: Town) -> None:
    first = text_in(town, DANGER, "SM1")
    found: list[inbox.Accepted] = []
    again = threading.Thread(target=lambda: found.append(text_in(town, f"{DANGER} hurry", "SM2")))
    with transaction() as ladder:  # as a ladder does: its alarm, then a text to the family
        ladder.scalars(select(Escalation).where(Escalation.message_id == first.message_id).with_for_update()).one()
        again.start()
        wait_for_a_lock()
        reply = {
            "channel": "sms",
            "address": town.mine.conversation.address,
            "kind": "family",
            "body": "Somebody has it.",
        }
        at = {"created_at": clock.now(), "due_at": clock.now()}
        ladder.add(OutboundMessage(id=uuid.uuid4(), conversation_id=first.conversation_id, **reply, **at))
        ladder.flush()
    again.join(20)
    assert [one.duplicate for one in found] == [False]
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(InboundMessage)) == 2
        assert session.scalar(select(func.count()).select_from(Escalation)) == 1
