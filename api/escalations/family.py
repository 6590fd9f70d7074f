"""What the family hears once a worker has taken it on: the truth, in words that say nothing, at a safe time.

On the web at once. By SMS within the person's hours for contact, or while they are writing with us; else it waits for
these hours. After danger somebody else may be reading the phone: then nothing goes by SMS, unless the worker says when
they ring, and not even that to a phone of which we know that others may have it, unless it is proved open. What is no
danger is confirmed there in words that tell nothing: that it was seen, of no call and no time.

What waits is taken back when it is not true any more, and looked at once more in the moment before it goes.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock, texts
from api.access.models import Agency
from api.appointments.voices import voice_of
from api.escalations.models import Escalation, EscalationEvent
from api.families import identity, zones
from api.families.models import ContactPoint, Person
from api.messages import mailing, outbox
from api.messages.models import Conversation, OutboundMessage
from api.messages.queries import on_its_way
from api.messages.quiet import FAR, STILL_WRITING
from api.reminders.rules import Hours

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
    person = session.get(Person, conversation.person_id) if conversation.person_id else None
    at, others = now, False
    if conversation.channel != "web":
        if (escalation.kind in DANGER and escalation.ring_by is None) or not may_text(session, conversation):
            return NOTHING
        at = _soonest(conversation, person, agency, now)
        others = _others_read(session, conversation, at)
        if escalation.kind in DANGER and others:
            return OTHERS
    part = f"{SEEN}:{escalation.id}"
    rings = escalation.ring_by is not None and escalation.ring_by > at
    if others:
        text, part = texts.render("escalation.seen_quietly", conversation.language), f"{QUIETLY}:{escalation.id}"
    elif rings and escalation.ring_by is not None:
        voice = voice_of(person, agency, conversation.language, now, on_web=conversation.channel == "web")
        time, day = voice.hour(escalation.ring_by), escalation.ring_by.astimezone(voice.zone).date()
        if day == now.astimezone(voice.zone).date():
            text = texts.render("escalation.seen_ring", conversation.language, time=time)
        else:
            text = texts.render("escalation.seen_ring_day", conversation.language, time=time, day=voice.day(day))
        part = _rings(escalation)
    elif escalation.kind in DANGER and conversation.channel != "web":
        return NOTHING  # by the time that it is safe to text, the call was
    else:
        text = texts.render("escalation.seen", conversation.language)
    outbox.queue_reply(session, conversation, text, part=part, due_at=at if at > now else None)
    if others and rings:
        return OTHERS
    return Heard("later" if at > now else "now", at, rings)


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
    agency = session.get_one(Agency, escalation.agency_id)
    person = session.get(Person, conversation.person_id) if conversation.person_id else None
    at = now
    if conversation.channel != "web":
        at = _soonest(conversation, person, agency, now)
        if _others_read(session, conversation, at) or not may_text(session, conversation):
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
    conversation = session.get_one(Conversation, conversation_id)
    return what == QUIETLY or not _others_read(session, conversation, now)


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


def _soonest(conversation: Conversation, person: Person | None, agency: Agency, now: datetime) -> datetime:
    """Now, where they are writing with us; else when it is safe to text."""
    writing = conversation.last_inbound_at is not None and conversation.last_inbound_at > now - STILL_WRITING
    return now if person is None or writing else safe_time(person, now, zones.zone_of(person, agency))


def _others_read(session: Session, conversation: Conversation, at: datetime) -> bool:
    """May somebody else read this phone then? Not while whoever writes has proved who they are."""
    proved = conversation.proved_until is not None and conversation.proved_until > at
    return not proved and identity.others_may_have(session, conversation)


def safe_time(person: Person, now: datetime, zone: ZoneInfo) -> datetime:
    """``now`` if it is within the person's hours for contact, else when they next begin."""
    hours = Hours(person.contact_from, person.contact_until, zone, person.contact_days)
    return hours.soonest(now, latest=now + FAR) or now + timedelta(days=1)


def may_text(session: Session, conversation: Conversation) -> bool:
    """Has nobody at this phone asked for no more texts? (What would be one goes to those by e-mail who chose that.)"""
    states = session.scalars(select(ContactPoint.state).filter_by(channel="sms", address=conversation.address)).all()
    return not states or "active" in states or mailing.address_of(session, conversation.person_id) != ""
