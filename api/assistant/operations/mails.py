"""A wish for e-mail: at which address, and whether it can be done here; the code is sent once they agree."""

from __future__ import annotations

from sqlalchemy import select

from api import texts
from api.access.models import Agency
from api.assistant.operations.asking import Ask, say
from api.assistant.operations.contact import pass_on
from api.assistant.operations.schemas import Reply
from api.families import content
from api.families.models import ContactPoint
from api.families.wishes import Wish
from api.messages import enrolment, mail_enrolment
from api.settings import settings

#: So many addresses are sent a code in a day at somebody's word; who tries more needs a person (and nobody's inbox is
#: filled by a phone).
MOST_CODES = 3


def wished(ask: Ask, wish: Wish) -> tuple[list[Reply], dict[str, str]]:
    """What is said of the wish at once, and what of it is to be read back. On a phone that somebody else may see a
    worker does it, with a PIN as without (the first one is chosen by whoever holds the phone then): whoever holds it
    for a minute must not lead the messages away."""
    if not settings().mails:
        pass_on(ask, "preference", "routine", ask.words)
        return [say("preference.not_offered")], {}
    if ask.someone.phone_seen_by:
        pass_on(ask, "preference", "routine", ask.words)
        return [say("mail.by_worker")], {}
    if wish.mail:
        return [], {"mail": wish.mail}
    active = select(ContactPoint.id).filter_by(person_id=ask.someone.id, channel="email", state="active")
    if ask.session.scalars(active).first() is not None:
        if ask.someone.contact_channel == "email":
            return [say("mail.already")], {}
        return [], {"contact_channel": "email"}
    ask.pending = {"about": "mail"}
    return [say("mail.which")], {}


def add(ask: Ask, address: str) -> Reply:
    """Send the code to the address that they have agreed was read right; a worker is told. Of whose it may be else
    nothing is said."""
    person = ask.someone
    if mail_enrolment.sent_lately(ask.session, person, ask.turn.now) >= MOST_CODES:
        pass_on(ask, "preference", "routine", _told(ask, "mail.added_words"))
        return say("mail.by_worker")
    try:
        point = mail_enrolment.add_address(ask.session, person, address, None, conversation=ask.conversation)
    except (enrolment.Taken, mail_enrolment.NotSetUp):
        pass_on(ask, "preference", "routine", _told(ask, "mail.not_usable_words"))
        return say("mail.not_usable")
    if point.state == "active":
        with content.kept(ask.session, person, None):
            person.contact_channel = "email"
        return say("mail.confirmed")
    pass_on(ask, "preference", "routine", _told(ask, "mail.added_words"))
    return say("mail.code_sent")


def _told(ask: Ask, text_id: str) -> str:
    return texts.render(text_id, ask.session.get_one(Agency, ask.turn.agency_id).language)
