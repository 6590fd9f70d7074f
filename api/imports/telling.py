"""The agency's own system hears what an import has changed: what stood before and what stands after, compared.

Promise: what is as it was is told of to nobody, whichever way it was written; each appointment or action is told of
once, in the file's order of families. How many at most, ``api.webhooks.events`` says.
"""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from api.access.models import Agency
from api.families.models import Family
from api.webhooks import events
from api.webhooks.events import Change

#: All of a family that is counted: part, id, what stands there in short, and of appointments and actions their state.
_PRINTS = text("""
    SELECT 'people' AS part, id, md5((to_jsonb(p) - 'said')::text) AS print, '' AS status, id AS within, NULL AS at
    FROM people p WHERE family_id = :family
    UNION ALL
    SELECT 'plans', id, version::text, '', id, NULL FROM plans WHERE family_id = :family
    UNION ALL
    SELECT 'actions', a.id, md5(a::text), a.status, a.plan_id, NULL
    FROM plan_actions a JOIN plans l ON l.id = a.plan_id WHERE l.family_id = :family
    UNION ALL
    SELECT 'series', id, md5(concat_ws('|', kind, rrule, every_working_days, starts_on, ends_on, at, minutes, place,
                                       address, address_hidden, link, bring, travel, attendees, follows_id)), '',
           id, NULL
    FROM appointment_series WHERE family_id = :family
    UNION ALL
    SELECT 'conferences', id, md5(c::text), '', id, NULL FROM conferences c WHERE family_id = :family
    UNION ALL
    SELECT 'reviews', r.id, r.version::text, '', r.plan_id, NULL
    FROM reviews r JOIN plans l ON l.id = r.plan_id WHERE l.family_id = :family
    UNION ALL
    SELECT 'events', id, md5(e::text), '', id, NULL FROM case_events e WHERE family_id = :family
    UNION ALL
    SELECT 'views', id, md5(v::text), '', id, NULL FROM stated_views v WHERE family_id = :family
    UNION ALL
    SELECT 'appointments', id, md5((to_jsonb(a) - 'said')::text || coalesce((
               SELECT string_agg(t::text, ',' ORDER BY t.id) FROM attendees t WHERE t.appointment_id = a.id), '')),
           a.status, id, a.starts_at || '|' || a.ends_at
    FROM appointments a WHERE family_id = :family
    ORDER BY at NULLS FIRST, id
""")


@dataclass(frozen=True)
class _Print:
    print: str
    status: str
    within: uuid.UUID
    at: str


Prints = dict[tuple[str, uuid.UUID], _Print]


@dataclass
class _Heard:
    """What one agency is to hear."""

    changes: list[Change] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


class Telling:
    """One import under way. Of agencies that nobody listens for, nothing is looked at."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._listening = events.listening(session)
        self._heard: dict[uuid.UUID, _Heard] = {}

    def before(self, agency: Agency, family_key: str) -> Prints:
        """What stands there before the family is written."""
        if agency.id not in self._listening:
            return {}
        here = select(Family.id).filter_by(agency_id=agency.id, external_id=family_key)
        known = self._session.scalar(here)
        return {} if known is None else self._prints(known)

    def after(self, agency: Agency, family: Family, before: Prints) -> None:
        """Note what is otherwise now."""
        if agency.id not in self._listening:
            return
        self._session.flush()
        heard = self._heard.setdefault(agency.id, _Heard())
        changed = False
        for key, now in self._prints(family.id).items():
            was = before.get(key)
            if was is not None and was.print == now.print:
                continue
            changed = True
            heard.counts[f"{key[0]}_{'changed' if was else 'new'}"] += 1
            told = _told(key, was, now)
            if told is not None:
                heard.changes.append(Change(told[0], family.id, told[1]))
        if changed:
            heard.counts["families_changed" if before else "families_new"] += 1

    def send(self) -> None:
        """Queue it all, in the import's own transaction."""
        for agency_id, heard in self._heard.items():
            if heard.counts:
                events.tell_import(self._session, agency_id, heard.changes, heard.counts)

    def _prints(self, family_id: uuid.UUID) -> Prints:
        rows = self._session.execute(_PRINTS, {"family": family_id})
        return {(row.part, row.id): _Print(row.print, row.status, row.within, row.at or "") for row in rows}


def _told(key: tuple[str, uuid.UUID], was: _Print | None, now: _Print) -> tuple[str, dict[str, object]] | None:
    """The kind of event, and its ids; None for what no program is told of by itself, whoever does it. An action that
    comes here as done already was reported to nobody now."""
    part, key_id = key
    if part == "appointments":
        what = "booked" if was is None else "changed"
        if was is not None and was.status != now.status:
            what = "cancelled" if now.status == "cancelled" else "restored"
        elif was is not None and was.at != now.at:
            what = "moved"
        return "appointment.changed", {"appointment_id": key_id, "what": what}
    if part == "actions" and was is not None and was.status != now.status:
        kinds = {"verified": "action.verified", "reported_done": "action.reported", "blocked": "action.reported"}
        if now.status in kinds:
            return kinds[now.status], {"plan_id": now.within, "action_id": key_id, "status": now.status}
    dropped = was is not None and now.status == "dropped" != was.status
    recorded = "recorded" if was is None else "changed"
    others: dict[str, tuple[str, dict[str, object]]] = {
        "actions": (
            "action.changed",
            {
                "plan_id": now.within,
                "action_id": key_id,
                "what": "added" if was is None else "dropped" if dropped else "changed",
            },
        ),
        "plans": (events.PLAN_CHANGED, {"plan_id": key_id, "what": "made" if was is None else "changed"}),
        "conferences": ("conference.recorded", {"conference_id": key_id, "what": recorded}),
        "reviews": (
            "review.recorded",
            {"plan_id": now.within, "review_id": key_id, "what": "recorded" if was is None else "corrected"},
        ),
        "views": ("view.recorded", {"view_id": key_id, "what": recorded}),
    }
    return others.get(part)
