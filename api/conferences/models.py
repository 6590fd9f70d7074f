"""Tables: conferences, the children they were about, who attended or reported, and who disagreed."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.appointments.models import Appointment
from api.database import Base, Id
from api.families.models import Person
from api.sealed import Sealed

KINDS = ("initial", "review", "pre_birth", "transfer_in")
#: What a conference of each kind can decide.
DECISIONS = {
    "initial": ("plan", "no_plan"),
    "pre_birth": ("plan", "no_plan"),
    "transfer_in": ("plan", "no_plan"),
    "review": ("continue", "modify", "discontinue"),
}
AGENCIES = ("social_work", "police", "health", "education", "family", "child", "legal", "other")


class Conference(Base):
    """``held_on`` is the day it takes (or took) place; it has a ``decision`` once it was held."""

    __tablename__ = "conferences"
    __table_args__ = (
        UniqueConstraint("family_id", "external_id"),
        CheckConstraint("kind IN ('initial','review','pre_birth','transfer_in')", name="kind"),
        CheckConstraint("status IN ('planned','held','cancelled')", name="status"),
        CheckConstraint("decision IN ('','plan','no_plan','continue','modify','discontinue')", name="decision"),
        CheckConstraint("(decision <> '') = (status = 'held')", name="decision_when_held"),
        Index("ix_conferences_family_held", "family_id", "held_on"),
    )

    id: Mapped[Id]
    family_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("families.id"))
    #: The plan that it made or looked at again.
    plan_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("plans.id"), index=True)
    external_id: Mapped[str]
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(default="planned")
    held_on: Mapped[date]
    #: When and where it is while it is planned, and whom of the family is expected (conferences.booking).
    appointment_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("appointments.id", ondelete="SET NULL"), index=True
    )
    chair: Mapped[str] = mapped_column(default="")
    # The four steps of a conference.
    assessment: Mapped[str] = mapped_column(Sealed("conferences.assessment"), default="")
    discussion: Mapped[str] = mapped_column(Sealed("conferences.discussion"), default="")
    decision: Mapped[str] = mapped_column(default="")
    decision_reason: Mapped[str] = mapped_column(Sealed("conferences.decision_reason"), default="")
    planning: Mapped[str] = mapped_column(Sealed("conferences.planning"), default="")
    #: Recorded by mistake: it counts as cancelled. What it said, who withdrew it and why is an earlier version.
    withdrawn_at: Mapped[datetime | None]
    #: Counts the changes, so that two people do not overwrite each other.
    version: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    created_at: Mapped[datetime]
    appointment: Mapped[Appointment | None] = relationship()
    children: Mapped[list[ConferenceChild]] = relationship(cascade="all, delete-orphan")
    attendees: Mapped[list[ConferenceAttendee]] = relationship(
        cascade="all, delete-orphan", order_by="ConferenceAttendee.position"
    )
    dissents: Mapped[list[Dissent]] = relationship(cascade="all, delete-orphan", order_by="Dissent.position")


class ConferenceChild(Base):
    """A child the conference was about. ``harms``: the categories of harm it decided on (each a ``Harm``)."""

    __tablename__ = "conference_children"

    conference_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conferences.id"), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    harms: Mapped[list[str]] = mapped_column(default=list)
    person: Mapped[Person] = relationship()


class ConferenceAttendee(Base):
    """Somebody invited: whether they came, and whether they sent a report."""

    __tablename__ = "conference_attendees"

    id: Mapped[Id]
    conference_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conferences.id"), index=True)
    position: Mapped[int]
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    name: Mapped[str] = mapped_column(default="")
    role: Mapped[str] = mapped_column(default="")
    agency: Mapped[str]
    attended: Mapped[bool] = mapped_column(default=False)
    sent_report: Mapped[bool] = mapped_column(default=False)
    person: Mapped[Person | None] = relationship()


class Dissent(Base):
    """Somebody who did not agree with the decision, and why, in their words."""

    __tablename__ = "conference_dissents"

    id: Mapped[Id]
    conference_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conferences.id"), index=True)
    position: Mapped[int]
    name: Mapped[str]
    role: Mapped[str] = mapped_column(default="")
    words: Mapped[str] = mapped_column(Sealed("conference_dissents.words"))
