"""Who is at a phone: the PIN that a person chose, how long it opens a phone, and the way back in.

Promises: a PIN is kept as an argon2 hash only; a try counts in the transaction that looks at it, and tries at one PIN
wait for each other, so that a hundred at once are a hundred; after too many the PIN is locked until a worker gives a
new way in. Nothing here commits.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.access import service as access
from api.audit import service as audit
from api.families.models import ContactPoint, Person
from api.families.pins import LONGEST, too_easy
from api.messages.models import Conversation

#: Wrong tries until the PIN is locked.
MOST_TRIES = 5
#: A code that a worker gave works so long.
CODE_LIFE = timedelta(hours=48)


def holders(session: Session, address: str) -> Sequence[Person]:
    """The people who write from this number, always in the same order; more than one: the phone is shared."""
    return session.scalars(
        select(Person)
        .join(ContactPoint, ContactPoint.person_id == Person.id)
        .where(
            ContactPoint.channel == "sms",
            ContactPoint.address == address,
            ContactPoint.state.in_(("active", "opted_out")),
        )
        .order_by(Person.first_name, Person.id)
    ).all()


def standing(person: Person | None, conversation: Conversation, *, shared: bool, now: datetime) -> str:
    """What the one who writes may be told: ``known`` (all that is theirs), ``stranger`` (nothing), or what is missing
    first: ``who`` (of several), ``pin``, ``locked`` (the worker's help)."""
    if person is None:
        return "stranger"
    if conversation.channel != "sms" or not (shared or person.pin_hash):
        return "known"
    if conversation.proved_until is not None and conversation.proved_until > now:
        return "known"
    if shared:
        return "who"
    return missing(person)


def missing(person: Person) -> str:
    """What somebody who says they are this person has to give first: ``pin``, or ``locked``, or ``no_pin`` (a worker's
    code, on a phone that is shared)."""
    if not person.pin_hash:
        return "no_pin"
    return "locked" if person.pin_locked_at is not None else "pin"


def try_pin(session: Session, person: Person, conversation: Conversation, digits: str, now: datetime) -> str:
    """Look at a PIN: ``right`` (the phone is open from now on), ``temporary`` (right, and one of their own must be
    chosen now), ``wrong``, ``locked`` (not looked at), ``locks`` (wrong, and the last try)."""
    session.refresh(person, with_for_update=True)
    if person.pin_locked_at is not None or not person.pin_hash:
        return "locked"
    ended = person.pin_temporary_until is not None and person.pin_temporary_until <= now
    if access.secret_fits(person.pin_hash, digits) and not ended:
        person.pin_tries = 0
        if person.pin_temporary_until is not None:
            return "temporary"
        open_phone(person, conversation, now)
        return "right"
    person.pin_tries += 1
    conversation.proved_until = None
    if person.pin_tries < MOST_TRIES:
        return "wrong"
    person.pin_locked_at = now
    _record(session, person, "locked_pin", actor_kind="system", actor_id=None)
    return "locks"


def choose_pin(session: Session, person: Person, conversation: Conversation, digits: str, now: datetime) -> str:
    """``set`` (and the phone is open), or ``weak`` where it is too easy to guess."""
    if too_easy(digits):
        return "weak"
    session.refresh(person, with_for_update=True)
    person.pin_hash = access.hash_password(digits)
    person.pin_temporary_until, person.pin_locked_at, person.pin_tries = None, None, 0
    close_phones(session, person)
    open_phone(person, conversation, now)
    _record(session, person, "chose_pin", actor_kind="person", actor_id=person.id)
    return "set"


def remove_pin(session: Session, person: Person) -> None:
    """The person wants none any more (they have just proved who they are)."""
    person.pin_hash, person.pin_temporary_until, person.pin_tries, person.pin_locked_at = "", None, 0, None
    close_phones(session, person)
    _record(session, person, "removed_pin", actor_kind="person", actor_id=person.id)


def give_code(session: Session, person: Person, worker_id: uuid.UUID, now: datetime) -> str:
    """A worker's way (back) in: a code to be read out to the person, who comes in with it once and chooses a PIN.

    Whatever PIN there was works no longer, and every phone that it had opened is closed.
    """
    code = "".join(secrets.choice("0123456789") for _ in range(LONGEST))
    while too_easy(code):
        code = "".join(secrets.choice("0123456789") for _ in range(LONGEST))
    person.pin_hash = access.hash_password(code)
    person.pin_temporary_until, person.pin_tries, person.pin_locked_at = now + CODE_LIFE, 0, None
    close_phones(session, person)
    _record(session, person, "reset_pin", actor_kind="worker", actor_id=worker_id)
    return code


def open_phone(person: Person, conversation: Conversation, now: datetime) -> None:
    """From now on, for as long as the profile says."""
    conversation.proved_until = now + timedelta(minutes=person.session_minutes)


def close_phones(session: Session, person: Person) -> None:
    """Every phone of this person asks for the PIN again."""
    session.execute(
        update(Conversation)
        .where(Conversation.person_id == person.id, Conversation.channel == "sms")
        .values(proved_until=None)
    )


def _record(session: Session, person: Person, verb: str, *, actor_kind: str, actor_id: uuid.UUID | None) -> None:
    audit.record(
        session, actor_kind=actor_kind, actor_id=actor_id, verb=verb, family_id=person.family_id, object_id=person.id
    )
