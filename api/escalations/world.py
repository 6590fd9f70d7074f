"""What the ladder stands on, read from the database: an agency's people, rota and ladders, and an escalation's case.

Everybody who tells or foretells a rung (the tick, the cards, the rehearsal) reads it here, and asks the ladder.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.access.models import Agency, Worker
from api.channels.push import queries as push
from api.escalations import ladder
from api.escalations.ladder import Case, Rule, Telling
from api.escalations.models import Escalation, LadderRule, RotaChange, Shift
from api.escalations.rota import Leave, Member, Rota, Turn
from api.families.models import FamilyWorker
from api.settings import settings

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
    #: Worker → number, of those who have one.
    phones: Mapping[uuid.UUID, str]
    #: Worker → e-mail address, if e-mail is set up.
    emails: Mapping[uuid.UUID, str]
    #: Worker → their browsers' ids, if notifications are set up.
    browsers: Mapping[uuid.UUID, tuple[str, ...]]

    def addresses(self, channel: str, worker_id: uuid.UUID) -> tuple[str, ...]:
        """Where this worker is told by this channel: a number, an address, each of their browsers."""
        if channel == "push":
            return self.browsers.get(worker_id, ())
        found = (self.phones if channel == "sms" else self.emails).get(worker_id)
        return (found,) if found else ()

    def telling(self, case: Case, step: int, begun: str, at: datetime) -> Telling:
        """What happens to an escalation whose rung is due at ``at``, at this step of the ladder that it has begun."""
        return ladder.telling(self.rules, self.rota, self.zone, case, step, at, begun)


@dataclass(frozen=True)
class Due:
    """What telling has to know of an escalation that stands at a step of its ladder."""

    id: int
    agency_id: uuid.UUID
    family_id: uuid.UUID | None
    priority: str
    rung: int
    step: int
    begun: str


def due_of(escalation: Escalation) -> Due:
    """The same of one that was read whole."""
    return Due(
        escalation.id,
        escalation.agency_id,
        escalation.family_id,
        escalation.priority,
        escalation.rung,
        escalation.step,
        escalation.begun,
    )


def world(session: Session, agency_id: uuid.UUID, at: datetime, until: datetime | None = None) -> World:
    """The agency's people, ladders, and rota from a day before ``at`` to ``until`` (else two days after)."""
    return worlds(session, {agency_id}, at, until)[agency_id]


def worlds(
    session: Session, agency_ids: set[uuid.UUID], at: datetime, until: datetime | None = None
) -> dict[uuid.UUID, World]:
    """The same of several agencies, in as many queries as of one."""
    agencies = session.scalars(select(Agency).where(Agency.id.in_(agency_ids))).all()
    rotas = _rotas(session, agency_ids, at - BEHIND, until or at + AHEAD)
    reach = select(Worker.id, Worker.phone, Worker.email).where(Worker.agency_id.in_(agency_ids), Worker.active)
    rows = session.execute(reach).all()
    phones = {worker_id: phone for worker_id, phone, _ in rows if phone}
    emails = {worker_id: email for worker_id, _, email in rows if email and settings().mails}
    browsers = _browsers(session, agency_ids)
    own: dict[uuid.UUID, list[Rule]] = {agency.id: [] for agency in agencies}
    for row in session.scalars(
        select(LadderRule).where(LadderRule.agency_id.in_(agency_ids)).order_by(LadderRule.position, LadderRule.id)
    ):
        own[row.agency_id].append(rule_of(row))
    return {
        agency.id: World(
            agency.id,
            ZoneInfo(agency.timezone),
            agency.language,
            tuple(own[agency.id]),
            rotas[agency.id],
            phones,
            emails,
            browsers,
        )
        for agency in agencies
    }


def _browsers(session: Session, agency_ids: set[uuid.UUID]) -> dict[uuid.UUID, tuple[str, ...]]:
    return push.of_agencies(session, agency_ids) if settings().pushes else {}


def rota(session: Session, agency_id: uuid.UUID, starts: datetime, ends: datetime) -> Rota:
    """Who works there now, and the shifts, covers and leave that touch this time."""
    return _rotas(session, {agency_id}, starts, ends)[agency_id]


def _rotas(session: Session, agency_ids: set[uuid.UUID], starts: datetime, ends: datetime) -> dict[uuid.UUID, Rota]:
    members: dict[uuid.UUID, dict[uuid.UUID, Member]] = {agency_id: {} for agency_id in agency_ids}
    turns: dict[uuid.UUID, list[Turn]] = {agency_id: [] for agency_id in agency_ids}
    covers: dict[uuid.UUID, list[Turn]] = {agency_id: [] for agency_id in agency_ids}
    leaves: dict[uuid.UUID, list[Leave]] = {agency_id: [] for agency_id in agency_ids}
    browsers = _browsers(session, agency_ids)
    people = (Worker.agency_id, Worker.id, Worker.name, Worker.external_id, Worker.team, Worker.phone, Worker.email)
    for agency_id, worker_id, name, key, team, phone, email in session.execute(
        select(*people).where(Worker.agency_id.in_(agency_ids), Worker.active)
    ):
        members[agency_id][worker_id] = Member(
            worker_id, name, key, team, bool(phone), bool(email) and settings().mails, worker_id in browsers
        )
    shifts = (Shift.agency_id, Shift.worker_id, Shift.role, Shift.starts_at, Shift.ends_at)
    for agency_id, worker_id, role, begins, until in session.execute(
        select(*shifts).where(Shift.agency_id.in_(agency_ids), Shift.starts_at < ends, Shift.ends_at > starts)
    ):
        turns[agency_id].append(Turn(worker_id, role, begins, until))
    for c in session.scalars(
        select(RotaChange).where(
            RotaChange.agency_id.in_(agency_ids),
            RotaChange.starts_at < ends,
            RotaChange.ends_at > starts,
            RotaChange.cancelled_at.is_(None),
        )
    ):
        if c.kind == "cover":
            covers[c.agency_id].append(Turn(c.worker_id, c.role, c.starts_at, c.ends_at, c.instead_of))
        else:
            leaves[c.agency_id].append(Leave(c.worker_id, c.starts_at, c.ends_at))
    return {key: Rota(members[key], tuple(turns[key]), tuple(covers[key]), tuple(leaves[key])) for key in agency_ids}


def rule_of(row: LadderRule) -> Rule:
    """The row as a rule."""
    return Rule(row.priority, ladder.steps_of(row.steps), row.team, frozenset(map(int, row.days)), row.begins, row.ends)


def cases(session: Session, escalations: Sequence[Escalation] | Sequence[Due]) -> dict[int, Case]:
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
