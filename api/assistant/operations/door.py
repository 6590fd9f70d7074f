"""What is said at the door of a phone whose holder has not proved who they are: who is it, the PIN or a question, a
first PIN where one is needed, the way back in.

Promise: nothing here, and nothing that is said before the proof, shows that the number belongs to a plan.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from api import texts
from api.access.models import Agency
from api.assistant.operations import appointments, preferences, tongue, wishes
from api.assistant.operations.asking import SILENT, Ask, option, say
from api.assistant.operations.contact import pass_on
from api.assistant.operations.pin import office_phone
from api.assistant.operations.schemas import Reply, ReplyOption
from api.directory.service import understand_need
from api.families import identity
from api.families.models import Person
from api.messages.door import HEARD, HELD

#: The beginning of payloads that are answered here and not by Rasa.
PAYLOAD = "/door"
MOST_SHARING = 5
#: Words that were not the answer are this all the same: danger always, the others where Rasa is as sure as this.
DANGER = frozenset({"report_immediate_danger", "disclose_self_harm", "disclose_harm", "express_distress"})
NEVER_AN_ANSWER = frozenset({"contact_worker", "stop_messages", "wrong_person"})
SURE = 0.8


def ask_first(ask: Ask) -> list[Reply]:
    """What has to be given first; the message is remembered and answered after that."""
    if ask.state.held == str(ask.turn.message_id):
        return [say(SILENT)]  # another request of the same message has asked already
    ask.state.held, ask.pending = str(ask.turn.message_id), ask.state.pending
    if ask.turn.standing == "who":
        return [_who(ask)]
    return [_missing(ask, ask.held_person)]


def without_proof(ask: Ask, name: str) -> Callable[[Ask], list[Reply]] | None:
    """The operation, where it tells nothing and makes nothing less safe: no more texts, not my number, "1" to what this
    phone was just offered, a wish to be written to with more care, the first PIN where one is needed."""
    if name in ("stop_messages", "wrong_person"):
        return {"stop_messages": preferences.stop_messages, "wrong_person": preferences.wrong_person}[name]
    if name == "confirm_attendance" and _offered(ask) is not None:
        return confirm
    first_pin = ask.turn.standing == "choose" and ask.carried("choice") == "pin"
    if name == "change_contact_preference" and (first_pin or wishes.someone_reads(ask) or wishes.only_safer(ask)):
        return preferences.change_contact
    return None


def in_vain(ask: Ask, name: str, *, private: bool) -> bool:
    """Was this message tried as the answer to a question in vain, and is it about nothing else?

    Help near by is never behind the door, nor is what needs no proof. Where all is locked, what is surely something
    else is that; all other words are answered as the right answer would be, so that nobody learns which it is.
    """
    if ask.message.door not in HEARD or name in DANGER or ask.turn.safety_kind != "none":
        return False
    if name == "find_service" and understand_need(ask.words, ask.language):
        return False
    if ask.question.confidence < SURE:
        return not (private and ask.message.door == "not_it_locked")
    if name in NEVER_AN_ANSWER or (private and without_proof(ask, name) is not None):
        return False
    return ask.message.door != "not_it_locked"


def hold_back(ask: Ask) -> None:
    """A wish of theirs, sent in place of the answer, is what the right answer opens; a single word is a guess, however
    sure Rasa is of it."""
    if ask.question.confidence >= SURE and len(ask.words.split()) > 1:
        ask.state.held, ask.pending = str(ask.turn.message_id), ask.state.pending


def confirm(ask: Ask) -> list[Reply]:
    """ "1" to a reminder or reply: of whoever at this phone has that appointment. Only its day and hour are said."""
    offered, replies = _offered(ask), None
    for person in ask.sharing if offered else ():
        ask.person = person
        replies = replies or appointments.confirm_offered(ask, offered)
    ask.person = None
    return replies or ask_first(ask)


def _offered(ask: Ask) -> uuid.UUID | None:
    """The appointment that this phone was just shown the day and hour of, where the message answers that."""
    if ask.tapped:
        return ask.carried_id("appointment_ref")
    about = ask.state.pending.get("about") == "appointment"
    return uuid.UUID(ask.state.pending["appointment"]) if about else None


def answer(ask: Ask) -> list[Reply]:
    """The replies to a message that held a PIN, or that chose at the door."""
    if ask.tapped and ask.message.payload.startswith(PAYLOAD):
        return _chosen(ask)
    outcome = ask.message.door
    if outcome in ("right", "set"):
        return [say(f"door.{outcome}")]
    if outcome == "temporary":
        return [say("door.temporary")]
    if outcome in ("weak", "shape"):
        return [say(f"door.{outcome}")]
    if outcome == "wrong":
        ask.state.door = "pin"
        return [say("door.wrong", _forgot())]
    if outcome == "locks":
        return [say("door.locks", phone=office_phone(ask))]
    if outcome == "not_it_locks":
        _listen(ask, "locked")
        return [say("door.locks_question", phone=office_phone(ask))]
    if outcome == "not_it" and identity.missing(ask.held_person) == "question":
        return [_question(ask, ask.held_person, "door.not_it")]
    if outcome in ("locked", *HEARD):
        return [_missing(ask, ask.held_person)]
    return [_who(ask)]


def _who(ask: Ask) -> Reply:
    ask.state.door = "who"
    choices = [_door_option(_label(ask, n, person), who=str(person.id)) for n, person in enumerate(ask.sharing, 1)]
    return say("door.who", *choices[:MOST_SHARING], _door_option(ask.text("option.somebody_else"), who="nobody"))


def _label(ask: Ask, n: int, person: Person) -> str:
    """How they are called on a phone that others read: as agreed, else their initial, else only a number."""
    initial = person.first_name[:1].upper() if person.may_name_self else ""
    same = [other for other in ask.sharing if not other.phone_label and other.first_name[:1].upper() == initial]
    return person.phone_label or (initial if initial and len(same) == 1 else ask.text("door.person", number=n))


def _chosen(ask: Ask) -> list[Reply]:
    if ask.carried("forgot"):
        agency = ask.session.get_one(Agency, ask.turn.agency_id)
        words = "door.forgot_words" if ask.held_person.pin_hash else "door.forgot_question_words"
        pass_on(ask, "pin_forgotten", "routine", texts.render(words, agency.language))
        return [say("door.forgot", phone=office_phone(ask))]
    chosen = ask.carried_id("who")
    person = next((one for one in ask.sharing if one.id == chosen), None)
    if person is None:
        ask.state.held = ""
        return [say("greet.neutral")]
    _hand_to(ask, person.id)
    return [_missing(ask, person)]


def _hand_to(ask: Ask, person_id: uuid.UUID) -> None:
    """The conversation is this person's now: nothing that was talked about with another is theirs to go on with."""
    if ask.conversation.person_id != person_id:
        kept = ask.state.held
        for name, value in type(ask.state)(held=kept).model_dump().items():
            if name not in ("search", "last_safety_reply"):
                setattr(ask.state, name, value)
    person = next(one for one in ask.sharing if one.id == person_id)
    ask.conversation.person_id, ask.conversation.proved_until = person_id, None
    ask.conversation.language = person.language
    tongue.follow_held(ask)


def _missing(ask: Ask, person: Person) -> Reply:
    lacks = identity.missing(person)
    if lacks == "pin":
        ask.state.door = "pin"
        return say("door.pin", _forgot())
    if lacks == "question":
        return _question(ask, person, "door.question")
    if ask.turn.standing == "choose" and lacks == "no_pin":
        ask.state.door = "new"
        return say("door.first", option("option.ring_me", "contact_worker"))
    if lacks == "locked" and not person.pin_hash:
        _listen(ask, "locked")
    return say("door.no_pin" if lacks == "no_pin" else "door.locked", phone=office_phone(ask))


def _question(ask: Ask, person: Person, text_id: str) -> Reply:
    """One of the person's questions. Raises NotOpened where it cannot be read: nobody is let in, a person looks."""
    _listen(ask, "question")
    return say(text_id, _forgot(), question=identity.question(person))


def _listen(ask: Ask, door: str) -> None:
    """What comes now may be the answer, also where all is locked: then it opens nothing, and is kept nowhere."""
    ask.state.door, ask.state.door_until = door, (ask.turn.now + HELD).isoformat()


def _forgot() -> ReplyOption:
    return ReplyOption(label_id="option.pin_forgotten", payload=PAYLOAD + '{"forgot": "yes"}')


def _door_option(label: str, **carries: str) -> ReplyOption:
    return option("", PAYLOAD[1:], label=label, **carries)
