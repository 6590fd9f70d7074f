"""Reads about workers' browsers: one's own for one's account, and all of some agencies for the ladder."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.access.models import Worker
from api.channels.push.models import PushBrowser


@dataclass(frozen=True)
class Browser:
    """One of a worker's browsers. ``mark`` tells a page whether it is that browser, and says nothing to others."""

    id: uuid.UUID
    name: str
    since: datetime
    mark: str


def of_worker(session: Session, worker_id: uuid.UUID) -> list[Browser]:
    """A worker's browsers, the newest first."""
    rows = session.scalars(
        select(PushBrowser)
        .where(PushBrowser.worker_id == worker_id)
        .order_by(PushBrowser.created_at.desc(), PushBrowser.id)
    )
    return [
        Browser(row.id, row.browser, row.created_at, sha256(row.endpoint_secret.encode()).hexdigest()) for row in rows
    ]


def of_agencies(session: Session, agency_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, tuple[str, ...]]:
    """Worker → the ids of their browsers, for everybody who works at these agencies and has any."""
    found: dict[uuid.UUID, tuple[str, ...]] = {}
    for worker_id, browser_id in session.execute(
        select(PushBrowser.worker_id, PushBrowser.id)
        .join(Worker, Worker.id == PushBrowser.worker_id)
        .where(Worker.agency_id.in_(agency_ids), Worker.active)
        .order_by(PushBrowser.created_at, PushBrowser.id)
    ):
        found[worker_id] = (*found.get(worker_id, ()), str(browser_id))
    return found
