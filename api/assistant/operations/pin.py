"""A PIN of their own: choosing one, another one, and doing without again."""

from __future__ import annotations

from collections.abc import Sequence

from api.access.models import Agency
from api.assistant.operations.asking import Ask, option, say
from api.assistant.operations.schemas import Reply, ReplyOption
from api.assistant.operations.words import says
from api.families import identity
from api.families.models import Person
from api.jurisdiction.phones import local_number


def choose_pin(ask: Ask) -> list[Reply]:
    """They want a PIN (another one, none any more). On a phone that is shared the first one comes by their worker,
    or after one of their questions."""
    if ask.turn.channel != "sms":
        return [say("door.not_here")]
    if len(ask.sharing) > 1 and not identity.proves(ask.someone):
        return [say("door.no_pin", phone=office_phone(ask))]
    agency = ask.session.get_one(Agency, ask.turn.agency_id)
    off = ask.carried("choice") == "no_pin" or says(ask.words, "pin_off")
    if off and ask.someone.pin_hash and not ask.someone.door_hashes and identity.needs_proof(ask.someone, agency):
        return [say("door.needed", option("option.ring_me", "contact_worker"))]
    if off and ask.someone.pin_hash:
        if ask.carried("choice") != "no_pin":
            yes = option("option.pin_off", "change_contact_preference", choice="no_pin")
            text_id = "door.remove_to_question" if ask.someone.door_hashes else "door.remove"
            return [say(text_id, yes, option("option.keep_pin", "deny", choice="keep"))]
        identity.remove_pin(ask.session, ask.someone)
        return [say("door.removed")]
    ask.state.door = "new"
    return [say("door.choose")]


def offer(ask: Ask) -> list[ReplyOption]:
    """A PIN, for who has just said that somebody reads along: where this phone is theirs alone and has none yet."""
    if (
        (ask.neutral and ask.turn.standing != "choose")
        or ask.turn.channel != "sms"
        or identity.proves(ask.held_person)
        or len(ask.sharing) > 1
    ):
        return []
    return [option("option.choose_pin", "change_contact_preference", choice="pin")]


def now_discreet(ask: Ask, people: Sequence[Person]) -> str:
    """The text that says that they are written to discreetly from now on, and that a PIN comes first where it will."""
    agency = ask.session.get_one(Agency, ask.turn.agency_id)
    asked = any(identity.needs_proof(one, agency) and not identity.proves(one) for one in people)
    return "preference.discreet_then_pin" if asked and ask.turn.channel == "sms" else "preference.discreet"


def office_phone(ask: Ask) -> str:
    """The agency's number, as it is dialled there."""
    agency = ask.session.get_one(Agency, ask.turn.agency_id)
    return local_number(agency.phone, ask.pack.country)
