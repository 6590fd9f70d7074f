"""What a write under /api/v1 answered, kept for a day for a program that asks again with the same ``Idempotency-Key``.

Promises: of two requests with one key, however close together, one is worked on; another request with that key is
refused. The claim is committed before the work, so a process that dies midway leaves it open rather than forgotten.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from api import clock
from api.access.hashes import keyed_hash
from api.access.models import KeptAnswer
from api.database import transaction

KEPT_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Claim:
    """``new``: do the work, then ``keep`` or ``release``. ``same``: it was done, and answered this. ``other``: the key
    is another request's. ``open``: the first has not come to a known end."""

    kind: Literal["new", "same", "other", "open"]
    id: uuid.UUID
    status: int = 0
    body: str = ""


def request_hash(method: str, address: bytes, body: bytes) -> str:
    """What makes a request the same as another."""
    return hashlib.sha256(b"\0".join((method.encode(), address, body))).hexdigest()


def claim(worker_id: uuid.UUID, key: str, asked: str) -> Claim:
    """Whether this request is to be worked on. What is older than a day is forgotten first. Commits."""
    now = clock.now()
    hashed = keyed_hash("idempotency", key)
    with transaction() as session:
        session.execute(delete(KeptAnswer).where(KeptAnswer.at < now - KEPT_FOR))
        fresh = session.scalar(
            insert(KeptAnswer)
            .values(id=uuid.uuid4(), worker_id=worker_id, key_hash=hashed, request_hash=asked, at=now, body="")
            .on_conflict_do_nothing(index_elements=["worker_id", "key_hash"])
            .returning(KeptAnswer.id)
        )
        if fresh is not None:
            return Claim("new", fresh)
        kept = session.scalars(select(KeptAnswer).filter_by(worker_id=worker_id, key_hash=hashed)).one_or_none()
    if kept is None:  # released in this moment: whoever asks again may
        return Claim("open", uuid.uuid4())
    if kept.request_hash != asked:
        return Claim("other", kept.id)
    if kept.status is None:
        return Claim("open", kept.id)
    return Claim("same", kept.id, kept.status, kept.body)


def keep(claimed: Claim, status: int, body: str) -> None:
    """The work is done and answers this. Commits."""
    with transaction() as session:
        session.execute(update(KeptAnswer).where(KeptAnswer.id == claimed.id).values(status=status, body=body))


def release(claimed: Claim) -> None:
    """Nothing was done: the key is free again. Commits."""
    with transaction() as session:
        session.execute(delete(KeptAnswer).where(KeptAnswer.id == claimed.id))
