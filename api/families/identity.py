"""Who is at a phone: the PIN that a person chose, or the questions that a worker agreed with them; how long either
opens a phone, and the way back in.

Promises: PINs and answers are kept as argon2 hashes only; a try counts in the transaction that looks at it, and one
person's tries wait for each other, so that a hundred at once are a hundred; after too many it is locked until a worker
lets them in again. Nothing here commits.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.access import service as access
from api.access.models import Agency
from api.audit import service as audit
from api.families.models import ContactPoint, Person
from api.families.pins import LONGEST, too_easy
from api.families.questions import plain
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


def needs_proof(person: Person, agency: Agency) -> bool:
    """Is nothing of theirs told by text before a proof, even where they have none yet? By their profile, else by the
    agency's rule."""
    if person.proof is not None:
        return person.proof
    return agency.proof == "always" or (agency.proof == "seen" and bool(person.phone_seen_by))


def others_may_have(session: Session, conversation: Conversation) -> bool:
    """Is it a phone that somebody else may have in hand, as far as we know, or one that has a door?"""
    if conversation.channel != "sms" or conversation.person_id is None:
        return False
    person = session.get_one(Person, conversation.person_id)
    agency = session.get(Agency, conversation.agency_id) if conversation.agency_id else None
    return (
        bool(person.phone_seen_by)
        or proves(person)
        or (agency is not None and needs_proof(person, agency))
        or len(holders(session, conversation.address)) > 1
    )


def standing(person: Person | None, conversation: Conversation, agency: Agency, *, shared: bool, now: datetime) -> str:
    """What the one who writes may be told: ``known`` (all that is theirs), ``stranger`` (nothing), or what is missing
    first: ``who`` (of several), ``pin``, ``question``, ``locked`` (the worker's help), ``choose`` (a PIN: they have
    none, and it is needed here)."""
    if person is None or person.left_at is not None:
        return "stranger"  # whoever left while a message waited has neither PIN nor number any more
    if conversation.channel != "sms" or not (shared or proves(person) or needs_proof(person, agency)):
        return "known"
    if conversation.proved_until is not None and conversation.proved_until > now:
        return "known"
    if shared:
        return "who"
    return missing(person) if proves(person) else "choose"


def proves(person: Person) -> bool:
    """Is there anything by which this person can prove who they are?"""
    return bool(person.pin_hash or person.door_hashes)


def missing(person: Person) -> str:
    """What somebody who says they are this person has to give first: ``pin``, or where there is none the answer to a
    ``question``; or ``locked``; or ``no_pin`` (a worker's code, on a phone that is shared)."""
    if not proves(person):
        return "no_pin"
    if person.pin_locked_at is not None:
        return "locked"
    return "pin" if person.pin_hash else "question"


def question(person: Person) -> str:
    """The question whose turn it is: the same until it was answered, so that nobody can wait for one that they know.
    An Unreadable where it does not open."""
    return person.door_words[person.door_turn % len(person.door_words)]


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
    return _wrong(session, person, conversation, now)


def try_answer(session: Session, person: Person, conversation: Conversation, words: str, now: datetime) -> str:
    """Look at an answer to ``question(person)``: ``right``, ``wrong``, ``locked``, ``locks``, as ``try_pin``."""
    session.refresh(person, with_for_update=True)
    if person.pin_locked_at is not None or person.pin_hash or not person.door_hashes:
        return "locked"
    if is_answer(person, words):
        person.pin_tries, person.door_turn = 0, (person.door_turn + 1) % len(person.door_hashes)
        open_phone(person, conversation, now)
        return "right"
    return _wrong(session, person, conversation, now)


def is_answer(person: Person, words: str) -> bool:
    """Is this the answer to ``question(person)``? No try: only what is kept of a message depends on it."""
    hashes = person.door_hashes
    return bool(hashes) and access.secret_fits(hashes[person.door_turn % len(hashes)], plain(words))


def _wrong(session: Session, person: Person, conversation: Conversation, now: datetime) -> str:
    person.pin_tries += 1
    conversation.proved_until = None
    if person.pin_tries < MOST_TRIES:
        return "wrong"
    person.pin_locked_at = now
    verb = "locked_pin" if person.pin_hash else "locked_questions"
    _record(session, person, verb, actor_kind="system", actor_id=None)
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


def set_questions(session: Session, person: Person, agreed: Sequence[tuple[str, str]], worker_id: uuid.UUID) -> None:
    """What is asked where there is no PIN: questions with their answers. An answer that is "" stays the one that
    stands for the same question. Every phone that they had opened is closed, and wrong tries count no more."""
    stands = dict(zip(person.door_words, person.door_hashes, strict=False))
    person.door_hashes = [access.hash_password(plain(answer)) if answer else stands[words] for words, answer in agreed]
    person.door_words, person.door_turn = [words for words, _ in agreed], 0
    _let_try_again(session, person)
    verb = "set_questions" if agreed else "removed_questions"
    _record(session, person, verb, actor_kind="worker", actor_id=worker_id)


def let_try_again(session: Session, person: Person, worker_id: uuid.UUID) -> None:
    """A worker has spoken with somebody whose questions are locked: they may answer again."""
    _let_try_again(session, person)
    _record(session, person, "reset_questions", actor_kind="worker", actor_id=worker_id)


def _let_try_again(session: Session, person: Person) -> None:
    if person.pin_hash:
        return  # a PIN's lock stays; the way back there is a code
    person.pin_tries, person.pin_locked_at = 0, None
    close_phones(session, person)


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
