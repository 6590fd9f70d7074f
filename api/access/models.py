"""Tables: agencies, workers, their sessions."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.database import Base, Id

#: Roles, from the narrowest view to the widest. A worker sees the families assigned to them; the others the agency's.
ROLES = ("worker", "duty", "manager", "administrator")


class Agency(Base):
    __tablename__ = "agencies"

    id: Mapped[Id]
    external_id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    #: The name of a pack in data/jurisdictions.
    jurisdiction: Mapped[str]
    #: IANA zone: the local time of everything this agency does.
    timezone: Mapped[str]
    phone: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="en")


class Worker(Base):
    __tablename__ = "workers"
    __table_args__ = (UniqueConstraint("agency_id", "external_id"),)

    id: Mapped[Id]
    agency_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("agencies.id"))
    external_id: Mapped[str]
    name: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)
    #: E.164; escalations are texted here, and ACK is accepted from here.
    phone: Mapped[str | None] = mapped_column(unique=True)
    role: Mapped[str]
    password_hash: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)
    #: The part of the agency they belong to, where it has parts; a ladder may be one team's.
    team: Mapped[str] = mapped_column(default="", server_default="")
    #: Which of their calendar links works: a new link takes the next number.
    calendar_version: Mapped[int] = mapped_column(default=0, server_default="0")


class WorkerSession(Base):
    """A signed-in browser. Only the token's hash is kept."""

    __tablename__ = "worker_sessions"

    id: Mapped[Id]
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workers.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SignInAttempt(Base):
    """A failed try at a password or a chat code, for rate limits. The subject is a hash, never an address or a code."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (Index("ix_sign_in_attempts_subject_at", "subject", "at"),)

    id: Mapped[Id]
    subject: Mapped[str]
    at: Mapped[datetime]
