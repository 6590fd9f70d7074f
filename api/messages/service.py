"""What a worker does in a conversation: take it over, write, hand it back, mark a message as looked after.

Callers have checked that the worker may see the conversation (api.access). Nothing here commits.
"""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock, jobs, texts
from api.access.models import Worker
from api.audit import service as audit
from api.database import notify
from api.escalations import queries as escalation_queries
from api.families.models import ContactPoint, FamilyWorker, Person
from api.messages import outbox
from api.messages.models import Conversation, InboundMessage, OutboundMessage

LONGEST_REPLY = 1500


class CannotReply(ValueError):
    """The reply cannot be sent; the message says why and what to do, in words for the worker."""


class AskedForNoTexts(CannotReply):
    """They asked not to be texted; a worker lifts that first (messages.hush)."""


def take_over(session: Session, conversation: Conversation, worker: Worker) -> bool:
    """The worker talks, the bot is silent (the safety screen is not). False if another worker has it already."""
    session.refresh(conversation, with_for_update=True)
    if conversation.taken_over_by not in (None, worker.id):
        return False
    if conversation.taken_over_by is None:
        conversation.taken_over_by = worker.id
        _record(session, conversation, worker, "took_over_conversation")
        if conversation.channel == "web" and conversation.hushed_at is None:
            outbox.queue_reply(session, conversation, texts.render("takeover.joined", conversation.language))
    return True


def hand_back(session: Session, conversation: Conversation, worker: Worker | None) -> None:
    """The bot answers again. ``worker`` is None where an import has seen to that, here and below."""
    session.refresh(conversation, with_for_update=True)
    if conversation.taken_over_by is None:
        return
    conversation.taken_over_by = None
    _record(session, conversation, worker, "handed_back_conversation")
    if conversation.channel == "web" and conversation.closed_at is None and conversation.hushed_at is None:
        outbox.queue_reply(session, conversation, texts.render("takeover.left", conversation.language))
    jobs.announce_turns(session, conversation.id)


def hand_back_all(
    session: Session, taken_by: uuid.UUID, worker: Worker | None, family_id: uuid.UUID | None = None
) -> None:
    """Where the bot is silent because of somebody who sees it no more (all their conversations, or those of one
    family), it answers again: ``worker`` has seen to that."""
    theirs = select(Conversation).where(Conversation.taken_over_by == taken_by)
    if family_id is not None:
        theirs = theirs.join(Person, Person.id == Conversation.person_id).where(Person.family_id == family_id)
    for conversation in session.scalars(theirs).all():
        hand_back(session, conversation, worker)


def hand_back_others(session: Session, taken_by: uuid.UUID, worker: Worker | None) -> None:
    """The same for the families that are not assigned to them: for somebody who sees only their own from now on."""
    own = select(FamilyWorker.family_id).where(FamilyWorker.worker_id == taken_by)
    theirs = (
        select(Conversation)
        .join(Person, Person.id == Conversation.person_id)
        .where(Conversation.taken_over_by == taken_by, Person.family_id.not_in(own))
    )
    for conversation in session.scalars(theirs).all():
        hand_back(session, conversation, worker)


def reply_from_worker(session: Session, conversation: Conversation, worker: Worker, text: str) -> OutboundMessage:
    """Send the worker's own words on the person's channel. What waited for a human in it counts as handled.

    Raises CannotReply for an empty or too long text, an ended chat, a phone that has opted out.
    """
    words = text.strip()
    if not words:
        raise CannotReply("Write something first.")
    if len(words) > LONGEST_REPLY:
        raise CannotReply(f"That is {len(words)} characters; at most {LONGEST_REPLY} can be sent at once.")
    if conversation.over(clock.now()):
        raise CannotReply("This chat has ended, so nothing can be sent to it. Use another way to reach the person.")
    if conversation.hushed_at is not None:
        raise AskedForNoTexts("They asked not to be texted. Lift that first, once you know that it is safe.")
    if conversation.channel == "sms":
        states = session.scalars(
            select(ContactPoint.state).filter_by(channel="sms", address=conversation.address)
        ).all()
        if states and "active" not in states:
            raise CannotReply("This phone has asked for no more texts. Use another way to reach the person.")
    sent = outbox.queue_reply(session, conversation, words, written_by=worker)
    waiting = session.scalars(
        select(InboundMessage).filter_by(conversation_id=conversation.id, state="unanswered")
    ).all()
    for message in waiting:
        mark_handled(session, message, worker)
    _record(session, conversation, worker, "replied")
    return sent


def mark_handled(session: Session, message: InboundMessage, worker: Worker) -> None:
    """A flagged message has been looked after by a human."""
    if message.state != "unanswered":
        return
    message.state, message.settled_at = "handled", clock.now()
    conversation = session.get_one(Conversation, message.conversation_id)
    _record(session, conversation, worker, "handled_message", str(message.id))


def mark_seen(session: Session, message: OutboundMessage, worker: Worker) -> None:
    """A worker has seen that a message of ours failed or may not have arrived."""
    if message.seen_at is None and message.conversation_id is not None:
        message.seen_at = clock.now()
        conversation = session.get_one(Conversation, message.conversation_id)
        _record(session, conversation, worker, "saw_delivery_problem", str(message.id))


def _record(
    session: Session, conversation: Conversation, worker: Worker | None, verb: str, object_id: str = ""
) -> None:
    audit.record(
        session,
        actor_kind="worker" if worker else "system",
        actor_id=worker.id if worker else None,
        verb=verb,
        family_id=escalation_queries.family_of(session, conversation),
        object_id=object_id or str(conversation.id),
    )
    notify(session, f"conversation:{conversation.id}")
    if conversation.agency_id:
        notify(session, f"agency:{conversation.agency_id}")
