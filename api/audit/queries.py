"""Reading the audit trail: who looked at what, who changed what, for whoever answers for the agency.

Promise: ``entries`` takes the viewer and reads only what api.access lets them see; a page takes the same few statements
however many entries there are. The trail itself cannot be changed (a trigger of the database refuses).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, func, not_, or_, select
from sqlalchemy.orm import Session

from api.access.models import Worker
from api.access.queries import Viewer, worker_names
from api.access.trail import visible_entries
from api.audit.models import AuditEntry
from api.families.models import Family, Person

#: How the verbs begin that only look.
LOOKS = ("viewed_", "listed_", "looked_", "prepared_review", "searched", "exported_", "saw_")
ONLY = ("looks", "changes")


@dataclass(frozen=True)
class Entry:
    """A line of the trail: ``who`` is a worker's name, or a family member's first name; "" for the system."""

    entry: AuditEntry
    who: str
    family: str


def chosen(
    viewer: Viewer,
    *,
    family_id: uuid.UUID | None = None,
    worker_id: uuid.UUID | None = None,
    day: date | None = None,
    timezone: str = "UTC",
    only: str = "",
) -> Select[AuditEntry]:
    """What the viewer may read: of one family, of one worker, of one day where the agency is, one of ONLY."""
    query = visible_entries(viewer)
    if family_id is not None:
        query = query.where(AuditEntry.family_id == family_id)
    if worker_id is not None:
        query = query.where(AuditEntry.actor_kind == "worker", AuditEntry.actor_id == worker_id)
    if day is not None:
        zone = ZoneInfo(timezone)
        begin, end = (datetime.combine(one, time(), tzinfo=zone) for one in (day, day + timedelta(days=1)))
        query = query.where(and_(AuditEntry.at >= begin, AuditEntry.at < end))
    if only in ONLY:
        looks = or_(*(AuditEntry.verb.startswith(begin, autoescape=True) for begin in LOOKS))
        query = query.where(looks if only == "looks" else not_(looks))
    return query


def entries(session: Session, which: Select[AuditEntry], *, limit: int, offset: int) -> tuple[list[Entry], int]:
    """Those entries (``chosen``), the newest first, and how many there are in all."""
    total = session.scalar(select(func.count()).select_from(which.subquery())) or 0
    rows = session.scalars(which.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit).offset(offset)).all()
    workers = worker_names(session, [row.actor_id for row in rows if row.actor_kind == "worker"])
    told = {row.actor_id for row in rows if row.actor_kind == "person"}
    people = session.execute(select(Person.id, Person.first_name).where(Person.id.in_(told))).all() if told else []
    names = {**workers, **{row.id: row.first_name for row in people}}
    about = {row.family_id for row in rows if row.family_id}
    found = session.execute(select(Family.id, Family.name).where(Family.id.in_(about))).all() if about else []
    families = {row.id: row.name for row in found}
    return [Entry(row, names.get(row.actor_id, ""), families.get(row.family_id, "")) for row in rows], total


def workers(session: Session, viewer: Viewer) -> list[tuple[uuid.UUID, str]]:
    """Whose lines can be asked for: everybody who works or worked there, by name."""
    query = select(Worker.id, Worker.name).where(Worker.agency_id == viewer.agency_id).order_by(Worker.name)
    return [(row.id, row.name) for row in session.execute(query)]


def corrected(session: Session, family_id: uuid.UUID, object_id: uuid.UUID) -> set[str]:
    """Which fields of the family, or of somebody in it, workers have mended here."""
    told = select(AuditEntry.detail).where(
        AuditEntry.family_id == family_id,
        AuditEntry.object_id == str(object_id),
        AuditEntry.verb.in_(("changed_family", "corrected_person")),
    )
    return {name for detail in session.scalars(told) for name in detail.get("fields", ())}
