"""Breaking the glass: a worker opens a family that is not theirs, for an hour, and says why.

Promises: without a reason nothing opens; it is in the audit trail in the same transaction; the family's own workers are
told in the console until one of them has seen it, and whoever leads the agency can read who opened what, and why. What
one sees then, api.access.queries decides, as always.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from api import clock
from api.access import queries, service
from api.access.models import Opening
from api.access.queries import Viewer
from api.audit import service as audit
from api.database import notify, transaction
from api.families.models import Family

LASTS = timedelta(hours=1)
#: A word is no reason.
SHORTEST_REASON = 15
LONGEST_REASON = 1000
#: Looking for families one does not know: so often in a quarter of an hour.
TRIES = 6
SHOWN = 200


class NoReason(ValueError):
    """It was not said why."""


class NoSuchFamily(LookupError):
    """No family, or more than one, has this name or reference."""


@dataclass(frozen=True)
class OpeningView:
    opening: Opening
    family: str
    worker: str
    seen_by: str
    running: bool
    to_see: bool


def open_family(worker: Viewer, given: str, reason: str) -> uuid.UUID:
    """Open the family of this reference, or whose name is this, for an hour; returns its id. One that the worker sees
    anyway is not opened again. Raises NoReason, NoSuchFamily, api.access.service.TooManyTries. Commits."""
    wanted, reason = given.strip(), reason.strip()
    if len(reason) < SHORTEST_REASON:
        raise NoReason
    service.count_try({service.keyed_hash("opening", str(worker.id)): TRIES})
    is_it = or_(Family.external_id == wanted, func.lower(Family.name) == wanted.casefold())
    with transaction() as session:
        seen = session.scalars(queries.visible_families(worker).where(is_it)).all()
        if len(seen) == 1:
            return seen[0].id
        found = session.scalars(queries.closed_families(worker).where(is_it)).all()
        if len(found) != 1:
            audit.record(session, actor_kind="worker", actor_id=worker.id, verb="looked_for_family")
        else:
            _open(session, worker, found[0], reason)
    if len(found) != 1:
        raise NoSuchFamily
    return found[0].id


def _open(session: Session, worker: Viewer, family: Family, reason: str) -> None:
    now = clock.now()
    opening = Opening(
        family_id=family.id, worker_id=worker.id, reason=reason[:LONGEST_REASON], opened_at=now, ends_at=now + LASTS
    )
    session.add(opening)
    session.flush()
    audit.record(
        session,
        actor_kind="worker",
        actor_id=worker.id,
        verb="opened_unassigned_family",
        family_id=family.id,
        object_id=opening.id,
    )
    notify(session, f"agency:{family.agency_id}")


def mark_seen(session: Session, worker: Viewer, opening: Opening) -> None:
    """One of the family's own workers has seen it."""
    opening.seen_at, opening.seen_by = clock.now(), worker.id
    audit.record(
        session,
        actor_kind="worker",
        actor_id=worker.id,
        verb="saw_opening",
        family_id=opening.family_id,
        object_id=opening.id,
    )


def counting_to_see(worker: Viewer) -> Select[int]:
    """The query that counts what this worker may know of and nobody has seen."""
    return queries.openings_to_see(worker).with_only_columns(func.count(), maintain_column_froms=True)


def openings(session: Session, worker: Viewer) -> list[OpeningView]:
    """What this worker may know of, the latest first."""
    rows = session.scalars(queries.visible_openings(worker).order_by(Opening.opened_at.desc()).limit(SHOWN)).all()
    to_see = set(session.scalars(queries.openings_to_see(worker).with_only_columns(Opening.id)))
    families = {
        row.id: row.name for row in session.scalars(select(Family).where(Family.id.in_({o.family_id for o in rows})))
    }
    names = queries.worker_names(session, [i for row in rows for i in (row.worker_id, row.seen_by)])
    now = clock.now()
    return [
        OpeningView(
            row,
            families[row.family_id],
            names[row.worker_id],
            names.get(row.seen_by, ""),
            row.ends_at > now and row.worker_id == worker.id,
            row.id in to_see,
        )
        for row in rows
    ]
