"""Tables: families, people, contact points, safe-contact profiles, chat codes, which worker has which family."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, literal_column, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.database import Base, Id
from api.families import spelling
from api.sealed import Sealed, SealedJson, Unreadable

#: The kinds of person who are adults: they read what adults are worried about. The others are children.
GROWN = ("parent", "carer")


def _said_so(words: Unreadable) -> list[str]:
    """Questions that do not open are one that says so: whoever is to be asked it is not asked, and not let in."""
    return [words]


class Family(Base):
    __tablename__ = "families"
    __table_args__ = (
        UniqueConstraint("agency_id", "external_id"),
        Index(
            "ix_families_search",
            literal_column(spelling.SQL.format("name")).label("plain"),
            postgresql_ops=spelling.BY_BEGINNING,
        ),
    )

    id: Mapped[Id]
    agency_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    external_id: Mapped[str]
    #: What workers call the family in lists.
    name: Mapped[str]
    #: What files last said of it, as digests (``api.imports.said``); None: it is from before that was kept.
    said: Mapped[str | None] = mapped_column(Sealed("families.said"), default="", server_default="", deferred=True)
    people: Mapped[list[Person]] = relationship(back_populates="family", order_by="Person.born")


class FamilyWorker(Base):
    """An assignment. ``lead`` is the family's own worker: the first rung of every ladder."""

    __tablename__ = "family_workers"
    __table_args__ = (Index("uq_family_workers_one_lead", "family_id", unique=True, postgresql_where=text("lead")),)

    family_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("families.id"), primary_key=True)
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workers.id"), primary_key=True, index=True)
    lead: Mapped[bool] = mapped_column(default=False)


class AssignmentNews(Base):
    """A family was ``given`` to this worker, or ``taken`` from them: told on their page until they have seen it."""

    __tablename__ = "assignment_news"
    __table_args__ = (
        CheckConstraint("what IN ('given','taken')", name="what"),
        Index("ix_assignment_news_to_see", "worker_id", postgresql_where=text("seen_at IS NULL")),
    )

    id: Mapped[Id]
    family_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("families.id"))
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workers.id"))
    what: Mapped[str]
    #: None: a file of the agency's own system.
    by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    at: Mapped[datetime]
    seen_at: Mapped[datetime | None]


class Person(Base):
    """Somebody in a family. ``kind``: parent, carer, young_person (writes for herself) or child (does not write)."""

    __tablename__ = "people"
    __table_args__ = (
        UniqueConstraint("family_id", "external_id"),
        CheckConstraint("kind IN ('parent','carer','young_person','child')", name="kind"),
        CheckConstraint("wording IN ('discreet','plain')", name="wording"),
        CheckConstraint("contact_channel IN ('sms','email')", name="contact_channel"),
        Index(
            "ix_people_search_first",
            literal_column(spelling.SQL.format("first_name")).label("plain"),
            postgresql_ops=spelling.BY_BEGINNING,
        ),
        Index(
            "ix_people_search_last",
            literal_column(spelling.SQL.format("last_name")).label("plain"),
            postgresql_ops=spelling.BY_BEGINNING,
        ),
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
    #: Their local times between which unasked messages may arrive.
    contact_from: Mapped[time] = mapped_column(default=time(8))
    contact_until: Mapped[time] = mapped_column(default=time(20))
    #: How what nobody asked for reaches them: sms, or email where an address of theirs is active (messages.mailing).
    contact_channel: Mapped[str] = mapped_column(default="sms", server_default="sms")
    #: When before an appointment they are reminded ("3d,1d,2h"; "" never); None: as the installation's settings say.
    reminder_moments: Mapped[str | None]
    #: The same for kinds of appointment that differ: {"court_hearing": "7d,1d"}.
    reminder_kinds: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict, server_default=text("'{}'::jsonb"))
    #: The days on which they may, as ISO weekdays: "12345" is Monday to Friday.
    contact_days: Mapped[str] = mapped_column(default="1234567")
    may_name_self: Mapped[bool] = mapped_column(default=True)
    #: A word agreed with the person: messages that they did not ask for begin with it, if they want that.
    code_word: Mapped[str] = mapped_column(Sealed("people.code_word"), default="")
    use_code_word: Mapped[bool] = mapped_column(default=False)
    #: IANA zone of where they live; None: the agency's (api.families.zones says which holds).
    timezone: Mapped[str | None]
    #: Who else may see the phone, as the worker notes it; "" for nobody known.
    phone_seen_by: Mapped[str] = mapped_column(Sealed("people.phone_seen_by"), default="")
    #: How they are called where a phone is shared; "" for their initial.
    phone_label: Mapped[str] = mapped_column(default="")
    #: When a worker last went over all this with them, and when to do so again. Never: at once.
    profile_confirmed_at: Mapped[datetime | None]
    reconfirm_on: Mapped[date | None]
    #: The PIN they chose (argon2), "" for none; wrong tries since the last right one; too many lock it.
    pin_hash: Mapped[str] = mapped_column(default="")
    #: A worker gave it, to come in once and choose one: it ends at this time.
    pin_temporary_until: Mapped[datetime | None]
    pin_tries: Mapped[int] = mapped_column(default=0)
    pin_locked_at: Mapped[datetime | None]
    #: Questions asked where there is no PIN, and each one's answer (argon2 of questions.plain); which is next.
    door_words: Mapped[list[str]] = mapped_column(SealedJson("people.door_words", _said_so), default=list)
    door_hashes: Mapped[list[str]] = mapped_column(JSONB, default=list)
    door_turn: Mapped[int] = mapped_column(default=0)
    #: Is a proof asked for before anything of theirs is told by text, also where they have none yet? None: as the
    #: agency says (``Agency.proof``).
    proof: Mapped[bool | None]
    #: How long a phone stays open after the PIN or answer, in minutes.
    session_minutes: Mapped[int] = mapped_column(default=15)
    #: What was theirs was emptied then (api.protection.erasure); an import brings nothing of it back.
    erased_at: Mapped[datetime | None]
    #: Their worker noted then that they are of this family no more: nothing is sent to them, no way in is left.
    left_at: Mapped[datetime | None]
    #: What files last said of them, as digests (``api.imports.said``); None: it is from before that was kept.
    said: Mapped[str | None] = mapped_column(Sealed("people.said"), default="", server_default="", deferred=True)
    family: Mapped[Family] = relationship(back_populates="people")
    contact_points: Mapped[list[ContactPoint]] = relationship(back_populates="person")

    @property
    def gone(self) -> bool:
        """Are they of the family no more, by a worker's note or erased?"""
        return self.left_at is not None or self.erased_at is not None

    @property
    def grown(self) -> bool:
        """Is it an adult of the family?"""
        return self.kind in GROWN

    @property
    def overlooked(self) -> bool:
        """May somebody else see the phone, and nothing keeps them out, neither a PIN nor a question?"""
        return bool(self.phone_seen_by) and not (self.pin_hash or self.door_hashes)

    @property
    def plainly(self) -> bool:
        """May an answer to them name things? Not while the phone is overlooked, whatever was chosen."""
        return self.wording == "plain" and not self.overlooked

    @property
    def plainly_unasked(self) -> bool:
        """The same for what arrives by itself, or before a proof: a PIN keeps nobody from reading that."""
        return self.wording == "plain" and not self.phone_seen_by


class ContactPoint(Base):
    """A way to reach a person. ``state``: pending (has not agreed yet; of an e-mail address: is not confirmed), active,
    opted_out, quarantined (moved on).

    Two people may share a number; then whoever writes says first who they are, and proves it.
    """

    __tablename__ = "contact_points"
    __table_args__ = (
        CheckConstraint("state IN ('pending','active','opted_out','quarantined')", name="state"),
        Index(
            "uq_contact_points_live",
            "channel",
            "address",
            "person_id",
            unique=True,
            postgresql_where=text("state <> 'quarantined'"),
        ),
    )

    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    channel: Mapped[str]  # sms, email
    address: Mapped[str]  # E.164; families.addresses
    state: Mapped[str] = mapped_column(default="active")
    state_changed_at: Mapped[datetime | None]
    #: The worker who added it in the console; None for what an import brought (a later file may take it out of use).
    added_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    person: Mapped[Person] = relationship(back_populates="contact_points")


class Consent(Base):
    """That a person was asked in certain words whether we may write to a number, and what they said.

    ``answer``: "" (not yet), agreed, declined, not_theirs, withdrawn (the carrier's STOP, an e-mail's link), resumed
    (its START), bounced (the mail server knows no such address).
    """

    __tablename__ = "consents"

    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    contact_point_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contact_points.id"), index=True)
    #: Which words they read: the text's id, its version, its language.
    wording_id: Mapped[str]
    wording_version: Mapped[str]
    language: Mapped[str]
    asked_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    asked_at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(default="")
    answered_at: Mapped[datetime | None]


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
