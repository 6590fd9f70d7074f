"""Reads of webhooks out."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.webhooks.models import WebhookEndpoint, WebhookEvent


@dataclass(frozen=True)
class EndpointView:
    """An address, and how many events wait for it; ``problem``: why the last try failed, if it did."""

    endpoint: WebhookEndpoint
    waiting: int
    problem: str


def of_agency(session: Session, agency_id: uuid.UUID) -> list[EndpointView]:
    """The agency's addresses but the removed ones, the newest first."""
    waiting = (
        select(WebhookEvent.endpoint_id, func.count().label("count"))
        .where(WebhookEvent.state == "queued")
        .group_by(WebhookEvent.endpoint_id)
        .subquery()
    )
    latest = (
        select(WebhookEvent.problem)
        .where(WebhookEvent.endpoint_id == WebhookEndpoint.id, WebhookEvent.tries > 0)
        .order_by(WebhookEvent.created_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = session.execute(
        select(WebhookEndpoint, waiting.c.count, latest)
        .outerjoin(waiting, waiting.c.endpoint_id == WebhookEndpoint.id)
        .where(WebhookEndpoint.agency_id == agency_id, WebhookEndpoint.off_why != "removed")
        .order_by(WebhookEndpoint.created_at.desc())
    )
    return [EndpointView(endpoint, count or 0, problem or "") for endpoint, count, problem in rows]


def due(session: Session, now: datetime, limit: int) -> Sequence[tuple[WebhookEvent, WebhookEndpoint]]:
    """Events whose time has come, the oldest first, locked; those that another worker has are left to it."""
    rows = session.execute(
        select(WebhookEvent, WebhookEndpoint)
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookEvent.endpoint_id)
        .where(WebhookEvent.state == "queued", WebhookEvent.due_at <= now, WebhookEndpoint.off_at.is_(None))
        .order_by(WebhookEvent.due_at)
        .limit(limit)
        .with_for_update(of=WebhookEvent, skip_locked=True)
    )
    return [(event, endpoint) for event, endpoint in rows]
