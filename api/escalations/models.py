"""Tables: escalations, who was told of them and when, and who is on call."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.database import Base, Id


class Escalation(Base):
    """A call for a human. Open ones always have ``next_rung_at``: when the next rung is told (a check constraint).

    Its id is the visible reference: short enough to text ("ACK 12"), and says nothing about anybody.
    """

    __tablename__ = "escalations"
    __table_args__ = (
        UniqueConstraint("message_id"),
        CheckConstraint("priority IN ('emergency','urgent','routine')", name="priority"),
        CheckConstraint("state IN ('open','acknowledged','resolved')", name="state"),
        CheckConstraint("state <> 'open' OR next_rung_at IS NOT NULL", name="open_has_next_rung"),
        Index("ix_escalations_next_rung_at", "next_rung_at", postgresql_where=text("state = 'open'")),
    )

    id: Mapped[int] = mapped_column(Identity(start=1), primary_key=True)
    agency_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    family_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("families.id"), index=True)
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    conversation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("conversations.id"), index=True)
    #: The message that opened it: one escalation a message, whatever is retried.
    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("inbound_messages.id"))
    #: immediate_danger, self_harm, harm_disclosed (the screen's kinds), contact, help_word, distress, complaint.
    kind: Mapped[str]
    priority: Mapped[str]
    words: Mapped[str]
    reasons: Mapped[list[str]] = mapped_column(default=list)
    state: Mapped[str] = mapped_column(default="open")
    opened_at: Mapped[datetime]
    #: How many rungs have been told, from 0; the ladder starts again from the top, for ever.
    rung: Mapped[int] = mapped_column(default=0)
    next_rung_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    acknowledged_via: Mapped[str] = mapped_column(default="")  # sms, console, api
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    outcome: Mapped[str] = mapped_column(default="")
    notifications: Mapped[list[Notification]] = relationship(order_by="Notification.at")


class Notification(Base):
    """A rung was told (or could not be: ``problem`` says why, and the next rung was told at once)."""

    __tablename__ = "notifications"
    __table_args__ = (UniqueConstraint("escalation_id", "rung", "worker_id"),)

    id: Mapped[Id]
    escalation_id: Mapped[int] = mapped_column(ForeignKey("escalations.id"), index=True)
    rung: Mapped[int]
    role: Mapped[str]
    worker_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    at: Mapped[datetime]
    problem: Mapped[str] = mapped_column(default="")


class Shift(Base):
    """A worker is on call for an agency in a role (duty, manager) between two moments."""

    __tablename__ = "shifts"
    __table_args__ = (CheckConstraint("ends_at > starts_at", name="ends_after_start"),)

    id: Mapped[Id]
    agency_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workers.id"))
    role: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
