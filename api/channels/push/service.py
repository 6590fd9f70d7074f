"""A worker's browsers: turning notifications on in one, and off. Everything here takes the caller's transaction."""

from __future__ import annotations

import binascii
import re
import uuid
from base64 import urlsafe_b64decode

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from api import clock
from api.audit import service as audit
from api.channels.push import client
from api.channels.push.models import PushBrowser
from api.coded import Coded
from api.webhooks import addresses

MOST_BROWSERS = 10
_BASE64URL = re.compile(r"^[A-Za-z0-9_-]{1,200}={0,2}\Z")
#: Of what a browser gives: a point of P-256, uncompressed, and sixteen random bytes (RFC 8291).
_POINT, _AUTH = 65, 16


class CannotTurnOn(Coded):
    """This is no browser to tell; ``code`` says why: address, keys, too_many."""


def turn_on(session: Session, worker_id: uuid.UUID, *, endpoint: str, public_key: str, auth: str, browser: str) -> None:
    """Tell this worker in this browser too; the same browser again is the same row. Raises CannotTurnOn."""
    try:
        addresses.parse(endpoint, private=client.PRIVATE)
    except addresses.Refused as refused:
        raise CannotTurnOn("address") from refused
    _check_keys(public_key, auth)
    there = session.scalars(select(PushBrowser.endpoint_secret).where(PushBrowser.worker_id == worker_id)).all()
    if endpoint not in there and len(there) >= MOST_BROWSERS:
        raise CannotTurnOn("too_many")
    given = {"public_key": public_key, "auth_secret": auth, "browser": browser}
    session.execute(
        insert(PushBrowser)
        .values(id=uuid.uuid4(), worker_id=worker_id, endpoint_secret=endpoint, created_at=clock.now(), **given)
        .on_conflict_do_update(index_elements=["worker_id", "endpoint_secret"], set_=given)
    )
    if endpoint not in there:
        _record(session, worker_id, worker_id, "turned_on_notifications")


def turn_off(session: Session, worker_id: uuid.UUID, browser_id: uuid.UUID) -> bool:
    """No more in this browser of theirs; was there one?"""
    gone = delete(PushBrowser).where(PushBrowser.id == browser_id, PushBrowser.worker_id == worker_id)
    if not session.scalars(gone.returning(PushBrowser.id)).all():
        return False
    _record(session, worker_id, worker_id, "turned_off_notifications")
    return True


def turn_off_all(session: Session, worker_id: uuid.UUID, by: uuid.UUID) -> None:
    """No more in any: they left, or an administrator signs them out everywhere (a laptop that was lost)."""
    there = select(func.count()).select_from(PushBrowser).where(PushBrowser.worker_id == worker_id)
    if session.scalar(there):
        session.execute(delete(PushBrowser).where(PushBrowser.worker_id == worker_id))
        _record(session, worker_id, by, "turned_off_notifications")


def gone(session: Session, browser_id: str) -> None:
    """Its push service says that there is no such browser any more."""
    session.execute(delete(PushBrowser).where(PushBrowser.id == uuid.UUID(browser_id)))


def _check_keys(public_key: str, auth: str) -> None:
    try:
        point, secret = _bytes(public_key), _bytes(auth)
        if (len(point), len(secret)) != (_POINT, _AUTH):
            raise CannotTurnOn("keys")
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except (binascii.Error, ValueError) as error:
        raise CannotTurnOn("keys") from error


def _bytes(given: str) -> bytes:
    if not _BASE64URL.match(given):
        raise CannotTurnOn("keys")
    return urlsafe_b64decode(given + "=" * (-len(given) % 4))


def _record(session: Session, worker_id: uuid.UUID, by: uuid.UUID, verb: str) -> None:
    audit.record(session, actor_kind="worker", actor_id=by, verb=verb, object_id=worker_id)
