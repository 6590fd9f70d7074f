"""Tables: what happened in a case (from which the clocks run), and the dates that follow from it."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from api.database import Base, Id
from api.sealed import Sealed


class CaseEvent(Base):
    """Something that happened, or that should have: a strategy discussion, a core group, a visit. Never changed; one
    that was recorded by mistake is withdrawn, and stays to be seen in the history.

    ``kind`` is one of api.jurisdiction.clocks.EVENTS or MEETINGS. ``outcome``: held, or missed (it was to be and did
    not happen).
    """

    __tablename__ = "case_events"
    __table_args__ = (
        UniqueConstraint("family_id", "external_id"),
        CheckConstraint("outcome IN ('held','missed')", name="outcome"),
        Index(
            "uq_case_events_appointment",
            "appointment_id",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL AND appointment_id IS NOT NULL"),
        ),
        Index("ix_case_events_family_day", "family_id", "day"),
    )

    id: Mapped[Id]
    family_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("families.id"))
    #: The plan it belongs to; None for what concerns the whole family.
    plan_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("plans.id"))
    external_id: Mapped[str]
    kind: Mapped[str]
    day: Mapped[date]
    outcome: Mapped[str] = mapped_column(default="held")
    appointment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("appointments.id"))
    note: Mapped[str] = mapped_column(Sealed("case_events.note"), default="")
    recorded_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    recorded_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))


class Deadline(Base):
    """By when something is due: worked out from the case's events, and worked out anew whenever one is added."""

    __tablename__ = "deadlines"
    __table_args__ = (
        Index("ix_deadlines_open", "due_on", "family_id", postgresql_where=text("done_on IS NULL")),
        Index("ix_deadlines_family_due", "family_id", "due_on"),
    )

    id: Mapped[Id]
    family_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("families.id"))
    plan_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("plans.id"))
    #: The rule's name in the jurisdiction pack (``clocks``).
    rule: Mapped[str]
    started_on: Mapped[date]
    due_on: Mapped[date]
    warn_on: Mapped[date]
    done_on: Mapped[date | None]
    #: When the family's own worker was told that it comes near.
    warned_at: Mapped[datetime | None]


class TimescaleState(Base):
    """With which rules a family's dates were worked out last; when the pack changes they are worked out anew."""

    __tablename__ = "timescale_states"

    family_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("families.id"), primary_key=True)
    rules: Mapped[str]
    refreshed_at: Mapped[datetime]
