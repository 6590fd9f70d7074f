"""Colleagues hear of it too: whoever is expected at an appointment by name, and is a worker of the agency here.

It looks at the same noted changes as the family's news, so whoever changed an appointment, and however, has told them.
A note stands in the console; a text or an e-mail follows within their working hours, as their profile says. Its words
have days, hours and the reason, and name nobody. Where two of one name work here, those who work with the family hear.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, func, select, text, update
from sqlalchemy.orm import Session

from api import texts
from api.access.models import Agency, Worker
from api.access.queries import Viewer, visible_families
from api.appointments.models import Appointment
from api.appointments.proposals import Working
from api.appointments.wording import Voice, opening
from api.database import moment, notify
from api.families.models import Family
from api.jurisdiction.packs import pack
from api.messages import outbox
from api.reminders.models import AppointmentChange, AppointmentNews
from api.reminders.wording import why

BATCH = 500
#: A colleague hears at once, whatever the hour, of what their next working hour would be too late for.
NOTICE = timedelta(hours=1)
MOST_SHOWN = 50

_EXPECTED = text("""
    SELECT f.id AS change_id, a.id AS appointment_id, w.id AS worker_id, lower(btrim(t.name)) AS name,
           x.worker_id IS NOT NULL AS works_with, a.starts_at, a.status, a.change_reason AS reason,
           w.works_from, w.works_until, w.works_on, g.timezone, g.jurisdiction, g.id AS agency_id,
           coalesce(n.was_at, f.was_at) AS was_at,
           CASE WHEN n.id IS NULL THEN f.was_status WHEN n.what = 'restored' THEN 'cancelled' ELSE 'scheduled' END
               AS was_status, n.what AS pending
    FROM unnest(CAST(:ids AS bigint[]), CAST(:appointments AS uuid[]), CAST(:was AS timestamptz[]),
                CAST(:statuses AS text[])) AS f(id, appointment_id, was_at, was_status)
    JOIN appointments a ON a.id = f.appointment_id AND a.ends_at > :now
    JOIN attendees t ON t.appointment_id = a.id AND t.person_id IS NULL AND btrim(t.name) <> ''
    JOIN families m ON m.id = a.family_id
    JOIN agencies g ON g.id = m.agency_id
    JOIN workers w ON w.agency_id = g.id AND w.active AND lower(btrim(w.name)) = lower(btrim(t.name))
    LEFT JOIN family_workers x ON x.family_id = m.id AND x.worker_id = w.id
    LEFT JOIN LATERAL (  -- news that is still waiting to be told: what they know is older
        SELECT o.* FROM appointment_news o
        WHERE o.appointment_id = a.id AND o.worker_id = w.id AND o.told_at IS NULL AND o.what <> 'removed'
        ORDER BY o.noted_at, o.change_id LIMIT 1
    ) n ON true
    WHERE w.id IS DISTINCT FROM a.changed_by
""")
_FORGET = text("""
    DELETE FROM appointment_news n USING unnest(CAST(:appointments AS uuid[])) AS x(appointment_id)
    WHERE n.appointment_id = x.appointment_id AND n.told_at IS NULL AND n.what <> 'removed'
""")


@dataclass(frozen=True)
class Change:
    """A noted change: what the appointment was before it."""

    id: int
    appointment_id: uuid.UUID
    was_at: datetime
    was_status: str


@dataclass(frozen=True)
class News:
    """What the console shows. ``family`` and ``appointment_id`` only where the worker may see the family."""

    id: uuid.UUID
    what: str
    was_at: datetime
    starts_at: datetime
    reason: str
    family: str = ""
    appointment_id: uuid.UUID | None = None


def what_happened(was_at: datetime, was_status: str, starts_at: datetime, status: str) -> str:
    """Which news it is for somebody who knows how it was: moved, cancelled, restored; "" for none."""
    if status == "cancelled":
        return "" if was_status == "cancelled" else "cancelled"
    if was_status == "cancelled":
        return "restored"
    return "" if was_at == starts_at else "moved"


def note(
    session: Session,
    changes: Sequence[Change],
    now: datetime,
    unless: frozenset[tuple[uuid.UUID, str]] = frozenset(),
) -> int:
    """Note these changes for the colleagues expected; how many notes. What has not been told yet, of the same
    appointments, is told as what it has become. ``unless``: (appointment, name) of who is told in other words."""
    if not changes:
        return 0
    appointments = [one.appointment_id for one in changes]
    rows = session.execute(
        _EXPECTED,
        {
            "now": now,
            "ids": [one.id for one in changes],
            "appointments": appointments,
            "was": [one.was_at for one in changes],
            "statuses": [one.was_status for one in changes],
        },
    ).all()
    session.execute(_FORGET, {"appointments": appointments})
    made = 0
    for row in meant(rows):
        what = what_happened(row.was_at, row.was_status, row.starts_at, row.status)
        if row.pending == "added":  # they have not heard yet that they are expected
            what = "added" if row.status == "scheduled" else ""
        if not what or (row.appointment_id, row.name) in unless:
            continue
        session.add(
            AppointmentNews(
                appointment_id=row.appointment_id,
                worker_id=row.worker_id,
                change_id=row.change_id,
                what=what,
                was_at=row.was_at,
                starts_at=row.starts_at,
                reason=row.reason if what in ("moved", "cancelled") else "",
                noted_at=now,
                due_at=due(row, now),
            )
        )
        notify(session, f"agency:{row.agency_id}")
        made += 1
    session.flush()
    return made


def note_told(
    session: Session,
    appointment_id: uuid.UUID,
    worker: Worker,
    was_at: datetime,
    starts_at: datetime,
    message_id: uuid.UUID | None,
    now: datetime,
) -> None:
    """A note in the console for a worker who is told of a move in other words, by that message or by none."""
    newest = select(func.max(AppointmentChange.id)).where(AppointmentChange.appointment_id == appointment_id)
    change_id = session.scalar(newest)
    if change_id is None:
        return  # it was not moved
    session.add(
        AppointmentNews(
            appointment_id=appointment_id, worker_id=worker.id, change_id=change_id, what="moved", was_at=was_at,
            starts_at=starts_at, noted_at=now, due_at=now, told_at=now, outbound_id=message_id,
        )
    )  # fmt: skip
    notify(session, f"agency:{worker.agency_id}")
    session.flush()


def meant(rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Who is meant by each name; once for each appointment."""
    named: dict[tuple[uuid.UUID, str], dict[uuid.UUID, Row[Any]]] = {}
    for row in rows:
        named.setdefault((row.appointment_id, row.name), {})[row.worker_id] = row
    return [row for alike in named.values() for row in alike.values() if len(alike) == 1 or row.works_with]


def due(row: Row[Any], now: datetime) -> datetime:
    """When a worker may be told: in their hours, or at once where those would be too late."""
    working = Working(
        row.works_from, row.works_until, row.works_on, ZoneInfo(row.timezone), pack(row.jurisdiction).calendar
    )
    at = working.next(now)
    coming = [when for when in (row.was_at, row.starts_at) if when > now]  # nobody hurries for what is past
    return now if coming and at > min(coming) - NOTICE else at


def tell(session: Session, now: datetime) -> int:
    """Queue what is due, one message a worker for each appointment or series; how many notes are settled."""
    rows = session.execute(
        select(AppointmentNews, Appointment.series_id, Worker, Agency)
        .join(Appointment, Appointment.id == AppointmentNews.appointment_id)
        .join(Worker, Worker.id == AppointmentNews.worker_id)
        .join(Agency, Agency.id == Worker.agency_id)
        .where(AppointmentNews.told_at.is_(None), AppointmentNews.due_at <= now)
        .order_by(AppointmentNews.due_at, AppointmentNews.starts_at, AppointmentNews.id)
        .limit(BATCH)
        .with_for_update(of=AppointmentNews, skip_locked=True)
    ).all()
    together: dict[object, list[Any]] = {}
    for row in rows:
        news, series_id, worker, _ = row
        key = (worker.id, news.what, news.reason, series_id or news.appointment_id)
        together.setdefault(key, []).append(row)
    for same in together.values():
        news, _, worker, agency = same[0]
        words = _words(news, agency, len(same) - 1, now)
        message = outbox.queue_news(session, worker, *words) if worker.active else None
        for row in same:
            row[0].told_at, row[0].outbound_id = now, message.id if message else None
    session.flush()
    return len(rows)


def _words(news: AppointmentNews, agency: Agency, others: int, now: datetime) -> tuple[str, str]:
    """The subject of an e-mail, and the words."""
    voice = Voice(pack(agency.jurisdiction), texts.supported(agency.language), ZoneInfo(agency.timezone), now)
    said = voice.text(f"colleagues.{news.what}", when=_said(voice, news.was_at), next=_said(voice, news.starts_at))
    parts = [said, voice.text(f"colleagues.others.{news.what}", count=others) if others else ""]
    parts += [why(news.reason, voice.language), voice.text("colleagues.more")]
    return voice.text("colleagues.subject"), " ".join(filter(None, parts))


def _said(voice: Voice, when: datetime) -> str:
    return opening(voice.text("when.at", day=voice.day(when.astimezone(voice.zone).date()), time=voice.hour(when)))


def to_see(session: Session, viewer: Viewer, worker_id: uuid.UUID) -> list[News]:
    """What the worker has not said yet that they have seen, of appointments that are or were still to come."""
    families = visible_families(viewer).subquery()
    rows = session.execute(
        select(AppointmentNews, Family.name, families.c.id)
        .join(Appointment, Appointment.id == AppointmentNews.appointment_id)
        .join(Family, Family.id == Appointment.family_id)
        .outerjoin(families, families.c.id == Family.id)
        .where(*_unseen(worker_id))
        .order_by(AppointmentNews.starts_at, AppointmentNews.change_id)
        .limit(MOST_SHOWN)
    ).all()
    return [
        News(
            one.id, one.what, one.was_at, one.starts_at, one.reason,
            name if seen else "", one.appointment_id if seen else None,
        )
        for one, name, seen in rows
    ]  # fmt: skip


def counting_to_see(worker_id: uuid.UUID) -> Select[int]:
    """The query that counts those."""
    return select(func.count()).select_from(AppointmentNews).where(*_unseen(worker_id))


def mark_seen(session: Session, worker_id: uuid.UUID, news: Sequence[uuid.UUID], now: datetime) -> None:
    """The worker has seen these of theirs; others' stay as they are."""
    session.execute(
        update(AppointmentNews)
        .where(AppointmentNews.worker_id == worker_id, AppointmentNews.id.in_(news), AppointmentNews.seen_at.is_(None))
        .values(seen_at=now)
    )


def _unseen(worker_id: uuid.UUID) -> tuple[Any, ...]:
    coming = func.greatest(AppointmentNews.starts_at, AppointmentNews.was_at) > moment(-timedelta(days=1))
    return AppointmentNews.worker_id == worker_id, AppointmentNews.seen_at.is_(None), coming
