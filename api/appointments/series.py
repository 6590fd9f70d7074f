"""Visits that come again and again: booked once, written ahead as appointments, changed or ended from a day on.

Promise: an appointment that was moved, changed or called off by itself stays as it was made; the series writes each of
its days once and never over one. Nothing here commits; the caller has checked that the worker may see the family.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Agency, Worker
from api.appointments import attendance, recurrence, service
from api.appointments.models import Appointment, AppointmentSeries, Attendee
from api.appointments.service import CannotBook, Expected
from api.audit import service as audit
from api.families.models import Family, Person
from api.jurisdiction.clocks import Calendar
from api.jurisdiction.packs import pack

#: For callers that hand a series on without reading the table.
Series = AppointmentSeries
#: Appointments are written so far ahead: further than the furthest reminder, near enough to be changed in one go.
AHEAD = timedelta(days=56)
#: A day of the old series and one of the new are the same visit when they are nearer than this.
SAME_VISIT = timedelta(days=6)
DETAILS = ("place", "address", "address_hidden", "link", "bring", "travel")


@dataclass(frozen=True)
class Rhythm:
    """How often (one of recurrence.FREQUENCIES; ``every_working_days`` for the last of them, ``every_weeks`` for the
    first), from which day, at which local time, how long, and until which day at most."""

    frequency: str
    starts_on: date
    at: time
    minutes: int
    every_working_days: int | None = None
    ends_on: date | None = None
    every_weeks: int | None = None


def book(
    session: Session,
    family: Family,
    worker: Worker,
    rhythm: Rhythm,
    *,
    kind: str,
    attendees: Sequence[Expected],
    details: dict[str, Any],
    external_id: str = "",
) -> AppointmentSeries:
    """A new series, with its first appointments. Raises CannotBook."""
    service.attendees_of(session, family, attendees)  # refuses strangers, and anybody twice
    session.refresh(family, with_for_update=True)
    known = select(AppointmentSeries.id).filter_by(family_id=family.id, external_id=external_id)
    if external_id and session.scalar(known) is not None:
        raise CannotBook("series_exists")
    series = _made(family.id, rhythm, kind=kind, attendees=as_json(attendees), details=details)
    series.external_id = external_id or str(series.id)
    session.add(series)
    session.flush()
    _record(session, series, worker, "booked_series", {"frequency": rhythm.frequency})
    if not write_ahead(session, series):
        raise CannotBook("series_has_no_days")
    return series


def as_json(attendees: Sequence[Expected]) -> list[dict[str, Any]]:
    """Who is expected, as a series keeps it; family members by their id only."""
    return [
        {
            "person_id": str(one.person_id) if one.person_id else None,
            "name": "" if one.person_id else one.name,
            "role": one.role,
            "concerns": one.concerns,
        }
        for one in attendees
    ]


def write_ahead(session: Session, series: AppointmentSeries, *, today: date | None = None, quiet: bool = False) -> int:
    """Write the series' appointments up to ``AHEAD`` that are not there yet; how many. Safe to run twice, or two at
    once. Days that are over are never written. ``quiet``: the agency's own system knows them."""
    session.refresh(series, with_for_update=True)
    zone, place = where(session, series.family_id)
    now = clock.now()
    horizon = (today or now.astimezone(zone).date()) + AHEAD
    # A series that begins later has its first appointment at once: who booked it sees it, and it is in the calendar.
    horizon = max(horizon, series.starts_on + timedelta(days=14))
    there = set(session.scalars(select(Appointment.series_on).where(Appointment.series_id == series.id)))
    named = Appointment.external_id.startswith(f"{series.external_id}.", autoescape=True)
    ids = set(session.scalars(select(Appointment.external_id).where(Appointment.family_id == series.family_id, named)))
    made = 0
    for day in recurrence.days_of(series, place, until=horizon):
        starts_at = recurrence.moment(day, series.at, zone)
        if day in there or starts_at <= now or (series.written_until and day <= series.written_until):
            continue
        written = _occurrence(session, series, day, starts_at)
        if written.external_id in ids:  # an appointment of that day stands for another one now
            written.external_id += f".{uuid.uuid4()}"
        session.add(written)
        session.flush()
        if not quiet:
            service.tell_programs(session, written, "booked")
        made += 1
    series.written_until = max(horizon, series.written_until or horizon)
    session.flush()
    return made


def stale(session: Session, today: date, limit: int) -> Sequence[AppointmentSeries]:
    """Series that go on and are not written as far ahead as they should be."""
    horizon = today + AHEAD
    return session.scalars(
        select(AppointmentSeries)
        .where(
            or_(AppointmentSeries.written_until.is_(None), AppointmentSeries.written_until < horizon),
            or_(AppointmentSeries.ends_on.is_(None), AppointmentSeries.written_until < AppointmentSeries.ends_on),
        )
        .order_by(AppointmentSeries.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def end_from(
    session: Session, series: AppointmentSeries, worker: Worker, day: date, *, reason: str | None = None
) -> int:
    """The series is over before that day: its coming appointments from then on are called off, but for those that were
    moved or changed by themselves. Returns how many were called off."""
    session.refresh(series, with_for_update=True)
    called_off = 0
    for one in coming_from(session, series, day):
        if one.status == "scheduled" and not is_exception(session, series, one):
            service.cancel(session, one, worker, reason=reason)
            called_off += 1
    series.ends_on = min(series.ends_on or date.max, day - timedelta(days=1))
    _record(session, series, worker, "ended_series", {"from": day.isoformat(), "called_off": called_off})
    return called_off


def change_from(
    session: Session,
    series: AppointmentSeries,
    worker: Worker,
    day: date,
    rhythm: Rhythm,
    *,
    kind: str | None = None,
    attendees: Sequence[Expected] | None = None,
    details: dict[str, Any] | None = None,
    reason: str | None = None,
) -> AppointmentSeries:
    """From ``day`` on the series is another one; returns that. What is past stays. Each coming appointment becomes the
    new series' nearest one, and keeps its place in people's calendars; what was moved, changed or called off by itself
    stays as it is and stands for the new one. Raises CannotBook."""
    session.refresh(series, with_for_update=True)
    family = session.get_one(Family, series.family_id)
    if attendees is not None:
        there = [uuid.UUID(one["person_id"]) for one in series.attendees if one["person_id"]]
        service.attendees_of(session, family, attendees, already=there)
    if series.ends_on is not None and day > series.ends_on:
        raise CannotBook("series_is_over")
    zone, place = where(session, series.family_id)
    kept = {name: getattr(series, name) for name in DETAILS}
    new = _made(
        series.family_id,
        rhythm,
        kind=kind or series.kind,
        attendees=series.attendees if attendees is None else as_json(attendees),
        details=kept | (details or {}),
    )
    new.external_id, new.follows_id = str(new.id), series.id
    session.add(new)
    session.flush()
    horizon = max(series.written_until or rhythm.starts_on, rhythm.starts_on + timedelta(days=14))
    now = clock.now()
    last = horizon + SAME_VISIT  # what stands at the end of what is written may become a day beyond it
    open_days = [
        one for one in recurrence.days_of(new, place, until=last) if recurrence.moment(one, new.at, zone) > now
    ]
    if not open_days:
        raise CannotBook("series_has_no_days")
    coming = coming_from(session, series, day)
    were = [one.series_on or day for one in coming]
    after = recurrence.days_of(series, place, until=last, after=series.written_until or max(were, default=day))
    become = recurrence.nearest(were, open_days, SAME_VISIT, unwritten=list(after))
    for one, on in zip(coming, become, strict=True):
        alone = is_exception(session, series, one)
        if on is not None:
            one.series_id, one.series_on = new.id, on
            session.flush()
            if not alone:
                _become(session, new, one, worker, zone, reason)
        elif not alone:
            service.cancel(session, one, worker, reason=reason)
    series.ends_on = day - timedelta(days=1)
    _record(session, new, worker, "changed_series", {"from": day.isoformat(), "follows": str(series.id)})
    write_ahead(session, new)
    return new


def _made(
    family_id: uuid.UUID, rhythm: Rhythm, *, kind: str, attendees: list[Any], details: dict[str, Any]
) -> AppointmentSeries:
    if rhythm.ends_on is not None and rhythm.ends_on < rhythm.starts_on:
        raise CannotBook("series_ends_before_start")
    if not recurrence.may_start(rhythm.frequency, rhythm.starts_on):
        raise CannotBook("series_starts_not_last")
    key = uuid.uuid4()
    return AppointmentSeries(
        id=key,
        family_id=family_id,
        external_id=str(key),
        kind=kind,
        rrule=recurrence.rule_of(rhythm.frequency, rhythm.starts_on, rhythm.every_weeks),
        every_working_days=rhythm.every_working_days if rhythm.frequency == "working_days" else None,
        starts_on=rhythm.starts_on,
        ends_on=rhythm.ends_on,
        at=rhythm.at,
        minutes=rhythm.minutes,
        attendees=attendees,
        created_at=clock.now(),
        **details,
    )


def where(session: Session, family_id: uuid.UUID) -> tuple[ZoneInfo, Calendar]:
    """The family's zone, and its place's working days."""
    family = session.get_one(Family, family_id)
    agency = session.get_one(Agency, family.agency_id)
    return ZoneInfo(agency.timezone), pack(agency.jurisdiction).calendar


def _occurrence(session: Session, series: AppointmentSeries, day: date, starts_at: datetime) -> Appointment:
    made = Appointment(
        family_id=series.family_id,
        external_id=f"{series.external_id}.{day:%Y%m%d}",
        kind=series.kind,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=series.minutes),
        series_id=series.id,
        series_on=day,
        **{name: getattr(series, name) for name in DETAILS},
    )
    made.attendees = places(session, series)
    return made


def places(session: Session, series: AppointmentSeries) -> list[Attendee]:
    """Who is expected; nobody who was erased since, or is of the family no more."""
    people = {
        person.id: person
        for person in session.scalars(
            select(Person).where(
                Person.family_id == series.family_id, Person.erased_at.is_(None), Person.left_at.is_(None)
            )
        )
    }
    found = []
    for one in series.attendees:
        person = people.get(uuid.UUID(one["person_id"])) if one["person_id"] else None
        if person is not None or not one["person_id"]:
            name = person.first_name if person else one["name"]
            who = person.id if person else None
            found.append(Attendee(person_id=who, name=name, role=one["role"], concerns=one["concerns"]))
    return found


def coming_from(session: Session, series: AppointmentSeries, day: date) -> list[Appointment]:
    """The series' appointments of its days from then on that are still to come."""
    found = select(Appointment).where(
        Appointment.series_id == series.id, Appointment.series_on >= day, Appointment.starts_at > clock.now()
    )
    return list(session.scalars(found.order_by(Appointment.series_on)))


def is_exception(session: Session, series: AppointmentSeries, one: Appointment) -> bool:
    """Was it moved, changed or called off by itself? Seen by what it is, so that it does not matter who did it."""
    zone, _ = where(session, series.family_id)
    if one.series_on is None or one.status != "scheduled":
        return True
    starts_at = recurrence.moment(one.series_on, series.at, zone)
    as_it_was = (series.kind, starts_at, starts_at + timedelta(minutes=series.minutes))
    details = [getattr(one, name) == getattr(series, name) for name in DETAILS]
    if (one.kind, one.starts_at, one.ends_at) != as_it_was or not all(details):
        return True
    expected = {(*attendance.key_of(place), place.concerns) for place in places(session, series)}
    # (Who has left the family since stays expected at what was written before: nobody changed that by itself.)
    there = [
        place for place in one.attendees if place.person is None or not (place.person.erased_at or place.person.left_at)
    ]
    return {(*attendance.key_of(place), place.concerns) for place in there} != expected


def _become(
    session: Session, series: AppointmentSeries, one: Appointment, worker: Worker, zone: ZoneInfo, reason: str | None
) -> None:
    """An appointment of the old series becomes what the new one says; who stays expected keeps their answer unless it
    moves."""
    assert one.series_on is not None  # it was given one just before
    starts_at = recurrence.moment(one.series_on, series.at, zone)
    service.change(
        session,
        one,
        worker,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=series.minutes),
        details={name: getattr(series, name) for name in DETAILS},
        kind=series.kind,
        reason=reason,
        attendees=[
            Expected(place.person_id, "" if place.person_id else place.name, place.role, place.concerns)
            for place in places(session, series)
        ],
    )


def take_places(
    session: Session, series: AppointmentSeries, one: Appointment, *, by: uuid.UUID | None = None
) -> tuple[int, int]:
    """Exactly those whom the series expects are expected at this appointment of it; who stays keeps their answer, and
    who is new or no longer expected is told. How many were added and removed."""
    return attendance.settle(session, one, places(session, series), by=by)


def _record(session: Session, series: AppointmentSeries, worker: Worker, verb: str, detail: dict[str, Any]) -> None:
    audit.record_change(
        session,
        actor_kind="worker",
        actor_id=worker.id,
        verb=verb,
        family_id=series.family_id,
        agency_id=worker.agency_id,
        object_id=series.id,
        detail=detail,
    )
