"""What is booked at the same time: for the same person, or the same professional (by the name they are booked with).

It never keeps a worker from booking; it says what they would otherwise find out at the door.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from api.access.queries import Viewer, visible_families
from api.appointments.models import Appointment, Attendee
from api.families.models import Family

#: No appointment is longer than that; so only those that begin near are looked at.
LONGEST = timedelta(days=2)
MOST = 50


@dataclass(frozen=True)
class Overlap:
    """``who`` is expected at another appointment at that time. Of a family that the viewer may not see, only that:
    then ``appointment_id`` is None, ``family`` and ``kind`` are "". ``with_id`` is the one that was asked about."""

    who: str
    with_id: uuid.UUID
    starts_at: datetime
    ends_at: datetime
    appointment_id: uuid.UUID | None = None
    kind: str = ""
    family: str = ""


def of(session: Session, viewer: Viewer, appointments: Iterable[Appointment]) -> list[Overlap]:
    """What overlaps with each of these, soonest first; each person or professional of each overlap once."""
    found: dict[tuple[uuid.UUID, uuid.UUID, str], Overlap] = {}
    seen = set(session.scalars(visible_families(viewer).with_only_columns(Family.id)))
    for one in appointments:
        people = [place.person_id for place in one.attendees if place.person_id]
        names = [place.name.strip().lower() for place in one.attendees if not place.person_id]
        rows = session.execute(
            select(Appointment, Attendee, Family)
            .join(Attendee, Attendee.appointment_id == Appointment.id)
            .join(Family, Family.id == Appointment.family_id)
            .where(
                Appointment.status == "scheduled",
                Appointment.starts_at < one.ends_at,
                Appointment.starts_at > one.starts_at - LONGEST,
                Appointment.ends_at > one.starts_at,
                Appointment.id != one.id,
                Family.agency_id == viewer.agency_id,
                or_(
                    Attendee.person_id.in_(people),
                    and_(Attendee.person_id.is_(None), func.lower(func.trim(Attendee.name)).in_(names)),
                ),
            )
            .order_by(Appointment.starts_at, Attendee.name)
            .limit(MOST)
        )
        for other, place, family in rows:
            who = place.person.first_name if place.person else place.name
            told = Overlap(who, one.id, other.starts_at, other.ends_at)
            if family.id in seen:
                told = replace(told, appointment_id=other.id, kind=other.kind, family=family.name)
            found[one.id, other.id, who] = told
    return sorted(found.values(), key=lambda overlap: (overlap.starts_at, overlap.who))


def in_short(overlaps: Iterable[Overlap], appointments: Iterable[Appointment]) -> str:
    """What overlaps with which times in a few letters, the same as long as nothing of it changes: what somebody has
    seen and agreed to."""
    times = sorted(f"{one.starts_at.timestamp()}-{one.ends_at.timestamp()}" for one in appointments)
    seen = sorted(f"{other.who} {other.starts_at.timestamp()} {other.ends_at.timestamp()}" for other in overlaps)
    return hashlib.sha256("\n".join([*times, "", *seen]).encode()).hexdigest()[:16]


def not_agreed(
    session: Session, viewer: Viewer, changed: Sequence[Appointment], given: dict[str, str]
) -> tuple[list[Overlap], dict[str, str]]:
    """What is at the same time as these, unless it is just what the worker saw and agreed to (``anyway`` of the form);
    and the form with it noted in it. Whoever changes the time beside "book all the same" is shown what overlaps with
    that."""
    found = of(session, viewer, changed)
    shown = in_short(found, changed)
    return ([] if given.get("anyway") == shown else found), {**given, "anyway": shown}
