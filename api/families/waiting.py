"""What waits in the outbox for a person whose profile changes: it goes in words of now, or not at all.

Reminders and whatever else we say by ourselves are worded anew. What somebody wrote is not ours to word: a worker's own
words, and answers that were held up, are withdrawn where less may be said than before, and a worker sees that they did
not go, as with all that cannot be worded anew. What is being sent just now goes.
(DECISIONS, "What waits is worded by the profile of now")

Everything in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from api.appointments import offers
from api.database import notify
from api.escalations import family
from api.escalations.models import Escalation
from api.escalations.telling import note
from api.evidence import asking as evidence
from api.families.models import Person
from api.messages import takeovers, who_writes
from api.messages.models import Conversation, OutboundMessage
from api.messages.outbox import PLAIN
from api.reminders import anew
from api.views import asking as views

_CODE_WORD = frozenset({"code_word", "use_code_word"})
_NAMES = ("may_name_self", "may_name_children")
_OURS = and_(OutboundMessage.in_reply_to.is_(None), OutboundMessage.written_by.is_(None))
_ANSWERS = and_(OutboundMessage.in_reply_to.is_not(None), OutboundMessage.written_by.is_(None))
_A_WORKERS = OutboundMessage.written_by.is_not(None)


def word_anew(session: Session, person: Person, changed: Collection[str], now: datetime) -> None:
    """The person's profile is changed in these fields: see to what waits for them."""
    if anew.IN_WORDS.isdisjoint(changed):
        return
    anew.word_anew(session, person.id, now)
    for message in _waiting(session, person, _OURS):
        message.state, message.error, message.settled_at = "cancelled", anew.WORDED_ANEW, now
        session.flush()
        if not _said_anew(session, message, now):
            _withdraw(session, message, now)
    less = ("wording" in changed and person.wording == "discreet") or (
        "phone_seen_by" in changed and bool(person.phone_seen_by)
    )
    withdrawn: list[ColumnElement[bool]] = []
    if less or not _CODE_WORD.isdisjoint(changed):
        withdrawn.append(_A_WORKERS)
    if less or any(name in changed and not getattr(person, name) for name in _NAMES):
        withdrawn.append(_ANSWERS)
    for message in _waiting(session, person, or_(*withdrawn)) if withdrawn else ():
        _withdraw(session, message, now)
        takeovers.unheard(session, message)


def _waiting(session: Session, person: Person, which: ColumnElement[bool]) -> Sequence[OutboundMessage]:
    """What waits for them, in order, locked. (The reply to danger is never held, and stays; so does the question
    whether they agree, for it is on record in which words they were asked.)"""
    return session.scalars(
        select(OutboundMessage)
        .join(Conversation, Conversation.id == OutboundMessage.conversation_id)
        .where(
            Conversation.person_id == person.id,
            OutboundMessage.state == "queued",
            OutboundMessage.kind == "family",
            which,
        )
        .order_by(OutboundMessage.seq)
        .with_for_update(of=OutboundMessage)
        .execution_options(populate_existing=True)
    ).all()


def _said_anew(session: Session, message: OutboundMessage, now: datetime) -> bool:
    """Is it seen to, by whatever made it?"""
    conversation = session.get_one(Conversation, message.conversation_id)
    begins, _, rest = (message.part or "").removesuffix(PLAIN).partition(":")
    again = _AGAIN.get(begins)
    return again is not None and again(session, conversation, rest, now)


def _heard(session: Session, conversation: Conversation, rest: str, now: datetime) -> bool:
    """That somebody has their call, or rings by then. False where they do not hear it any more."""
    escalation = session.get_one(Escalation, int(rest.partition(":")[0]), with_for_update=True)
    if escalation.state != "acknowledged":
        return True  # it was not true any more
    heard = family.tell_seen(session, escalation, now)
    if heard == family.OTHERS:
        note(session, escalation, "untold", worker_id=escalation.acknowledged_by)
    return heard.how in ("now", "later")


def _missed(session: Session, conversation: Conversation, rest: str, now: datetime) -> bool:
    """That a call did not come."""
    escalation = session.get_one(Escalation, int(rest), with_for_update=True)
    if escalation.state == "open":
        family.tell_missed(session, escalation, now)
    return True


#: What says it anew, by the beginning of its part; each is given what follows in it.
_AGAIN: dict[str, Callable[[Session, Conversation, str, datetime], bool]] = {
    family.SEEN: _heard,
    family.QUIETLY: _heard,
    family.RINGS: _heard,
    family.MISSED: _missed,
    who_writes.PART: who_writes.word_anew,
    views.INVITED: views.ask_anew,
    views.UNFINISHED: views.remind_anew,
    evidence.PART: evidence.ask_anew,
    offers.PART: offers.word_anew,
}


def _withdraw(session: Session, message: OutboundMessage, now: datetime) -> None:
    """It does not go, and a worker sees that."""
    message.state, message.error, message.settled_at = "failed", anew.PROFILE_CHANGED, now
    conversation = session.get_one(Conversation, message.conversation_id)
    notify(session, f"conversation:{conversation.id}")
    if conversation.agency_id:
        notify(session, f"agency:{conversation.agency_id}")
