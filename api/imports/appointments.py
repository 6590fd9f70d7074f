"""Writing appointments and who is expected at them.

Promise: an answer that somebody gave ("I can come") outlives every import, as long as they are still expected. What was
moved, called off or changed here stays until a file says otherwise than the last one did: the same file again calls
nothing back on, moves nothing back, and tells nobody.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from api.appointments import attendance, content
from api.appointments.models import Appointment, Attendee
from api.families.models import Family, Person
from api.imports import dates, said
from api.imports.said import Kept, LastFile
from api.imports.schemas import AppointmentIn
from api.imports.series import BySeries
from api.imports.writer import Path, Writer

_OWN = ("kind", "place", "address", "address_hidden", "link", "bring", "travel", "status")
_TIME = {"starts_at", "length"}
#: How a file calls what is kept under another name.
_CALLED = {"starts_at": "starts", "length": "ends", "change_reason": "reason"}


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
        at = (*path, "appointments", i)
        starts_at, length = _time(appointment, writer.now, zone)
        if length <= timedelta(0):
            writer.refuse((*at, "ends"), "is not after `starts`")
            continue
        existing = known.get(appointment.id)
        link: dict[str, Any] = {}
        if appointment.series is not None and appointment.series_on is not None:
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
        last = _last_said(
            writer, at, existing, {"starts_at": starts_at, "length": length, "status": appointment.status}
        )
        values = {
            "starts_at": starts_at,
            "length": length,
            **{name: getattr(appointment, name) for name in _OWN},
            **({} if appointment.reason is None else {"change_reason": appointment.reason}),
        }
        here = _here(existing) if existing is not None else {}
        said_before = dict(last.kept)
        changed = last.anew(here, values, _CALLED)
        status = changed.get("status", here.get("status"))
        if here.get("status") == status == "cancelled":  # its time is the one that was called off, until it is on again
            for name in _TIME & changed.keys():
                del changed[name]
                last.kept[name] = said_before.get(name)
        begin, lasts = changed.pop("starts_at", here.get("starts_at")), changed.pop("length", here.get("length"))
        moved = existing is not None and existing.starts_at != begin
        news = existing is not None and (moved or existing.status != status)
        with content.kept(writer.session, existing, None) if existing is not None else nullcontext():
            row = writer.put(
                "appointments",
                existing,
                Appointment,
                family_id=family.id,
                external_id=appointment.id,
                starts_at=begin,
                ends_at=begin + lasts,
                **changed,
                **link,
            )
            if news:
                row.changed_by, row.change_reason = None, appointment.reason or ""
            writer.session.flush()
            answered = _write_attendees(last, row, appointment, people)
            row.said = json.dumps(last.kept)
        if moved and answered:
            writer.note(at, f"moved to another time after {answered} had answered; ask them again")


def _time(appointment: AppointmentIn, now: datetime, zone: ZoneInfo) -> tuple[datetime, timedelta]:
    """When it begins (UTC), and how long it takes."""
    starts_at = dates.moment(appointment.starts, now, zone).astimezone(UTC)
    if appointment.ends:
        return starts_at, dates.moment(appointment.ends, now, zone) - starts_at
    return starts_at, timedelta(minutes=appointment.minutes or 0)


def _here(row: Appointment) -> dict[str, Any]:
    """What stands here of all that a file says."""
    own = {name: getattr(row, name) for name in (*_OWN, "change_reason")}
    return own | {"starts_at": row.starts_at, "length": row.ends_at - row.starts_at}


def _last_said(writer: Writer, path: Path, row: Appointment | None, given: dict[str, Any]) -> LastFile:
    """What files have said of it. Where nobody kept that, what somebody here decided stays: the time that it was given,
    and that it is off. A file's own word that it is off counts always. ``given``: this file's time and status."""
    kept = said.opened(row.said) if row is not None else {}
    if row is None or kept is not None or row.changed_by is None:
        return LastFile(writer, path, kept or {})
    decided = _TIME | ({"status"} if row.status == "cancelled" else set())
    return LastFile(writer, path, {name: said.digest(given[name]) for name in decided}, stays=said.UNKNOWN)


def _write_attendees(last: LastFile, row: Appointment, appointment: AppointmentIn, people: dict[str, Person]) -> int:
    """Whom the file expects otherwise than the last one did is expected, or no longer; who was added or taken off here
    stays so. Returns how many of those who are expected have answered."""
    # Somebody who is no longer expected must no longer see the appointment: their row goes, answer and all.
    writer, place = last.writer, (*last.path, "attendees")
    if not writer.says(place):
        return sum(one.answer != "none" for one in row.attendees)
    known = {attendance.key_of(a): a for a in row.attendees}
    before: Kept | None = last.kept.get("attendees")
    now: Kept = {}
    added, gone = [], []
    otherwise = False  # than the file has it, as somebody here changed it
    for n, attendee in enumerate(appointment.attendees):
        person = people[attendee.person] if attendee.person else None
        key = (person.id if person else None, "" if person else attendee.name)
        mark, word = said.digest(key), said.digest([attendee.role, attendee.concerns])
        now[mark] = word
        existing = known.get(key)
        values: dict[str, Any] = {"role": attendee.role, "concerns": attendee.concerns}
        if before is not None and before.get(mark) == word:
            if existing is None:
                otherwise = True
                continue
            otherwise = otherwise or (existing.role, existing.concerns) != (attendee.role, attendee.concerns)
            values = {}
        elif existing is None and person is not None and (person.left_at or person.erased_at):
            writer.note((*place, n), "has left this family here, and is not expected")
            del now[mark]  # who comes back is expected by the next file
            continue
        values |= {"person_id": key[0], "name": person.first_name if person else attendee.name}
        one = writer.put("attendees", existing, Attendee, appointment_id=row.id, **values)
        if existing is None:
            added.append(one)
    for key, existing in known.items():
        mark = said.digest(key)
        if mark not in now and (before is None or mark in before):
            gone.append(existing)
        otherwise = otherwise or (mark not in now and existing not in gone)
    last.kept["attendees"] = now
    if otherwise:
        writer.note(place, said.STAY)
    if known and (added or gone):  # it was booked before this file, so they are told
        row.sequence += 1
        attendance.note(writer.session, row, added, "added", None)
        attendance.note(writer.session, row, gone, "removed", None)
    for existing in gone:
        writer.session.delete(existing)
    writer.session.flush()
    writer.session.expire(row, ["attendees"])
    return sum(one.answer != "none" for one in row.attendees)
