"""A worker's sessions as they see them: where they are signed in, and ending what is not theirs any more.

What a browser sends about itself is boiled down to its family before it is kept. Everything here takes the caller's
transaction but ``seen``.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock
from api.access import tickets
from api.access.models import WorkerSession
from api.audit import service as audit
from api.channels.push import service as push
from api.database import transaction

#: When somebody was last seen is kept to so many minutes: reading a page should not write each time.
SEEN_EVERY = timedelta(minutes=5)
#: So long the provider's word counts for what else needs the password once more.
JUST = timedelta(minutes=10)

#: What a browser calls itself → its family; the first that is found counts, because most claim to be others too.
_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"),
             ("Chrome/", "Chrome"), ("Safari/", "Safari"))  # fmt: skip
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
            ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"))  # fmt: skip


def browser_family(user_agent: str) -> str:
    """ "Firefox, Linux"; what is not known is left out."""
    found = [next((name for sign, name in known if sign in user_agent), "") for known in (_BROWSERS, _SYSTEMS)]
    return ", ".join(name for name in found if name)


def seen(row: WorkerSession) -> None:
    """The session is being used. Commits, once in a few minutes."""
    now = clock.now()
    if row.last_seen_at is None or row.last_seen_at <= now - SEEN_EVERY:
        with transaction() as session:
            session.execute(update(WorkerSession).where(WorkerSession.id == row.id).values(last_seen_at=now))


def just_from_provider(session: Session, session_id: uuid.UUID | None) -> bool:
    """Did whoever has this session come from the agency's provider within these minutes, which asked them anew? (One
    that lets a browser in silently says nothing about who sits before it.)"""
    row = session.get(WorkerSession, session_id) if session_id else None
    return row is not None and row.proved_by == tickets.ASKED_ANEW and row.created_at > clock.now() - JUST


def live(session: Session, worker_id: uuid.UUID) -> Sequence[WorkerSession]:
    """The sessions that still work, the one used last first."""
    return session.scalars(
        select(WorkerSession)
        .where(
            WorkerSession.worker_id == worker_id,
            WorkerSession.revoked_at.is_(None),
            WorkerSession.expires_at > clock.now(),
        )
        .order_by(WorkerSession.last_seen_at.desc().nulls_last(), WorkerSession.created_at.desc())
    ).all()


def end(session: Session, worker_id: uuid.UUID, session_id: uuid.UUID) -> bool:
    """End one of this worker's sessions, by themself; was there one?"""
    return _end(session, worker_id, WorkerSession.id == session_id, by=worker_id, verb="ended_session") == 1


def end_others(session: Session, worker_id: uuid.UUID, but: uuid.UUID | None) -> int:
    """End all of this worker's sessions but one, by themself; returns how many."""
    return _end(session, worker_id, WorkerSession.id != but, by=worker_id, verb="ended_other_sessions")


def end_all(session: Session, worker_id: uuid.UUID, by: uuid.UUID) -> int:
    """End all of this worker's sessions, by an administrator, and the notifications in their browsers: whoever lost a
    laptop is not told there. Returns how many sessions."""
    push.turn_off_all(session, worker_id, by)
    return _end(session, worker_id, WorkerSession.worker_id == worker_id, by=by, verb="ended_workers_sessions")


def _end(session: Session, worker_id: uuid.UUID, which: object, *, by: uuid.UUID, verb: str) -> int:
    ended = session.scalars(
        update(WorkerSession)
        .where(WorkerSession.worker_id == worker_id, WorkerSession.revoked_at.is_(None), which)  # type: ignore[arg-type]
        .values(revoked_at=clock.now())
        .returning(WorkerSession.id)
    ).all()
    if ended:
        detail = {"sessions": len(ended)}
        audit.record(session, actor_kind="worker", actor_id=by, verb=verb, object_id=worker_id, detail=detail)
    return len(ended)
