"""Tables of webhooks out: where events go, and each event that has to get there."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from api.database import Base, Id
from api.escalations.models import OPEN_AGAIN

#: (Names of their own: "plan." and "takeover." begin the ids of texts.)
PLAN_CHANGED = "plan.changed"
TAKEOVER_CHANGED = "takeover.changed"
KINDS = (
    "appointment.changed",
    "action.reported",
    "action.verified",
    "action.changed",
    PLAN_CHANGED,
    "conference.recorded",
    "review.recorded",
    "view.recorded",
    "escalation.opened",
    "escalation.acknowledged",
    "escalation.closed",
    TAKEOVER_CHANGED,
    "import.completed",
)
#: What is told of an escalation's life (EscalationEvent.kind); whoever loses one opens it again.
OF_ESCALATIONS = {
    **dict.fromkeys(("opened", *OPEN_AGAIN), "escalation.opened"),
    "acknowledged": "escalation.acknowledged",
    "resolved": "escalation.closed",
}


class WebhookEndpoint(Base):
    """An address of the agency's own system, and the kinds of event it wants. Its secret is kept nowhere: it is made
    from the installation's key, the id and ``salt``. ``off_why``: failing, gone or by_hand; removed ones stay, off."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (CheckConstraint("off_why IN ('','failing','gone','by_hand','removed')", name="off_why"),)

    id: Mapped[Id]
    agency_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    url: Mapped[str]
    kinds: Mapped[list[str]]
    salt: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("workers.id"))
    failing_since: Mapped[datetime | None]
    last_ok_at: Mapped[datetime | None]
    off_at: Mapped[datetime | None]
    off_why: Mapped[str] = mapped_column(server_default="")


class WebhookEvent(Base):
    """One event on its way to one address. ``body`` has ids only. A try is counted, and the next one planned, before
    it is made; ``problem`` says in one word why the last one failed."""

    __tablename__ = "webhook_events"
    __table_args__ = (
        CheckConstraint("state IN ('queued','delivered','given_up')", name="state"),
        Index("ix_webhook_events_due", "due_at", postgresql_where=text("state = 'queued'")),
        Index("ix_webhook_events_endpoint_id_created_at", "endpoint_id", "created_at"),
    )

    id: Mapped[Id]
    endpoint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("webhook_endpoints.id"))
    kind: Mapped[str]
    body: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default="queued")
    tries: Mapped[int] = mapped_column(server_default="0")
    settled_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(server_default="")
