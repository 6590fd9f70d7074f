"""Deciding ahead what will be told, set by set: it looks at how things stand, never at who changed them.

Whatever books, moves, cancels or imports an appointment, or changes a person's profile, calls nothing here: each pass
finds the appointments whose reminders do not stand for their present time and the present profile (``ReminderPlan``),
and the changes that the database itself has noted (``AppointmentChange``), and mends what differs.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from api.families import zones
from api.reminders import colleagues, expected, professionals, rules
from api.reminders.colleagues import Change
from api.reminders.queries import MOMENTS
from api.settings import settings

#: Appointments are planned when they are as near as this: a little more than the furthest moment.
AHEAD = rules.FURTHEST + rules.FURTHEST / 14
BATCH = 5000

#: Only one process plans at a time: two would plan the same.
_ALONE = text("SELECT pg_try_advisory_xact_lock(hashtext('hearthline.reminders'))")

_STALE = text(f"""
    SELECT a.id AS appointment_id, t.person_id, a.starts_at,
           p.contact_from, p.contact_until, p.contact_days, {zones.OF_PERSON} AS timezone,
           {MOMENTS} AS moments,
           concat_ws('|', p.contact_from, p.contact_until, p.contact_days, {MOMENTS},
                     {zones.OF_PERSON}) AS profile,
           r.starts_at IS DISTINCT FROM a.starts_at AS fresh
    FROM appointments a
    JOIN attendees t ON t.appointment_id = a.id
    JOIN people p ON p.id = t.person_id AND p.kind <> 'child'
    JOIN families f ON f.id = p.family_id
    JOIN agencies g ON g.id = f.agency_id
    LEFT JOIN reminder_plans r ON r.appointment_id = a.id AND r.person_id = t.person_id
    WHERE a.status = 'scheduled' AND a.starts_at > :now AND a.starts_at <= :until
      AND (r.starts_at IS DISTINCT FROM a.starts_at OR r.profile IS DISTINCT FROM
           concat_ws('|', p.contact_from, p.contact_until, p.contact_days, {MOMENTS},
                     {zones.OF_PERSON}))
    LIMIT :batch
""")  # noqa: S608 (our own words)

#: Of an earlier time of the appointment, or of a moment that the person does not want any more.
_DROP = text("""
    UPDATE reminders r SET state = 'skipped', settled_at = :now,
           reason = CASE WHEN r.starts_at <> x.starts_at THEN 'moved' ELSE 'not_wanted' END
    FROM unnest(CAST(:appointments AS uuid[]), CAST(:people AS uuid[]), CAST(:starts AS timestamptz[]),
                CAST(:wanted AS text[])) AS x(appointment_id, person_id, starts_at, wanted)
    WHERE r.appointment_id = x.appointment_id AND r.person_id = x.person_id AND r.change_id = 0 AND r.state = 'planned'
      AND (r.starts_at <> x.starts_at OR r.moment <> ALL (string_to_array(x.wanted, ',')))
""")

#: What was told stays told; what was left out for a reason that no longer holds is planned again.
_PLAN = text("""
    INSERT INTO reminders (id, appointment_id, person_id, moment, starts_at, change_id, due_at, state, reason)
    SELECT gen_random_uuid(), x.appointment_id, x.person_id, x.moment, x.starts_at, 0, x.due_at,
           CASE WHEN x.reason = '' THEN 'planned' ELSE 'skipped' END, x.reason
    FROM unnest(CAST(:appointments AS uuid[]), CAST(:people AS uuid[]), CAST(:moments AS text[]),
                CAST(:starts AS timestamptz[]), CAST(:due AS timestamptz[]), CAST(:reasons AS text[]))
         AS x(appointment_id, person_id, moment, starts_at, due_at, reason)
    ON CONFLICT (appointment_id, person_id, moment, starts_at, change_id) DO UPDATE
    SET due_at = excluded.due_at, state = excluded.state, reason = excluded.reason, settled_at = NULL
    WHERE reminders.state = 'planned'
       OR reminders.state = 'skipped' AND reminders.reason IN ('moved', 'not_wanted', 'no_safe_time', 'together')
""")

_REMEMBER = text("""
    INSERT INTO reminder_plans (appointment_id, person_id, starts_at, profile)
    SELECT * FROM unnest(CAST(:appointments AS uuid[]), CAST(:people AS uuid[]), CAST(:starts AS timestamptz[]),
                         CAST(:profiles AS text[]))
    ON CONFLICT (appointment_id, person_id) DO UPDATE SET starts_at = excluded.starts_at, profile = excluded.profile
""")

#: The changes that nobody has been told of, one row an appointment: what it was before the first of them.
_NOTED = text("""
    WITH noted AS (
        UPDATE appointment_changes SET handled_at = :now
        WHERE id IN (SELECT id FROM appointment_changes WHERE handled_at IS NULL ORDER BY id LIMIT :batch
                     FOR UPDATE SKIP LOCKED)
        RETURNING id, appointment_id, was_at, was_status
    )
    SELECT DISTINCT ON (appointment_id) * FROM noted ORDER BY appointment_id, id
""")

_CHANGES = text("""
    WITH first AS (
        SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:appointments AS uuid[]), CAST(:was AS timestamptz[]),
                             CAST(:statuses AS text[])) AS x(id, appointment_id, was_at, was_status)
    )
    SELECT f.id AS change_id, a.id AS appointment_id, t.person_id, a.starts_at, a.ends_at, a.status, a.series_id,
           coalesce(w.was_at, f.was_at) AS was_at, coalesce(w.was_status, f.was_status) AS was_status,
           w.moment AS pending
    FROM first f
    JOIN appointments a ON a.id = f.appointment_id AND a.ends_at > :now
    JOIN attendees t ON t.appointment_id = a.id
    JOIN people p ON p.id = t.person_id AND p.kind <> 'child'
      AND NOT EXISTS (  -- who chose the new time knows it
          SELECT 1 FROM change_requests c JOIN offered_times o ON o.change_request_id = c.id
          WHERE c.appointment_id = a.id AND c.person_id = t.person_id AND o.state = 'chosen'
            AND o.starts_at = a.starts_at AND a.status = 'scheduled' AND f.was_status = 'scheduled')
    LEFT JOIN LATERAL (  -- news that is still waiting to be told: what the person knows is older
        SELECT r.was_at, CASE WHEN r.moment = 'restored' THEN 'cancelled' ELSE 'scheduled' END AS was_status, r.moment
        FROM reminders r
        WHERE r.appointment_id = a.id AND r.person_id = t.person_id AND r.change_id > 0 AND r.state = 'planned'
        ORDER BY r.change_id LIMIT 1
    ) w ON true
""")

_REPLACE = text("""
    UPDATE reminders r SET state = 'skipped', reason = 'changed_again', settled_at = :now
    FROM unnest(CAST(:appointments AS uuid[]), CAST(:people AS uuid[])) AS x(appointment_id, person_id)
    WHERE r.appointment_id = x.appointment_id AND r.person_id = x.person_id AND r.change_id > 0 AND r.state = 'planned'
""")

_TELL = text("""
    INSERT INTO reminders
        (id, appointment_id, person_id, moment, starts_at, change_id, was_at, others, due_at, state, reason)
    SELECT gen_random_uuid(), x.appointment_id, x.person_id, x.moment, x.starts_at, x.change_id, x.was_at, x.others,
           :now, 'planned', ''
    FROM unnest(CAST(:appointments AS uuid[]), CAST(:people AS uuid[]), CAST(:moments AS text[]),
                CAST(:starts AS timestamptz[]), CAST(:changes AS bigint[]), CAST(:was AS timestamptz[]),
                CAST(:others AS int[]))
         AS x(appointment_id, person_id, moment, starts_at, change_id, was_at, others)
    ON CONFLICT (appointment_id, person_id, moment, starts_at, change_id) DO NOTHING
""")


def alone(session: Session) -> bool:
    """Is nobody else planning? If so nobody else will before this transaction ends."""
    return bool(session.scalar(_ALONE))


def note_changes(session: Session, now: datetime) -> int:
    """Plan to tell everybody expected, family, colleagues and professionals of other agencies, of what was moved,
    cancelled or is on again, and whoever is newly expected or no longer; how many messages that will be.

    What was changed and changed back before anybody was told is nobody's news.
    """
    noted = [Change(*row) for row in session.execute(_NOTED, {"now": now, "batch": BATCH})]
    changed_places = expected.note(session, now, noted)
    told = colleagues.note(session, noted, now, unless=changed_places.names) + changed_places.colleagues
    told += professionals.note(session, noted, now, unless=changed_places.names)
    rows = _changed(session, noted, now) if noted else []
    if rows:
        session.execute(_REPLACE, {"now": now, **_who(rows)})
    rows = [row for row in rows if (row.appointment_id, row.person_id) not in changed_places.people]
    news = _together(
        [(row, moment, row.starts_at) for row in rows if (moment := _what_happened(row))] + changed_places.told
    )
    if news:
        of = [row for row, *_ in news]
        session.execute(
            _TELL,
            {
                "now": now,
                **_who(of),
                "moments": [moment for _, moment, _, _ in news],
                "others": [others for *_, others in news],
                "starts": [told_of for _, _, told_of, _ in news],
                "changes": [row.change_id for row in of],
                "was": [row.was_at if moment == "moved" else None for row, moment, _, _ in news],
            },
        )
    return told + len(news)


def _changed(session: Session, noted: Sequence[Change], now: datetime) -> Sequence[Row[Any]]:
    return session.execute(
        _CHANGES,
        {
            "now": now,
            "ids": [one.id for one in noted],
            "appointments": [one.appointment_id for one in noted],
            "was": [one.was_at for one in noted],
            "statuses": [one.was_status for one in noted],
        },
    ).all()


_News = tuple[Row[Any], str, datetime]


def _together(news: Sequence[_News]) -> list[tuple[Row[Any], str, datetime, int]]:
    """The same news of several appointments of one series is one text to each person: of the first, with how many
    others it is true of."""
    found: dict[object, list[_News]] = {}
    for one in sorted(news, key=lambda one: one[2]):
        row, moment, _ = one
        key = (row.person_id, row.series_id, moment) if row.series_id else (row.person_id, row.appointment_id)
        found.setdefault(key, []).append(one)
    return [(*same[0], len(same) - 1) for same in found.values()]


def _what_happened(row: Row[Any]) -> str:
    if row.pending == "added":  # they have not heard yet that they are expected
        return "added" if row.status == "scheduled" else ""
    return colleagues.what_happened(row.was_at, row.was_status, row.starts_at, row.status)


def plan(session: Session, now: datetime) -> int:
    """Plan anew what does not stand for the present time and profile: a batch; how many (appointment, person)."""
    facts = {"now": now, "until": now + AHEAD, "moments": settings().reminders, "batch": BATCH}
    rows = session.execute(_STALE, facts).all()
    if not rows:
        return 0
    starts = [row.starts_at for row in rows]
    session.execute(_DROP, {"now": now, **_who(rows), "starts": starts, "wanted": [row.moments for row in rows]})
    made = [(row, planned) for row in rows for planned in _planned(row, now)]
    session.execute(
        _PLAN,
        {
            **_who([row for row, _ in made]),
            "moments": [planned.moment.code for _, planned in made],
            "starts": [row.starts_at for row, _ in made],
            "due": [planned.due_at for _, planned in made],
            "reasons": [planned.reason for _, planned in made],
        },
    )
    session.execute(_REMEMBER, {**_who(rows), "starts": starts, "profiles": [row.profile for row in rows]})
    return len(rows)


def _planned(row: Row[Any], now: datetime) -> list[rules.Planned]:
    hours = rules.Hours(row.contact_from, row.contact_until, ZoneInfo(row.timezone), row.contact_days)
    return rules.plan(row.starts_at, rules.parse(row.moments), hours, now, fresh=row.fresh)


def _who(rows: Sequence[Row[Any]]) -> dict[str, list[uuid.UUID]]:
    return {"appointments": [row.appointment_id for row in rows], "people": [row.person_id for row in rows]}
