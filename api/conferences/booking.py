"""A planned conference is an appointment of those who are invited: booked, moved and called off with it.

Professionals are expected there by name, so that they hear when it moves; which of them a family hears of,
conferences.own says. Promise: the hour stands in the appointment and nowhere else, and what reminds, tells and shows
appointments needs to know nothing of conferences. One that was booked by hand for that day is taken, not doubled; what
somebody changed in the calendar since stays, unless the conference itself is moved. A file, which brings appointments
of its own, books none; what it moves or calls off takes an appointment that was booked here along.
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
from api.appointments import attendance, recurrence
from api.appointments import queries as diary
from api.appointments import service as appointments
from api.appointments.attendance import Key
from api.appointments.models import Appointment
from api.appointments.service import CannotBook, Expected
from api.conferences import queries
from api.conferences.models import Conference, ConferenceAttendee
from api.families.models import Family
from api.timescales import queries as timescales

#: Conferences take about two hours, where nobody says how long.
USUAL_MINUTES = 120
#: Why an appointment is called off whose conference was held on another day (one of appointments.models.REASONS).
HELD_ALREADY = "not_needed"
#: Who stands there by name and comes with the family (an aunt, a friend) is no professional who is expected.
THEIR_OWN = ("family", "child")


@dataclass(frozen=True)
class Meeting:
    """When it is on its day (local time of the agency), how many minutes it takes, and where. None: as it was.
    ``reason``: why it is moved or called off, as for ``appointments.service.change``."""

    at: time | None = None
    minutes: int | None = None
    place: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Before:
    """What the conference said before it was changed: its status and day, and who was invited."""

    status: str
    held_on: date
    invited: frozenset[Key]

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
    come, somebody of the family is invited, and nobody has said at what time (conference_needs_a_time); it is moved or
    called off, and who was asked why gave no reason (reason_missing)."""
    if row.status != "planned":
        over(session, row, worker, reason=meeting.reason)
        return
    zone, now = timescales.zone_of(session, family.id), clock.now()
    booked = row.appointment
    anew = before is None or (before.status, before.held_on) != (row.status, row.held_on)
    known = before.invited if before is not None else frozenset[Key]()
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


def over(session: Session, row: Conference, worker: Worker | None, *, reason: str | None = None) -> None:
    """It was called off (``reason`` as for ``appointments.service.cancel``, which may refuse it), or held on another
    day: nobody is reminded of what does not come."""
    booked = row.appointment
    if booked is None or booked.status == "cancelled" or booked.starts_at <= clock.now():
        return
    if row.status == "cancelled":
        appointments.cancel(session, booked, worker, reason=reason)
    elif row.held_on != booked.starts_at.astimezone(timescales.zone_of(session, row.family_id)).date():
        appointments.cancel(session, booked, worker, reason=HELD_ALREADY)


def planned(row: Conference) -> list[Appointment]:
    """Its appointment while it is planned and still to come; [] where there is none."""
    booked = row.appointment
    if booked is None or row.status != "planned" or booked.status == "cancelled" or booked.starts_at <= clock.now():
        return []
    return [booked]


def _key(person_id: uuid.UUID | None, name: str) -> Key:
    return person_id, "" if person_id else attendance.named(name)


def _invited(row: Conference) -> dict[Key, ConferenceAttendee]:
    return {_key(one.person_id, one.name): one for one in row.attendees if one.person_id or one.agency not in THEIR_OWN}


def _expected(session: Session, row: Conference, but: Collection[Key] = ()) -> list[Expected]:
    """Who is invited and, if of the family, has not left it, less those; a child that it is about by that."""
    people, about = queries.people(session, row.family_id), {child.person_id for child in row.children}
    found = []
    for key, one in _invited(row).items():
        if key in but:
            continue
        if one.person_id is None:
            found.append(Expected(name=one.name.strip(), role=one.role))
        elif not people[one.person_id].gone:
            found.append(Expected(one.person_id, concerns=one.person_id in about))
    return found


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
        if not any(one.person_id for one in expected):
            return None
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
    known: frozenset[Key],
) -> None:
    """Where anything differs: its time, length and place; who was ``known`` to be invited and is no more goes, who is
    invited now and was not comes."""
    starts_at = recurrence.moment(day, meeting.at or booked.starts_at.astimezone(zone).time(), zone)
    if starts_at <= clock.now():
        return
    lasts = timedelta(minutes=meeting.minutes) if meeting.minutes else booked.ends_at - booked.starts_at
    place = booked.place if meeting.place is None else meeting.place
    gone = known - _invited(row).keys()
    there = [one for one in booked.attendees if _key(one.person_id, one.name) not in gone]
    stay = [Expected(one.person_id, "" if one.person_id else one.name, one.role, one.concerns) for one in there]
    new = _expected(session, row, but={*known, *(_key(one.person_id, one.name) for one in there)})
    who: Sequence[Expected] | None = [*stay, *new] if new or len(there) < len(booked.attendees) else None
    was = (booked.starts_at, booked.ends_at, booked.place)
    if who is None and was == (starts_at, starts_at + lasts, place):
        return
    appointments.change(
        session, booked, worker, starts_at=starts_at, ends_at=starts_at + lasts, details={"place": place},
        reason=meeting.reason, attendees=who,
    )  # fmt: skip
