"""Who writes here, the assistant or a person: what a family hears when a worker takes over, says nothing, or ends it.

In a chat at once. By text with the worker's first words; where these do not come, soon without them, to who waits for
them. What is said and on which phone ``messages.discretion`` decides; a name only openly, on a phone that is theirs
alone or whose texts are plain. What waits is taken back where it is not true any more, and looked at once more in the
moment before it goes. Nothing here commits.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, or_, select, text, update
from sqlalchemy.orm import Session

from api import clock, texts
from api.access.models import Agency, Worker
from api.channels.webchat.queries import first_name
from api.escalations import queries as escalation_queries
from api.families.models import Person
from api.messages import discretion, lateness, outbox, wording
from api.messages.models import Conversation, OutboundMessage
from api.messages.queries import on_its_way

#: The part of what is said by text, followed by what and how: that a person READS here, that they left or lapsed.
PART = "takeover"
READS = "reads"
#: A worker who has taken over has so long for their first words, and is waited for while they write them.
FIRST_WORDS = timedelta(minutes=2)

_QUIET = text("""
    SELECT v.id FROM conversations v
    WHERE v.taken_over_by IS NOT NULL AND v.channel = 'sms' AND v.hushed_at IS NULL AND v.taken_over_at <= :since
      AND v.last_inbound_at > :waiting
      AND NOT EXISTS (
        SELECT 1 FROM outbound_messages o
        WHERE o.conversation_id = v.id AND o.created_at >= v.taken_over_at
          AND (o.part LIKE 'takeover:reads:%'
               OR o.written_by IS NOT NULL AND o.state NOT IN ('failed', 'uncertain', 'cancelled')))
      AND NOT EXISTS (
        SELECT 1 FROM presences p
        WHERE p.conversation_id = v.id AND p.worker_id = v.taken_over_by AND p.writing_until > :now)
    ORDER BY v.taken_over_at LIMIT :limit
""")


def quiet(session: Session, now: datetime, limit: int) -> Sequence[uuid.UUID]:
    """Conversations by text that a worker has taken over without a word, in which somebody has written lately."""
    facts = {"now": now, "since": now - FIRST_WORDS, "waiting": now - lateness.A_MOMENT, "limit": limit}
    return session.scalars(_QUIET, facts).all()


def tell_reads(session: Session, conversation_id: uuid.UUID, now: datetime) -> bool:
    """Say that a person is here and reads, once a takeover, where it may be said just now. False where it may not."""
    conversation = session.scalar(
        select(Conversation)
        .where(Conversation.id == conversation_id, Conversation.taken_over_by.is_not(None))
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    # Asked again under the lock: the first words may just have been sent.
    if conversation is None or conversation.over(now) or heard(session, conversation):
        return False
    how = _how(session, conversation, now)
    if (
        how == discretion.NOTHING
        or not discretion.may_text(session, conversation)
        or not _now(session, conversation, now)
    ):
        return False
    part = f"{PART}:{READS}:{how}"
    outbox.queue_reply(session, conversation, _reads_words(session, conversation, how, now), part=part)
    return True


def _now(session: Session, conversation: Conversation, now: datetime) -> bool:
    """Is it safe to text just now? A phone that others may have only while they write with us."""
    if discretion.writing(conversation, now):
        return True
    agency = session.get(Agency, conversation.agency_id) if conversation.agency_id else None
    if agency is None or discretion.phone_of(session, conversation, now) == discretion.OTHERS:
        return False
    return _called_for(session, conversation, now) or discretion.soonest(session, conversation, agency, now) <= now


def _reads_words(session: Session, conversation: Conversation, how: str, now: datetime) -> str:
    person = session.get(Person, conversation.person_id) if conversation.person_id else None
    alone = discretion.phone_of(session, conversation, now) == discretion.ALONE
    if how == discretion.QUIETLY:
        return texts.render("takeover.reads.quietly", conversation.language)
    if alone or (person is not None and person.plainly_unasked):
        worker = session.get_one(Worker, conversation.taken_over_by)
        return texts.render("takeover.reads.sms", conversation.language, name=first_name(worker.name))
    return texts.render("takeover.reads.unnamed", conversation.language)


def introduced(session: Session, conversation: Conversation, words: str) -> str:
    """The worker's words; by text, the first of a takeover say that a person writes now, unless that was said."""
    if conversation.channel != "sms" or conversation.taken_over_by is None or heard(session, conversation):
        return words
    return f"{texts.render('takeover.joined.sms', conversation.language)} {words}"


def wrote_since(session: Session, conversation: Conversation) -> bool:
    """Has a human written since the conversation was taken over, words that went (by a version that did not keep when:
    probably)?"""
    return _went(session, conversation, reads=False)


def heard(session: Session, conversation: Conversation) -> bool:
    """The same, or have they heard that a person reads here?"""
    return _went(session, conversation, reads=True)


def _went(session: Session, conversation: Conversation, *, reads: bool) -> bool:
    if conversation.taken_over_at is None:
        return True
    which: ColumnElement[bool] = OutboundMessage.written_by.is_not(None)
    if reads:
        which = or_(which, OutboundMessage.part.startswith(f"{PART}:{READS}:"))
    return bool(
        session.scalar(
            select(
                exists().where(
                    OutboundMessage.conversation_id == conversation.id,
                    which,
                    OutboundMessage.created_at >= conversation.taken_over_at,
                    on_its_way(clock.now()),
                )
            )
        )
    )


def tell(session: Session, conversation: Conversation, what: str, now: datetime) -> None:
    """Say that the bot answers again, because the worker ``left``, or ``lapsed`` (the others are told of it): in a chat
    at once, by text as the phone allows, within the person's hours (messages.quiet)."""
    if conversation.over(now) or conversation.hushed_at is not None:
        return
    if conversation.channel == "web":
        words = texts.render(f"takeover.{what}", conversation.language, **wording.args(session, conversation))
        outbox.queue_reply(session, conversation, words)
        return
    how = _how(session, conversation, now)
    if how == discretion.NOTHING or not discretion.may_text(session, conversation):
        return
    words = texts.render(f"takeover.{what}.{'sms' if how == discretion.OPENLY else how}", conversation.language)
    outbox.queue_reply(session, conversation, words, part=f"{PART}:{what}:{how}")


def word_anew(session: Session, conversation: Conversation, rest: str, now: datetime) -> bool:
    """What waited is said in words of now, if it still is to be. False for what an older version queued."""
    what = rest.partition(":")[0]
    if what == READS:
        tell_reads(session, conversation.id, now)
    elif what:
        tell(session, conversation, what, now)
    return what != ""


def take_back(session: Session, conversation: Conversation) -> None:
    """What waits for a safe hour to be said of who writes here is not true any more: it is not sent."""
    session.execute(
        update(OutboundMessage)
        .where(
            OutboundMessage.conversation_id == conversation.id,
            or_(OutboundMessage.part == PART, OutboundMessage.part.startswith(f"{PART}:")),
            OutboundMessage.state == "queued",
        )
        .values(state="cancelled", settled_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def still_true(session: Session, conversation_id: uuid.UUID, part: str | None, now: datetime) -> bool:
    """Does what a message says of who writes here hold, in the moment in which it would go, and may it be said on that
    phone? (Of another message, ``part`` says so: yes.)"""
    named, _, rest = (part or "").partition(":")
    if named != PART:
        return True
    what, _, how = rest.partition(":")
    conversation = session.get_one(Conversation, conversation_id)
    if (what == READS) is (conversation.taken_over_by is None):
        return False
    if what == READS and wrote_since(session, conversation):
        return False
    allowed = _how(session, conversation, now)
    return allowed == discretion.OPENLY or (how == allowed == discretion.QUIETLY)


def is_called_for(session: Session, conversation_id: uuid.UUID, part: str | None, now: datetime) -> bool:
    """Is it said of who writes here, and does their own danger message call for it, so that it may go at any hour?"""
    said = (part or "").partition(":")[0] == PART
    return said and _called_for(session, session.get_one(Conversation, conversation_id), now)


def _called_for(session: Session, conversation: Conversation, now: datetime) -> bool:
    danger = escalation_queries.about_danger(session, conversation.id)
    return danger and discretion.called_for(session, conversation, now)


def _how(session: Session, conversation: Conversation, now: datetime) -> str:
    phone = discretion.phone_of(session, conversation, now)
    danger = escalation_queries.about_danger(session, conversation.id)
    return discretion.said(phone, danger=danger, talking=discretion.writing(conversation, now))
