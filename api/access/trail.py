"""Who may read who did what: managers, of the families that they see and of their own agency's workers. A part of
api.access.queries that stands apart because that file is long; it fails closed as that does."""

from __future__ import annotations

from sqlalchemy import Select, and_, false, or_, select

from api.access.models import Worker
from api.access.queries import NotVisible, Viewer, visible_families
from api.audit.models import AuditEntry
from api.families.models import Family


def audits_or_404(worker: Viewer) -> None:
    """Raises NotVisible (404) for whoever may not read who did what: managers may."""
    if worker.role != "manager":
        raise NotVisible


def visible_entries(worker: Viewer) -> Select[AuditEntry]:
    """The audit trail of the families that a manager sees, and of what the agency's workers did beside them."""
    seen = AuditEntry.family_id.in_(visible_families(worker).with_only_columns(Family.id))
    agencys = AuditEntry.actor_id.in_(select(Worker.id).where(Worker.agency_id == worker.agency_id))
    query = select(AuditEntry).where(or_(seen, and_(AuditEntry.family_id.is_(None), agencys)))
    return query if worker.role == "manager" else query.where(false())
