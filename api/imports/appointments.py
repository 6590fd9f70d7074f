"""Writing appointments and who is expected at them.

Promise: an answer that somebody gave ("I can come") outlives every import, as long as they are still expected.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from api.appointments import attendance, content
from api.appointments.models import Appointment, Attendee
from api.families.models import Family, Person
from api.imports import dates
from api.imports.schemas import AppointmentIn
from api.imports.series import BySeries
from api.imports.writer import Path, Writer


def write_appointments(
    writer: Writer,
    family: Family,
    path: Path,
    given: Sequence[AppointmentIn],
    people: dict[str, Person],
    zone: ZoneInfo,
    series: BySeries,
) -> None:
    """Write them; ``people`` and ``series`` by external id, ``zone`` the agency's, ``path`` where the family stands in
    the file. One of a series is known by its day too: it may have been written here under another id."""
    there = writer.session.scalars(select(Appointment).where(Appointment.family_id == family.id)).all()
    known = {appointment.external_id: appointment for appointment in there}
    by_day = {(appointment.series_id, appointment.series_on): appointment for appointment in there}
    today = writer.now.astimezone(zone).date()
    for i, appointment in enumerate(given):
        starts_at = dates.moment(appointment.starts, writer.now, zone)
        if appointment.ends:
            ends_at = dates.moment(appointment.ends, writer.now, zone)
        else:
            ends_at = starts_at + timedelta(minutes=appointment.minutes or 0)
        if ends_at <= starts_at:
            writer.refuse((*path, "appointments", i, "ends"), "is not after `starts`")
            continue
        existing = known.get(appointment.id)
        link: dict[str, Any] = {}
        if appointment.series is not None and appointment.series_on is not None:
            at = (*path, "appointments", i)
            if appointment.series not in series:
                writer.refuse((*at, "series"), "is no series of this family, in this file or here; add it")
                continue
            link = {
                "series_id": series[appointment.series].id,
                "series_on": dates.local_day(appointment.series_on, today),
            }
            stands = by_day.get((link["series_id"], link["series_on"]))
            if stands is not None and existing is not None and stands is not existing:
                writer.refuse(
                    (*at, "series_on"), "is the day of another appointment of this series; mend the day or id"
                )
                continue
            existing = existing or stands
        moved = existing is not None and existing.starts_at != starts_at
        news = existing is not None and (moved or existing.status != appointment.status)
        with content.kept(writer.session, existing, None) if existing is not None else nullcontext():
            row = writer.put(
                "appointments",
                existing,
                Appointment,
                family_id=family.id,
                external_id=appointment.id,
                kind=appointment.kind,
                starts_at=starts_at,
                ends_at=ends_at,
                place=appointment.place,
                address=appointment.address,
                address_hidden=appointment.address_hidden,
                link=appointment.link,
                bring=appointment.bring,
                travel=appointment.travel,
                status=appointment.status,
                **({} if appointment.reason is None else {"change_reason": appointment.reason}),
                **link,
            )
            if news:
                row.changed_by, row.change_reason = None, appointment.reason or ""
            writer.session.flush()
            answered = _write_attendees(writer, row, appointment, people)
        if moved and answered:
            writer.note(
                (*path, "appointments", i), f"moved to another time after {answered} had answered; ask them again"
            )


def _write_attendees(writer: Writer, row: Appointment, appointment: AppointmentIn, people: dict[str, Person]) -> int:
    """Who is expected becomes what the file says; returns how many of them have answered."""
    # Somebody who is no longer expected must no longer see the appointment: their row goes, answer and all.
    known = {attendance.key_of(a): a for a in row.attendees}
    added = []
    wanted: set[tuple[object, str]] = set()
    answered = 0
    for attendee in appointment.attendees:
        person = people[attendee.person] if attendee.person else None
        key = (person.id if person else None, "" if person else attendee.name)
        wanted.add(key)
        existing = known.get(key)
        answered += existing is not None and existing.answer != "none"
        place = writer.put(
            "attendees",
            existing,
            Attendee,
            appointment_id=row.id,
            person_id=key[0],
            name=person.first_name if person else attendee.name,
            role=attendee.role,
            concerns=attendee.concerns,
        )
        if existing is None:
            added.append(place)
    gone = [existing for key, existing in known.items() if key not in wanted]
    if known and (added or gone):  # it was booked before this file, so they are told
        row.sequence += 1
        attendance.note(writer.session, row, added, "added", None)
        attendance.note(writer.session, row, gone, "removed", None)
    for existing in gone:
        writer.session.delete(existing)
    writer.session.flush()
    writer.session.expire(row, ["attendees"])
    return answered
