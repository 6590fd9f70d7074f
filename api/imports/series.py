"""Writing series of appointments: what they say, their coming appointments after it, and who they go on with.

Promise: a series said anew changes its coming appointments, never one that was moved, changed or called off by itself;
the same file twice writes nothing twice. What a worker ended, or changed from a day on, stays
so whatever file comes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from api.appointments import recurrence, redefined
from api.appointments import series as service
from api.appointments.models import AppointmentSeries
from api.appointments.service import Expected
from api.families.models import Family, Person
from api.imports import dates
from api.imports.schemas import SeriesIn, clock
from api.imports.writer import Path, Writer

BySeries = dict[str, AppointmentSeries]


def write_series(
    writer: Writer, family: Family, path: Path, given: Sequence[SeriesIn], people: dict[str, Person], today: date
) -> BySeries:
    """Write them, without the appointments that are new; returns all the family's series by their ids."""
    rows: BySeries = {
        row.external_id: row
        for row in writer.session.scalars(select(AppointmentSeries).where(AppointmentSeries.family_id == family.id))
    }
    for i, one in enumerate(given):
        values = _values(one, people, today)
        if values["ends_on"] is not None and values["ends_on"] < values["starts_on"]:
            writer.refuse((*path, "series", i, "ends_on"), "is before `starts_on`")
            continue
        if not recurrence.may_start(one.frequency, values["starts_on"]):
            writer.refuse((*path, "series", i, "starts_on"), "is not the last of its weekdays in that month")
            continue
        existing = rows.get(one.id)
        said, there = json.dumps(values, default=str, ensure_ascii=False), None
        if existing is None:
            new = {"family_id": family.id, "external_id": one.id, "created_at": writer.now}
            row = rows[one.id] = writer.put("series", None, AppointmentSeries, **new, **values)
        else:
            changed = _changed(writer, (*path, "series", i), existing, values, json.loads(said))
            if any(getattr(existing, name) != value for name, value in changed.items()):
                there = redefined.before(writer.session, existing)
            row = writer.put("series", existing, AppointmentSeries, **changed)
        row.said = said
        writer.session.flush()
        if there is not None:
            redefined.follow(writer.session, row, there)
        elif one.written_until:
            until = dates.local_day(one.written_until, today)
            row.written_until = max(until, row.written_until or until)
    for i, one in enumerate(given):
        if one.follows is None:
            continue
        if one.follows not in rows or one.follows == one.id:
            place = (*path, "series", i, "follows")
            writer.refuse(place, "is no other series of this family, in this file or here; add it or mend the id")
        elif one.id in rows:
            rows[one.id].follows_id = rows[one.follows].id
    writer.session.flush()
    return rows


def write_ahead(writer: Writer, given: Sequence[SeriesIn], rows: BySeries) -> None:
    """Write the appointments of these series that are not there yet, after those that the file itself has."""
    for one in given:
        row = rows.get(one.id)
        if row is None or (row.ends_on and row.written_until and row.written_until >= row.ends_on):
            continue  # refused, or all of it is there
        made = service.write_ahead(writer.session, row, quiet=True)
        if made:
            writer.report.created["appointments"] += made


def _changed(
    writer: Writer, path: Path, row: AppointmentSeries, values: dict[str, Any], now: dict[str, Any]
) -> dict[str, Any]:
    """What the file says otherwise than the last file did. An end that was set here is not taken back by any file: the
    visits may have been called off for somebody's safety, or go on as another series."""
    before: dict[str, Any] | None = json.loads(row.said) if row.said else None
    if before is None:  # nobody kept what the last file said
        changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    else:
        changed = {name: value for name, value in values.items() if before.get(name) != now[name]}
    ended_here = row.ends_on is not None and (before is None or before["ends_on"] != str(row.ends_on))
    if ended_here and changed:
        if "ends_on" in changed:
            changed["ends_on"] = min(row.ends_on or date.max, changed["ends_on"] or date.max)
        if changed.get("ends_on", row.ends_on) == row.ends_on:
            writer.note(path, f"was ended here on {row.ends_on}, and stays so; visits after that need a new id")
    return changed


def _values(one: SeriesIn, people: dict[str, Person], today: date) -> dict[str, Any]:
    expected = [
        Expected(people[a.person].id if a.person else None, "" if a.person else a.name, a.role, a.concerns)
        for a in one.attendees
    ]
    starts_on = dates.local_day(one.starts_on, today)
    return {
        "kind": one.kind,
        "rrule": recurrence.rule_of(one.frequency, starts_on, one.every_weeks),
        "every_working_days": one.every_working_days,
        "starts_on": starts_on,
        "ends_on": dates.local_day(one.ends_on, today) if one.ends_on else None,
        "at": clock(one.at),
        "minutes": one.minutes,
        "attendees": service.as_json(expected),
        **{name: getattr(one, name) for name in service.DETAILS},
    }
