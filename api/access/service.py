"""Signing in and out, sessions, form tokens and the limits on guessing.

Promises: a password or a code is never logged or stored in the clear; an unknown e-mail address gets the same answer
after the same work as a wrong password; a try counts before it is looked at, so that a hundred at once are a hundred;
whoever has a second factor has no session before a code of it, and its tries count with the password's.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from api import clock
from api.access import identities, second_factor, tickets
from api.access.hashes import keyed_hash as keyed_hash
from api.access.models import SignInAttempt, Worker, WorkerSession
from api.audit import service as audit
from api.database import transaction
from api.messages.cleaning import storable

SESSION_LIFE = timedelta(hours=12)
#: Tries are counted over this time.
WINDOW = timedelta(minutes=15)
TRIES_PER_EMAIL = 8
TRIES_PER_CLIENT = 30
SHORTEST_PASSWORD = 12

_hasher = PasswordHasher()
#: Argon2 takes 64 MiB a time: more at once would let a flood of sign-ins take the machine's memory.
_hashing = threading.BoundedSemaphore(2)


class TooManyTries(Exception):
    """No more tries for now, whether right or wrong."""


@dataclass(frozen=True)
class SignedIn:
    """A fresh session, until when it lasts; its token goes into the cookie, or to the program, and nowhere else."""

    token: str
    worker_id: uuid.UUID
    expires_at: datetime


@dataclass(frozen=True)
class SecondStep:
    """The first step was right, and a code is asked for. The ticket says whose, for five minutes; it opens nothing."""

    ticket: str


class CodeNeeded(Exception):
    """The password was right; a code that fits was not given with it."""


def hash_password(password: str) -> str:
    """The argon2id hash to store for a password."""
    with _hashing:
        return _hasher.hash(password)


def set_password(email: str, password: str) -> None:
    """Give a worker a (new) password and end their sessions. Raises LookupError for an unknown address, ValueError
    for a password of less than SHORTEST_PASSWORD characters. Commits."""
    if len(password) < SHORTEST_PASSWORD:
        raise ValueError(f"a password has at least {SHORTEST_PASSWORD} characters")
    hashed = hash_password(password)
    with transaction() as session:
        worker = session.scalar(select(Worker).where(func.lower(Worker.email) == email.strip().casefold()))
        if worker is None:
            raise LookupError("no worker has this e-mail address; import the workers first")
        worker.password_hash = hashed
        session.execute(
            update(WorkerSession)
            .where(WorkerSession.worker_id == worker.id, WorkerSession.revoked_at.is_(None))
            .values(revoked_at=clock.now())
        )
        audit.record(session, actor_kind="system", actor_id=None, verb="set_password", object_id=worker.id)


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return hash_password(secrets.token_hex(16))


def _password_fits(password_hash: str, password: str) -> bool:
    with _hashing:
        try:
            return _hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False


def secret_fits(kept: str, given: str) -> bool:
    """Is this what was hashed with ``hash_password``? For PINs; whoever asks limits the tries."""
    return _password_fits(kept, given)


def token_hash(token: str) -> str:
    """What the database keeps of a session's token (the token itself has 256 random bits: no key needed)."""
    return hashlib.sha256(token.encode()).hexdigest()


def bearer_hash(token: str) -> str:
    """What the database keeps of a program's token. Not what it keeps of a cookie: neither works as the other."""
    return keyed_hash("bearer", token)


def form_token(token: str) -> str:
    """The hidden field of every form of a session: nobody else can make it, and it does not tell the token."""
    return keyed_hash("form", token)


def form_token_fits(token: str, given: str) -> bool:
    return hmac.compare_digest(form_token(token).encode(), given.encode("utf-8", "replace"))


def count_try(subjects: dict[str, int]) -> list[uuid.UUID]:
    """Count one try against each subject (a keyed hash → how many tries it has in the window) and commit that.

    Returns the entries, for ``forget_tries`` when the try was right. Raises TooManyTries.
    """
    now = clock.now()
    entries = {subject: uuid.uuid4() for subject in subjects}
    # Committed before it is counted: whoever tries at the same moment sees it, so a hundred at once are a hundred.
    with transaction() as session:
        session.execute(
            delete(SignInAttempt).where(SignInAttempt.subject.in_(subjects), SignInAttempt.at <= now - WINDOW)
        )
        session.add_all(SignInAttempt(id=entry, subject=subject, at=now) for subject, entry in entries.items())
    with transaction() as session:
        counts = session.execute(
            select(SignInAttempt.subject, func.count())
            .where(SignInAttempt.subject.in_(subjects), SignInAttempt.at > now - WINDOW)
            .group_by(SignInAttempt.subject)
        ).all()
        too_many = any(count > subjects[subject] for subject, count in counts)
        if too_many:  # what is refused without a look does not prolong the wait
            forget_tries(session, list(entries.values()))
    if too_many:
        raise TooManyTries
    return list(entries.values())


def forget_tries(session: Session, entries: list[uuid.UUID]) -> None:
    """The try was right: it does not count."""
    session.execute(delete(SignInAttempt).where(SignInAttempt.id.in_(entries)))


def sign_in(
    email: str, password: str, client: str, old_token: str = "", browser: str = ""
) -> SignedIn | SecondStep | None:
    """A new session for the right e-mail address and password, else None; for whoever has a second factor the next step
    instead. ``client`` is the browser's address, ``browser`` its family.

    The session that the browser had before is revoked. Raises TooManyTries. Commits.
    """
    proved = _prove(email, password, client)
    if proved is None:
        return None
    with transaction() as session:
        forget_tries(session, proved.entries)
        if second_factor.enrolled(session, proved.worker.id):
            return SecondStep(tickets.make(proved.worker, tickets.PASSWORD))
        return fresh_session(session, proved.worker, old_token, browser, by=tickets.PASSWORD)


def second_step(ticket: str, code: str, client: str, old_token: str = "", browser: str = "") -> SignedIn | None:
    """The session, for a code that fits; None for one that does not (or was used). Raises LookupError where the ticket
    is over, TooManyTries. Commits."""
    worker, by = tickets.read(ticket)
    entries = count_try(limits(worker.email, client))
    with transaction() as session:
        kind = second_factor.use(session, worker.id, code, clock.now())
        if kind is None:
            return None
        forget_tries(session, entries)
        return fresh_session(session, worker, old_token, browser, factor=kind, by=by)


def give_bearer_token(email: str, password: str, client: str, code: str = "") -> SignedIn | None:
    """The same for a program: a token for its ``Authorization: Bearer``, with the same limits after the same work.

    Raises TooManyTries; CodeNeeded where the worker has a second factor and ``code`` does not fit. Commits.
    """
    proved = _prove(email, password, client)
    if proved is None:
        return None
    with transaction() as session:
        kind = ""
        if second_factor.enrolled(session, proved.worker.id):
            kind = second_factor.use(session, proved.worker.id, code, clock.now()) or ""
            if not kind:  # the try stays counted
                raise CodeNeeded
        forget_tries(session, proved.entries)
        return start_session(session, proved.worker, via="bearer", factor=kind, by=tickets.PASSWORD)


def limits(email: str, client: str) -> dict[str, int]:
    """How often may be tried for an address, and from a place: for ``count_try``."""
    return {
        keyed_hash("sign-in-email", email.strip().casefold()): TRIES_PER_EMAIL,
        keyed_hash("sign-in-client", client): TRIES_PER_CLIENT,
    }


def password_fits(worker: Worker, password: str) -> bool:
    """Is this the worker's password? The caller counts the tries."""
    return _password_fits(worker.password_hash, storable(password))


@dataclass(frozen=True)
class _Proved:
    worker: Worker
    entries: list[uuid.UUID]


def _prove(email: str, password: str, client: str) -> _Proved | None:
    """Who this is, by e-mail address and password, and the tries to forget; None (after the same work) for nobody."""
    address, password = storable(email).strip().casefold(), storable(password)
    entries = count_try(limits(address, client))
    with transaction() as session:
        worker = session.scalars(select(Worker).where(func.lower(Worker.email) == address)).one_or_none()
        allowed = worker is not None and identities.password_allowed(session, worker)
    known = worker is not None and allowed and worker.active and worker.password_hash != ""
    fits = _password_fits(worker.password_hash if worker and known else _nobodys_hash(), password)
    return _Proved(worker, entries) if worker and known and fits else None


def start_session(
    session: Session, worker: Worker, *, via: str = "cookie", browser: str = "", factor: str = "", by: str = ""
) -> SignedIn:
    """A new session for a worker who has proved who they are; ``via`` is ``cookie`` or ``bearer``, ``factor`` the kind
    of code that was used (or ``provider``: theirs saw to it), ``by`` how they proved it (api.access.tickets)."""
    token = secrets.token_urlsafe(32)
    now = clock.now()
    kept = bearer_hash(token) if via == "bearer" else token_hash(token)
    ends = now + SESSION_LIFE
    session.add(
        WorkerSession(
            worker_id=worker.id, token_hash=kept, created_at=now, expires_at=ends, via=via, browser=browser,
            last_seen_at=now, proved_by=by, factor=factor,
        )
    )  # fmt: skip
    detail = {"via": via, "second_factor": factor or "none", **({"by": by} if by else {})}
    audit.record(session, actor_kind="worker", actor_id=worker.id, verb="signed_in", object_id=worker.id, detail=detail)
    return SignedIn(token, worker.id, ends)


def fresh_session(
    session: Session, worker: Worker, old_token: str, browser: str, *, factor: str = "", by: str = ""
) -> SignedIn:
    """The same for a browser: the session that it had before, whoever's it was, ends."""
    if old_token:
        _revoke(session, token_hash(old_token))
    return start_session(session, worker, browser=browser, factor=factor, by=by)


def sign_out(token: str) -> None:
    """The browser's session ends, whether or not it was one. Commits."""
    _end(token_hash(token))


def take_back_bearer_token(token: str) -> None:
    """The program's token works no longer, whether or not it did. Commits."""
    _end(bearer_hash(token))


def _end(kept: str) -> None:
    with transaction() as session:
        worker_id = _revoke(session, kept)
        if worker_id:
            audit.record(session, actor_kind="worker", actor_id=worker_id, verb="signed_out", object_id=worker_id)


def _revoke(session: Session, kept: str) -> uuid.UUID | None:
    return session.scalar(
        update(WorkerSession)
        .where(WorkerSession.token_hash == kept, WorkerSession.revoked_at.is_(None))
        .values(revoked_at=clock.now())
        .returning(WorkerSession.worker_id)
    )
