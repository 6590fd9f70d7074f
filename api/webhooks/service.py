"""Webhooks out: registering an address, claiming what is due, and what follows from how a try went.

Promises: the secret is shown once and kept nowhere; a try is counted before it is made, so a worker that dies in it is
followed by the next try; an address that has only failed for days is switched off and its administrators are told.
An event may come twice (same webhook-id) and in any order.
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock, texts
from api.access.hashes import keyed_bytes
from api.access.models import Agency, Worker
from api.audit import service as audit
from api.coded import Coded
from api.messages import outbox
from api.settings import settings
from api.webhooks import addresses, queries, signing
from api.webhooks.models import KINDS, WebhookEndpoint, WebhookEvent

#: How long after each failed try comes the next; after the last the event is given up.
WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 60, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400))
#: An address that has failed so long without a success in between is switched off.
GIVES_UP_AFTER = timedelta(days=3)
MOST_ENDPOINTS = 10
__all__ = ["KINDS", "CannotRegister", "Try", "claim", "register", "remove", "settle", "switch"]


class CannotRegister(Coded):
    """``code``: not_https, not_an_address, private, kinds_needed, too_many (``webhooks.problem.<code>``)."""


@dataclass(frozen=True)
class Try:
    """What one try sends, and where."""

    event_id: uuid.UUID
    url: str
    headers: dict[str, str]
    body: bytes


def register(session: Session, worker: Worker, url: str, kinds: Sequence[str]) -> tuple[WebhookEndpoint, str]:
    """A new address of the administrator's agency, and its secret, which is shown this once. Raises CannotRegister."""
    wanted = [kind for kind in KINDS if kind in kinds]
    if not wanted:
        raise CannotRegister("kinds_needed")
    try:
        addresses.parse(url, private=settings().webhooks_private)
    except addresses.Refused as refused:
        raise CannotRegister(refused.code) from None
    if len(queries.of_agency(session, worker.agency_id)) >= MOST_ENDPOINTS:
        raise CannotRegister("too_many")
    made = WebhookEndpoint(
        id=uuid.uuid4(),
        agency_id=worker.agency_id,
        url=url,
        kinds=wanted,
        salt=secrets.token_hex(16),
        created_at=clock.now(),
        created_by=worker.id,
        off_why="",
    )
    session.add(made)
    session.flush()
    _record(session, made, "made_webhook", worker)
    return made, signing.secret_text(_key(made))


def switch(session: Session, endpoint: WebhookEndpoint, worker: Worker, *, on: bool) -> None:
    """Switch it on again (what waits goes out, failures are forgotten), or off."""
    session.refresh(endpoint, with_for_update=True)
    if endpoint.off_why == "removed" or on == (endpoint.off_at is None):
        return
    endpoint.off_at, endpoint.off_why = (None, "") if on else (clock.now(), "by_hand")
    endpoint.failing_since = None
    _record(session, endpoint, "switched_webhook_on" if on else "switched_webhook_off", worker)


def remove(session: Session, endpoint: WebhookEndpoint, worker: Worker) -> None:
    """Nothing goes there any more; what waited is given up."""
    session.refresh(endpoint, with_for_update=True)
    endpoint.off_at, endpoint.off_why = endpoint.off_at or clock.now(), "removed"
    session.execute(
        update(WebhookEvent)
        .where(WebhookEvent.endpoint_id == endpoint.id, WebhookEvent.state == "queued")
        .values(state="given_up", settled_at=clock.now())
    )
    _record(session, endpoint, "removed_webhook", worker)


def claim(session: Session, now: datetime, limit: int) -> list[Try]:
    """What is due, each counted as tried and with its next time; to be committed before it is sent."""
    tries = []
    for event, endpoint in queries.due(session, now, limit):
        event.due_at = now + WAITS[min(event.tries, len(WAITS) - 1)]
        event.tries += 1
        body = json.dumps(event.body, separators=(",", ":"), sort_keys=True).encode()
        signed = signing.headers(_key(endpoint), f"msg_{event.id.hex}", int(now.timestamp()), body)
        tries.append(Try(event.id, endpoint.url, signed, body))
    return tries


def settle(session: Session, event_id: uuid.UUID, problem: str) -> None:
    """The try went so (``problem`` "": it was taken)."""
    event = session.get_one(WebhookEvent, event_id, with_for_update=True)
    endpoint = session.get_one(WebhookEndpoint, event.endpoint_id, with_for_update=True)
    now = clock.now()
    event.problem = problem
    if not problem:
        event.state, event.settled_at = "delivered", now
        endpoint.last_ok_at, endpoint.failing_since = now, None
        return
    if event.tries > len(WAITS):
        event.state, event.settled_at = "given_up", now
    endpoint.failing_since = endpoint.failing_since or now
    gone = problem == "status_410"  # the receiver's own word for "never again"
    if endpoint.off_at is None and (gone or now - endpoint.failing_since >= GIVES_UP_AFTER):
        endpoint.off_at, endpoint.off_why = now, "gone" if gone else "failing"
        _record(session, endpoint, "webhook_switched_off", None)
        _tell_administrators(session, endpoint)


def _tell_administrators(session: Session, endpoint: WebhookEndpoint) -> None:
    agency = session.get_one(Agency, endpoint.agency_id)
    people = session.scalars(
        select(Worker).where(Worker.agency_id == agency.id, Worker.role == "administrator", Worker.active)
    )
    words = texts.render("webhooks.switched_off", agency.language, link=f"{settings().base_url}/console/webhooks")
    for worker in people:
        if worker.phone:
            outbox.queue_to_worker(session, worker, words)


def _key(endpoint: WebhookEndpoint) -> bytes:
    return keyed_bytes("webhook", f"{endpoint.id}:{endpoint.salt}")


def _record(session: Session, endpoint: WebhookEndpoint, verb: str, worker: Worker | None) -> None:
    audit.record(
        session,
        actor_kind="worker" if worker else "system",
        actor_id=worker.id if worker else None,
        verb=verb,
        object_id=endpoint.id,
        detail={"kinds": endpoint.kinds},
    )
