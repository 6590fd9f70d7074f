"""Telling that something changed: a row for each address that wants it, in the transaction that changes it.

Promise: no words, names or numbers of anybody, only the kind and ids; whoever may see more asks ``/api/v1`` for it.
"""

from __future__ import annotations

import uuid

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from api import clock
from api.families.models import Family
from api.rest.schemas import rfc3339
from api.webhooks.models import KINDS, WebhookEndpoint, WebhookEvent

TEST = "webhook.test"


def tell(
    session: Session,
    kind: str,
    *,
    agency_id: uuid.UUID | None = None,
    family_id: uuid.UUID | None = None,
    **ids: object,
) -> int:
    """Queue the event for every live address of the agency (or of the family's agency) that wants this kind; returns
    for how many. ``ids`` stand in the event's data as they are."""
    assert kind in KINDS
    whose = literal(agency_id) if agency_id else select(Family.agency_id).filter_by(id=family_id).scalar_subquery()
    with session.no_autoflush:  # who changes something says itself when it is written
        wanted = session.scalars(
            select(WebhookEndpoint).where(
                WebhookEndpoint.agency_id == whose,
                WebhookEndpoint.off_at.is_(None),
                WebhookEndpoint.kinds.contains([kind]),
            )
        ).all()
    for endpoint in wanted:
        queue(session, endpoint, kind, family_id=family_id, **ids)
    return len(wanted)


def queue(session: Session, endpoint: WebhookEndpoint, kind: str, **ids: object) -> WebhookEvent:
    """Queue an event for one address."""
    now = clock.now()
    data = {name: value if isinstance(value, int) else str(value) for name, value in ids.items() if value is not None}
    event = WebhookEvent(
        id=uuid.uuid4(),
        endpoint_id=endpoint.id,
        kind=kind,
        body={"type": kind, "timestamp": rfc3339(now), "data": data},
        created_at=now,
        due_at=now,
        state="queued",
        tries=0,
    )
    session.add(event)
    return event
