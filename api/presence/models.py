"""Table: one small row for each side of a conversation, the person's and each worker's who opened it.

What is of the moment (looking, writing) ends by itself at a time; what was seen is the number of a message and a time,
never a row a message. No words: what somebody is writing does not leave their page before they send it.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from api.database import Base, Id


class Presence(Base):
    """The person's own row has no ``worker_id``."""

    __tablename__ = "presences"
    __table_args__ = (
        Index("uq_presences_conversation_id_worker_id", "conversation_id", "worker_id", unique=True),
        Index("uq_presences_person", "conversation_id", unique=True, postgresql_where=text("worker_id IS NULL")),
    )

    id: Mapped[Id]
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    worker_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    #: A worker's page is open, on screen and used. (Nobody keeps this about the person.)
    looking_until: Mapped[datetime | None]
    writing_until: Mapped[datetime | None]
    #: The newest message of the other side's that was on this side's screen, and since when.
    seen_seq: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    seen_at: Mapped[datetime | None]
