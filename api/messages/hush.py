"""Who asked not to be answered, because somebody else reads that phone: nothing goes to it until it is safe again.

Promise: from that message on no reply, safety reply, reminder or other text of ours goes to the conversation (what is
on its way to the carrier already cannot be held). A worker is told, and can lift it; what they write meanwhile waits
for a worker, and is screened. Without a worker, ``AFTER`` or later: where others may have the phone, or a proof is
asked of it, only the right PIN ends it, for who writes "who is this" may be the one who reads along.
Elsewhere what they write is answered again, and what nobody asked for still waits for a worker. A chat, which asks for
a code at its door, is as it was when they write again. (DECISIONS, "Emergency against quiet")
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from api import texts
from api.access.models import Agency, Worker
from api.assistant.operations.words import says
from api.audit import service as audit
from api.database import notify
from api.escalations import queries as escalation_queries
from api.escalations import service as escalations
from api.families import identity, profile
from api.families.models import Family, Person
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from api.messages.quiet import AFTER, HUSHED, QUIET_KINDS
from api.safety.screen import Verdict
from api.safety.silence import Silence

#: What the door made of a message that proves who writes. A PIN that is chosen just now proves nothing, and no question
#: is open so long.
PROOF = "right"
#: Why a message waits for a worker.
FLAG = "flag.hushed"
#: The kind of a call that only asks for no texts.
KIND = "no_texts"


def weighed(verdict: Verdict, silence: Silence) -> Verdict:
    """The screen's verdict with what was said about answering: where somebody reads along it is at least urgent."""
    if not silence.asked or not (verdict.noticed or silence.reads):
        return verdict
    reasons = sorted({*verdict.reasons, *silence.reasons})
    priority = "urgent" if silence.reads and verdict.priority == "routine" else verdict.priority
    return Verdict(verdict.kind if verdict.noticed else "immediate_danger", priority, reasons)


def note(session: Session, conversation: Conversation, message: InboundMessage, silence: Silence) -> None:
    """Once the door has been tried, before anything else is made of a new message: does it begin, or end, the time in
    which nothing is sent?"""
    now = message.received_at
    if conversation.worker_id is not None:
        return
    if silence.asked:
        conversation.hushed_at = now
        # Answers that are still here would arrive out of place; what nobody asked for waits (messages.delivery).
        session.execute(
            update(OutboundMessage)
            .where(
                OutboundMessage.conversation_id == conversation.id,
                OutboundMessage.state == "queued",
                OutboundMessage.in_reply_to.is_not(None),
                OutboundMessage.channel == "sms",
            )
            .values(state="cancelled", error=HUSHED, settled_at=now)
            .execution_options(synchronize_session=False)
        )
        return
    proved = conversation.channel == "web" or message.door == PROOF
    if proved and conversation.hushed_at is not None and now >= conversation.hushed_at + AFTER:
        _end(session, conversation, now)


def watched(session: Session, conversation: Conversation, message: InboundMessage, silence: Silence) -> None:
    """Do they say that somebody reads along? Then what a worker went over with them, or with whoever shares the phone,
    does not hold any more: it is theirs alone no longer (messages.discretion). Where it is said as a fact, and not of
    this moment only, their profile says so from now on, whatever else the message is about."""
    plainly = says(message.body, "others_see")
    if conversation.worker_id is not None or not (plainly or silence.reads or says(message.body, "someone_reads")):
        return
    people = list(identity.holders(session, conversation.address)) if conversation.channel == "sms" else []
    if not people and conversation.person_id is not None:
        people = [session.get_one(Person, conversation.person_id)]
    for person in people:
        if plainly:
            agency = session.get_one(Agency, session.get_one(Family, person.family_id).agency_id)
            note = texts.render("preference.seen_by", agency.language)
            profile.seen_by_others(session, person, note, message.received_at)
        else:
            profile.to_go_over(session, person, message.received_at)


def silent(session: Session, conversation: Conversation, message: InboundMessage) -> bool:
    """Is this message not answered, not even danger in it?"""
    hushed_at = conversation.hushed_at
    if hushed_at is None:
        return False
    return message.received_at < hushed_at + AFTER or identity.others_may_have(session, conversation)


def answered(session: Session, message_id: uuid.UUID) -> bool:
    """May an answer to this message go, now that it would? Who asked for no texts before or since gets none."""
    message = session.get_one(InboundMessage, message_id)
    return not silent(session, session.get_one(Conversation, message.conversation_id), message)


def tell(session: Session, conversation: Conversation, message: InboundMessage, silence: Silence) -> None:
    """A worker learns of a wish for no texts that is no danger by itself."""
    escalations.open_escalation(
        session,
        conversation=conversation,
        message=message,
        kind=KIND,
        priority="routine",
        words=message.body,
        reasons=list(silence.reasons),
    )


def keep(message: InboundMessage, now: datetime) -> None:
    """Nobody is answered now: a worker looks at it."""
    message.state, message.flag, message.settled_at = "unanswered", FLAG, now


def lift(session: Session, conversation: Conversation, worker: Worker, now: datetime) -> None:
    """The worker knows that it is safe to write again."""
    session.refresh(conversation, with_for_update=True)
    if conversation.hushed_at is not None:
        _end(session, conversation, now)
    audit.record(
        session,
        actor_kind="worker",
        actor_id=worker.id,
        verb="lifted_no_texts",
        family_id=escalation_queries.family_of(session, conversation),
        object_id=str(conversation.id),
    )
    notify(session, f"conversation:{conversation.id}")
    if conversation.agency_id:
        notify(session, f"agency:{conversation.agency_id}")


def _end(session: Session, conversation: Conversation, now: datetime) -> None:
    """What waited goes at the next tick, if nothing else is against it."""
    conversation.hushed_at = None
    session.execute(
        update(OutboundMessage)
        .where(
            OutboundMessage.conversation_id == conversation.id,
            OutboundMessage.state == "queued",
            OutboundMessage.error == HUSHED,
            OutboundMessage.kind.in_(QUIET_KINDS),
        )
        .values(due_at=now, error="")
        .execution_options(synchronize_session=False)
    )
