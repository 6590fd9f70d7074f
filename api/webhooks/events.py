"""Telling that something changed: a row for each address that wants it, in the transaction that changes it.

Promise: no words, names or numbers of anybody, only the kind and ids; whoever may see more asks ``/api/v1`` for it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from api import clock
from api.families.models import Family
from api.rest.schemas import rfc3339
from api.webhooks.models import KINDS, WebhookEndpoint, WebhookEvent
from api.webhooks.models import PLAN_CHANGED as PLAN_CHANGED
from api.webhooks.models import TAKEOVER_CHANGED as TAKEOVER_CHANGED

TEST = "webhook.test"
IMPORTED = "import.completed"
#: An import tells of so many objects one by one; of more it tells only how many (and the receiver reads anew).
MOST_SINGLY = 500


@dataclass(frozen=True)
class Change:
    """Something that an import changed: the kind of its event, whose it is, and the event's ids."""

    kind: str
    family_id: uuid.UUID
    ids: Mapping[str, object]


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


def listening(session: Session) -> set[uuid.UUID]:
    """The agencies that have a live address."""
    return set(session.scalars(select(WebhookEndpoint.agency_id).where(WebhookEndpoint.off_at.is_(None))))


def tell_import(session: Session, agency_id: uuid.UUID, changes: Sequence[Change], counts: Mapping[str, int]) -> None:
    """Queue an event for each change that an address wants, with ``import_id`` and its ``number``; then how it was in
    all. Of more than ``MOST_SINGLY`` none is told of by itself: then the sum goes to that address though it did not ask
    for it, since it would hear nothing otherwise. ``counts`` stand in the sum as they are."""
    here = select(WebhookEndpoint).where(WebhookEndpoint.agency_id == agency_id, WebhookEndpoint.off_at.is_(None))
    import_id = uuid.uuid4()
    for endpoint in session.scalars(here).all():
        wanted = [change for change in changes if change.kind in endpoint.kinds]
        told = wanted if len(wanted) <= MOST_SINGLY else []
        for number, change in enumerate(told, start=1):
            ids: dict[str, object] = {
                "import_id": import_id,
                "number": number,
                "family_id": change.family_id,
                **change.ids,
            }
            _queue(session, endpoint, change.kind, ids, after=number)
        if IMPORTED in endpoint.kinds or len(told) < len(wanted):
            how_many = {"told": len(told), "left_out": len(wanted) - len(told), **counts}
            number = len(told) + 1
            ids = {"import_id": import_id, "number": number, **how_many}
            _queue(session, endpoint, IMPORTED, ids, after=number)


def queue(session: Session, endpoint: WebhookEndpoint, kind: str, **ids: object) -> WebhookEvent:
    """Queue an event for one address."""
    return _queue(session, endpoint, kind, ids)


def _queue(
    session: Session, endpoint: WebhookEndpoint, kind: str, ids: Mapping[str, object], *, after: int = 0
) -> WebhookEvent:
    """``after``: so many others that are queued at the same time go first."""
    now = clock.now()
    data = {name: value if isinstance(value, int) else str(value) for name, value in ids.items() if value is not None}
    event = WebhookEvent(
        id=uuid.uuid4(),
        endpoint_id=endpoint.id,
        kind=kind,
        body={"type": kind, "timestamp": rfc3339(now), "data": data},
        created_at=now + timedelta(microseconds=after),
        due_at=now + timedelta(microseconds=after),
        state="queued",
        tries=0,
    )
    session.add(event)
    return event
