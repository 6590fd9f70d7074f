"""Whose conversation is a number's? One that changes hands begins anew: what was said stays with whom it was said.

Promise: the workers of a number's next holder do not read what its last one wrote, nor does the whole agency once the
number is nobody's. What was said is over: nothing written there is sent to anybody.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from api import clock
from api.families.models import ContactPoint, Family, Person
from api.messages.models import Conversation, InboundMessage

FORMER = "former:"


def nowhere(why: str, row_id: uuid.UUID) -> str:
    """What stands in place of a number: unique, and without digits, so that no page shows it as if it were one."""
    return why + "".join(chr(ord("a") + int(digit, 16)) for digit in row_id.hex)


def begin_anew(session: Session, conversation: Conversation, now: datetime) -> None:
    """End a conversation by text because the number is no longer the person's; the address is free for another.

    What still waited for its turn is no longer answered there: a worker of theirs looks at it.
    """
    conversation.address = nowhere(FORMER, conversation.id)
    conversation.closed_at = now
    conversation.state, conversation.proved_until = {}, None
    conversation.taken_over_by, conversation.taken_over_at = None, None
    session.execute(
        update(InboundMessage)
        .where(InboundMessage.conversation_id == conversation.id, InboundMessage.state == "queued")
        .values(state="unanswered", flag="flag.no_answer")
    )
    session.flush()


def conversation_with(session: Session, person: Person, address: str) -> Conversation:
    """The number's conversation. It is this person's from now on where nobody else has the number (any more); of a
    number that they share, if they have agreed and whoever it was with has the number no more. Else it stays another's:
    the caller looks at its ``person_id``."""
    family = session.get_one(Family, person.family_id)
    found = _found(session, address)
    have = set(
        session.scalars(
            select(ContactPoint.person_id).where(
                ContactPoint.address == address, ContactPoint.state.in_(("active", "opted_out"))
            )
        )
    )
    free = not have - {person.id} or (person.id in have and found.person_id not in have)
    if free and found.person_id != person.id:
        if found.person_id is not None:  # what was said with somebody else stays with them
            begin_anew(session, found, clock.now())
            found = _found(session, address)
        found.person_id, found.worker_id, found.state, found.proved_until = person.id, None, {}, None
        found.agency_id, found.language = family.agency_id, person.language
    session.flush()
    return found


def _found(session: Session, address: str) -> Conversation:
    new = insert(Conversation).values(id=uuid.uuid4(), channel="sms", address=address, created_at=clock.now(), state={})
    session.execute(new.on_conflict_do_nothing(index_elements=["channel", "address"]))
    return session.scalars(select(Conversation).filter_by(channel="sms", address=address).with_for_update()).one()
