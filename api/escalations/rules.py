"""An agency's own ladders, as its managers change them: checked whole before they count, and each change on record.

And what would happen: the rehearsal of a ladder on the rota as it is. Callers have checked who may (api.access).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Agency, Worker
from api.audit import service as audit
from api.escalations import ladder
from api.escalations.ladder import Case, Rule, Telling
from api.escalations.mistakes import mistakes
from api.escalations.models import LadderRule
from api.escalations.world import World, rule_of, world

#: A rehearsal goes so far: later it only repeats itself.
MOST_TELLINGS = 12
LONGEST_REHEARSAL = timedelta(days=2)


class BadRule(ValueError):
    """The ladder was not taken. ``mistakes``: what is wrong, with the step counted from 1, or 0 for the hours
    (``ladders.mistake.<it>``)."""

    def __init__(self, mistakes: list[tuple[str, int]]) -> None:
        super().__init__("the ladder has mistakes")
        self.mistakes = mistakes


@dataclass(frozen=True)
class Row:
    """A ladder of the agency's own and its id."""

    id: uuid.UUID
    rule: Rule


def own(session: Session, agency_id: uuid.UUID) -> list[Row]:
    """The agency's own ladders, the first that fits first."""
    rows = session.scalars(
        select(LadderRule).filter_by(agency_id=agency_id).order_by(LadderRule.position, LadderRule.id)
    )
    return [Row(row.id, rule_of(row)) for row in rows]


def save(session: Session, worker: Worker, row: LadderRule | None, rule: Rule) -> LadderRule:
    """Change a ladder, or (``row`` None) add one behind the others. Raises BadRule."""
    keys = set(session.scalars(select(Worker.external_id).filter_by(agency_id=worker.agency_id, active=True)))
    found = mistakes(rule.priority, rule.steps, keys)
    if (rule.begins is None) != (rule.ends is None) or (rule.begins is not None and rule.begins == rule.ends):
        found.append(("hours", 0))
    if found:
        raise BadRule(found)
    if row is None:
        last = session.scalar(select(func.max(LadderRule.position)).filter_by(agency_id=worker.agency_id))
        row = LadderRule(agency_id=worker.agency_id, position=(last or 0) + 1)
        session.add(row)
    row.priority, row.team, row.days = rule.priority, rule.team, sorted(rule.days)
    row.begins, row.ends = rule.begins, rule.ends
    row.steps = [
        {
            "tell": list(step.targets),
            "wait_minutes": int(step.wait.total_seconds() // 60),
            "by": list(step.channels),
            "when": step.when,
        }
        for step in rule.steps
    ]
    row.changed_at, row.changed_by = clock.now(), worker.id
    session.flush()
    _record(session, worker, "changed_ladder", row)
    return row


def remove(session: Session, worker: Worker, row: LadderRule) -> None:
    """Take a ladder away: the next that fits holds, at the latest the file's."""
    _record(session, worker, "removed_ladder", row)
    session.delete(row)


def move_up(session: Session, worker: Worker, row: LadderRule) -> None:
    """Let it go before the one that stands before it."""
    before = session.scalars(
        select(LadderRule)
        .where(LadderRule.agency_id == row.agency_id, LadderRule.position < row.position)
        .order_by(LadderRule.position.desc())
    ).first()
    if before is not None:
        before.position, row.position = row.position, before.position
        _record(session, worker, "moved_ladder", row)


def set_waits(session: Session, agency: Agency, worker: Worker, wanted: Mapping[str, int]) -> None:
    """How many minutes are too long (patience.BOUNDS, checked by the caller); on record where it changes anything."""
    changed = {name: minutes for name, minutes in wanted.items() if getattr(agency, name) != minutes}
    for name, minutes in changed.items():
        setattr(agency, name, minutes)
    if changed:
        audit.record(
            session, actor_kind="worker", actor_id=worker.id, verb="changed_waits", object_id=agency.id, detail=changed
        )


def _record(session: Session, worker: Worker, verb: str, row: LadderRule) -> None:
    detail = {"priority": row.priority, "steps": len(row.steps)}
    audit.record(session, actor_kind="worker", actor_id=worker.id, verb=verb, object_id=row.id, detail=detail)


@dataclass(frozen=True)
class Rehearsal:
    """Who would be told, and when, if nobody acknowledged; ``here`` is the agency as it was read."""

    here: World
    tellings: Sequence[tuple[datetime, Telling]]


def rehearsal(
    session: Session, agency_id: uuid.UUID, priority: str, at: datetime, lead: uuid.UUID | None = None
) -> Rehearsal:
    """What would happen to an escalation that opens at ``at``, for a family of this lead worker (or of nobody)."""
    until = at + LONGEST_REHEARSAL
    here = world(session, agency_id, at, until)
    member = here.rota.members.get(lead) if lead else None
    case = Case(priority, lead, member.team if member else "")
    told = ladder.rehearse(here.rules, here.rota, here.zone, case, at, until)
    return Rehearsal(here, list(islice(told, MOST_TELLINGS)))
