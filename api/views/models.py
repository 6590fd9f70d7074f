"""Tables: what a child or parent thinks and wants, exactly as they said it, with their choice of who may read it; what
they are still writing of it; and who was asked before which meeting."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.database import Base, Id
from api.sealed import Sealed

#: Who may read it: the family's own worker and managers; all workers of the family; everybody at the meeting.
AUDIENCES = ("lead", "workers", "meeting")
WAYS = ("said", "written", "drawn", "message", "through_somebody")


class StatedView(Base):
    """``person_id`` is whose view it is. It is in no page of another family member unless ``family_may_see``."""

    __tablename__ = "stated_views"
    __table_args__ = (
        UniqueConstraint("family_id", "external_id"),
        CheckConstraint("audience IN ('lead','workers','meeting')", name="audience"),
        CheckConstraint("way IN ('said','written','drawn','message','through_somebody')", name="way"),
        Index("ix_stated_views_family_given", "family_id", "given_on"),
    )

    id: Mapped[Id]
    family_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("families.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    external_id: Mapped[str]
    given_on: Mapped[date]
    way: Mapped[str] = mapped_column(default="said")
    words: Mapped[str] = mapped_column(Sealed("stated_views.words"))
    audience: Mapped[str] = mapped_column(default="lead")
    family_may_see: Mapped[bool] = mapped_column(default=False)
    #: The message it came in; one view for a message, however often the turn is tried.
    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("inbound_messages.id"), unique=True)
    recorded_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    recorded_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class ViewDraft(Base):
    """What a person is still writing of what they want said: by text or on the web, one at a time in each.

    ``stage``: collecting; read_back (they have heard it and are asked what now). ``due_at``: it is asked about then, or
    let go if it has been (``asked_at``). It is removed when it is over, however that is.
    """

    __tablename__ = "view_drafts"
    __table_args__ = (
        UniqueConstraint("person_id", "channel"),
        CheckConstraint("stage IN ('collecting','read_back')", name="stage"),
    )

    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    channel: Mapped[str]
    stage: Mapped[str] = mapped_column(default="collecting")
    began_at: Mapped[datetime]
    due_at: Mapped[datetime] = mapped_column(index=True)
    asked_at: Mapped[datetime | None]


class ViewDraftPart(Base):
    """A message of a draft: the words are there and nowhere else. Once, however often its turn is tried."""

    __tablename__ = "view_draft_parts"

    message_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("inbound_messages.id", ondelete="CASCADE"), primary_key=True
    )
    draft_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("view_drafts.id", ondelete="CASCADE"), index=True)


class ViewAsk(Base):
    """Somebody was asked before a meeting whether there is something they want said: once for a meeting."""

    __tablename__ = "view_asks"

    appointment_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("appointments.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    asked_at: Mapped[datetime]
