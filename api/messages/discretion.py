"""What may be said on which phone, and when: one rule for all that nobody asked for about people (that somebody has
read it, rings by a time, writes here, does not write any more).

OTHERS may have a phone as ``identity.others_may_have`` says: somebody is noted who sees it, several write from it, or
it has a door. Of those that are left, a phone is theirs ALONE where a worker has gone over the profile with them and it
is not due again; else it is UNKNOWN. While whoever writes has proved who they are, one that OTHERS may have is UNKNOWN
and no more: a proof says who holds it now, not who reads it later.

==================  ==============================  ==================================
phone               no danger was told              danger was told, and is not closed
==================  ==============================  ==================================
theirs ALONE        openly                          quietly
UNKNOWN             openly                          nothing; quietly in a talk that goes on there just now
OTHERS may have it  quietly                         nothing
==================  ==============================  ==================================

Openly: as the texts say it. Quietly: words that name no person, no call, no time and no message. A time at which a
worker rings is a worker's own word: it goes to every phone but those that OTHERS may have. When: within the person's
hours for contact, or while they write with us; what a danger message of theirs calls for, on a phone that is theirs
ALONE, also as long as the reply to it may still come (``lateness.A_MOMENT``).
(DECISIONS, "What may be said on which phone")
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.access.models import Agency
from api.families import contact, identity, zones
from api.families.models import Consent, ContactPoint, Person
from api.messages import lateness, mailing
from api.messages.models import Conversation
from api.messages.quiet import FAR, STILL_WRITING
from api.reminders.rules import Hours

ALONE, UNKNOWN, OTHERS = "alone", "unknown", "others"
OPENLY, QUIETLY, NOTHING = "openly", "quietly", "nothing"


def said(phone: str, *, danger: bool, talking: bool = False) -> str:
    """How it is said there, by the table above. ``talking``: it is about a talk that goes on there just now."""
    if danger and phone != ALONE and not (talking and phone == UNKNOWN):
        return NOTHING
    return QUIETLY if danger or phone == OTHERS else OPENLY


def phone_of(session: Session, conversation: Conversation, at: datetime) -> str:
    """Whose phone is it then, as far as we know? A stranger's is UNKNOWN."""
    if identity.others_may_have(session, conversation):
        proved = conversation.proved_until is not None and conversation.proved_until > at
        return UNKNOWN if proved else OTHERS
    person = session.get(Person, conversation.person_id) if conversation.person_id else None
    return ALONE if person is not None and _gone_over(session, person, conversation, at) else UNKNOWN


def _gone_over(session: Session, person: Person, conversation: Conversation, at: datetime) -> bool:
    """Has a worker gone over the profile with them, is that still good, and was this phone theirs by then?"""
    agency = session.get(Agency, conversation.agency_id) if conversation.agency_id else None
    if person.profile_confirmed_at is None or agency is None:
        return False
    if contact.due(person, at.astimezone(zones.zone_of(None, agency)).date()):
        return False
    known_since = session.scalar(
        select(func.min(Consent.asked_at))
        .join(ContactPoint, ContactPoint.id == Consent.contact_point_id)
        .where(ContactPoint.person_id == person.id, ContactPoint.address == conversation.address)
    )
    return known_since is None or known_since <= person.profile_confirmed_at


def writing(conversation: Conversation, now: datetime) -> bool:
    """Do they write with us just now?"""
    return conversation.last_inbound_at is not None and conversation.last_inbound_at > now - STILL_WRITING


def called_for(session: Session, conversation: Conversation, now: datetime) -> bool:
    """May what their own danger message calls for go there at any hour still?"""
    last = conversation.last_inbound_at
    lately = last is not None and last > now - lateness.A_MOMENT
    return lately and phone_of(session, conversation, now) == ALONE


def soonest(session: Session, conversation: Conversation, agency: Agency, now: datetime) -> datetime:
    """Now, where they are writing with us; else when it is safe to text."""
    person = session.get(Person, conversation.person_id) if conversation.person_id else None
    if person is None or writing(conversation, now):
        return now
    return safe_time(person, now, zones.zone_of(person, agency))


def safe_time(person: Person, now: datetime, zone: ZoneInfo) -> datetime:
    """``now`` if it is within the person's hours for contact, else when they next begin."""
    hours = Hours(person.contact_from, person.contact_until, zone, person.contact_days)
    return hours.soonest(now, latest=now + FAR) or now + timedelta(days=1)


def may_text(session: Session, conversation: Conversation) -> bool:
    """Has nobody at this phone asked for no more texts? (What would be one goes to those by e-mail who chose that.)"""
    states = session.scalars(select(ContactPoint.state).filter_by(channel="sms", address=conversation.address)).all()
    return not states or "active" in states or mailing.address_of(session, conversation.person_id) != ""
