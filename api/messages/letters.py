"""The e-mail that a family gets: what a text would say, how to answer, how to stop; nothing that shows a plan.

Its subject says no more than that there is a message. The row in the outbox has only the words; all around them, and
the code that confirms an address, is made here in the moment of sending and kept nowhere.
"""

from __future__ import annotations

import hmac
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from api import texts
from api.access.hashes import keyed_bytes
from api.access.models import Agency
from api.families.models import Consent, ContactPoint, Family, Person
from api.jurisdiction.packs import pack
from api.jurisdiction.phones import local_number
from api.messages import quiet
from api.messages.models import Conversation, OutboundMessage
from api.settings import settings

#: Without vowels no code is a word, and without digits none is taken for a PIN.
ALPHABET = "BCDFGHJKMPQRTVWX"
_SIGNATURE = 16


@dataclass(frozen=True)
class Letter:
    """``body``: its first line is the subject."""

    body: str
    headers: tuple[tuple[str, str], ...]


def of(session: Session, message: OutboundMessage) -> Letter | None:
    """The e-mail that this message is sent as; None where the address is its reader's no more."""
    conversation = session.get_one(Conversation, message.conversation_id)
    reminded = session.scalar(text("SELECT person_id FROM reminders WHERE outbound_id = :id"), {"id": message.id})
    person = session.get_one(Person, reminded or conversation.person_id)
    point = session.scalars(
        select(ContactPoint)
        .where(ContactPoint.person_id == person.id, ContactPoint.channel == "email")
        .where(ContactPoint.address == message.address, ContactPoint.state != "quarantined")
    ).one_or_none()
    if point is None:
        return None
    sender = ("From", settings().family_sender)
    words = _Words(session, person, texting=_texts(session, person))
    if message.kind == quiet.CONSENT:
        told = [*words.confirm(code(_asked(session, point))), words.not_me(point.id)]
        return Letter("\n\n".join([words.text("mail.confirm.subject"), *told, words.answer()]), (sender,))
    called = person.phone_label or person.first_name[:1]
    named = [words.text("mail.for", name=called)] if _shared(session, point) else []
    parts = [*named, message.body, words.answer(numbers=bool(message.options)), words.stop(point.id)]
    headers = (
        sender,
        ("List-Unsubscribe", f"<{stop_address(point.id)}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    )
    return Letter("\n\n".join([words.text("mail.subject"), *parts]), headers)


class _Words:
    """The sentences of an e-mail to one person."""

    def __init__(self, session: Session, person: Person, *, texting: bool) -> None:
        agency = session.get_one(Agency, session.get_one(Family, person.family_id).agency_id)
        local = pack(agency.jurisdiction)
        self.language, self.texting = person.language, texting
        number = settings().twilio_from or (settings().twilio_sender if settings().demo else "")
        self.number = local_number(number, local.country) if number else ""
        self.args = {
            **local.text_args(person.language),
            "phone": local_number(agency.phone, local.country),
            "chat": f"{settings().base_url}/chat",
            "number": self.number,
        }

    def text(self, text_id: str, **args: str) -> str:
        return texts.render(text_id, self.language, **{**self.args, **args})

    def answer(self, *, numbers: bool = False) -> str:
        how = "text" if self.texting and self.number else "phone" if self.texting else "ring"
        told = [self.text("mail.unread"), self.text(f"mail.answer.{how}"), self.text("mail.emergency")]
        return "\n".join([*([self.text("mail.numbers")] if numbers and self.texting else []), *told])

    def stop(self, point_id: uuid.UUID) -> str:
        return self.text("mail.stop_or_text" if self.texting else "mail.stop", link=stop_address(point_id))

    def confirm(self, code: str) -> list[str]:
        how = "text" if self.texting and self.number else "phone" if self.texting else "tell"
        return [self.text("mail.confirm.who"), self.text(f"mail.confirm.{how}", code=code)]

    def not_me(self, point_id: uuid.UUID) -> str:
        return self.text("mail.confirm.not_me", link=stop_address(point_id))


def _texts(session: Session, person: Person) -> bool:
    """Have they a phone that they may text from, and be texted on?"""
    active = select(ContactPoint.id).filter_by(person_id=person.id, channel="sms", state="active")
    return session.scalars(active).first() is not None


def _shared(session: Session, point: ContactPoint) -> bool:
    """Is the inbox somebody else's too?"""
    others = select(ContactPoint.id).where(
        ContactPoint.channel == "email",
        ContactPoint.address == point.address,
        ContactPoint.person_id != point.person_id,
        ContactPoint.state != "quarantined",
    )
    return session.scalars(others).first() is not None


def _asked(session: Session, point: ContactPoint) -> uuid.UUID:
    newest = select(Consent.id).filter_by(contact_point_id=point.id, answer="").order_by(Consent.asked_at.desc())
    return session.scalars(newest).first() or point.id


def code(consent_id: uuid.UUID) -> str:
    """The code that confirms an address, "BKTM-WXRQ": made anew from the question's id, kept nowhere."""
    number = int.from_bytes(keyed_bytes("mail-code", str(consent_id))[:4], "big")
    letters = "".join(ALPHABET[number >> 4 * at & 15] for at in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def stop_address(point_id: uuid.UUID) -> str:
    """The page on which somebody ends the e-mails to this address; it says nobody's name."""
    return f"{settings().base_url}/e/{_signed(point_id)}"


def point_of(token: str) -> uuid.UUID | None:
    """The contact point that a token was made for; None for any other words."""
    try:
        content = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))[:16]
    except ValueError:
        return None
    if len(content) != 16 or not hmac.compare_digest(_signed(uuid.UUID(bytes=content)), token):
        return None
    return uuid.UUID(bytes=content)


def _signed(point_id: uuid.UUID) -> str:
    return urlsafe_b64encode(point_id.bytes + keyed_bytes("mail-stop", str(point_id))[:_SIGNATURE]).decode().rstrip("=")
