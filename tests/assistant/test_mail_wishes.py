"""Asking for e-mail in a text or in the chat: read back, confirmed by its code, and taken back as easily."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.header import decode_header, make_header

from sqlalchemy import select, update

from api.access.models import Worker
from api.channels.webchat import service as webchat
from api.database import reading, transaction
from api.escalations.models import Escalation
from api.families.models import ContactPoint, Person
from api.messages import delivery, inbox, mail_enrolment, outbox
from api.messages.models import Conversation, OutboundMessage
from tests.assistant.conftest import Talk
from tests.harness.mail import FakeMail

Phone = Callable[[str], Talk]
WISH = "change_contact_preference"
JO = "jo@example.org"


def person(key: str = "kelly") -> Person:
    with reading() as session:
        return session.scalars(select(Person).where(Person.external_id == key)).one()


def point() -> ContactPoint | None:
    with reading() as session:
        return session.scalars(select(ContactPoint).where(ContactPoint.channel == "email")).one_or_none()


def escalations() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(Escalation.kind).order_by(Escalation.id)))


def code(post: FakeMail) -> str:
    """The one that was sent last."""
    with reading() as session:
        waiting = session.scalars(select(OutboundMessage.id).filter_by(channel="email", state="queued")).all()
    for outbound_id in waiting:
        delivery.deliver(outbound_id)
    found = re.search(r"\b[A-Z]{4}-[A-Z]{4}\b", post.mails[-1].get_payload(decode=True).decode())  # type: ignore[union-attr]
    assert found
    return found[0]


def test_an_address_in_a_text_is_read_back_and_confirmed_by_the_code(talk: Phone, post: FakeMail) -> None:
    kelly = talk("kelly")
    asked = kelly.says("email me at Jo@Example.org")  # whatever Rasa makes of it
    assert JO in asked and asked.endswith("1 Yes, change it\n2 No, leave it") and point() is None
    assert "e-mail with a code" in kelly.says("1")
    made = point()
    assert made is not None and (made.state, made.address, person().contact_channel) == ("pending", JO, "sms")
    assert escalations() == ["preference"], "a worker knows, and can ask who reads that inbox"
    assert "not the code" in kelly.says("BCDF GHJK")
    assert "come by e-mail" in kelly.says(code(post).replace("-", " ").lower())
    made = point()
    assert made is not None and (made.state, person().contact_channel) == ("active", "email")
    assert kelly.says("text me instead", WISH).startswith("Shall I change this? what I write to you by myself goes by")
    kelly.says("1")
    assert person().contact_channel == "sms"
    assert "goes by e-mail" in kelly.says("email me please", WISH)
    kelly.says("1")
    assert person().contact_channel == "email"


def test_without_an_address_it_is_asked_for_and_two_leaves_all_as_it_was(talk: Phone, post: FakeMail) -> None:
    kelly = talk("kelly")
    assert kelly.says("can you email me instead", WISH).startswith("Which e-mail address?")
    assert JO in kelly.says(JO)
    kelly.says("2")
    assert point() is None and escalations() == []


def test_rosa_asks_in_spanish_and_gets_a_spanish_mail(talk: Phone, post: FakeMail) -> None:
    rosa = talk("rosa")
    assert f"por correo a {JO}" in rosa.says(f"mándame correos a {JO}")
    assert "un correo con un codigo" in rosa.says("1")
    assert "llegan por correo" in rosa.says(code(post))
    assert str(make_header(decode_header(post.mails[0]["Subject"]))) == "Confirma tu dirección de correo, por favor"


def test_who_holds_a_phone_that_others_see_cannot_lead_the_messages_away(talk: Phone, post: FakeMail) -> None:
    with transaction() as session:
        session.execute(update(Person).where(Person.id == person().id).values(phone_seen_by="her ex", proof=False))
    assert talk("kelly").says(f"email me at {JO}").startswith("I have passed that on.")
    assert point() is None and escalations() == ["preference"]
    with transaction() as session:
        session.execute(update(Person).where(Person.id == person().id).values(proof=None))
    assert "choose a PIN" in talk("kelly").says(f"email me at {JO}"), "and where a PIN is needed, that comes first"
    assert talk("kelly").says("4826", WISH).startswith("I have passed that on."), "the first to hold it chose that"


def test_an_address_of_another_family_is_not_given_away(talk: Phone, post: FakeMail) -> None:
    with transaction() as session:
        session.add(ContactPoint(person_id=person("rosa").id, channel="email", address=JO))
    kelly = talk("kelly")
    kelly.says(f"email me at {JO}")
    assert kelly.says("1") == "I can't use that address. I have passed that on to a person."
    assert escalations() == ["preference"]


def test_where_email_is_not_set_up_it_is_said_and_a_worker_has_the_words(talk: Phone) -> None:
    assert "I can't do that" in talk("kelly").says(f"email me at {JO}")
    with reading() as session:
        assert JO in session.scalars(select(Escalation.words)).one()
    assert point() is None


def test_no_more_texts_in_their_own_words_ends_the_mails_too(talk: Phone, post: FakeMail) -> None:
    with transaction() as session:
        session.add(ContactPoint(person_id=person().id, channel="email", address=JO))
        session.get_one(Person, person().id).contact_channel = "email"
    kelly = talk("kelly")
    kelly.says("stop messaging me", "stop_messages", 0.95)
    made = point()
    assert made is not None and made.state == "opted_out"
    with transaction() as session:
        conversation = session.get_one(Conversation, kelly.conversation_id)
        conversation.last_inbound_at = None
        outbox.queue_reply(session, conversation, "Are you well?")
    with reading() as session:
        waiting = session.scalars(select(OutboundMessage.id).filter_by(state="queued")).all()
    for outbound_id in waiting:
        delivery.deliver(outbound_id)
    assert post.mails == []


def test_a_typo_that_the_mail_server_knows_is_told_where_they_asked(talk: Phone, post: FakeMail) -> None:
    kelly = talk("kelly")
    kelly.says(f"email me at {JO}")
    kelly.says("1")
    post.fail("550")
    with reading() as session:
        delivery.deliver(session.scalars(select(OutboundMessage.id).filter_by(channel="email")).one())
    with reading() as session:
        said = session.scalars(select(OutboundMessage).order_by(OutboundMessage.seq.desc())).first()
    assert said is not None and (said.channel, said.body[:33]) == ("sms", "I could not send an e-mail to tha")
    assert escalations() == ["preference", "mail_refused"] and person().contact_channel == "sms"


def test_the_code_counts_in_their_own_chat_too(talk: Phone, post: FakeMail) -> None:
    with transaction() as session:
        kelly = session.get_one(Person, person().id)
        lead = session.scalars(select(Worker).limit(1)).one()
        code_of_chat = webchat.make_code(session, kelly, lead.id)
    chat = webchat.start_with_code(code_of_chat, "testclient").conversation_id
    with transaction() as session:
        kelly = session.get_one(Person, person().id)
        mail_enrolment.add_address(session, kelly, JO, None, conversation=session.get_one(Conversation, chat))
    inbox.accept(channel="web", external_id="1", address="", body=code(post), conversation_id=chat)
    made = point()
    assert made is not None and made.state == "active"
    with reading() as session:
        said = session.scalars(select(OutboundMessage.body).filter_by(conversation_id=chat, channel="web")).all()
    assert len(said) == 1 and "come by e-mail" in said[0]


def test_a_phone_fills_nobodys_inbox(talk: Phone, post: FakeMail) -> None:
    kelly = talk("kelly")
    for number in range(4):
        kelly.says(f"email me at jo{number}@example.org")
        said = kelly.says("1")
    assert said.startswith("I have passed that on.")
    with reading() as session:
        sent = session.scalars(select(OutboundMessage.address).filter_by(channel="email")).all()
    assert len(sent) == 3 and "jo3@example.org" not in sent
