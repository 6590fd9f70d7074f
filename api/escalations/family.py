"""What the family hears once a worker has taken it on: the truth, in words that say nothing, at a safe time.

On the web at once. By SMS as ``messages.discretion`` says: within the person's hours for contact, or while they are
writing with us; else it waits for these hours. After danger a phone that is theirs alone hears, once, in words that
tell nothing, that somebody has seen it; any other hears nothing, unless the worker says when they ring, and not even
that where others may have it.

What waits is taken back when it is not true any more, and looked at once more in the moment before it goes.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock, texts
from api.access.models import Agency
from api.appointments.voices import voice_of
from api.escalations.models import Escalation, EscalationEvent
from api.families.models import Person
from api.messages import discretion, outbox
from api.messages.models import Conversation, OutboundMessage
from api.messages.queries import on_its_way

DANGER = ("immediate_danger", "self_harm", "harm_disclosed")


@dataclass(frozen=True)
class Heard:
    """``how``: now, later (at ``at``), not at all, hushed: they asked not to be texted, or others: who may see that
    phone, so they heard no time. ``ring_by``: did they hear when somebody rings?"""

    how: str
    at: datetime | None = None
    ring_by: bool = False


NOTHING = Heard("not")
HUSHED = Heard("hushed")
OTHERS = Heard("others")
#: Parts of the outbox, each followed by the escalation's number: somebody has it (quietly: for a phone that others may
#: see), rings by a time (in seconds, at the end), did not ring.
SEEN, QUIETLY, RINGS, MISSED = "seen", "quietly", "rings", "missed"


def tell_seen(session: Session, escalation: Escalation, now: datetime) -> Heard:
    """Queue the text that a person has it (and rings by then, where the worker said so), in place of what still waits;
    returns what they hear."""
    take_back(session, escalation)
    conversation = session.get(Conversation, escalation.conversation_id) if escalation.conversation_id else None
    if conversation is None or conversation.closed_at is not None or escalation.kind == "opted_out":
        return NOTHING
    if conversation.hushed_at is not None:
        return HUSHED
    agency = session.get_one(Agency, escalation.agency_id)
    at, phone, how = now, discretion.UNKNOWN, discretion.OPENLY
    if conversation.channel != "web":
        if not discretion.may_text(session, conversation):
            return NOTHING
        at = _when(session, escalation, conversation, agency, now)
        phone = discretion.phone_of(session, conversation, at)
        how = discretion.said(phone, danger=escalation.kind in DANGER)
    others = phone == discretion.OTHERS
    if others and escalation.kind in DANGER and escalation.ring_by is not None:
        return OTHERS
    rings = escalation.ring_by is not None and escalation.ring_by > at
    if rings and not others:
        text, part = _ring_words(session, escalation, conversation, agency, now), _rings(escalation)
    elif how == discretion.NOTHING:  # or by the time that it is safe to text, the call was
        return NOTHING
    elif how == discretion.QUIETLY:
        if escalation.kind in DANGER and _have_heard(session, escalation):
            return Heard("now", now)
        text, part = texts.render("escalation.seen_quietly", conversation.language), f"{QUIETLY}:{escalation.id}"
    else:
        text, part = texts.render("escalation.seen", conversation.language), f"{SEEN}:{escalation.id}"
    outbox.queue_reply(session, conversation, text, part=part, due_at=at if at > now else None)
    if others and rings:
        return OTHERS
    return Heard("later" if at > now else "now", at, rings)


def _ring_words(
    session: Session, escalation: Escalation, conversation: Conversation, agency: Agency, now: datetime
) -> str:
    """That they are rung by then, with the day where it is another than today."""
    person = session.get(Person, conversation.person_id) if conversation.person_id else None
    voice = voice_of(person, agency, conversation.language, now, on_web=conversation.channel == "web")
    by = escalation.ring_by or now
    time, day = voice.hour(by), by.astimezone(voice.zone).date()
    if day == now.astimezone(voice.zone).date():
        return texts.render("escalation.seen_ring", conversation.language, time=time)
    return texts.render("escalation.seen_ring_day", conversation.language, time=time, day=voice.day(day))


def _have_heard(session: Session, escalation: Escalation) -> bool:
    """Has it gone, or perhaps gone, that somebody has seen it?"""
    gone = select(OutboundMessage.id).where(
        OutboundMessage.conversation_id == escalation.conversation_id,
        OutboundMessage.part == f"{QUIETLY}:{escalation.id}",
        OutboundMessage.state.in_(("sending", "sent", "delivered", "uncertain")),
    )
    return session.scalar(select(gone.exists())) is True


def tell_missed(session: Session, escalation: Escalation, now: datetime) -> None:
    """Who has heard a time by which somebody rings hears, once, that nobody did and that others are told: nobody else,
    and not where that time could not be told any more."""
    conversation = session.get(Conversation, escalation.conversation_id) if escalation.conversation_id else None
    if conversation is None or conversation.over(now) or conversation.hushed_at is not None:
        return
    ours = [f"{what}:{escalation.id}" for what in (SEEN, QUIETLY, MISSED)]
    last = session.scalars(
        select(OutboundMessage.part)
        .where(
            OutboundMessage.conversation_id == conversation.id,
            OutboundMessage.part.in_(ours) | OutboundMessage.part.startswith(f"{RINGS}:{escalation.id}:"),
            on_its_way(now),
        )
        .order_by(OutboundMessage.seq.desc())
        .limit(1)
    ).first()
    if last is None or not last.startswith(RINGS):
        return
    at = now
    if conversation.channel != "web":
        at = discretion.soonest(session, conversation, session.get_one(Agency, escalation.agency_id), now)
        others = discretion.phone_of(session, conversation, at) == discretion.OTHERS
        if others or not discretion.may_text(session, conversation):
            return
    text = texts.render("escalation.ring_missed", conversation.language)
    outbox.queue_reply(session, conversation, text, part=f"{MISSED}:{escalation.id}", due_at=at if at > now else None)


def take_back(session: Session, escalation: Escalation) -> None:
    """What waits to be said of it is not true any more: it is not sent."""
    if escalation.conversation_id is None:
        return
    known = [f"{what}:{escalation.id}" for what in (SEEN, QUIETLY, MISSED)]
    session.execute(
        update(OutboundMessage)
        .where(
            OutboundMessage.conversation_id == escalation.conversation_id,
            OutboundMessage.part.in_(known) | OutboundMessage.part.startswith(f"{RINGS}:{escalation.id}:"),
            OutboundMessage.state == "queued",
        )
        .values(state="cancelled", settled_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def still_true(session: Session, conversation_id: uuid.UUID, part: str | None, now: datetime) -> bool:
    """Does what a message says of an escalation hold, in the moment in which it would go, and is the phone as it was?
    (Of another message, ``part`` says so: yes.)"""
    what, _, rest = (part or "").partition(":")
    number = rest.partition(":")[0]
    if what not in (SEEN, QUIETLY, RINGS, MISSED) or not number.isdecimal():
        return True
    escalation = session.get(Escalation, int(number))
    if escalation is None or escalation.state != ("open" if what == MISSED else "acknowledged"):
        return False
    if what == RINGS and (part != _rings(escalation) or escalation.ring_by is None or escalation.ring_by <= now):
        return False
    phone = discretion.phone_of(session, session.get_one(Conversation, conversation_id), now)
    if what in (RINGS, MISSED):
        return phone != discretion.OTHERS
    how = discretion.said(phone, danger=escalation.kind in DANGER)
    return how == discretion.OPENLY or (what == QUIETLY and how == discretion.QUIETLY)


def called_for(session: Session, conversation_id: uuid.UUID, part: str | None, now: datetime) -> bool:
    """Is it what the person's own danger message calls for, so that it may go at any hour?"""
    what, _, rest = (part or "").partition(":")
    number = rest.partition(":")[0]
    if what not in (QUIETLY, RINGS) or not number.isdecimal():
        return False
    escalation = session.get(Escalation, int(number))
    if escalation is None or escalation.kind not in DANGER:
        return False
    return discretion.called_for(session, session.get_one(Conversation, conversation_id), now)


def untold(session: Session, escalations: Sequence[Escalation]) -> set[int]:
    """Of these, the numbers of those where whoever has it said to ring and the family did not hear of it, because
    others may see that phone."""
    since = select(EscalationEvent.escalation_id).join(Escalation, Escalation.id == EscalationEvent.escalation_id)
    found = set(
        session.scalars(
            since.where(
                EscalationEvent.escalation_id.in_([one.id for one in escalations if one.state == "acknowledged"]),
                EscalationEvent.kind == "untold",
                EscalationEvent.at >= Escalation.acknowledged_at,
            )
        )
    )
    if not found:
        return found
    parts = {_rings(one): one for one in escalations if one.id in found}
    told = session.scalars(
        select(OutboundMessage.part).where(
            OutboundMessage.conversation_id.in_([one.conversation_id for one in parts.values()]),
            OutboundMessage.part.in_(parts),
            OutboundMessage.state != "cancelled",
        )
    )
    return found - {parts[part].id for part in told if part}


def _rings(escalation: Escalation) -> str:
    return f"{RINGS}:{escalation.id}:{int(escalation.ring_by.timestamp()) if escalation.ring_by else 0}"


def _when(
    session: Session, escalation: Escalation, conversation: Conversation, agency: Agency, now: datetime
) -> datetime:
    """When it may arrive: at once, where their own danger message calls for it; else when it is safe."""
    if escalation.kind in DANGER and discretion.called_for(session, conversation, now):
        return now
    return discretion.soonest(session, conversation, agency, now)
