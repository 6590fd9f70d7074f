"""Who may put right what was recorded of a case: its own worker and whoever leads the agency's workers."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.access.queries import Viewer
from api.families.models import FamilyWorker


def may_put_right(session: Session, viewer: Viewer, family_id: uuid.UUID) -> bool:
    """Is this a manager, or the family's own worker? The caller has checked that they may see the family."""
    if viewer.role == "manager":
        return True
    lead = select(FamilyWorker.worker_id).filter_by(family_id=family_id, worker_id=viewer.id, lead=True)
    return viewer.role in ("worker", "duty") and session.scalar(lead) is not None
