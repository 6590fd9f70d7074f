"""What the tests of e-mail to families begin with: a mail server, somebody with an address, what reaches whom."""

from __future__ import annotations

import re
import uuid
from email.message import Message
from typing import Any

import pytest
from sqlalchemy import select, update

from api import clock
from api.database import reading, transaction
from api.families.models import ContactPoint, Person
from api.messages import delivery, inbox, mail_enrolment, outbox
from api.messages.models import Conversation, OutboundMessage
from tests.harness.mail import FakeMail
from tests.harness.twilio import FakeTwilio
from tests.small_town import Town

JO = "jo@example.org"
CODE = re.compile(r"\b[A-Z]{4}-[A-Z]{4}\b")
LINK = re.compile(r"http://testserver(/e/\S+)")


@pytest.fixture
def any_hour(town: Town) -> None:
    """Nobody's hours hold anything back."""
    with transaction() as session:
        session.execute(update(Person).values(contact_from="00:00", contact_until="00:00"))


@pytest.fixture
def by_mail(town: Town, post: FakeMail, twilio: FakeTwilio, any_hour: None) -> Town:
    """The mine family's parent has confirmed an address."""
    asked(town)
    confirm(town, code_in(post.mails.pop()))
    deliver_all()
    twilio.texts.clear()
    return town


def to_family(town: Town, twilio: FakeTwilio) -> list[str]:
    """What the mine family's parent got by text. (Workers on duty get texts of their own, at some hours.)"""
    return [one.body for one in twilio.texts if one.to == town.mine.conversation.address]


def asked(town: Town) -> Person:
    """A worker gives the mine family's parent an address, and it gets its code; the parent."""
    with transaction() as session:
        parent = session.get_one(Person, town.mine.parent.id)
        mail_enrolment.add_address(session, parent, JO, town.worker)
    deliver_all()
    return parent


def words_of(mail: Message) -> str:
    return f"{mail['Subject']}\n{mail.get_payload(decode=True).decode()}"  # type: ignore[union-attr]


def code_in(mail: Message) -> str:
    found = CODE.search(words_of(mail))
    assert found
    return found[0]


def says(town: Town, body: str) -> uuid.UUID:
    address = town.mine.conversation.address
    return inbox.accept(channel="sms", external_id=uuid.uuid4().hex, address=address, body=body).message_id


def confirm(town: Town, code: str) -> None:
    says(town, f"the code is {code.lower()}")


def deliver_all() -> None:
    """Everything that is due in the outbox, once."""
    with reading() as session:
        due = session.scalars(
            select(OutboundMessage.id)
            .where(OutboundMessage.state == "queued", OutboundMessage.due_at <= clock.now())
            .order_by(OutboundMessage.seq)
        ).all()
    for outbound_id in due:
        delivery.deliver(outbound_id)


def write(town: Town, words: str, **more: Any) -> OutboundMessage:
    """Something that nobody asked for, in the parent's conversation by text."""
    with transaction() as session:
        conversation = session.get_one(Conversation, town.mine.conversation.id)
        conversation.last_inbound_at = None
        sent = outbox.queue_reply(session, conversation, words, **more)
    deliver_all()
    with reading() as session:
        return session.get_one(OutboundMessage, sent.id)


def change(town: Town, **values: Any) -> None:
    with transaction() as session:
        session.execute(update(Person).where(Person.id == town.mine.parent.id).values(**values))


def point(address: str = JO) -> ContactPoint:
    with reading() as session:
        return session.scalars(select(ContactPoint).where(ContactPoint.address == address)).one()
