"""Tables: agencies, workers, their sessions."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.database import Base, Id
from api.sealed import Sealed

#: Roles, from the narrowest view to the widest. A worker sees the families assigned to them; the others the agency's.
ROLES = ("worker", "duty", "manager", "administrator")
#: How a worker is told what can wait: by text, by e-mail, or in the console only.
NEWS_BY = ("text", "email", "console")


#: Whose phone is asked for a proof, by the agency's own rule.
PROOF = ("never", "seen", "always")


class Agency(Base):
    __tablename__ = "agencies"
    __table_args__ = (CheckConstraint("proof IN ('never','seen','always')", name="proof"),)

    id: Mapped[Id]
    external_id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    #: The name of a pack in data/jurisdictions.
    jurisdiction: Mapped[str]
    #: IANA zone: the local time of everything this agency does.
    timezone: Mapped[str]
    phone: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="en")
    #: Roles that may do nothing before they have a second factor.
    second_factor_roles: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    #: So many minutes somebody may wait for a worker who has taken over, in a chat and by text; and so many after a
    #: worker said to ring (api.escalations.patience has the bounds). Then others are told.
    takeover_web_minutes: Mapped[int] = mapped_column(default=10, server_default="10")
    takeover_sms_minutes: Mapped[int] = mapped_column(default=30, server_default="30")
    ring_again_minutes: Mapped[int] = mapped_column(default=30, server_default="30")
    #: Whom the assistant asks for a PIN before it tells anything of theirs by text, where their own profile does not
    #: say: nobody, those whose phone somebody else may see, everybody.
    proof: Mapped[str] = mapped_column(default="seen", server_default="seen")


class Worker(Base):
    __tablename__ = "workers"
    __table_args__ = (
        UniqueConstraint("agency_id", "external_id"),
        CheckConstraint("news_by IN ('text','email','console')", name="news_by"),
    )

    id: Mapped[Id]
    agency_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("agencies.id"))
    external_id: Mapped[str]
    name: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)
    #: E.164; escalations are texted here, and ACK is accepted from here.
    phone: Mapped[str | None] = mapped_column(unique=True)
    role: Mapped[str]
    #: The role was changed here: a file does not change it back.
    role_by_hand: Mapped[bool] = mapped_column(default=False, server_default="false")
    password_hash: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)
    #: The part of the agency they belong to, where it has parts; a ladder may be one team's.
    team: Mapped[str] = mapped_column(default="", server_default="")
    #: Which of their calendar links works: a new link takes the next number.
    calendar_version: Mapped[int] = mapped_column(default=0, server_default="0")
    #: When they can be met: from and until (local), on these ISO weekdays. Other times are proposed within these.
    works_from: Mapped[time] = mapped_column(default=time(9), server_default="09:00")
    works_until: Mapped[time] = mapped_column(default=time(17), server_default="17:00")
    works_on: Mapped[str] = mapped_column(default="12345", server_default="12345")
    #: How they hear of changed appointments and of dates that come near; in the console they stand in any case.
    news_by: Mapped[str] = mapped_column(default="text", server_default="text")
    #: The last day on which they were written to about dates that come near.
    dates_told_on: Mapped[date | None]
    #: What they read the console in, until they choose another there; "" for the agency's.
    language: Mapped[str] = mapped_column(default="", server_default="")


class EntryCode(Base):
    """A one-time code with which a worker sets a password: the first one, or a new one. Only its hash is kept."""

    __tablename__ = "entry_codes"

    id: Mapped[Id]
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workers.id"), index=True)
    code_hash: Mapped[str]
    made_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("workers.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class WorkerSession(Base):
    """A signed-in browser. Only the token's hash is kept."""

    __tablename__ = "worker_sessions"

    id: Mapped[Id]
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workers.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    #: cookie (a browser) or bearer (a program).
    via: Mapped[str] = mapped_column(default="cookie", server_default="cookie")
    #: The browser's family and the system's, such as "Firefox, Linux"; never what the browser sent.
    browser: Mapped[str] = mapped_column(default="", server_default="")
    #: To a few minutes.
    last_seen_at: Mapped[datetime | None]
    #: password, provider (the agency's OpenID Connect provider), provider_anew (which asked them although it may have
    #: known them), or empty for one from before this was kept.
    proved_by: Mapped[str] = mapped_column(default="", server_default="")
    #: The second factor: code, recovery, provider (it vouches for more than a password), or empty for none.
    factor: Mapped[str] = mapped_column(default="", server_default="")


class WorkerIdentity(Base):
    """Who a worker is at the agency's OpenID Connect provider: from the first time on that they came from there."""

    __tablename__ = "worker_identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"), UniqueConstraint("worker_id", "issuer"))

    id: Mapped[Id]
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workers.id"))
    issuer: Mapped[str]
    #: The provider's own id for them, which no other person there ever gets.
    subject: Mapped[str]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]


class SecondFactor(Base):
    """A worker's authenticator. The secret is in no column: it is made from ``salt`` with the installation's key."""

    __tablename__ = "second_factors"

    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workers.id"), primary_key=True)
    salt: Mapped[str]
    begun_at: Mapped[datetime]
    #: None: begun, and no code has shown yet that it works.
    confirmed_at: Mapped[datetime | None]
    #: The 30 seconds of the last code that was used: none of them or before them works again.
    last_step: Mapped[int] = mapped_column(default=0)


class RecoveryCode(Base):
    """For whoever lost the authenticator: works once. Only its hash is kept."""

    __tablename__ = "recovery_codes"

    id: Mapped[Id]
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workers.id"), index=True)
    code_hash: Mapped[str]
    used_at: Mapped[datetime | None]


class Opening(Base):
    """A worker opened a family that is not theirs, for an hour, and said why. It is told to those who work with it."""

    __tablename__ = "openings"
    __table_args__ = (Index("ix_openings_worker_id_ends_at", "worker_id", "ends_at"),)

    id: Mapped[Id]
    family_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("families.id"), index=True)
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workers.id"))
    reason: Mapped[str] = mapped_column(Sealed("openings.reason"))
    opened_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    #: When one of the family's own workers said that they have seen it, and who.
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))


class ApiKey(Base):
    """A key for a program of the agency's own. It sees what its worker sees. Only its hash is kept."""

    __tablename__ = "api_keys"
    __table_args__ = (CheckConstraint("scope IN ('read','write')", name="scope"),)

    id: Mapped[Id]
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workers.id"), index=True)
    name: Mapped[str]
    key_hash: Mapped[str] = mapped_column(unique=True)
    #: read, or write (which may read too).
    scope: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("workers.id"))
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class KeptAnswer(Base):
    """What a write under /api/v1 answered, for a program that asks again with the same ``Idempotency-Key``."""

    __tablename__ = "kept_answers"
    __table_args__ = (UniqueConstraint("worker_id", "key_hash"),)

    id: Mapped[Id]
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workers.id"))
    key_hash: Mapped[str]
    #: A hash of the method, the address and the body.
    request_hash: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)
    #: None while the first request is being worked on.
    status: Mapped[int | None]
    body: Mapped[str] = mapped_column(Sealed("kept_answers.body"), default="")


class SignInAttempt(Base):
    """A failed try at a password or a chat code, for rate limits. The subject is a hash, never an address or a code."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (Index("ix_sign_in_attempts_subject_at", "subject", "at"),)

    id: Mapped[Id]
    subject: Mapped[str]
    at: Mapped[datetime]
