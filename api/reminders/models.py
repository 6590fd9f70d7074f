"""Tables: what is to be told of appointments and when, for which time and profile it was planned, and what changed."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from api.database import Base, Id


class Reminder(Base):
    """One text to one person about one appointment: at a ``moment`` before it ("3d"), or because it was ``moved``,
    ``cancelled`` or is on again (``restored``), or because they are newly expected at it (``added``) or no longer
    (``removed``); ``change_id`` names the change then, and is 0 otherwise.

    ``starts_at`` is the time that it tells of. ``state``: planned; queued (the text is in the outbox: ``outbound_id``);
    skipped, and ``reason`` says why. Unique, so that whatever runs twice tells once.
    """

    __tablename__ = "reminders"
    __table_args__ = (
        UniqueConstraint("appointment_id", "person_id", "moment", "starts_at", "change_id"),
        CheckConstraint("state IN ('planned','queued','skipped')", name="state"),
        CheckConstraint("state <> 'queued' OR outbound_id IS NOT NULL", name="queued_has_a_message"),
        Index("ix_reminders_due", "due_at", postgresql_where=text("state = 'planned'")),
        Index("ix_reminders_conversation_id", "conversation_id", postgresql_where=text("conversation_id IS NOT NULL")),
    )

    id: Mapped[Id]
    appointment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("appointments.id", ondelete="CASCADE"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    moment: Mapped[str]
    starts_at: Mapped[datetime]
    change_id: Mapped[int] = mapped_column(BigInteger, default=0)
    #: The time that the person knew before it was moved.
    was_at: Mapped[datetime | None]
    #: So many more of its series were changed in the same way; this text speaks for them too.
    others: Mapped[int] = mapped_column(default=0, server_default="0")
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="planned")
    reason: Mapped[str] = mapped_column(default="")
    settled_at: Mapped[datetime | None]
    #: From then on it is not sent any more: the person's safe hours are over, or the appointment begins.
    not_after: Mapped[datetime | None]
    outbound_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("outbound_messages.id", ondelete="CASCADE"), unique=True
    )
    conversation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    #: The number that stood before "I will be there"; the next one means "I can't come". None: it offered nothing.
    first_option: Mapped[int | None]


class ReminderPlan(Base):
    """For which time and with which profile (hours, moments, zone) a person's reminders of an appointment stand."""

    __tablename__ = "reminder_plans"

    appointment_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("appointments.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    starts_at: Mapped[datetime]
    profile: Mapped[str]


class AppointmentChange(Base):
    """An appointment got another time or status. Written by a trigger, so that no writer can forget it."""

    __tablename__ = "appointment_changes"
    __table_args__ = (Index("ix_appointment_changes_open", "id", postgresql_where=text("handled_at IS NULL")),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(start=1), primary_key=True)
    appointment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("appointments.id", ondelete="CASCADE"), index=True)
    was_at: Mapped[datetime]
    was_status: Mapped[str]
    handled_at: Mapped[datetime | None]


class AppointmentNews(Base):
    """A colleague who is expected is told that an appointment got another time or status, or that they are newly
    expected at it or no longer. ``due_at``: when it may be
    told to them; ``told_at`` set without a message: in the console only. ``seen_at``: they said so there."""

    __tablename__ = "appointment_news"
    __table_args__ = (
        UniqueConstraint("appointment_id", "worker_id", "change_id"),
        CheckConstraint("what IN ('moved','cancelled','restored','added','removed')", name="what"),
        Index("ix_appointment_news_due", "due_at", postgresql_where=text("told_at IS NULL")),
        Index("ix_appointment_news_to_see", "worker_id", postgresql_where=text("seen_at IS NULL")),
    )

    id: Mapped[Id]
    appointment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("appointments.id", ondelete="CASCADE"))
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workers.id"))
    change_id: Mapped[int] = mapped_column(BigInteger)
    what: Mapped[str]
    was_at: Mapped[datetime]
    starts_at: Mapped[datetime]
    #: One of api.appointments.models.REASONS, or "".
    reason: Mapped[str] = mapped_column(default="", server_default="")
    noted_at: Mapped[datetime]
    due_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    outbound_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("outbound_messages.id", ondelete="SET NULL"), index=True
    )
    seen_at: Mapped[datetime | None]


class ProfessionalNews(Base):
    """A professional of another agency who is expected is told by e-mail that an appointment was moved, cancelled or is
    on again. ``name`` is theirs as the appointment has it. Without ``outbound_id`` they could not be told: ``problem``
    says why (``no_address``: no e-mail address is known, or not which; ``no_mail``: e-mail is not set up here). Unique,
    so that one change is told once."""

    __tablename__ = "professional_news"
    __table_args__ = (
        UniqueConstraint("appointment_id", "name", "change_id"),
        CheckConstraint("what IN ('moved','cancelled','restored')", name="what"),
        CheckConstraint("problem IN ('','no_address','no_mail')", name="problem"),
    )

    id: Mapped[Id]
    appointment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("appointments.id", ondelete="CASCADE"))
    name: Mapped[str]
    change_id: Mapped[int] = mapped_column(BigInteger)
    what: Mapped[str]
    was_at: Mapped[datetime]
    starts_at: Mapped[datetime]
    problem: Mapped[str] = mapped_column(default="", server_default="")
    noted_at: Mapped[datetime]
    #: The e-mail; one may speak for several appointments of a series.
    outbound_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("outbound_messages.id", ondelete="SET NULL"), index=True
    )
