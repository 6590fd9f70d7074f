"""Telling who is newly expected at an appointment, and who no longer is: family by text or chat, colleagues as news.

It reads the notes that whoever changed it has left (``AttendeeChange``). What was changed and changed back before
anybody was told is nobody's news; who is added and told the time needs no news of the same move.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from api.database import notify
from api.reminders import colleagues
from api.reminders.colleagues import Change
from api.reminders.models import AppointmentNews

BATCH = 5000

_NOTED = text("""
    WITH noted AS (
        UPDATE attendee_changes SET handled_at = :now
        WHERE id IN (SELECT id FROM attendee_changes WHERE handled_at IS NULL ORDER BY id LIMIT :batch
                     FOR UPDATE SKIP LOCKED)
        RETURNING id, appointment_id, person_id, name, what, changed_by
    )
    SELECT max(id) AS id, appointment_id, person_id, lower(btrim(name)) AS name,
           (array_agg(what ORDER BY id DESC))[1] AS what, (array_agg(changed_by ORDER BY id DESC))[1] AS changed_by
    FROM noted GROUP BY appointment_id, person_id, lower(btrim(name))
    HAVING (array_agg(what ORDER BY id))[1] = (array_agg(what ORDER BY id DESC))[1]
""")

#: What these family members are to be told; without the opposite, where that still waits to be told (``pending``).
_FAMILY = text("""
    SELECT x.id AS change_id, a.id AS appointment_id, p.id AS person_id, x.what, a.starts_at, a.series_id, a.status,
           w.was_at AS known_at, n.id AS pending
    FROM unnest(CAST(:ids AS bigint[]), CAST(:appointments AS uuid[]), CAST(:people AS uuid[]),
                CAST(:what AS text[])) AS x(id, appointment_id, person_id, what)
    JOIN appointments a ON a.id = x.appointment_id AND a.ends_at > :now
    JOIN people p ON p.id = x.person_id AND p.kind <> 'child'
    LEFT JOIN attendees t ON t.appointment_id = a.id AND t.person_id = p.id
    LEFT JOIN LATERAL (  -- the other news, still waiting
        SELECT r.id FROM reminders r
        WHERE r.appointment_id = a.id AND r.person_id = p.id AND r.change_id > 0 AND r.state = 'planned'
          AND r.moment IN ('added', 'removed') AND r.moment <> x.what LIMIT 1
    ) n ON true
    LEFT JOIN LATERAL (  -- a move that they have not been told of: what they know is older
        SELECT r.was_at FROM reminders r
        WHERE r.appointment_id = a.id AND r.person_id = p.id AND r.change_id > 0 AND r.state = 'planned'
          AND r.moment = 'moved' ORDER BY r.change_id LIMIT 1
    ) w ON true
    WHERE (t.id IS NOT NULL) = (x.what = 'added')
""")

_TAKE_BACK = text("""
    UPDATE reminders SET state = 'skipped', reason = 'changed_again', settled_at = :now
    WHERE id = ANY (CAST(:ids AS uuid[]))
""")

_COLLEAGUES = text("""
    SELECT -x.id AS change_id, a.id AS appointment_id, w.id AS worker_id, x.name, x.what, a.starts_at,
           a.starts_at AS was_at, f.worker_id IS NOT NULL AS works_with, w.works_from, w.works_until, w.works_on,
           g.timezone, g.jurisdiction, g.id AS agency_id, n.id AS pending
    FROM unnest(CAST(:ids AS bigint[]), CAST(:appointments AS uuid[]), CAST(:names AS text[]), CAST(:what AS text[]),
                CAST(:by AS uuid[])) AS x(id, appointment_id, name, what, changed_by)
    JOIN appointments a ON a.id = x.appointment_id AND a.ends_at > :now AND a.status = 'scheduled'
    JOIN families m ON m.id = a.family_id
    JOIN agencies g ON g.id = m.agency_id
    JOIN workers w ON w.agency_id = g.id AND w.active AND lower(btrim(w.name)) = x.name
    LEFT JOIN family_workers f ON f.family_id = m.id AND f.worker_id = w.id
    LEFT JOIN LATERAL (
        SELECT o.id FROM appointment_news o
        WHERE o.appointment_id = a.id AND o.worker_id = w.id AND o.told_at IS NULL
          AND o.what IN ('added', 'removed') AND o.what <> x.what LIMIT 1
    ) n ON true
    WHERE w.id IS DISTINCT FROM x.changed_by
""")
_FORGET = text("DELETE FROM appointment_news WHERE id = ANY (CAST(:ids AS uuid[]))")


@dataclass(frozen=True)
class News:
    """``told``: what family members are to hear, as (row, moment, the time that it tells of). ``people`` and ``names``:
    who was added just now, by appointment; they know no other time."""

    told: list[tuple[Row[Any], str, datetime]] = field(default_factory=list)
    people: frozenset[tuple[uuid.UUID, uuid.UUID]] = frozenset()
    names: frozenset[tuple[uuid.UUID, str]] = frozenset()
    colleagues: int = 0


def note(session: Session, now: datetime, moved: Sequence[Change]) -> News:
    """Take what was noted. ``moved``: the appointments' own changes that are being told of: whoever was removed knows
    the time before them. The caller writes what the family is told; colleagues' news is written here."""
    rows = session.execute(_NOTED, {"now": now, "batch": BATCH}).all()
    if not rows:
        return News()
    before = {one.appointment_id: one.was_at for one in moved}
    family = [row for row in rows if row.person_id is not None]
    told = _of_family(session, family, before, now) if family else []
    others = [row for row in rows if row.person_id is None]
    return News(
        told=told,
        people=frozenset((row.appointment_id, row.person_id) for row in family if row.what == "added"),
        names=frozenset((row.appointment_id, row.name) for row in others if row.what == "added"),
        colleagues=_of_colleagues(session, others, now) if others else 0,
    )


def _of_family(
    session: Session, rows: Sequence[Row[Any]], before: Mapping[uuid.UUID, datetime], now: datetime
) -> list[tuple[Row[Any], str, datetime]]:
    found = session.execute(
        _FAMILY,
        {
            "now": now,
            "ids": [row.id for row in rows],
            "appointments": [row.appointment_id for row in rows],
            "people": [row.person_id for row in rows],
            "what": [row.what for row in rows],
        },
    ).all()
    taken_back = [row.pending for row in found if row.pending is not None]
    if taken_back:
        session.execute(_TAKE_BACK, {"now": now, "ids": taken_back})
    told = []
    for row in found:
        if row.pending is not None or (row.what == "added" and row.status != "scheduled"):
            continue
        known = row.known_at or before.get(row.appointment_id) or row.starts_at
        told.append((row, row.what, known if row.what == "removed" else row.starts_at))
    return told


def _of_colleagues(session: Session, rows: Sequence[Row[Any]], now: datetime) -> int:
    found = session.execute(
        _COLLEAGUES,
        {
            "now": now,
            "ids": [row.id for row in rows],
            "appointments": [row.appointment_id for row in rows],
            "names": [row.name for row in rows],
            "what": [row.what for row in rows],
            "by": [row.changed_by for row in rows],
        },
    ).all()
    taken_back = [row.pending for row in found if row.pending is not None]
    if taken_back:
        session.execute(_FORGET, {"ids": taken_back})
    meant = [row for row in colleagues.meant(found) if row.pending is None]
    for row in meant:
        session.add(
            AppointmentNews(
                appointment_id=row.appointment_id, worker_id=row.worker_id, change_id=row.change_id, what=row.what,
                was_at=row.was_at, starts_at=row.starts_at, noted_at=now, due_at=colleagues.due(row, now),
            )
        )  # fmt: skip
        notify(session, f"agency:{row.agency_id}")
    session.flush()
    return len(meant)
