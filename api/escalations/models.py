"""Tables: escalations, what became of each, who was told and when; ladders; who is on call."""

from __future__ import annotations

import uuid
from datetime import datetime, time
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, or_, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.database import Base, Id
from api.sealed import Sealed


class Escalation(Base):
    """A call for a human. Open ones always have ``next_rung_at``: when the next rung is told (a check constraint).

    Its id is the visible reference: short enough to text ("ACK 12"), and says nothing about anybody.
    """

    __tablename__ = "escalations"
    __table_args__ = (
        UniqueConstraint("message_id"),
        CheckConstraint("priority IN ('emergency','urgent','routine')", name="priority"),
        CheckConstraint("state IN ('open','acknowledged','resolved')", name="state"),
        CheckConstraint("state <> 'open' OR next_rung_at IS NOT NULL", name="open_has_next_rung"),
        Index("ix_escalations_taken", "acknowledged_by", postgresql_where=text("state = 'acknowledged'")),
        Index(
            "ix_escalations_promised",
            "ring_by",
            postgresql_where=text("state = 'acknowledged' AND ring_by IS NOT NULL"),
        ),
        Index("ix_escalations_unresolved", "family_id", postgresql_where=text("state <> 'resolved'")),
        Index("ix_escalations_next_rung_at", "next_rung_at", postgresql_where=text("state = 'open'")),
    )

    id: Mapped[int] = mapped_column(Identity(start=1), primary_key=True)
    agency_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    family_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("families.id"), index=True)
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    conversation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("conversations.id"), index=True)
    #: The message that opened it: one escalation a message, whatever is retried.
    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("inbound_messages.id"))
    #: immediate_danger, self_harm, harm_disclosed (the screen's kinds), contact, help_word, distress, complaint.
    kind: Mapped[str]
    priority: Mapped[str]
    words: Mapped[str] = mapped_column(Sealed("escalations.words"))
    #: Rises with every word that is added and everything that becomes of it but its taking on and closing. Whoever
    #: closes it says which they have seen, so that nothing that came meanwhile is closed with it.
    version: Mapped[int] = mapped_column(default=0, server_default="0")
    reasons: Mapped[list[str]] = mapped_column(default=list)
    state: Mapped[str] = mapped_column(default="open")
    opened_at: Mapped[datetime]
    #: How many rungs have been told, from 0; never goes back, so that each telling is a row of its own.
    rung: Mapped[int] = mapped_column(default=0)
    #: Where on its ladder it stands: the step that is told next. Past the last step it starts again, for ever.
    step: Mapped[int] = mapped_column(default=0, server_default="0")
    #: Of which ladder the step is (ladder.mark_of); before it, with a blank between, the one whose place it has taken.
    begun: Mapped[str] = mapped_column(default="", server_default="")
    next_rung_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    acknowledged_via: Mapped[str] = mapped_column(default="")  # sms, link, console, api
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    outcome: Mapped[str] = mapped_column(Sealed("escalations.outcome"), default="")
    #: One of api.escalations.outcomes.KINDS, once it is resolved.
    outcome_kind: Mapped[str] = mapped_column(default="", server_default="")
    #: The worker has said to ring by then.
    ring_by: Mapped[datetime | None]
    #: When they were reminded that this time is over.
    ring_reminded_at: Mapped[datetime | None]
    #: Is it brought to mind, and opened again, if nothing comes of it (forgotten)? Not what was taken on before there
    #: was this clock (migration 0047), until somebody takes it on again or says that they still have it.
    watched: Mapped[bool] = mapped_column(default=True, server_default="true")
    notifications: Mapped[list[Notification]] = relationship(order_by="Notification.at")


class Notification(Base):
    """A rung was told (or could not be: ``problem`` says why, and the next rung was told at once). A problem that
    begins with OTHERWISE: their text does not go out, and they were told in another way."""

    __tablename__ = "notifications"
    __table_args__ = (UniqueConstraint("escalation_id", "rung", "worker_id"),)

    id: Mapped[Id]
    escalation_id: Mapped[int] = mapped_column(ForeignKey("escalations.id"), index=True)
    rung: Mapped[int]
    role: Mapped[str]
    worker_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    at: Mapped[datetime]
    problem: Mapped[str] = mapped_column(default="")
    #: How: "sms", "email", "push" or several of them with a space between (api.escalations.ladder.CHANNELS).
    channels: Mapped[str] = mapped_column(default="sms", server_default="sms")


#: How the ``problem`` of such a telling begins; what the carrier says comes after it.
OTHERWISE = "otherwise"
#: Somebody was told: by the way that was meant, or by another.
REACHED = or_(Notification.problem == "", Notification.problem.startswith(OTHERWISE))


#: The kinds of event with which nobody has it any more, or with which its ladder begins anew.
OPEN_AGAIN = ("raised", "reopened", "handed_over", "left", "away", "left_waiting", "ring_missed", "forgotten")


class EscalationEvent(Base):
    """Something became of an escalation: ``kind`` is opened, raised, reopened, acknowledged, handed_over, left (the
    worker who had it is gone), chat_left (whoever wrote has left the web chat), left_waiting (the worker who had taken
    the conversation over did not answer), ring_missed (nobody said that they had rung) or resolved. In order of ``at``
    they are its whole life but the rungs. Or untold (whoever has it said to ring, and the family did not hear of it:
    others may see that phone), still (whoever has it said so again), reminded (that nothing has come of it), forgotten
    (and still nothing came), away (whoever had it is on leave now)."""

    __tablename__ = "escalation_events"

    id: Mapped[Id]
    escalation_id: Mapped[int] = mapped_column(ForeignKey("escalations.id"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    worker_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    #: To whom it was handed.
    to_worker_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    via: Mapped[str] = mapped_column(default="")


class LadderRule(Base):
    """An agency's own ladder for a priority, a team and a time of day. The first that fits holds, in order of
    ``position``; where none fits, the ladder of data/ladders.yaml does."""

    __tablename__ = "ladder_rules"
    __table_args__ = (
        CheckConstraint("priority IN ('emergency','urgent','routine')", name="priority"),
        CheckConstraint("(begins IS NULL) = (ends IS NULL)", name="whole_hours"),
    )

    id: Mapped[Id]
    agency_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    position: Mapped[int]
    priority: Mapped[str]
    #: The team of the family's worker; empty: every team.
    team: Mapped[str] = mapped_column(default="")
    #: Days of the week on which the hours begin, Monday is 0; empty: every day.
    days: Mapped[list[Any]] = mapped_column(default=list)
    #: Local hours; past midnight where ``ends`` is not later than ``begins``; None: always.
    begins: Mapped[time | None]
    ends: Mapped[time | None]
    #: ``{"tell": [target, ...], "wait_minutes": n, "by": [channel, ...]}``, as in data/ladders.yaml.
    steps: Mapped[list[Any]]
    changed_at: Mapped[datetime]
    changed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))


class RotaChange(Base):
    """What the rota does not say: ``cover`` (this worker is on call too, or instead of another), or ``leave``."""

    __tablename__ = "rota_changes"
    __table_args__ = (
        CheckConstraint("kind IN ('cover','leave')", name="kind"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        Index("ix_rota_changes_agency_id_ends_at", "agency_id", "ends_at"),
    )

    id: Mapped[Id]
    agency_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("agencies.id"))
    kind: Mapped[str]
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workers.id"))
    #: For a cover: duty or manager.
    role: Mapped[str] = mapped_column(default="")
    instead_of: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    made_at: Mapped[datetime]
    made_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    #: Taken back; it stays in the table for the record.
    cancelled_at: Mapped[datetime | None]
    #: When whoever comes on duty by this cover was told what is still open (once, as it begins).
    told_at: Mapped[datetime | None]


class Shift(Base):
    """A worker is on call for an agency in a role (duty, manager) between two moments."""

    __tablename__ = "shifts"
    __table_args__ = (CheckConstraint("ends_at > starts_at", name="ends_after_start"),)

    id: Mapped[Id]
    agency_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workers.id"))
    role: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    #: When whoever comes on duty was told what is still open (once, as the shift begins).
    told_at: Mapped[datetime | None]
