"""What a worker does in a conversation: take it over, write, hand it back, mark a message as looked after.

Callers have checked that the worker may see the conversation (api.access). Nothing here commits.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.messages import mailing, outbox, takeovers, who_writes
from api.messages.discretion import may_text
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from api.messages.takeovers import hand_back, hand_back_all, hand_back_others, record, take_over

__all__ = [
    "LONGEST_REPLY",
    "AskedForNoTexts",
    "CannotReply",
    "hand_back",
    "hand_back_all",
    "hand_back_others",
    "judge_alarm",
    "mark_handled",
    "mark_seen",
    "reply_from_worker",
    "take_over",
]

LONGEST_REPLY = 1500


class CannotReply(ValueError):
    """The reply cannot be sent; the message says why and what to do, in words for the worker."""


class AskedForNoTexts(CannotReply):
    """They asked not to be texted; a worker lifts that first (messages.hush)."""


def reply_from_worker(session: Session, conversation: Conversation, worker: Worker, text: str) -> OutboundMessage:
    """Send the worker's own words on the person's channel. What waited for a human in it counts as handled.

    Raises CannotReply for an empty or too long text, an ended chat, a phone that has opted out.
    """
    words = text.strip()
    if not words:
        raise CannotReply("Write something first.")
    if len(words) > LONGEST_REPLY:
        raise CannotReply(f"That is {len(words)} characters; at most {LONGEST_REPLY} can be sent at once.")
    takeovers.lock(session, conversation)  # no takeover lapses, and nobody asks for no texts, in this moment
    if conversation.over(clock.now()):
        raise CannotReply("This chat has ended, so nothing can be sent to it. Use another way to reach the person.")
    if conversation.hushed_at is not None:
        raise AskedForNoTexts("They asked not to be texted. Lift that first, once you know that it is safe.")
    if conversation.channel == "sms" and not may_text(session, conversation):
        raise CannotReply("This phone has asked for no more texts. Use another way to reach the person.")
    if conversation.channel == "email" and not mailing.address_of(session, conversation.person_id):
        raise CannotReply("No e-mail can be sent to them. Use another way to reach the person.")
    words = who_writes.introduced(session, conversation, words)
    sent = outbox.queue_reply(session, conversation, words, written_by=worker)
    takeovers.answered(session, conversation)
    waiting = session.scalars(
        select(InboundMessage).filter_by(conversation_id=conversation.id, state="unanswered")
    ).all()
    for message in waiting:
        mark_handled(session, message, worker)
    record(session, conversation, worker, "replied")
    return sent


def mark_handled(session: Session, message: InboundMessage, worker: Worker) -> None:
    """A flagged message has been looked after by a human."""
    if message.state != "unanswered":
        return
    message.state, message.settled_at = "handled", clock.now()
    conversation = session.get_one(Conversation, message.conversation_id)
    record(session, conversation, worker, "handled_message", str(message.id))


def judge_alarm(session: Session, message: InboundMessage, worker: Worker, was: str) -> None:
    """A worker says whether the alarm that this message raised was ``false`` or ``real``; the last word holds. Of a
    message that raised none nothing is kept. Raises ValueError for any other word."""
    if was not in ("false", "real"):
        raise ValueError("false or real")
    if message.safety_kind == "none" or message.alarm_was == was:
        return
    message.alarm_was = was
    conversation = session.get_one(Conversation, message.conversation_id)
    record(session, conversation, worker, f"said_alarm_was_{was}", str(message.id))


def mark_seen(session: Session, message: OutboundMessage, worker: Worker) -> None:
    """A worker has seen that a message of ours failed or may not have arrived."""
    if message.seen_at is None and message.conversation_id is not None:
        message.seen_at = clock.now()
        conversation = session.get_one(Conversation, message.conversation_id)
        record(session, conversation, worker, "saw_delivery_problem", str(message.id))
