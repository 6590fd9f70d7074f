"""Table: the audit trail. Append-only: a trigger in the database refuses every change and removal."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.database import Base


class AuditEntry(Base):
    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_actor_at", "actor_id", "at"), Index("ix_audit_entries_at", "at"))

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    at: Mapped[datetime]
    #: worker, person, system
    actor_kind: Mapped[str]
    actor_id: Mapped[uuid.UUID | None]
    #: What was done, as a verb: viewed_family, acknowledged_escalation, verified_action, ...
    verb: Mapped[str]
    family_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    object_id: Mapped[str]
    #: Never case text: ids, counts and states only.
    detail: Mapped[dict[str, Any]]
