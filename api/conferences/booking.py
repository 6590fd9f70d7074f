"""A planned conference is an appointment of the family's people who are invited: booked, moved and called off with it.

Promise: the hour stands in the appointment and nowhere else, and what reminds, tells and shows appointments needs to
know nothing of conferences. One that was booked by hand for that day is taken, not doubled; what somebody changed in
the calendar since stays, unless the conference itself is moved. A file, which brings appointments of its own, books
none; what it moves or calls off takes an appointment that was booked here along.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.appointments import queries as diary
from api.appointments import recurrence
from api.appointments import service as appointments
from api.appointments.models import Appointment
from api.appointments.service import CannotBook, Expected
from api.conferences import queries
from api.conferences.models import Conference
from api.families.models import Family
from api.timescales import queries as timescales

#: Conferences take about two hours, where nobody says how long.
USUAL_MINUTES = 120
#: Why an appointment is called off whose conference was held on another day (one of appointments.models.REASONS).
HELD_ALREADY = "not_needed"


@dataclass(frozen=True)
class Meeting:
    """When it is on its day (local time of the agency), how many minutes it takes, and where. None: as it was."""

    at: time | None = None
    minutes: int | None = None
    place: str | None = None


@dataclass(frozen=True)
class Before:
    """What the conference said before it was changed: its status and day, and who of the family was invited."""

    status: str
    held_on: date
    invited: frozenset[uuid.UUID]

    @classmethod
    def of(cls, row: Conference) -> Before:
        """As it is now."""
        return cls(row.status, row.held_on, frozenset(_invited(row)))


def kind_of(conference_kind: str) -> str:
    """The kind of appointment that a conference of that kind is."""
    return "review_conference" if conference_kind == "review" else "initial_conference"


def follow(
    session: Session, family: Family, row: Conference, worker: Worker | None, meeting: Meeting, before: Before | None
) -> None:
    """Let the appointment be as the conference says now. ``before``: None for a new one. Raises CannotBook: it is to
    come, somebody of the family is invited, and nobody has said at what time (conference_needs_a_time)."""
    if row.status != "planned":
        over(session, row, worker)
        return
    zone, now = timescales.zone_of(session, family.id), clock.now()
    booked = row.appointment
    anew = before is None or (before.status, before.held_on) != (row.status, row.held_on)
    known = before.invited if before is not None else frozenset[uuid.UUID]()
    if booked is None or booked.status == "cancelled":
        if worker is None or row.held_on < now.astimezone(zone).date():
            return
        if booked is not None and not anew and meeting.at is None:  # called off in the calendar
            return
        found = _on_again(session, booked, row, worker, meeting, zone) or _by_hand(session, row, meeting, zone)
        row.appointment = booked = found or _book(session, family, row, worker, meeting, zone)
        session.flush()
        if found is None:
            return
        known = frozenset()
    if booked is not None and booked.starts_at > now:
        day = row.held_on if anew else booked.starts_at.astimezone(zone).date()
        _change(session, row, booked, worker, meeting, day, zone, known)


def over(session: Session, row: Conference, worker: Worker | None) -> None:
    """It was called off, or held on another day: nobody is reminded of what does not come."""
    booked = row.appointment
    if booked is None or booked.status == "cancelled" or booked.starts_at <= clock.now():
        return
    if row.status == "cancelled":
        appointments.cancel(session, booked, worker)
    elif row.held_on != booked.starts_at.astimezone(timescales.zone_of(session, row.family_id)).date():
        appointments.cancel(session, booked, worker, reason=HELD_ALREADY)


def planned(row: Conference) -> list[Appointment]:
    """Its appointment while it is planned and still to come; [] where there is none."""
    booked = row.appointment
    if booked is None or row.status != "planned" or booked.status == "cancelled" or booked.starts_at <= clock.now():
        return []
    return [booked]


def _invited(row: Conference) -> list[uuid.UUID]:
    return [one.person_id for one in row.attendees if one.person_id]


def _expected(session: Session, row: Conference, but: Collection[uuid.UUID | None] = ()) -> list[Expected]:
    """Who of the family is invited and has not left it, less those; a child that it is about by that."""
    people, about = queries.people(session, row.family_id), {child.person_id for child in row.children}
    return [Expected(key, concerns=key in about) for key in _invited(row) if key not in but and not people[key].gone]


def _on_again(
    session: Session, booked: Appointment | None, row: Conference, worker: Worker, meeting: Meeting, zone: ZoneInfo
) -> Appointment | None:
    """The appointment that was called off with the conference, if that is planned again for the same time."""
    if booked is None or booked.starts_at <= clock.now():
        return None
    was = booked.starts_at.astimezone(zone)
    if (was.date(), was.time()) != (row.held_on, meeting.at or was.time()):
        return None
    appointments.restore(session, booked, worker)
    return booked


def _by_hand(session: Session, row: Conference, meeting: Meeting, zone: ZoneInfo) -> Appointment | None:
    """One of that kind that somebody booked for that day, and no other conference is; at that time, if one is."""
    begin = recurrence.moment(row.held_on, time(), zone)
    end = recurrence.moment(row.held_on + timedelta(days=1), time(), zone)
    found = session.scalars(
        diary.of_family(row.family_id, after=max(begin, clock.now()), before=end).where(
            Appointment.kind == kind_of(row.kind),
            Appointment.status == "scheduled",
            Appointment.starts_at >= max(begin, clock.now()),
            ~select(Conference.id).where(Conference.appointment_id == Appointment.id).exists(),
        )
    ).all()
    at_that_time = [one for one in found if one.starts_at.astimezone(zone).time() == meeting.at]
    return next(iter([*at_that_time, *found]), None)


def _book(
    session: Session, family: Family, row: Conference, worker: Worker, meeting: Meeting, zone: ZoneInfo
) -> Appointment | None:
    expected = _expected(session, row)
    if not expected:
        return None
    if meeting.at is None:
        raise CannotBook("conference_needs_a_time")
    starts_at = recurrence.moment(row.held_on, meeting.at, zone)
    if starts_at <= clock.now():
        return None
    return appointments.book(
        session,
        family,
        worker,
        external_id="",
        kind=kind_of(row.kind),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=meeting.minutes or USUAL_MINUTES),
        attendees=expected,
        details={"place": meeting.place or ""},
    )


def _change(
    session: Session,
    row: Conference,
    booked: Appointment,
    worker: Worker | None,
    meeting: Meeting,
    day: date,
    zone: ZoneInfo,
    known: frozenset[uuid.UUID],
) -> None:
    """Where anything differs: its time, length and place; who was ``known`` to be invited and is no more goes, who is
    invited now and was not comes."""
    starts_at = recurrence.moment(day, meeting.at or booked.starts_at.astimezone(zone).time(), zone)
    if starts_at <= clock.now():
        return
    lasts = timedelta(minutes=meeting.minutes) if meeting.minutes else booked.ends_at - booked.starts_at
    place = booked.place if meeting.place is None else meeting.place
    gone = known - set(_invited(row))
    there = [one for one in booked.attendees if one.person_id not in gone]
    stay = [Expected(one.person_id, "" if one.person_id else one.name, one.role, one.concerns) for one in there]
    new = _expected(session, row, but={*known, *(one.person_id for one in there)})
    who: Sequence[Expected] | None = [*stay, *new] if new or len(there) < len(booked.attendees) else None
    was = (booked.starts_at, booked.ends_at, booked.place)
    if who is None and was == (starts_at, starts_at + lasts, place):
        return
    appointments.change(
        session, booked, worker, starts_at=starts_at, ends_at=starts_at + lasts, details={"place": place}, attendees=who
    )
