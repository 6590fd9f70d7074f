"""API keys: how a program of the agency's own asks, without anybody's password.

Promises: a key is shown once and kept as a keyed hash; it sees what its worker sees and no more, and ends with them; a
key that may only read writes nothing. Who made and revoked it is in the audit trail.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock
from api.access.hashes import keyed_hash
from api.access.models import Agency, ApiKey, Worker
from api.audit import service as audit
from api.database import transaction

SCOPES = ("read", "write")
_BEGINS = "hlk_"
#: When it was last used is kept to so many minutes.
_USED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class KeyView:
    key: ApiKey
    worker: Worker


def is_key(credentials: str) -> bool:
    """Does this look like an API key, and not like a token?"""
    return credentials.startswith(_BEGINS)


def make(session: Session, worker: Worker, name: str, scope: str, by: uuid.UUID) -> str:
    """A new key for this worker's view; what is returned is kept nowhere."""
    plain = _BEGINS + secrets.token_urlsafe(32)
    key = ApiKey(
        worker_id=worker.id,
        name=name,
        key_hash=_hash(plain),
        scope=scope,
        created_at=clock.now(),
        created_by=by,
    )
    session.add(key)
    session.flush()
    detail = {"scope": scope, "worker": str(worker.id)}
    audit.record(session, actor_kind="worker", actor_id=by, verb="made_api_key", object_id=key.id, detail=detail)
    return plain


def revoke(session: Session, key: ApiKey, by: uuid.UUID) -> None:
    """It works no longer."""
    if key.revoked_at is None:
        key.revoked_at = clock.now()
        audit.record(session, actor_kind="worker", actor_id=by, verb="revoked_api_key", object_id=key.id)


def keys(session: Session, agency_id: uuid.UUID) -> list[KeyView]:
    """All keys of the agency, the newest first."""
    rows = session.execute(
        select(ApiKey, Worker)
        .join(Worker, Worker.id == ApiKey.worker_id)
        .where(Worker.agency_id == agency_id)
        .order_by(ApiKey.revoked_at.is_not(None), ApiKey.created_at.desc())
    )
    return [KeyView(key, worker) for key, worker in rows]


def worker_of_key(session: Session, plain: str) -> tuple[Worker, Agency, ApiKey] | None:
    """For whom a key asks, and where they work; None for one that does not work."""
    row = session.execute(
        select(Worker, Agency, ApiKey)
        .join(ApiKey, ApiKey.worker_id == Worker.id)
        .join(Agency, Agency.id == Worker.agency_id)
        .where(ApiKey.key_hash == _hash(plain), ApiKey.revoked_at.is_(None), Worker.active)
    ).one_or_none()
    return (row[0], row[1], row[2]) if row else None


def used(key: ApiKey) -> None:
    """The key is being used. Commits, once in a few minutes."""
    now = clock.now()
    if key.last_used_at is None or key.last_used_at <= now - _USED_EVERY:
        with transaction() as session:
            session.execute(update(ApiKey).where(ApiKey.id == key.id).values(last_used_at=now))


def _hash(plain: str) -> str:
    return keyed_hash("api-key", plain)
