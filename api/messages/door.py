"""The door of a phone: PINs and answers are looked at when a message is accepted, before it is stored and long before
Rasa.

Promise: the digits of a PIN, and an answer that was right, are in no row, no log and no question to Rasa. What is kept
is the message without them, and in ``InboundMessage.door`` what became of them: right, temporary, wrong, locks, locked,
set, weak, shape, unasked (whose it is has to be said first). Words that were not the answer that was asked for (not_it,
not_it_locks, not_it_locked) are kept and heard as any other message is: they may be a cry for help.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from api import texts
from api.access.models import Agency
from api.assistant import state as dialogue
from api.assistant.operations.words import says
from api.escalations import service as escalations
from api.families import identity, pins, questions
from api.families.models import ContactPoint, Person
from api.messages import options
from api.messages.models import Conversation, InboundMessage

#: A question that has waited longer for its PIN is not answered any more.
HELD = timedelta(minutes=30)
#: After these the phone is open.
OPENS = ("right", "set")
#: What may be an answer is looked at: where it was asked for, and where it is locked (it is hidden, and opens nothing).
QUESTION = ("question", "locked")
#: Words that were tried as an answer, were not it, and go on to Rasa.
HEARD = ("not_it", "not_it_locks", "not_it_locked")

Secret = pins.Found | questions.Given


def look(session: Session, conversation: Conversation, body: str, now: datetime, *, plainly_not: bool) -> Secret | None:
    """The PIN in a message from this phone, or None: also where none was asked for, if anybody here has one. Where a
    question was asked, what may be its answer; ``plainly_not``: the message is something else (danger, STOP)."""
    if conversation.person_id is None:
        return None
    state = dialogue.load(conversation)
    question = state.door in QUESTION and conversation.channel == "sms"
    expected = state.door != "" and not question
    found = pins.find(body, expected=expected)
    if found is not None and (expected or _somebody_has_one(session, conversation)):
        return found  # also while a question is open: who shares the phone may have sent it
    return _answer(session, conversation, state, body, now) if question and not plainly_not else None


def _somebody_has_one(session: Session, conversation: Conversation) -> bool:
    """Has anybody who writes from this phone a PIN?"""
    sharing = select(ContactPoint.person_id).where(
        ContactPoint.address == conversation.address, ContactPoint.state != "quarantined"
    )
    theirs = exists().where(
        (Person.id == conversation.person_id) | Person.id.in_(sharing.scalar_subquery()), Person.pin_hash != ""
    )
    return bool(session.scalar(select(theirs)))


def _answer(
    session: Session, conversation: Conversation, state: dialogue.State, body: str, now: datetime
) -> Secret | None:
    """Nothing of what was asked long ago, what picks an option, what is too long or no more than a
    hello, or while a worker talks with them.
    Digits may be the code that a worker gave meanwhile."""
    person = session.get_one(Person, conversation.person_id)
    if person.pin_hash:
        return pins.find(body, expected=True)
    if state.door == "locked" and person.pin_locked_at is None:
        return None  # a worker let them try again, and they have not been asked since
    old = not state.door_until or datetime.fromisoformat(state.door_until) < now
    if old or conversation.taken_over_by is not None or options.chosen(body, state.options):
        return None
    return questions.Given(body) if questions.may_be(body) and not says(body, "no_answer") else None


def settle(session: Session, conversation: Conversation, message: InboundMessage, secret: Secret) -> None:
    """Try (or set) the PIN or answer, in the transaction that stores its message."""
    state = dialogue.load(conversation)
    person = session.get_one(Person, conversation.person_id)
    message.payload = ""
    if isinstance(secret, questions.Given):
        message.door = _tried(session, conversation, message, person, secret)
    else:
        message.door = _outcome(session, conversation, message, person, state.door, secret)
    if message.door in OPENS and state.held:
        held = session.get(InboundMessage, uuid.UUID(state.held))
        if held is not None and message.received_at - held.received_at < HELD:
            message.continues, message.payload = held.id, held.payload
    if message.door in OPENS:
        state.door = state.held = ""
    elif message.door == "unasked" and state.door in QUESTION:
        state.held = ""  # what waited for the one who was asked is not done for another
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
        _tell(session, conversation, message, "door.locked_words")
    return outcome


def _tried(
    session: Session, conversation: Conversation, message: InboundMessage, person: Person, given: questions.Given
) -> str:
    outcome = identity.try_answer(session, person, conversation, given.words, message.received_at)
    if outcome == "right" or (outcome == "locked" and identity.is_answer(person, given.words)):
        return outcome
    message.body = given.words
    if outcome == "locks":
        _tell(session, conversation, message, "door.locked_question_words")
    return {"wrong": "not_it", "locks": "not_it_locks", "locked": "not_it_locked" if person.door_hashes else ""}[
        outcome
    ]


def _tell(session: Session, conversation: Conversation, message: InboundMessage, text_id: str) -> None:
    agency = session.get_one(Agency, conversation.agency_id)
    escalations.open_escalation(
        session,
        conversation=conversation,
        message=message,
        kind="pin_locked",
        priority="routine",
        words=texts.render(text_id, agency.language),
    )
