"""The rota as its managers change it: shifts, covers, leave; and what it looks like: days, gaps ahead, calendars.

Callers have checked who may (api.access). Every change is on record; a cover or leave is taken back, never deleted.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import calendar_file, clock, texts
from api.access.models import Agency, Worker
from api.access.queries import worker_names
from api.audit import service as audit
from api.database import notify
from api.escalations import links, world
from api.escalations.models import RotaChange, Shift
from api.escalations.rota import ROLES, Member, Span, gaps, spans
from api.imports import dates

#: Shifts of a series, at most: a year of days.
MOST_DAYS = 366
#: Longer than that is a mistyped date.
LONGEST_CHANGE = timedelta(days=366)
LONGEST_SHIFT = timedelta(hours=24)
FEED_BEHIND, FEED_AHEAD = timedelta(days=7), timedelta(days=90)


class BadChange(ValueError):
    """It was not taken. ``mistake`` names the words (``rota.mistake.<it>``)."""

    def __init__(self, mistake: str) -> None:
        super().__init__(mistake)
        self.mistake = mistake


@dataclass(frozen=True)
class Change:
    """A cover or leave, with the names."""

    row: RotaChange
    name: str
    instead_of: str


@dataclass(frozen=True)
class Day:
    """One local day: for each role who is on call, without a hole."""

    day: date
    roles: dict[str, list[Span]]


def days(session: Session, agency: Agency, first: date, many: int) -> list[Day]:
    """The rota of so many local days."""
    zone = ZoneInfo(agency.timezone)
    bounds = [dates.at(first + timedelta(days=n), time(0), zone) for n in range(many + 1)]
    rota = world.rota(session, agency.id, bounds[0], bounds[-1])
    return [
        Day(first + timedelta(days=n), {role: list(spans(rota, role, bounds[n], bounds[n + 1])) for role in ROLES})
        for n in range(many)
    ]


def gaps_ahead(session: Session, agency_id: uuid.UUID, ahead: timedelta) -> list[Span]:
    """When nobody will be on call, from now."""
    now = clock.now()
    return gaps(world.rota(session, agency_id, now, now + ahead), now, now + ahead)


def gaps_without(session: Session, worker: Worker, ahead: timedelta) -> list[Span]:
    """When nobody is on call because this worker is not there, or would be if they left; from now."""
    now = clock.now()
    rota = world.rota(session, worker.agency_id, now, now + ahead)
    others = {key: member for key, member in rota.members.items() if key != worker.id}
    there = replace(rota, members={**others, worker.id: Member(worker.id, worker.name)})
    anyway = set(gaps(there, now, now + ahead))
    return [gap for gap in gaps(replace(rota, members=others), now, now + ahead) if gap not in anyway]


def changes(session: Session, agency_id: uuid.UUID) -> list[Change]:
    """Covers and leave that are not over, in order of time."""
    rows = session.scalars(
        select(RotaChange)
        .where(RotaChange.agency_id == agency_id, RotaChange.ends_at > clock.now(), RotaChange.cancelled_at.is_(None))
        .order_by(RotaChange.starts_at, RotaChange.id)
    ).all()
    names = worker_names(session, [i for row in rows for i in (row.worker_id, row.instead_of)])
    return [Change(row, names.get(row.worker_id, ""), names.get(row.instead_of, "")) for row in rows]


def people(session: Session, agency_id: uuid.UUID) -> Sequence[Worker]:
    """Who can be on call."""
    return session.scalars(select(Worker).filter_by(agency_id=agency_id, active=True).order_by(Worker.name)).all()


def add_change(
    session: Session,
    by: Worker,
    *,
    kind: str,
    who: uuid.UUID | None,
    starts: datetime | None,
    ends: datetime | None,
    role: str = "",
    instead_of: uuid.UUID | None = None,
) -> RotaChange:
    """A cover (``role``, perhaps ``instead_of`` somebody) or leave. Raises BadChange."""
    _check(session, by, who, starts, ends, LONGEST_CHANGE)
    if kind == "cover" and role not in ROLES:
        raise BadChange("role")
    if instead_of is not None:
        if instead_of == who:
            raise BadChange("same")
        _check(session, by, instead_of, starts, ends, LONGEST_CHANGE)
    row = RotaChange(
        agency_id=by.agency_id,
        kind=kind,
        worker_id=who,
        role=role if kind == "cover" else "",
        instead_of=instead_of if kind == "cover" else None,
        starts_at=starts,
        ends_at=ends,
        made_at=clock.now(),
        made_by=by.id,
    )
    session.add(row)
    session.flush()
    _record(session, by, f"added_{kind}", row.id)
    return row


def cancel(session: Session, by: Worker, row: RotaChange) -> None:
    """Take a change back; what was told meanwhile was told."""
    if row.cancelled_at is None:
        row.cancelled_at = clock.now()
        _record(session, by, "cancelled_rota_change", row.id)


def add_shifts(
    session: Session,
    by: Worker,
    *,
    who: uuid.UUID | None,
    role: str,
    first: date | None,
    last: date | None,
    begins: time | None,
    ends: time | None,
    weekdays: frozenset[int] = frozenset(),
) -> int:
    """A shift on each of these days (all, or those weekdays), at the same local times whatever the clocks do; past
    midnight where it ends no later than it begins. Those that are there are left. Returns how many are new. Raises
    BadChange."""
    if role not in ROLES:
        raise BadChange("role")
    if first is None or begins is None or ends is None or begins == ends:
        raise BadChange("times")
    last = last or first
    if not first <= last < first + timedelta(days=MOST_DAYS):
        raise BadChange("days")
    zone = ZoneInfo(session.get_one(Agency, by.agency_id).timezone)
    made = 0
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        if weekdays and day.weekday() not in weekdays:
            continue
        until = day if ends > begins else day + timedelta(days=1)
        starts_at, ends_at = dates.at(day, begins, zone), dates.at(until, ends, zone)
        if not made:
            _check(session, by, who, starts_at, ends_at, LONGEST_SHIFT + timedelta(hours=1))
        columns = {"agency_id": by.agency_id, "worker_id": who, "role": role, "starts_at": starts_at}
        if session.scalars(select(Shift.id).filter_by(**columns, ends_at=ends_at)).first() is None:
            session.add(Shift(**columns, ends_at=ends_at))
            made += 1
    if made:
        _record(session, by, "added_shifts", who, {"role": role, "shifts": made})
    return made


def remove_shifts(
    session: Session,
    by: Worker,
    *,
    who: uuid.UUID | None,
    role: str,
    first: date | None,
    last: date | None,
    begins: time | None = None,
    weekdays: frozenset[int] = frozenset(),
) -> int:
    """Take back the worker's shifts in this role that begin on these local days (all, or those weekdays; at that time,
    where one is given) and have not begun yet. What has begun is left: that takes a cover or leave. Returns how many.
    Raises BadChange, also where there is none."""
    if role not in ROLES:
        raise BadChange("role")
    last = last or first
    if first is None or last is None or not first <= last < first + timedelta(days=MOST_DAYS):
        raise BadChange("days")
    zone = ZoneInfo(session.get_one(Agency, by.agency_id).timezone)
    coming = select(Shift).where(
        Shift.agency_id == by.agency_id,
        Shift.worker_id == who,
        Shift.role == role,
        Shift.starts_at > clock.now(),
        Shift.starts_at >= dates.at(first, time(0), zone),
        Shift.starts_at < dates.at(last + timedelta(days=1), time(0), zone),
    )
    removed = 0
    for shift in session.scalars(coming.with_for_update()).all():
        local = shift.starts_at.astimezone(zone)
        if (weekdays and local.weekday() not in weekdays) or begins not in (None, local.time()):
            continue
        session.delete(shift)
        removed += 1
    if not removed:
        raise BadChange("no_shift")
    session.flush()
    detail: dict[str, object] = {"role": role, "shifts": removed, "from": first.isoformat(), "to": last.isoformat()}
    _record(session, by, "removed_shifts", who, detail)
    return removed


def _check(
    session: Session,
    by: Worker,
    who: uuid.UUID | None,
    starts: datetime | None,
    ends: datetime | None,
    longest: timedelta,
) -> None:
    if starts is None or ends is None or not timedelta(0) < ends - starts <= longest:
        raise BadChange("times")
    worker = session.get(Worker, who) if who else None
    if worker is None or worker.agency_id != by.agency_id or not worker.active:
        raise BadChange("worker")


def _record(
    session: Session, by: Worker, verb: str, object_id: object, detail: dict[str, object] | None = None
) -> None:
    audit.record(session, actor_kind="worker", actor_id=by.id, verb=verb, object_id=object_id, detail=detail or {})
    notify(session, f"agency:{by.agency_id}")


def calendar_links(worker: Worker) -> tuple[str, str]:
    """The addresses of the worker's calendars: their own shifts, the whole rota."""
    mine, team = (links.Calendar(worker.id, team, worker.calendar_version).address for team in (False, True))
    return mine, team


def new_calendar_links(session: Session, worker_id: uuid.UUID) -> None:
    """From now on only new addresses work."""
    worker = session.get_one(Worker, worker_id, with_for_update=True)
    worker.calendar_version += 1
    audit.record(session, actor_kind="worker", actor_id=worker.id, verb="changed_calendar_link", object_id=worker.id)


def calendar(session: Session, sealed: str) -> str | None:
    """The calendar file behind a link; None for one that is not ours, or works no longer."""
    try:
        link = links.calendar_of(sealed)
    except links.BadLink:
        return None
    worker = session.get(Worker, link.worker_id)
    if worker is None or not worker.active or worker.calendar_version != link.version:
        return None
    agency = session.get_one(Agency, worker.agency_id)
    now = clock.now()
    rota = world.rota(session, agency.id, now - FEED_BEHIND, now + FEED_AHEAD)
    events = []
    for role in ROLES:
        for span in spans(rota, role, now - FEED_BEHIND, now + FEED_AHEAD):
            mine = any(member.id == worker.id for member in span.workers)
            if link.team or mine:
                events.append(_event(span, agency.language, whole=link.team))
    name = texts.render("rota.title", agency.language)
    return calendar_file.calendar(name, _joined(events), now, maker="Hearthline//Rota")


def _event(span: Span, language: str, *, whole: bool) -> calendar_file.Event:
    role = texts.render(f"console.role.{span.role}", language)
    if span.is_gap:
        summary = texts.render("rota.feed.gap", language, role=role)
    elif whole:
        summary = texts.render("rota.feed.team", language, role=role, names=", ".join(m.name for m in span.workers))
    else:
        summary = texts.render("rota.feed.mine", language, role=role)
    return calendar_file.Event(f"{span.role}-{span.starts:%Y%m%dT%H%M%SZ}@hearthline", span.starts, span.ends, summary)


def _joined(events: list[calendar_file.Event]) -> list[calendar_file.Event]:
    """Spans that follow one another and read the same are one (a colleague came or went beside oneself)."""
    joined: list[calendar_file.Event] = []
    for event in events:
        last = joined[-1] if joined else None
        if last and last.ends == event.starts and last.summary == event.summary:
            joined[-1] = calendar_file.Event(last.uid, last.starts, event.ends, last.summary)
        else:
            joined.append(event)
    return joined
