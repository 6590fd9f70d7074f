"""Table: what a child or parent thinks and wants, exactly as they said it, with their choice of who may read it."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.database import Base, Id
from api.sealed import Sealed

#: Who may read it: the family's own worker and managers; all workers of the family; everybody at the meeting.
AUDIENCES = ("lead", "workers", "meeting")
WAYS = ("said", "written", "drawn", "message", "through_somebody")


class StatedView(Base):
    """``person_id`` is whose view it is. It is in no page of another family member unless ``family_may_see``."""

    __tablename__ = "stated_views"
    __table_args__ = (
        UniqueConstraint("family_id", "external_id"),
        CheckConstraint("audience IN ('lead','workers','meeting')", name="audience"),
        CheckConstraint("way IN ('said','written','drawn','message','through_somebody')", name="way"),
        Index("ix_stated_views_family_given", "family_id", "given_on"),
    )

    id: Mapped[Id]
    family_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("families.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    external_id: Mapped[str]
    given_on: Mapped[date]
    way: Mapped[str] = mapped_column(default="said")
    words: Mapped[str] = mapped_column(Sealed("stated_views.words"))
    audience: Mapped[str] = mapped_column(default="lead")
    family_may_see: Mapped[bool] = mapped_column(default=False)
    #: The message it came in; one view for a message, however often the turn is tried.
    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("inbound_messages.id"), unique=True)
    recorded_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    recorded_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
