"""Writing the audit trail. Promise: an entry is part of the caller's transaction, so nothing happens unrecorded."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api import clock
from api.audit.models import AuditEntry
from api.database import notify

#: A page that refreshes itself is one look, not a hundred.
ONE_LOOK = timedelta(minutes=10)
# Asked with every page; made once, because making it costs as much as asking it.
_SEEN_LATELY = select(AuditEntry.object_id).where(
    AuditEntry.actor_id == bindparam("worker"),
    AuditEntry.verb == bindparam("verb"),
    AuditEntry.object_id.in_(bindparam("objects", expanding=True)),
    AuditEntry.at > bindparam("since"),
)


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


def record_change(
    session: Session,
    *,
    actor_kind: str,
    actor_id: uuid.UUID,
    verb: str,
    family_id: uuid.UUID,
    agency_id: uuid.UUID,
    object_id: object,
    detail: dict[str, Any] | None = None,
) -> None:
    """``record`` of what live pages show: those of the family and of its agency are woken when this commits."""
    record(
        session, actor_kind=actor_kind, actor_id=actor_id, verb=verb, family_id=family_id, object_id=object_id,
        detail=detail,
    )  # fmt: skip
    notify(session, f"family:{family_id}")
    notify(session, f"agency:{agency_id}")


def record_view(
    session: Session, *, worker_id: uuid.UUID, verb: str, family_id: uuid.UUID | None, object_id: object
) -> None:
    """Add that a worker looked at something, once for each ten minutes of looking."""
    record_views(session, worker_id=worker_id, verb=verb, seen=[(family_id, object_id)])


def record_views(
    session: Session, *, worker_id: uuid.UUID, verb: str, seen: Sequence[tuple[uuid.UUID | None, object]]
) -> None:
    """The same for all of a list: ``seen`` has each one's family (or None) and id."""
    objects = [str(object_id) for _, object_id in seen]
    asked = {"worker": worker_id, "verb": verb, "objects": objects, "since": clock.now() - ONE_LOOK}
    before = set(session.scalars(_SEEN_LATELY, asked))
    for family_id, object_id in seen:
        if str(object_id) not in before:
            record(
                session, actor_kind="worker", actor_id=worker_id, verb=verb, family_id=family_id, object_id=object_id
            )
