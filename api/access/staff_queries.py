"""Which colleagues somebody may add, change and let go: those of the agency, for whoever leads it, and nobody above."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.access.models import ROLES, Worker
from api.access.queries import NotVisible, Viewer, leads, leads_or_404


def within(worker: Viewer, role: str) -> bool:
    """May this worker manage, and make, somebody of this role? Who leads the agency may, up to their own."""
    return leads(worker) and role in ROLES and ROLES.index(role) <= ROLES.index(worker.role)


def managed_or_404(session: Session, worker: Viewer, colleague_id: uuid.UUID) -> Worker:
    """A worker of the same agency who is not above this one. Raises NotVisible (404)."""
    leads_or_404(worker)
    found = session.scalars(select(Worker).filter_by(id=colleague_id, agency_id=worker.agency_id)).one_or_none()
    if found is None or not within(worker, found.role):
        raise NotVisible
    return found
