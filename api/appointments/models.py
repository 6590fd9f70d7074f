"""Tables: appointments, who is expected at them and what they answered, requests to change one."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.database import Base, Id
from api.families.models import Person

#: The kinds of appointment there are words for (appointments.kind.<kind> in data/texts).
KINDS = (
    "core_group", "initial_conference", "review_conference", "home_visit", "office_meeting", "school_meeting",
    "contact_session", "parenting_session", "support_group", "health_visit", "counselling", "key_work", "assessment",
    "court_hearing", "other",
)  # fmt: skip


class Appointment(Base):
    """``kind`` is one of KINDS."""

    __tablename__ = "appointments"
    __table_args__ = (
        UniqueConstraint("family_id", "external_id"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("status IN ('scheduled','cancelled')", name="status"),
        Index("ix_appointments_family_starts", "family_id", "starts_at"),
        Index("ix_appointments_coming", "starts_at", postgresql_where=text("status = 'scheduled'")),
    )

    id: Mapped[Id]
    family_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("families.id"))
    external_id: Mapped[str]
    kind: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    place: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    #: An address that must not be written in a message (a refuge, a foster home).
    address_hidden: Mapped[bool] = mapped_column(default=False)
    link: Mapped[str] = mapped_column(default="")
    bring: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="scheduled")
    attendees: Mapped[list[Attendee]] = relationship(back_populates="appointment", order_by="Attendee.name")


class Attendee(Base):
    """Somebody expected: a family member (``person_id``; only they see the appointment) or a professional (a name).

    ``concerns`` marks a child whom the appointment is about. ``answer``: none, confirmed, cannot_come, late.
    """

    __tablename__ = "attendees"
    __table_args__ = (
        UniqueConstraint("appointment_id", "person_id"),
        CheckConstraint("answer IN ('none','confirmed','cannot_come','late')", name="answer"),
    )

    id: Mapped[Id]
    appointment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("appointments.id"), index=True)
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    name: Mapped[str] = mapped_column(default="")
    role: Mapped[str] = mapped_column(default="")
    concerns: Mapped[bool] = mapped_column(default=False)
    answer: Mapped[str] = mapped_column(default="none")
    answered_at: Mapped[datetime | None]
    answer_words: Mapped[str] = mapped_column(default="")
    appointment: Mapped[Appointment] = relationship(back_populates="attendees")
    person: Mapped[Person | None] = relationship()


class ChangeRequest(Base):
    """Somebody cannot come or wants another time: with their own words, until a worker has handled it."""

    __tablename__ = "change_requests"
    __table_args__ = (UniqueConstraint("appointment_id", "message_id"),)

    id: Mapped[Id]
    appointment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("appointments.id"), index=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("inbound_messages.id"))
    words: Mapped[str]
    created_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    handled_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
