"""Tables: families, people, contact points, safe-contact profiles, chat codes, which worker has which family."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.database import Base, Id


class Family(Base):
    __tablename__ = "families"
    __table_args__ = (UniqueConstraint("agency_id", "external_id"),)

    id: Mapped[Id]
    agency_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    external_id: Mapped[str]
    #: What workers call the family in lists.
    name: Mapped[str]
    people: Mapped[list[Person]] = relationship(back_populates="family", order_by="Person.born")


class FamilyWorker(Base):
    """An assignment. ``lead`` is the family's own worker: the first rung of every ladder."""

    __tablename__ = "family_workers"
    __table_args__ = (Index("uq_family_workers_one_lead", "family_id", unique=True, postgresql_where=text("lead")),)

    family_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("families.id"), primary_key=True)
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workers.id"), primary_key=True, index=True)
    lead: Mapped[bool] = mapped_column(default=False)


class Person(Base):
    """Somebody in a family. ``kind``: parent, carer, young_person (writes for herself) or child (does not write)."""

    __tablename__ = "people"
    __table_args__ = (
        UniqueConstraint("family_id", "external_id"),
        CheckConstraint("kind IN ('parent','carer','young_person','child')", name="kind"),
        CheckConstraint("wording IN ('discreet','plain')", name="wording"),
    )

    id: Mapped[Id]
    family_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("families.id"), index=True)
    external_id: Mapped[str]
    kind: Mapped[str]
    first_name: Mapped[str]
    last_name: Mapped[str] = mapped_column(default="")
    born: Mapped[date | None]
    #: BCP 47 language of what this person is sent.
    language: Mapped[str] = mapped_column(default="en")
    # The safe-contact profile (FACTS: never in a way, at a time or with wording that the person has not said is safe).
    wording: Mapped[str] = mapped_column(default="discreet")
    may_name_children: Mapped[bool] = mapped_column(default=False)
    #: Local times between which unasked messages may arrive.
    contact_from: Mapped[time] = mapped_column(default=time(8))
    contact_until: Mapped[time] = mapped_column(default=time(20))
    #: When before an appointment they are reminded ("3d,1d,2h"; "" never); None: as the installation's settings say.
    reminder_moments: Mapped[str | None]
    family: Mapped[Family] = relationship(back_populates="people")
    contact_points: Mapped[list[ContactPoint]] = relationship(back_populates="person")


class ContactPoint(Base):
    """A way to reach a person. One active holder a number; ``state``: active, opted_out, quarantined (moved on)."""

    __tablename__ = "contact_points"
    __table_args__ = (
        CheckConstraint("state IN ('active','opted_out','quarantined')", name="state"),
        Index(
            "uq_contact_points_live", "channel", "address", unique=True, postgresql_where=text("state <> 'quarantined'")
        ),
    )

    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    channel: Mapped[str]  # sms
    address: Mapped[str]  # E.164
    state: Mapped[str] = mapped_column(default="active")
    state_changed_at: Mapped[datetime | None]
    person: Mapped[Person] = relationship(back_populates="contact_points")


class ChatCode(Base):
    """A one-time code that a worker gives a person to enter the web chat as themselves. Only its hash is kept."""

    __tablename__ = "chat_codes"

    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    code_hash: Mapped[str] = mapped_column(unique=True)
    made_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
