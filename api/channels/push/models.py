"""Table: the browsers in which workers want to be told of escalations."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.database import Base, Id


class PushBrowser(Base):
    """A browser that a worker turned notifications on in. Two workers who share one have a row each."""

    __tablename__ = "push_browsers"
    __table_args__ = (UniqueConstraint("worker_id", "endpoint_secret"),)

    id: Mapped[Id]
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workers.id"))
    #: Where its push service takes notes for it (RFC 8030): whoever knows it and our key can send there.
    endpoint_secret: Mapped[str]
    #: What notes to it are encrypted with (RFC 8291), as the browser gave them: base64url.
    public_key: Mapped[str]
    auth_secret: Mapped[str]
    #: The browser's family and the system's, such as "Firefox, Linux"; never what the browser sent.
    browser: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[datetime]
