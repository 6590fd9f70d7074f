"""Reminders by e-mail: to whoever chose that, once, and answered by text where a phone is theirs."""

from __future__ import annotations

from datetime import timedelta
from email.message import Message

import pytest
from sqlalchemy import select, update

from api import clock
from api.database import reading, transaction
from api.families.models import ContactPoint, Person
from api.messages import delivery, inbox
from api.messages.models import Conversation, OutboundMessage
from tests.harness.mail import FakeMail
from tests.harness.twilio import FakeTwilio
from tests.reminders.conftest import MEETING, Diary

DAY = timedelta(days=1)


@pytest.fixture
def by_mail(diary: Diary, post: FakeMail, twilio: FakeTwilio) -> Diary:
    """The parent has confirmed an address."""
    diary.change(Person, contact_channel="email")
    with transaction() as session:
        session.add(ContactPoint(person_id=diary.person.id, channel="email", address="jo@example.org"))
    return diary


def deliver() -> list[OutboundMessage]:
    with reading() as session:
        due = session.scalars(select(OutboundMessage).where(OutboundMessage.state == "queued")).all()
    for one in due:
        delivery.deliver(one.id)
    with reading() as session:
        return [session.get_one(OutboundMessage, one.id) for one in due]


def words_of(mail: Message) -> str:
    return mail.get_payload(decode=True).decode().replace("\r\n", "\n")  # type: ignore[union-attr]


def test_a_reminder_comes_by_mail_and_its_number_is_texted(by_mail: Diary, post: FakeMail, twilio: FakeTwilio) -> None:
    by_mail.at(MEETING - 3 * DAY)
    assert [one.state for one in deliver()] == ["sent"]
    (mail,) = post.mails
    said = words_of(mail)
    assert said.startswith("Reminder: Saturday 28 November at 13:00.\n1 I will be there\n2 I can't come")
    assert "To choose a number, text it to us." in said and twilio.texts == []
    phone = by_mail.household.conversation.address
    accepted = inbox.accept(channel="sms", external_id="SM1", address=phone, body="1")
    with reading() as session:
        assert session.get_one(delivery.Conversation, accepted.conversation_id).person_id == by_mail.person.id
        answer = session.get_one(inbox.InboundMessage, accepted.message_id)
    assert "confirm_attendance" in answer.payload


def test_whoever_has_no_phone_gets_the_reminder_by_mail_without_numbers(
    by_mail: Diary, post: FakeMail, twilio: FakeTwilio
) -> None:
    with transaction() as session:
        session.execute(update(ContactPoint).where(ContactPoint.channel == "sms").values(state="opted_out"))
    for before in (3 * DAY, DAY):
        by_mail.at(MEETING - before)
        deliver()
    assert [words_of(mail).splitlines()[0] for mail in post.mails] == [
        "Reminder: Saturday 28 November at 13:00.",
        "Reminder: tomorrow at 13:00.",
    ]
    assert all("1 " not in words_of(mail) and "STOP" not in words_of(mail) for mail in post.mails)
    with reading() as session:
        own = session.scalars(select(Conversation).where(Conversation.channel == "email")).all()
    assert [one.person_id for one in own] == [by_mail.person.id] and twilio.texts == []


def test_a_reminder_whose_mail_was_refused_comes_by_text_once(
    by_mail: Diary, post: FakeMail, twilio: FakeTwilio
) -> None:
    post.fail("550")
    by_mail.at(MEETING - 3 * DAY)
    deliver()
    deliver()
    (text,) = twilio.to(by_mail.household.conversation.address)
    assert text.body.startswith("Reminder: Saturday") and post.mails == []


def test_a_mail_that_would_come_after_the_meeting_does_not_go(by_mail: Diary, post: FakeMail) -> None:
    by_mail.at(MEETING - timedelta(hours=2))
    post.fail("451")
    (waits,) = deliver()[-1:]
    assert waits.state == "queued"
    with transaction() as session:
        session.execute(update(OutboundMessage).values(due_at=clock.now()))
    by_mail.at(MEETING + timedelta(hours=2))
    assert {one.error for one in deliver()} <= {"too_late"} and post.mails == []


def test_on_a_phone_that_two_share_the_mail_is_the_reminded_ones(
    by_mail: Diary, post: FakeMail, twilio: FakeTwilio
) -> None:
    phone = by_mail.household.conversation.address
    with transaction() as session:
        partner = Person(family_id=by_mail.household.family.id, external_id="p", kind="carer", first_name="Pat")
        session.add(partner)
        session.flush()
        session.add(ContactPoint(person_id=partner.id, channel="sms", address=phone))
        session.execute(update(Conversation).where(Conversation.address == phone).values(person_id=partner.id))
    by_mail.at(MEETING - 3 * DAY)
    deliver()
    assert [mail["To"] for mail in post.mails] == ["jo@example.org"] and twilio.texts == []
