"""Which keys the stored words need, looked at before a process works with them: so that no process writes with a key
that nobody knows of, and none starts with which nobody's words could be read."""

from __future__ import annotations

import logging

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api import clock
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.messages.models import InboundMessage
from api.protection.models import DataKey
from api.sealed import Unreadable, UnreadableObject, sealer
from api.settings import SettingsError

#: What `hearthline seal` leaves in the audit trail.
SEALED = "sealed_words"

log = logging.getLogger(__name__)


def missing(session: Session) -> list[str]:
    """The ids of keys that stored words are sealed with and that are not given."""
    needed = select(DataKey.id).where(DataKey.retired_at.is_(None), DataKey.id.not_in(sealer().ids))
    return list(session.scalars(needed.order_by(DataKey.first_used_at)))


def note(session: Session) -> None:
    """This process seals with the first key from now on."""
    first = insert(DataKey).values(id=sealer().ids[0], first_used_at=clock.now())
    session.execute(first.on_conflict_do_update(index_elements=["id"], set_={"retired_at": None}))


def check() -> None:
    """At the start of every process that reads or writes words. Raises SettingsError where a key is missing. Commits.

    A database that does not answer (yet) is no reason not to start: whatever reads it says so for itself.
    """
    try:
        with transaction() as session:
            unknown = missing(session)
            if not unknown:
                note(session)
    except SQLAlchemyError as error:
        log.error("the data keys could not be checked (%s)", type(error).__name__)
        return
    if unknown:
        raise SettingsError(in_words(unknown))


def in_words(unknown: list[str]) -> str:
    return (
        "Hearthline cannot start: words in the database are sealed with a key that HEARTHLINE_DATA_KEYS does not have\n"
        f"(its id: {', '.join(unknown)}; keys there: {', '.join(sealer().ids)}). Add that key after the new one, as\n"
        "NEW,OLD. The demo keeps its own in var/data_key. If the key is lost for good, so are the words that only it\n"
        "opens: `hearthline seal --without-lost-key ID` lets Hearthline start, and pages then say what is unreadable."
    )


def older_words() -> bool:
    """Are there messages from before words were sealed, and has `hearthline seal` never been through them?"""
    with reading() as session:
        oldest = session.scalar(select(InboundMessage.received_at).order_by(InboundMessage.seq).limit(1))
        begun = session.scalar(select(func.min(DataKey.first_used_at)))
        if oldest is None or begun is None or oldest >= begun:
            return False
        return session.scalar(select(AuditEntry.id).filter_by(verb=SEALED).limit(1)) is None


def to_come(session: Session, *read: object) -> bool:
    """Does one of these values not open here, but will where its key is given?

    So while the key is being changed: others have the new one, and this process was not started again. A key that was
    given up comes no more.
    """
    closed = [one for one in read if isinstance(one, Unreadable | UnreadableObject)]
    lacking = [one.key_id for one in closed if one.reason == "no_key"]
    if not lacking:
        return False
    needed = select(DataKey.id).where(DataKey.retired_at.is_(None), DataKey.id.in_(lacking))
    return session.scalar(needed.limit(1)) is not None


def give_up(key_id: str) -> bool:
    """The key with this id is lost for good: Hearthline may start without it. False if there is none. Commits."""
    with transaction() as session:
        key = session.get(DataKey, key_id)
        if key is None:
            return False
        key.retired_at = clock.now()
        return True


def missing_now() -> list[str]:
    """As ``missing``; none where the database is too old to say."""
    try:
        with reading() as session:
            return missing(session)
    except SQLAlchemyError:
        return []
