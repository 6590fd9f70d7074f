"""What the ladder stands on, read from the database: an agency's people, rota and ladders, and an escalation's case.

Everybody who tells or foretells a rung (the tick, the cards, the rehearsal) reads it here, and asks the ladder.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.access.models import Agency, Worker
from api.escalations import ladder
from api.escalations.ladder import Case, Rule, Telling
from api.escalations.models import Escalation, LadderRule, RotaChange, Shift
from api.escalations.rota import Leave, Member, Rota, Turn
from api.families.models import FamilyWorker

#: The rota is read so far round a moment: no wait of a ladder is longer than a day.
BEHIND, AHEAD = timedelta(days=1), timedelta(days=2)


@dataclass(frozen=True)
class World:
    """One agency, as far as its rota was read."""

    agency_id: uuid.UUID
    zone: ZoneInfo
    language: str
    rules: tuple[Rule, ...]
    rota: Rota

    def telling(self, case: Case, step: int, at: datetime) -> Telling:
        """What happens to an escalation whose rung is due at ``at``."""
        return ladder.telling(self.rules, self.rota, self.zone, case, step, at)


def world(session: Session, agency_id: uuid.UUID, at: datetime, until: datetime | None = None) -> World:
    """The agency's people, ladders, and rota from a day before ``at`` to ``until`` (else two days after)."""
    agency = session.get_one(Agency, agency_id)
    return World(
        agency_id,
        ZoneInfo(agency.timezone),
        agency.language,
        rules(session, agency_id),
        rota(session, agency_id, at - BEHIND, until or at + AHEAD),
    )


def rota(session: Session, agency_id: uuid.UUID, starts: datetime, ends: datetime) -> Rota:
    """Who works there now, and the shifts, covers and leave that touch this time."""
    workers = session.scalars(select(Worker).filter_by(agency_id=agency_id, active=True))
    members = {w.id: Member(w.id, w.name, w.external_id, w.team, bool(w.phone)) for w in workers}
    shifts = session.scalars(
        select(Shift).where(Shift.agency_id == agency_id, Shift.starts_at < ends, Shift.ends_at > starts)
    )
    changes = session.scalars(
        select(RotaChange).where(
            RotaChange.agency_id == agency_id,
            RotaChange.starts_at < ends,
            RotaChange.ends_at > starts,
            RotaChange.cancelled_at.is_(None),
        )
    ).all()
    return Rota(
        members,
        tuple(Turn(s.worker_id, s.role, s.starts_at, s.ends_at) for s in shifts),
        tuple(Turn(c.worker_id, c.role, c.starts_at, c.ends_at, c.instead_of) for c in changes if c.kind == "cover"),
        tuple(Leave(c.worker_id, c.starts_at, c.ends_at) for c in changes if c.kind == "leave"),
    )


def rules(session: Session, agency_id: uuid.UUID) -> tuple[Rule, ...]:
    """The agency's own ladders, the first that fits first."""
    rows = session.scalars(
        select(LadderRule).filter_by(agency_id=agency_id).order_by(LadderRule.position, LadderRule.id)
    )
    return tuple(rule_of(row) for row in rows)


def rule_of(row: LadderRule) -> Rule:
    """The row as a rule."""
    return Rule(row.priority, ladder.steps_of(row.steps), row.team, frozenset(map(int, row.days)), row.begins, row.ends)


def cases(session: Session, escalations: Sequence[Escalation]) -> dict[int, Case]:
    """What the ladder has to know of each, by its id: the family's own worker now, and that worker's team."""
    families = {escalation.family_id for escalation in escalations if escalation.family_id}
    leads = {
        row.family_id: (row.worker_id, row.team)
        for row in session.execute(
            select(FamilyWorker.family_id, FamilyWorker.worker_id, Worker.team)
            .join(Worker, Worker.id == FamilyWorker.worker_id)
            .where(FamilyWorker.family_id.in_(families), FamilyWorker.lead)
        )
    }
    made = {}
    for escalation in escalations:
        lead, team = leads.get(escalation.family_id, (None, "")) if escalation.family_id else (None, "")
        made[escalation.id] = Case(escalation.priority, lead, team)
    return made
