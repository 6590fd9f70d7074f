"""A private calendar address for one person of a family: asked for, ended, and what a calendar program reads there.

Promise: the address is long, random and kept as a hash; at it stand this person's own appointments only, in the words
of their safe-contact profile. Discreet ones name neither the kind of meeting nor a place nor anybody.
"""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import calendar_file, clock, texts
from api.access.hashes import keyed_hash
from api.access.models import Agency
from api.appointments import queries
from api.appointments.models import Appointment, CalendarFeed
from api.appointments.voices import voice_of
from api.appointments.wording import Voice, opening
from api.audit import service as audit
from api.families.models import Family, Person
from api.sealed import or_nothing
from api.settings import settings

BEHIND, AHEAD = timedelta(days=30), timedelta(days=366)
MOST = 400
#: How exactly is kept when it was read last.
READ_EVERY = timedelta(hours=1)


def owner(session: Session, person_id: uuid.UUID | None) -> Person | None:
    """Who may have a calendar of their own: everybody of a family who writes for themselves."""
    person = session.get(Person, person_id) if person_id else None
    if person is None or person.kind == "child" or person.erased_at is not None or person.left_at is not None:
        return None
    return person


def make(session: Session, person: Person, *, worker_id: uuid.UUID | None = None) -> str:
    """A new address of this ``owner``'s calendar, to be shown once; one there was works no longer."""
    session.refresh(person, with_for_update=True)  # two at once: one after the other
    _end(session, person.id)
    token = secrets.token_urlsafe(32)
    feed = CalendarFeed(person_id=person.id, token_hash=_hash(token), made_by=worker_id, created_at=clock.now())
    session.add(feed)
    _record(session, person, "made_calendar_address", worker_id)
    session.flush()
    return f"{settings().base_url}/calendar/{token}.ics"


def revoke(session: Session, person: Person, *, worker_id: uuid.UUID | None = None) -> None:
    """The person's address works no longer. Without one nothing happens."""
    if _end(session, person.id):
        _record(session, person, "ended_calendar_address", worker_id)


def live(session: Session, person_id: uuid.UUID) -> CalendarFeed | None:
    """The person's address that works (without the address itself: nobody has that), or None."""
    return session.scalar(select(CalendarFeed).filter_by(person_id=person_id, revoked_at=None))


def file(session: Session, token: str) -> str | None:
    """What a calendar program reads at an address; None where there is none, or it works no longer."""
    row = session.execute(
        select(CalendarFeed, Person, Agency)
        .join(Person, Person.id == CalendarFeed.person_id)
        .join(Family, Family.id == Person.family_id)
        .join(Agency, Agency.id == Family.agency_id)
        .where(
            CalendarFeed.token_hash == _hash(token),
            CalendarFeed.revoked_at.is_(None),
            Person.erased_at.is_(None),
            Person.left_at.is_(None),
            Person.kind != "child",
        )
    ).one_or_none()
    if row is None:
        return None
    feed, person, agency = row
    now = clock.now()
    if feed.read_at is None or now - feed.read_at >= READ_EVERY:
        feed.read_at = now
    found = queries.own(session, person.id, after=now - BEHIND, before=now + AHEAD, status=None, limit=MOST)
    voice = voice_of(person, agency, texts.supported(person.language), now)
    events = [event(one, person, voice) for one in found]
    # (Neither the name of the program nor that of the agency: a calendar is seen by others.)
    return calendar_file.calendar(voice.text("calendar.name"), events, now, maker="Calendar")


def event(one: Appointment, person: Person, voice: Voice) -> calendar_file.Event:
    """An appointment as it stands in this person's calendar."""
    summary, location, description, url = voice.text("calendar.appointment"), "", "", ""
    if person.wording == "plain":
        summary = opening(voice.kind(one.kind))
        names = [a.person.first_name for a in one.attendees if a.concerns and a.person and a.person_id != person.id]
        if names and person.may_name_children:
            summary = voice.text("calendar.with_children", kind=summary, children=", ".join(sorted(names)))
        if not one.address_hidden:
            location = ", ".join(part for part in map(or_nothing, (one.place, one.address)) if part)
        told = {"bring": one.bring, "travel": "" if one.address_hidden else one.travel}
        description = " ".join(
            voice.text(f"appointments.{topic}", what=what) for topic, what in told.items() if or_nothing(what)
        )
        url = or_nothing(one.link)
    if one.status == "cancelled":
        summary = voice.text("calendar.cancelled", what=summary)
    return calendar_file.Event(
        uid=str(one.id),
        starts=one.starts_at,
        ends=one.ends_at,
        summary=summary,
        location=location,
        description=description,
        url=url,
        sequence=one.sequence,
        cancelled=one.status == "cancelled",
        busy=True,
    )


def _hash(token: str) -> str:
    return keyed_hash("calendar-feed", token)


def _end(session: Session, person_id: uuid.UUID) -> bool:
    now: datetime = clock.now()
    ended = session.scalars(
        update(CalendarFeed)
        .where(CalendarFeed.person_id == person_id, CalendarFeed.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(CalendarFeed.id)
    ).all()
    return bool(ended)


def _record(session: Session, person: Person, verb: str, worker_id: uuid.UUID | None) -> None:
    audit.record(
        session,
        actor_kind="worker" if worker_id else "person",
        actor_id=worker_id or person.id,
        verb=verb,
        family_id=person.family_id,
        object_id=person.id,
    )
