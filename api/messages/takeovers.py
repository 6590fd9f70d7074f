"""Takeovers: a worker talks and the bot is silent, until it is handed back, or until nobody has answered for too long.

Promises: who writes while a worker has taken over is answered, or a worker is shown that they wait: such a message is
``recorded`` with the flag WAITS_FOR_WORKER, and the flag goes with the next words of a human; it comes back where these
do not reach them. Whoever was told that a person is there is told when no person is there any more. Nothing here
commits; callers have checked who may.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from api import clock, jobs, sealed, texts
from api.access.models import Worker
from api.audit import service as audit
from api.database import notify
from api.escalations import lapses
from api.escalations import queries as escalation_queries
from api.families.models import FamilyWorker, Person
from api.messages import handback, outbox, who_writes
from api.messages.keywords import carrier_keyword
from api.messages.models import (
    NOT_HEARD,
    WAITS_FOR_WORKER,
    Conversation,
    HandoverNote,
    InboundMessage,
    OutboundMessage,
)
from api.messages.queries import LAST_SEQ
from api.webhooks import events as webhooks

#: Why a worker must look at what was left waiting.
LEFT_WAITING = "flag.left_waiting"
LONGEST_NOTE = 2000
#: What the agency's own system is told, by the trail's verb.
TOLD = {"took_over_conversation": "joined", "handed_back_conversation": "left", "takeover_lapsed": "lapsed"}


def take_over(session: Session, conversation: Conversation, worker: Worker) -> bool:
    """The worker talks, the bot is silent (the safety screen is not). False if another worker has it already.

    Who chats is told at once; by text they are told with the worker's first words, or soon without them
    (``who_writes``)."""
    lock(session, conversation)
    if conversation.taken_over_by not in (None, worker.id):
        return False
    if conversation.taken_over_by is None:
        conversation.taken_over_by, conversation.taken_over_at = worker.id, clock.now()
        record(session, conversation, worker, "took_over_conversation")
        if conversation.channel == "web" and conversation.hushed_at is None:
            outbox.queue_reply(session, conversation, texts.render("takeover.joined", conversation.language))
        elif conversation.channel == "sms":
            who_writes.take_back(session, conversation)
    return True


def hand_back(
    session: Session, conversation: Conversation, worker: Worker | None, note: str = "", seen: int = LAST_SEQ
) -> None:
    """The bot answers again. ``worker`` is None where an import has seen to that, here and below. ``note``: what the
    worker leaves for colleagues; what happened meanwhile is kept beside it (messages.handback).

    What still waits was read by whoever had it, if they hand it back themself, up to the message ``seen`` (the last on
    their page); else a worker has to look."""
    lock(session, conversation)
    if conversation.taken_over_by is None:
        return
    theirs = worker is not None and conversation.taken_over_by == worker.id
    happened = handback.facts(session, conversation, clock.now())
    for message in waiting(session, conversation):
        if theirs and message.seq <= seen:
            message.flag = ""
        else:
            _wait([message])
    heard = who_writes.heard(session, conversation)
    _end(session, conversation)
    if worker is not None and (note.strip() or happened):
        family_id = escalation_queries.family_of(session, conversation)
        session.add(
            HandoverNote(
                conversation_id=conversation.id,
                family_id=family_id,
                worker_id=worker.id,
                at=clock.now(),
                words=note.strip()[:LONGEST_NOTE],
                summary=happened,
            )
        )
    record(session, conversation, worker, "handed_back_conversation")
    if conversation.channel == "web" or heard:
        who_writes.tell(session, conversation, "left", clock.now())


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


_MINUTES = """make_interval(mins => CASE WHEN v.channel = 'web' THEN coalesce(a.takeover_web_minutes, 10)
                                               ELSE coalesce(a.takeover_sms_minutes, 30) END)"""
#: Since when somebody waits for the worker: their first message since a human last wrote, else the takeover itself
#: where the worker has not written a word that went or is on its way. A worker who is writing just now is waited for.
#: The rows are few: both tables have an index of what is in a takeover.
_SINCE = f"""coalesce(w.since, CASE WHEN NOT EXISTS (
            SELECT 1 FROM outbound_messages o
            WHERE o.conversation_id = v.id AND o.written_by IS NOT NULL AND o.created_at >= v.taken_over_at
              AND o.state NOT IN {NOT_HEARD})
          THEN v.taken_over_at END)"""  # noqa: S608 (our own words)
_SILENT = f"""
    SELECT v.id, greatest({_SINCE} + {_MINUTES}, (
             SELECT p.writing_until FROM presences p
             WHERE p.conversation_id = v.id AND p.worker_id = v.taken_over_by)) AS due_at
    FROM conversations v
    LEFT JOIN agencies a ON a.id = v.agency_id
    LEFT JOIN LATERAL (
        SELECT min(i.received_at) AS since FROM inbound_messages i
        WHERE i.conversation_id = v.id AND i.state = 'recorded' AND i.flag = 'flag.taken_over') w ON true
    WHERE v.taken_over_by IS NOT NULL
      AND {_SINCE} <= :now - {_MINUTES}
      AND NOT EXISTS (
        SELECT 1 FROM presences p
        WHERE p.conversation_id = v.id AND p.worker_id = v.taken_over_by AND p.writing_until > :now)
"""  # noqa: S608 (our own words)
_ALL_SILENT = text(f"{_SILENT} ORDER BY w.since NULLS LAST LIMIT :limit")
_STILL_SILENT = text(f"{_SILENT} AND v.id = :id")
_OVERDUE = text(f"SELECT count(*), min(due_at) FROM ({_SILENT}) AS silent")  # noqa: S608 (our own words)
#: Written in the moment in which it was handed back: nobody has it any more, and the bot was never asked.
_FORGOTTEN = text("""
    UPDATE inbound_messages i SET state = 'unanswered', flag = 'flag.left_waiting', settled_at = NULL
    FROM conversations v
    WHERE v.id = i.conversation_id AND i.state = 'recorded' AND i.flag = 'flag.taken_over' AND v.taken_over_by IS NULL
    RETURNING v.id, v.agency_id
""")


def silent(session: Session, now: datetime, limit: int) -> Sequence[uuid.UUID]:
    """Conversations in which somebody has waited for the worker who took over for longer than their agency allows."""
    return session.scalars(_ALL_SILENT, {"now": now, "limit": limit}).all()


def overdue(session: Session, now: datetime) -> tuple[int, datetime | None]:
    """How many such conversations there are, and since when the one that was due first should be given back."""
    count, since = session.execute(_OVERDUE, {"now": now}).one()
    return count, since


def lapse(session: Session, conversation_id: uuid.UUID, now: datetime) -> bool:
    """Nobody answered for too long: the bot answers again, the family is told so, what they wrote counts as unanswered,
    and an escalation goes on, or a new one begins. False if that is not so any more, or another process sees to it."""
    conversation = session.scalar(
        select(Conversation)
        .where(Conversation.id == conversation_id, Conversation.taken_over_by.is_not(None))
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    # Asked again under the lock: a reply that was just being sent is seen now.
    if conversation is None or not session.scalars(_STILL_SILENT, {"now": now, "id": conversation_id}).all():
        return False
    left = waiting(session, conversation)
    taken_by, heard = conversation.taken_over_by, who_writes.heard(session, conversation)
    _wait(left)
    _end(session, conversation)
    record(session, conversation, None, "takeover_lapsed")
    told = lapses.left_waiting(session, conversation=conversation, words=[one.body for one in left], taken_by=taken_by)
    if conversation.channel == "web" or heard or left:
        who_writes.tell(session, conversation, "lapsed" if told else "left", now)
    return True


def settle_forgotten(session: Session) -> None:
    """What came in just as a conversation was handed back is shown to a worker."""
    for conversation_id, agency_id in session.execute(_FORGOTTEN).all():
        notify(session, f"conversation:{conversation_id}")
        if agency_id:
            notify(session, f"agency:{agency_id}")


def lock(session: Session, conversation: Conversation) -> None:
    """One change of a takeover at a time; what refers to the conversation (a text to it) does not wait for that."""
    session.refresh(conversation, with_for_update={"key_share": True})


def waiting(session: Session, conversation: Conversation) -> Sequence[InboundMessage]:
    """What was written to the worker and waits for their answer, in order."""
    return session.scalars(
        select(InboundMessage)
        .filter_by(conversation_id=conversation.id, state="recorded", flag=WAITS_FOR_WORKER)
        .order_by(InboundMessage.seq)
    ).all()


def answered(session: Session, conversation: Conversation) -> None:
    """A human has written: nothing waits any more."""
    for message in waiting(session, conversation):
        message.flag = ""


def unheard(session: Session, message: OutboundMessage) -> None:
    """A worker's words did not surely arrive: in a takeover, what nothing else has answered waits again."""
    conversation = session.get_one(Conversation, message.conversation_id)
    if message.written_by is None or conversation.taken_over_by is None or conversation.taken_over_at is None:
        return
    session.flush()
    heard = select(func.max(OutboundMessage.seq)).where(
        OutboundMessage.conversation_id == conversation.id,
        OutboundMessage.written_by.is_not(None),
        OutboundMessage.state.not_in(NOT_HEARD),
    )
    left = select(InboundMessage).where(
        InboundMessage.conversation_id == conversation.id,
        InboundMessage.state == "recorded",
        InboundMessage.flag == "",
        InboundMessage.received_at >= conversation.taken_over_at,
        InboundMessage.seq < message.seq,
        InboundMessage.seq > (session.scalar(heard) or 0),
    )
    for one in session.scalars(left).all():
        if not carrier_keyword(sealed.or_nothing(one.body)):
            one.flag = WAITS_FOR_WORKER


def heard_after_all(session: Session, message: OutboundMessage) -> None:
    """A worker's words of which nobody knew have arrived: what was written before them is answered."""
    if message.written_by is not None and message.conversation_id is not None:
        for one in waiting(session, session.get_one(Conversation, message.conversation_id)):
            one.flag = "" if one.seq < message.seq else one.flag


def _wait(left: Sequence[InboundMessage]) -> None:
    for message in left:
        message.state, message.flag, message.settled_at = "unanswered", LEFT_WAITING, None


def _end(session: Session, conversation: Conversation) -> None:
    conversation.taken_over_by, conversation.taken_over_at = None, None
    jobs.announce_turns(session, conversation.id)


def record(session: Session, conversation: Conversation, worker: Worker | None, verb: str, object_id: str = "") -> None:
    """Into the audit trail, and wake the pages that show the conversation."""
    family_id = escalation_queries.family_of(session, conversation)
    audit.record(
        session,
        actor_kind="worker" if worker else "system",
        actor_id=worker.id if worker else None,
        verb=verb,
        family_id=family_id,
        object_id=object_id or str(conversation.id),
    )
    if verb in TOLD and conversation.agency_id:
        webhooks.tell(
            session, webhooks.TAKEOVER_CHANGED, agency_id=conversation.agency_id, family_id=family_id,
            conversation_id=conversation.id, what=TOLD[verb],
        )  # fmt: skip
    notify(session, f"conversation:{conversation.id}")
    if conversation.agency_id:
        notify(session, f"agency:{conversation.agency_id}")
