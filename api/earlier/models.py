"""Table: what conferences, reviews, appointments and people's profiles said before a change. Never changed itself."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.database import Base, Id
from api.sealed import Sealed, SealedJson, Unreadable

KINDS = ("conference", "review", "appointment", "person")


def _lost(words: Unreadable) -> dict[str, Any]:
    """What stands for content that does not open."""
    return {"lost": words}


class EarlierVersion(Base):
    """``content``: all that it said until ``at``, in plain JSON (people by id). ``what``: changed, moved, cancelled,
    corrected or withdrawn; ``by_id`` who did that (None: an import, or the family did); ``reason``: why, where said.
    """

    __tablename__ = "earlier_versions"
    __table_args__ = (
        UniqueConstraint("object_id", "number"),
        CheckConstraint("kind IN ('conference','review','appointment','person')", name="kind"),
        CheckConstraint("what IN ('changed','moved','cancelled','corrected','withdrawn')", name="what"),
    )

    id: Mapped[Id]
    family_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("families.id"), index=True)
    kind: Mapped[str]
    object_id: Mapped[uuid.UUID]
    number: Mapped[int]
    at: Mapped[datetime]
    by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    what: Mapped[str]
    reason: Mapped[str] = mapped_column(Sealed("earlier_versions.reason"), default="")
    content: Mapped[dict[str, Any]] = mapped_column(SealedJson("earlier_versions.content", _lost))
