"""Tables: appointments, who is expected at them and what they answered, requests to change one and the times offered
instead, series of appointments, private calendar addresses."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    FetchedValue,
    ForeignKey,
    Identity,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.database import Base, Id
from api.families.models import Person
from api.sealed import Sealed

#: The kinds of appointment there are words for (appointments.kind.<kind> in data/texts).
KINDS = (
    "core_group", "initial_conference", "review_conference", "administrative_review", "home_visit", "office_meeting",
    "school_meeting", "contact_session", "parenting_session", "support_group", "health_visit", "counselling",
    "key_work", "assessment", "court_hearing", "other",
)  # fmt: skip
#: At these a plan is looked at again.
REVIEWS = ("review_conference", "administrative_review")
#: Those of which a place that has no rule for them has none.
ONLY_BY_RULE = frozenset({"administrative_review"})


#: Why an appointment is moved or called off, as everybody may hear it (reminders.reason.<reason> in data/texts): the
#: words name nobody and no case, so they may stand in a discreet text.
REASONS = ("worker", "not_all", "asked", "place", "travel", "not_needed")


class Appointment(Base):
    """``kind`` is one of KINDS."""

    __tablename__ = "appointments"
    __table_args__ = (
        UniqueConstraint("family_id", "external_id"),
        UniqueConstraint("series_id", "series_on"),
        CheckConstraint("(series_id IS NULL) = (series_on IS NULL)", name="day_of_its_series"),
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
    place: Mapped[str] = mapped_column(Sealed("appointments.place"), default="")
    address: Mapped[str] = mapped_column(Sealed("appointments.address"), default="")
    #: An address that must not be written in a message (a refuge, a foster home).
    address_hidden: Mapped[bool] = mapped_column(default=False)
    link: Mapped[str] = mapped_column(Sealed("appointments.link"), default="")
    bring: Mapped[str] = mapped_column(Sealed("appointments.bring"), default="")
    #: Help with getting there, as the family may read it: a taxi that is booked, fares that are paid back.
    travel: Mapped[str] = mapped_column(Sealed("appointments.travel"), default="", server_default="")
    status: Mapped[str] = mapped_column(default="scheduled")
    #: Why it was moved or called off last: one of REASONS, or "".
    change_reason: Mapped[str] = mapped_column(default="", server_default="")
    #: The worker who moved it or called it off last, or offered the time that was chosen: knows it, and is not told.
    changed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    #: How often it was changed since it was booked; a trigger counts, so that no writer can forget it (RFC 5545).
    sequence: Mapped[int] = mapped_column(default=0, server_default="0", server_onupdate=FetchedValue())
    #: The series it belongs to, and which of its days it stands for: that stays where the appointment is moved.
    series_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("appointment_series.id"))
    series_on: Mapped[date | None]
    #: What files last said of it, as digests (``api.imports.said``); None: it is from before that was kept.
    said: Mapped[str | None] = mapped_column(Sealed("appointments.said"), default="", server_default="")
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
    answer_words: Mapped[str] = mapped_column(Sealed("attendees.answer_words"), default="")
    appointment: Mapped[Appointment] = relationship(back_populates="attendees")
    person: Mapped[Person | None] = relationship()


class AttendeeChange(Base):
    """Somebody is newly expected at an appointment that was booked already, or no longer (``what``: added, removed):
    a family member, or a professional by name. Whoever changes who is expected writes it with the change; the
    reminders' tick tells them. ``changed_by``: the worker who did it, who need not be told."""

    __tablename__ = "attendee_changes"
    __table_args__ = (
        CheckConstraint("what IN ('added','removed')", name="what"),
        Index("ix_attendee_changes_open", "id", postgresql_where=text("handled_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(start=1), primary_key=True)
    appointment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("appointments.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(default="", server_default="")
    what: Mapped[str]
    changed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    handled_at: Mapped[datetime | None]


class ChangeRequest(Base):
    """Somebody cannot come or wants another time: with their own words, until a worker has handled it."""

    __tablename__ = "change_requests"
    __table_args__ = (
        UniqueConstraint("appointment_id", "message_id"),
        Index("ix_change_requests_open", "appointment_id", postgresql_where=text("handled_at IS NULL")),
    )

    id: Mapped[Id]
    appointment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("appointments.id"), index=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("inbound_messages.id"))
    words: Mapped[str] = mapped_column(Sealed("change_requests.words"))
    created_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    handled_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))


class OfferedTime(Base):
    """Another time that a worker offers to whoever cannot come. ``state``: offered, chosen, withdrawn."""

    __tablename__ = "offered_times"
    __table_args__ = (
        UniqueConstraint("change_request_id", "starts_at"),
        CheckConstraint("state IN ('offered','chosen','withdrawn')", name="state"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
    )

    id: Mapped[Id]
    change_request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("change_requests.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    offered_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    offered_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="offered")
    #: The text in which it was offered; its options say under which number.
    outbound_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("outbound_messages.id", ondelete="SET NULL"), index=True
    )


class AppointmentSeries(Base):
    """A visit that comes again and again. Its days follow from ``rrule`` (RFC 5545); where ``every_working_days`` is
    set, it is every so many of them, bank holidays not counted. The time is the place's own, so it stays the same when
    the clocks change. The tick writes its appointments ahead; what was moved or called off since stays as it is.

    ``attendees``: [{"person_id" or "name", "role", "concerns"}]. ``ends_on`` is the last day that may be one of its.
    """

    __tablename__ = "appointment_series"
    __table_args__ = (
        UniqueConstraint("family_id", "external_id"),
        CheckConstraint("minutes > 0", name="minutes"),
    )

    id: Mapped[Id]
    family_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("families.id"))
    external_id: Mapped[str]
    kind: Mapped[str]
    rrule: Mapped[str]
    every_working_days: Mapped[int | None]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    at: Mapped[time]
    minutes: Mapped[int]
    place: Mapped[str] = mapped_column(Sealed("appointment_series.place"), default="")
    address: Mapped[str] = mapped_column(Sealed("appointment_series.address"), default="")
    address_hidden: Mapped[bool] = mapped_column(default=False)
    link: Mapped[str] = mapped_column(Sealed("appointment_series.link"), default="")
    bring: Mapped[str] = mapped_column(Sealed("appointment_series.bring"), default="")
    travel: Mapped[str] = mapped_column(Sealed("appointment_series.travel"), default="", server_default="")
    attendees: Mapped[list[Any]]
    #: The series that this one goes on with, changed from its first day on.
    follows_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("appointment_series.id"))
    created_at: Mapped[datetime]
    #: Its appointments are written up to this day.
    written_until: Mapped[date | None]
    #: What the last import file said of it, as JSON: a file that says the same changes nothing that was changed here.
    said: Mapped[str] = mapped_column(Sealed("appointment_series.said"), default="", server_default="")


class CalendarFeed(Base):
    """A private address at which a calendar program reads one person's appointments. Only its hash is kept."""

    __tablename__ = "calendar_feeds"
    __table_args__ = (
        Index("uq_calendar_feeds_live", "person_id", unique=True, postgresql_where=text("revoked_at IS NULL")),
    )

    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    #: The worker who made it; None where the person did.
    made_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    #: When a program read it last, to the hour or so.
    read_at: Mapped[datetime | None]
