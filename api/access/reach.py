"""How far a role reaches: which families are a worker's to see. The rule is applied by api.access.queries alone.

Managers reach all of their agency's families, always. Duty workers do while they are on duty by the rota (a shift or a
cover; not on leave, nobody in their place), a little before and after. Everybody, administrators too, reaches the
families they are assigned to, and for an hour those that they have opened with a reason. It fails closed: a role that
is not named here reaches nothing.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple, Protocol

from sqlalchemy import ColumnElement, Select, and_, exists, false, literal, not_, or_, select

from api.access.models import Opening
from api.database import moment
from api.escalations.models import RotaChange, Shift
from api.families.models import Family, FamilyWorker

#: Roles that work for all families of their agency: managers always, duty workers while they are on duty.
AGENCY_WIDE = frozenset({"duty", "manager"})
#: Roles that say whose a new family is; who is not one of these adds families of their own.
GIVES_FAMILIES = AGENCY_WIDE | {"administrator"}
#: Roles that do not see every family at every hour: they may open one, with a reason.
MAY_OPEN = frozenset({"worker", "duty", "administrator"})
#: Reading what came before one's shift, and writing down what happened in it.
BEFORE_A_SHIFT = timedelta(minutes=30)
AFTER_A_SHIFT = timedelta(hours=1)
#: Whoever acknowledged or closed an escalation can still read it so long after it was closed, to write it up.
STILL_READABLE = timedelta(days=3)


class Viewer(Protocol):
    """Who is asking: a Worker, or anything with the same three facts."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def agency_id(self) -> uuid.UUID: ...
    @property
    def role(self) -> str: ...


class Asker(NamedTuple):
    """Those facts by themselves."""

    id: uuid.UUID
    agency_id: uuid.UUID
    role: str


def assigned(worker: Viewer) -> Select[uuid.UUID]:
    """The ids of the families that they are assigned to."""
    return select(FamilyWorker.family_id).where(FamilyWorker.worker_id == worker.id)


def reached(worker: Viewer) -> ColumnElement[bool]:
    """The condition on Family, beside that of the agency."""
    return _reached(Asker(worker.id, worker.agency_id, worker.role))


@lru_cache(maxsize=1024)
def _reached(worker: Asker) -> ColumnElement[bool]:
    # Kept, because making it costs as much as asking it: nothing in it may be as of now (api.database.moment).
    if worker.role == "manager":
        return literal(True)
    if worker.role not in MAY_OPEN:
        return false()
    opened = select(Opening.family_id).where(Opening.worker_id == worker.id, Opening.ends_at > moment())
    own = or_(Family.id.in_(assigned(worker)), Family.id.in_(opened))
    return or_(own, on_duty(worker)) if worker.role == "duty" else own


def on_duty(worker: Viewer) -> ColumnElement[bool]:
    """Is this duty worker on duty, or was until just now? An agency that keeps no rota of duty has all of them on."""
    about = Shift.starts_at <= moment(BEFORE_A_SHIFT), Shift.ends_at > moment(-AFTER_A_SHIFT)
    change = RotaChange.agency_id == worker.agency_id, RotaChange.cancelled_at.is_(None)
    holds = *change, RotaChange.starts_at <= moment(), RotaChange.ends_at > moment()
    away = exists().where(*holds, RotaChange.kind == "leave", RotaChange.worker_id == worker.id)
    replaced = exists().where(*holds, RotaChange.kind == "cover", RotaChange.instead_of == worker.id)
    covers = exists().where(
        *change,
        RotaChange.kind == "cover",
        RotaChange.worker_id == worker.id,
        RotaChange.starts_at <= moment(BEFORE_A_SHIFT),
        RotaChange.ends_at > moment(-AFTER_A_SHIFT),
    )
    kept = exists().where(Shift.agency_id == worker.agency_id, Shift.role == "duty", Shift.ends_at > moment())
    on_shift = exists().where(Shift.agency_id == worker.agency_id, Shift.worker_id == worker.id, *about)
    return or_(not_(kept), and_(or_(and_(on_shift, not_(replaced)), covers), not_(away)))
