"""Writing the audit trail. Promise: an entry is part of the caller's transaction, so nothing happens unrecorded."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.audit.models import AuditEntry

#: A page that refreshes itself is one look, not a hundred.
ONE_LOOK = timedelta(minutes=10)


def record(
    session: Session,
    *,
    actor_kind: str,
    actor_id: uuid.UUID | None,
    verb: str,
    family_id: uuid.UUID | None = None,
    object_id: object = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Add an entry: who (``worker``, ``person`` or ``system``) did what to which object. ``detail`` holds ids, counts
    and states, never anything that somebody wrote."""
    session.add(
        AuditEntry(
            at=clock.now(),
            actor_kind=actor_kind,
            actor_id=actor_id,
            verb=verb,
            family_id=family_id,
            object_id=str(object_id),
            detail=detail or {},
        )
    )


def record_view(
    session: Session, *, worker_id: uuid.UUID, verb: str, family_id: uuid.UUID | None, object_id: object
) -> None:
    """Add that a worker looked at something, once for each ten minutes of looking."""
    seen = session.scalar(
        select(AuditEntry.id)
        .where(
            AuditEntry.actor_id == worker_id,
            AuditEntry.verb == verb,
            AuditEntry.object_id == str(object_id),
            AuditEntry.at > clock.now() - ONE_LOOK,
        )
        .limit(1)
    )
    if seen is None:
        record(
            session,
            actor_kind="worker",
            actor_id=worker_id,
            verb=verb,
            family_id=family_id,
            object_id=object_id,
        )
