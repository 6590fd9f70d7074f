"""What the family hears once a worker has taken it on: the truth, in words that say nothing, at a safe time.

On the web at once. By SMS within the person's hours for contact, or while they are writing with us; else it waits for
these hours. After danger somebody else may be reading the phone: then nothing goes by SMS, unless the worker says when
they ring.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import texts
from api.access.models import Agency
from api.appointments.voices import voice_of
from api.escalations.models import Escalation
from api.families import zones
from api.families.models import ContactPoint, Person
from api.messages import mailing, outbox
from api.messages.models import Conversation
from api.messages.quiet import FAR, STILL_WRITING
from api.reminders.rules import Hours

DANGER = ("immediate_danger", "self_harm", "harm_disclosed")


@dataclass(frozen=True)
class Heard:
    """``how``: now, later (at ``at``), not at all, or hushed: they asked not to be texted. ``ring_by``: did they hear
    when somebody rings?"""

    how: str
    at: datetime | None = None
    ring_by: bool = False


NOTHING = Heard("not")
HUSHED = Heard("hushed")


def tell_seen(session: Session, escalation: Escalation, now: datetime) -> Heard:
    """Queue the text that a person has it (and rings by then, where the worker said so); returns what they hear."""
    conversation = session.get(Conversation, escalation.conversation_id) if escalation.conversation_id else None
    if conversation is None or conversation.closed_at is not None or escalation.kind == "opted_out":
        return NOTHING
    if conversation.hushed_at is not None:
        return HUSHED
    agency = session.get_one(Agency, escalation.agency_id)
    person = session.get(Person, conversation.person_id) if conversation.person_id else None
    at = now
    if conversation.channel != "web":
        if (escalation.kind in DANGER and escalation.ring_by is None) or not may_text(session, conversation):
            return NOTHING
        writing = conversation.last_inbound_at is not None and conversation.last_inbound_at > now - STILL_WRITING
        if person is not None and not writing:
            at = safe_time(person, now, zones.zone_of(person, agency))
    rings = escalation.ring_by is not None and escalation.ring_by > at
    if rings and escalation.ring_by is not None:
        voice = voice_of(person, agency, conversation.language, now, on_web=conversation.channel == "web")
        time = voice.hour(escalation.ring_by)
        text = texts.render("escalation.seen_ring", conversation.language, time=time)
    elif escalation.kind in DANGER and conversation.channel != "web":
        return NOTHING  # by the time that it is safe to text, the call was
    else:
        text = texts.render("escalation.seen", conversation.language)
    outbox.queue_reply(session, conversation, text, due_at=at if at > now else None)
    return Heard("later" if at > now else "now", at, rings)


def safe_time(person: Person, now: datetime, zone: ZoneInfo) -> datetime:
    """``now`` if it is within the person's hours for contact, else when they next begin."""
    hours = Hours(person.contact_from, person.contact_until, zone, person.contact_days)
    return hours.soonest(now, latest=now + FAR) or now + timedelta(days=1)


def may_text(session: Session, conversation: Conversation) -> bool:
    """Has nobody at this phone asked for no more texts? (What would be one goes to those by e-mail who chose that.)"""
    states = session.scalars(select(ContactPoint.state).filter_by(channel="sms", address=conversation.address)).all()
    return not states or "active" in states or mailing.address_of(session, conversation.person_id) != ""
