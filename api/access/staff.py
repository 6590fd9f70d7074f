"""The agency's workers, by whoever leads it: somebody new, another role or phone, who leaves, the way in to a password.

Promises: nobody makes anybody more than they are themself, or changes who is above them; nobody lets themself go or
changes their own role, address or password here, so there is always somebody left who can undo it; a code for a
password works once, for three days, only for who was given it as what they were then, and is kept as a hash. Everything
takes the caller's transaction but ``set_password_with``.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from api import clock
from api.access import accounts, identities, service, sessions
from api.access.hashes import keyed_hash
from api.access.models import Agency, EntryCode, Worker
from api.access.queries import NotVisible
from api.access.reach import AGENCY_WIDE
from api.access.staff_queries import within
from api.audit import service as audit
from api.coded import Coded
from api.database import transaction
from api.families.models import ContactPoint
from api.messages import service as messages
from api.messages.cleaning import storable

#: Without the letters and digits that are read as one another.
ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 12
CODE_LIFE = timedelta(days=3)


@dataclass(frozen=True)
class Standing:
    """What somebody was before a change: it decides what ends with it."""

    role: str
    email: str
    active: bool

    @classmethod
    def of(cls, worker: Worker) -> Standing:
        return cls(worker.role, worker.email, worker.active)


class CannotChange(Coded):
    """``code`` says why (``account.staff.problem.<code>``)."""


def add(session: Session, by: Worker, values: Mapping[str, Any]) -> Worker:
    """Somebody new, without a password yet. Raises CannotChange."""
    _check(session, _hold(session, by), None, values)
    worker = Worker(agency_id=by.agency_id, external_id=f"console-{uuid.uuid4()}", **values)
    session.add(worker)
    session.flush()
    _record(session, by, "added_worker", worker, {"role": worker.role})
    return worker


def change(session: Session, by: Worker, colleague: Worker, values: Mapping[str, Any]) -> list[str]:
    """Mend what is kept of somebody; returns what is any other now. It holds from their next page on. Raises
    CannotChange."""
    now, was = _hold(session, by, colleague), Standing.of(colleague)
    changed = sorted(name for name, value in values.items() if getattr(colleague, name) != value)
    _check(session, now, colleague, values)
    detail: dict[str, Any] = {"fields": changed}
    if "role" in changed:
        detail |= {"from": colleague.role, "to": values["role"]}
    for name in changed:
        setattr(colleague, name, values[name])
    if "role" in changed:
        colleague.role_by_hand = True
    if changed:
        session.flush()
        _record(session, by, "changed_worker", colleague, detail)
        settle(session, colleague, was, by)
    return changed


def settle(session: Session, colleague: Worker, was: Standing, by: Worker | None) -> None:
    """What ends when somebody is any other than they were: codes from before (whoever made one knows it, and may not
    be let in as what they are now), and takeovers of what they see no more. ``by`` is None for an import."""
    if (colleague.role, colleague.email, colleague.active) != (was.role, was.email, was.active):
        _end_codes(session, colleague)
    if not colleague.active:
        messages.hand_back_all(session, colleague.id, by)
    elif was.role in AGENCY_WIDE and colleague.role not in AGENCY_WIDE:
        messages.hand_back_others(session, colleague.id, by)


def leave(session: Session, by: Worker, colleague: Worker) -> None:
    """Somebody works here no more: sessions, codes and takeovers end. Raises CannotChange for oneself."""
    _hold(session, by, colleague)
    if colleague.id == by.id:
        raise CannotChange("yourself")
    if not colleague.active:
        return
    was = Standing.of(colleague)
    accounts.set_active(session, colleague, False, by.id)
    settle(session, colleague, was, by)


def come_back(session: Session, by: Worker, colleague: Worker) -> None:
    """Somebody works here again, with the password they had."""
    _hold(session, by, colleague)
    accounts.set_active(session, colleague, True, by.id)


def make_code(session: Session, by: Worker, colleague: Worker) -> str:
    """A code with which the worker sets a password, to be told to them and shown once ("ABCD-EFGH-JKMN"); an earlier
    one works no longer, the password that they have goes on until then. Raises CannotChange."""
    _hold(session, by, colleague)
    if colleague.id == by.id:  # whoever finds an open browser must not make its owner's password theirs
        raise CannotChange("own_code")
    if not colleague.active:
        raise CannotChange("left")
    if not identities.password_allowed(session, colleague):
        raise CannotChange("provider")
    _end_codes(session, colleague)
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    now = clock.now()
    session.add(
        EntryCode(
            worker_id=colleague.id, code_hash=_hash(colleague, code), made_by=by.id, created_at=now,
            expires_at=now + CODE_LIFE,
        )
    )  # fmt: skip
    _record(session, by, "made_entry_code", colleague, {})
    return "-".join(code[at : at + 4] for at in range(0, CODE_LENGTH, 4))


def set_password_with(email: str, code: str, new: str, client: str) -> bool:
    """Set a worker's password with the code that they were given; all their sessions end. False, with nothing said of
    why, if it is not theirs, is used or is over. The tries count with those at sign-in. Raises
    api.access.accounts.TooShort, api.access.service.TooManyTries. Commits."""
    if len(new) < service.SHORTEST_PASSWORD:
        raise accounts.TooShort
    address = storable(email).strip().casefold()
    entries = service.count_try(service.limits(address, client))
    hashed = service.hash_password(storable(new))  # the same work whatever comes of it
    with transaction() as session:
        theirs = select(Worker).where(func.lower(Worker.email) == address)
        worker = session.scalars(theirs.with_for_update(key_share=True)).one_or_none()  # no change of role meanwhile
        now = clock.now()
        if worker is None or not worker.active or not identities.password_allowed(session, worker):
            return False
        used = session.scalar(
            update(EntryCode)
            .where(
                EntryCode.worker_id == worker.id,
                EntryCode.code_hash == _hash(worker, code),
                EntryCode.used_at.is_(None),
                EntryCode.expires_at > now,
            )
            .values(used_at=now)
            .returning(EntryCode.id)
        )
        if used is None:
            return False
        service.forget_tries(session, entries)
        worker.password_hash = hashed
        sessions.end_all(session, worker.id, worker.id)
        _record(session, worker, "set_password_by_code", worker, {})
        return True


def _hold(session: Session, by: Worker, colleague: Worker | None = None) -> Worker:
    """One change of an agency's workers at a time: two who let each other go at once do not both. Returns ``by`` as
    they are by now. Raises NotVisible for whoever may do it no more, or to somebody who is above them by now."""
    session.execute(select(Agency.id).where(Agency.id == by.agency_id).with_for_update())
    now = session.get_one(Worker, by.id, populate_existing=True)
    if colleague is not None:
        session.refresh(colleague)
    if not now.active or not within(now, colleague.role if colleague is not None else "worker"):
        raise NotVisible
    return now


def _check(session: Session, by: Worker, colleague: Worker | None, values: Mapping[str, Any]) -> None:
    """Nobody above oneself, nobody's own role, no address or number of somebody else's."""
    if not within(by, values["role"]):
        raise CannotChange("above")
    if colleague is not None and colleague.id == by.id and (values["role"], values["email"]) != (by.role, by.email):
        raise CannotChange("own_role")
    other = Worker.id != (colleague.id if colleague is not None else None)
    if session.scalar(select(Worker.id).where(func.lower(Worker.email) == values["email"].casefold(), other)):
        raise CannotChange("email_taken")
    phone = values.get("phone")
    family = select(ContactPoint.id).where(ContactPoint.address == phone, ContactPoint.state != "quarantined").limit(1)
    if phone and (session.scalar(select(Worker.id).where(Worker.phone == phone, other)) or session.scalar(family)):
        raise CannotChange("phone_taken")


def _end_codes(session: Session, colleague: Worker) -> None:
    now = clock.now()
    open_ones = EntryCode.worker_id == colleague.id, EntryCode.used_at.is_(None), EntryCode.expires_at > now
    session.execute(update(EntryCode).where(*open_ones).values(expires_at=now))


def _hash(worker: Worker, code: str) -> str:
    """Keyed, and the worker's own: a stolen table does not say what the codes are, nor does one fit another."""
    plain = "".join(sign for sign in code.upper() if sign in ALPHABET)
    return keyed_hash("entry-code", f"{worker.id}:{plain}")


def _record(session: Session, by: Worker, verb: str, about: Worker, detail: dict[str, Any]) -> None:
    audit.record(session, actor_kind="worker", actor_id=by.id, verb=verb, object_id=about.id, detail=detail)
