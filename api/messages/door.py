"""The door of a phone: PINs are looked at when a message is accepted, before it is stored and long before Rasa.

Promise: the digits of a PIN are in no row, no log and no question to Rasa. What is kept is the message without them,
and in ``InboundMessage.door`` what became of them: right, temporary, wrong, locks, locked, set, weak, shape, unasked
(whose it is has to be said first).
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from api import texts
from api.access.models import Agency
from api.assistant import state as dialogue
from api.escalations import service as escalations
from api.families import identity, pins
from api.families.models import ContactPoint, Person
from api.messages.models import Conversation, InboundMessage

#: A question that has waited longer for its PIN is not answered any more.
HELD = timedelta(minutes=30)
#: After these the phone is open.
OPENS = ("right", "set")


def look(session: Session, conversation: Conversation, body: str) -> pins.Found | None:
    """The PIN in a message from this phone, or None: also where none was asked for, if anybody here has one."""
    if conversation.person_id is None:
        return None
    expected = dialogue.load(conversation).door != ""
    found = pins.find(body, expected=expected)
    if found is None or expected:
        return found
    sharing = select(ContactPoint.person_id).where(
        ContactPoint.address == conversation.address, ContactPoint.state != "quarantined"
    )
    theirs = exists().where(
        (Person.id == conversation.person_id) | Person.id.in_(sharing.scalar_subquery()), Person.pin_hash != ""
    )
    return found if session.scalar(select(theirs)) else None


def settle(session: Session, conversation: Conversation, message: InboundMessage, pin: pins.Found) -> None:
    """Try (or set) the PIN, in the transaction that stores its message."""
    state = dialogue.load(conversation)
    person = session.get_one(Person, conversation.person_id)
    message.payload = ""
    message.door = _outcome(session, conversation, message, person, state.door, pin)
    if message.door in OPENS and state.held:
        held = session.get(InboundMessage, uuid.UUID(state.held))
        if held is not None and message.received_at - held.received_at < HELD:
            message.continues, message.payload = held.id, held.payload
    if message.door in OPENS:
        state.door = state.held = ""
    elif message.door == "temporary":
        state.door = "new"
    dialogue.save(conversation, state)


def _outcome(
    session: Session, conversation: Conversation, message: InboundMessage, person: Person, asked: str, pin: pins.Found
) -> str:
    now = message.received_at
    if conversation.channel != "sms":
        return ""  # the chat's own code is the proof there
    if asked == "new":
        return identity.choose_pin(session, person, conversation, pin.digits, now) if pin.well_formed else "shape"
    if asked != "pin" and len(identity.holders(session, conversation.address)) > 1:
        return "unasked"  # whose it is has to be said first: it is not even tried
    if not person.pin_hash:
        return ""
    outcome = identity.try_pin(session, person, conversation, pin.digits, now)
    if outcome == "locks":
        agency = session.get_one(Agency, conversation.agency_id)
        escalations.open_escalation(
            session,
            conversation=conversation,
            message=message,
            kind="pin_locked",
            priority="routine",
            words=texts.render("door.locked_words", agency.language),
        )
    return outcome
