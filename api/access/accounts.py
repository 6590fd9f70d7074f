"""What workers change about their own account, and administrators about those of their agency.

Promises: whatever makes an account safer (a new password, a second factor, leaving) ends the sessions from before it;
each change is in the audit trail. Everything takes the caller's transaction but ``change_password``.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from api import clock
from api.access import identities, second_factor, service, sessions
from api.access.models import NEWS_BY as _NEWS_BY
from api.access.models import PROOF as _PROOF
from api.access.models import ROLES, Agency, SecondFactor, Worker, WorkerIdentity, WorkerSession
from api.audit import service as audit
from api.coded import Coded
from api.database import transaction

#: How a worker may be told what can wait.
NEWS_BY = _NEWS_BY
#: Whom an agency may ask for a PIN.
PROOF = _PROOF


class TooShort(ValueError):
    """The password has less than SHORTEST_PASSWORD characters."""


@dataclass(frozen=True)
class Account:
    """A worker as the administrator sees them."""

    worker: Worker
    second_factor: bool
    sessions: int
    last_seen_at: datetime | None
    #: Is it kept who they are at the agency's provider?
    at_provider: bool


def accounts(session: Session, agency_id: uuid.UUID) -> list[Account]:
    """Everybody of the agency, those who left last."""
    live = (
        select(
            WorkerSession.worker_id,
            func.count().label("count"),
            func.max(WorkerSession.last_seen_at).label("seen"),
        )
        .where(WorkerSession.revoked_at.is_(None), WorkerSession.expires_at > clock.now())
        .group_by(WorkerSession.worker_id)
        .subquery()
    )
    known = exists().where(WorkerIdentity.worker_id == Worker.id).correlate(Worker)
    rows = session.execute(
        select(Worker, SecondFactor.confirmed_at, live.c.count, live.c.seen, known)
        .outerjoin(SecondFactor, SecondFactor.worker_id == Worker.id)
        .outerjoin(live, live.c.worker_id == Worker.id)
        .where(Worker.agency_id == agency_id)
        .order_by(Worker.active.desc(), Worker.name)
    )
    return [Account(worker, confirmed is not None, count or 0, seen, at) for worker, confirmed, count, seen, at in rows]


def change_password(worker_id: uuid.UUID, current: str, new: str, client: str, keep: uuid.UUID | None) -> bool:
    """Give oneself a new password; the other sessions end. False if the current one was not right. Raises TooShort,
    api.access.service.TooManyTries. Commits."""
    if len(new) < service.SHORTEST_PASSWORD:
        raise TooShort
    if not proves(worker_id, current, client):
        return False
    hashed = service.hash_password(new)
    with transaction() as session:
        session.get_one(Worker, worker_id).password_hash = hashed
        _note(session, worker_id, "changed_own_password", worker_id)
        sessions.end_others(session, worker_id, keep)
    return True


def proves_again(worker_id: uuid.UUID, password: str, client: str, session_id: uuid.UUID | None) -> bool:
    """Is this really them, and not just their open browser: by the password, or by having been asked by the
    agency's provider a moment ago (who signs in there may have no password). Raises TooManyTries. Commits."""
    with transaction() as session:
        if not password and sessions.just_from_provider(session, session_id):
            return True
    return proves(worker_id, password, client)


def proves(worker_id: uuid.UUID, password: str, client: str) -> bool:
    """Is this really them, by their password? The tries count with those at sign-in. Raises TooManyTries. Commits."""
    with transaction() as session:
        worker = session.get_one(Worker, worker_id)
    entries = service.count_try(service.limits(worker.email, client))
    if not service.password_fits(worker, password):
        return False
    with transaction() as session:
        service.forget_tries(session, entries)
    return True


class BadHours(Coded):
    """These cannot be somebody's working hours: ``code`` says why (``account.problem.<code>``)."""


def set_hours(
    session: Session, worker_id: uuid.UUID, begin: time | None, end: time | None, days: Sequence[str], news_by: str
) -> None:
    """When the worker can be met (local times, ISO weekdays), and how they hear of what can wait (one of NEWS_BY).
    Raises BadHours: hours_missing, hours_order, hours_days."""
    if begin is None or end is None or news_by not in NEWS_BY:
        raise BadHours("hours_missing")
    if end <= begin:
        raise BadHours("hours_order")
    kept = "".join(sorted({day for day in days if day in set("1234567")}))
    if not kept:
        raise BadHours("hours_days")
    worker = session.get_one(Worker, worker_id)
    worker.works_from, worker.works_until, worker.works_on, worker.news_by = begin, end, kept, news_by
    _note(session, worker_id, "changed_own_hours", worker_id)


def set_active(session: Session, colleague: Worker, active: bool, by: uuid.UUID) -> None:
    """Somebody leaves (their sessions end; what they had taken on is open again at the next tick) or comes back."""
    if colleague.active == active:
        return
    colleague.active = active
    if not active:
        sessions.end_all(session, colleague.id, by)
    _note(session, by, "reactivated_worker" if active else "deactivated_worker", colleague.id)


def reset_second_factor(session: Session, colleague: Worker, by: uuid.UUID) -> None:
    """For whoever lost phone and recovery codes: none any more, and no session either."""
    if second_factor.remove(session, colleague.id):
        _note(session, by, "reset_second_factor", colleague.id)
        sessions.end_all(session, colleague.id, by)


def forget_at_provider(session: Session, colleague: Worker, by: uuid.UUID) -> None:
    """For whoever got a new account at the agency's provider: the next one there with their verified e-mail address is
    them. No session goes on."""
    if identities.forget(session, colleague, by):
        sessions.end_all(session, colleague.id, by)


def require_second_factor(session: Session, agency: Agency, roles: Sequence[str], by: uuid.UUID) -> None:
    """Which roles may do nothing before they have one."""
    wanted = [role for role in ROLES if role in roles]
    if wanted != agency.second_factor_roles:
        agency.second_factor_roles = wanted
        detail = {"roles": wanted}
        audit.record(
            session, actor_kind="worker", actor_id=by, verb="required_second_factor", object_id=agency.id, detail=detail
        )


def ask_for_proof(session: Session, agency: Agency, whom: str, by: uuid.UUID) -> None:
    """Whose phone is asked for a PIN before anything is told on it (``PROOF``)."""
    if whom != agency.proof:
        agency.proof = whom
        audit.record(
            session, actor_kind="worker", actor_id=by, verb="changed_proof", object_id=agency.id, detail={"proof": whom}
        )


def _note(session: Session, by: uuid.UUID, verb: str, about: uuid.UUID) -> None:
    audit.record(session, actor_kind="worker", actor_id=by, verb=verb, object_id=about)
