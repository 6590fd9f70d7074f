"""Tables of evidence: links by which one file may be sent, what was sent, and media of texts on their way from Twilio.

The files themselves are not in the database (api.evidence.store).
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from api.database import Base, Id
from api.sealed import Sealed

#: Media types that are kept, and the endings of files that are.
ENDINGS = {"image/jpeg": "jpg", "application/pdf": "pdf"}


class UploadLink(Base):
    """A link for a photo or document: a worker asked for it (``asked_by``), or the person wanted to send one.
    It works once, until ``expires_at``; only its hash is here. ``tries`` counts what was sent by it, taken or not."""

    __tablename__ = "upload_links"

    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    #: What it is to show, if anything in the plan.
    action_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("plan_actions.id"))
    token_hash: Mapped[str] = mapped_column(unique=True)
    asked_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(server_default="0")


class Evidence(Base):
    """A photo or document that somebody of a family sent, made anew. ``way``: link, chat, text. ``state``: kept, or
    removed (then the file is gone)."""

    __tablename__ = "evidence"
    __table_args__ = (
        UniqueConstraint("message_id", "part"),
        CheckConstraint("way IN ('link','chat','text')", name="way"),
        CheckConstraint("state IN ('kept','removed')", name="state"),
        Index("ix_evidence_to_see", "family_id", postgresql_where=text("seen_at IS NULL AND state = 'kept'")),
        Index("ix_evidence_sha256", "sha256", postgresql_where=text("state = 'kept'")),
    )

    id: Mapped[Id]
    family_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("families.id"), index=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    action_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("plan_actions.id"), index=True)
    way: Mapped[str]
    #: The text it came with, and which of that text's files it was.
    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("inbound_messages.id"))
    part: Mapped[int | None]
    asked_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    received_at: Mapped[datetime]
    media_type: Mapped[str]
    size: Mapped[int]
    #: Of the clean file, which is kept under this name.
    sha256: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="kept")
    #: A worker said that they have looked at it.
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    #: In the worker's own words.
    removed_why: Mapped[str] = mapped_column(Sealed("evidence.removed_why"), server_default="")


class MediaFetch(Base):
    """A file that came with a text and lies at Twilio until it is fetched. ``state``: waiting, kept (here; to be
    deleted there), done, refused (not a kind that is taken; ``problem`` says why), given_up."""

    __tablename__ = "media_fetches"
    __table_args__ = (
        UniqueConstraint("message_id", "part"),
        CheckConstraint("state IN ('waiting','kept','done','refused','given_up')", name="state"),
        Index("ix_media_fetches_due", "due_at", postgresql_where=text("state IN ('waiting','kept')")),
    )

    id: Mapped[Id]
    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inbound_messages.id"))
    part: Mapped[int]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    #: Twilio's ids; its address is made of these and of our settings, never taken from a message.
    message_sid: Mapped[str]
    media_sid: Mapped[str]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(server_default="0")
    state: Mapped[str] = mapped_column(server_default="waiting")
    problem: Mapped[str] = mapped_column(server_default="")
    settled_at: Mapped[datetime | None]
