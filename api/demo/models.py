"""Table: the texts of the demo's simulated phones."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.database import Base
from api.sealed import Sealed


class DemoText(Base):
    """A text between a simulated phone and the service. ``state``: queued, delivered, refused (by our webhook)."""

    __tablename__ = "demo_texts"
    __table_args__ = (Index("ix_demo_texts_recipient_id", "recipient", "id"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    #: What Twilio would call it ("SM" and 32 hexadecimal digits).
    sid: Mapped[str] = mapped_column(unique=True)
    at: Mapped[datetime]
    sender: Mapped[str] = mapped_column(index=True)
    recipient: Mapped[str]
    body: Mapped[str] = mapped_column(Sealed("demo_texts.body"))
    state: Mapped[str] = mapped_column(default="queued")
    #: Somebody has had the phone on the screen since.
    seen: Mapped[bool] = mapped_column(default=False)
