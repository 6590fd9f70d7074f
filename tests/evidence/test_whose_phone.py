"""Asking for a photo on a phone that is or was somebody else's too: whose hours and words count."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from api import clock
from api.database import reading, transaction
from api.evidence import asking
from api.families.models import ContactPoint, Person
from api.messages import held
from api.messages.models import Conversation, OutboundMessage
from tests.small_town import Town


def ask(town: Town) -> OutboundMessage:
    """A worker asks the parent; the text that is queued."""
    with transaction() as session:
        asking.ask(session, session.get_one(Person, town.mine.parent.id), town.worker)
    with reading() as session:
        return session.scalars(select(OutboundMessage).order_by(OutboundMessage.seq.desc())).first()  # type: ignore[return-value]


def held_until(text: OutboundMessage) -> object:
    with reading() as session:
        return held.look(session, text.id, clock.now()).wait_until


def closed(*people: Person) -> None:
    """It is none of their safe hours now."""
    now = clock.now()
    with transaction() as session:
        for person in people:
            row = session.get_one(Person, person.id)
            row.contact_from, row.contact_until = (now + timedelta(hours=9)).time(), (now + timedelta(hours=10)).time()


def conversation_is(town: Town, **values: object) -> None:
    with transaction() as session:
        session.execute(
            update(Conversation).where(Conversation.id == town.mine.conversation.id).values(state={}, **values)
        )


@pytest.fixture
def partner(town: Town) -> Person:
    """Who has the parent's number too, may be written to at any hour, and agreed on a word."""
    with transaction() as session:
        made = Person(
            family_id=town.mine.family.id, external_id="partner", kind="parent", first_name="Rory",
            contact_from="00:00", contact_until="00:00", code_word="Thistle", use_code_word=True,
        )  # fmt: skip
        session.add(made)
        session.flush()
        session.add(ContactPoint(person_id=made.id, channel="sms", address=town.mine.conversation.address))
        return made


def test_a_number_that_a_stranger_once_wrote_from_keeps_to_the_safe_hours_of_whom_it_is_now(town: Town) -> None:
    closed(town.mine.parent)
    conversation_is(town, person_id=None)
    text = ask(town)
    assert held_until(text) is not None
    with reading() as session:
        assert session.get_one(Conversation, text.conversation_id).person_id == town.mine.parent.id


def test_a_number_that_somebody_gave_up_is_not_theirs_and_the_text_goes(town: Town, partner: Person) -> None:
    conversation_is(town, person_id=partner.id)
    with transaction() as session:
        session.execute(update(ContactPoint).where(ContactPoint.person_id == partner.id).values(state="quarantined"))
        session.get_one(Person, town.mine.parent.id).contact_from = "00:00"  # type: ignore[assignment]
        session.get_one(Person, town.mine.parent.id).contact_until = "00:00"  # type: ignore[assignment]
    text = ask(town)
    assert not text.body.startswith("Thistle")
    with reading() as session:
        verdict = held.look(session, text.id, clock.now())
    assert (verdict.reason, verdict.wait_until) == ("", None)


@pytest.mark.parametrize("state", ["active", "pending", "opted_out"], ids=str)
def test_on_a_shared_phone_the_text_is_discreet_and_begins_with_what_they_are_called_there(
    town: Town, partner: Person, state: str
) -> None:
    with transaction() as session:
        person = session.get_one(Person, town.mine.parent.id)
        person.wording, person.phone_label = "plain", "Blue"
        session.execute(update(ContactPoint).where(ContactPoint.person_id == partner.id).values(state=state))
    closed(town.mine.parent)
    text = ask(town)
    assert text.body.startswith("Blue. Please send") and "plan" not in text.body.partition("http")[0]
    assert held_until(text) is not None, "the asked person's hours, not those of whom they share it with"


def test_a_shared_phone_that_nobody_has_written_from_is_asked_as_theirs(town: Town, partner: Person) -> None:
    closed(town.mine.parent)
    conversation_is(town, person_id=None)
    text = ask(town)
    assert held_until(text) is not None and "Thistle" not in text.body


def test_on_a_shared_phone_that_somebody_else_uses_now_nothing_is_sent_and_the_worker_reads_why(
    client: TestClient, town: Town, partner: Person
) -> None:
    conversation_is(town, person_id=partner.id)
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    there = f"/console/people/{town.mine.parent.id}/evidence"
    answer = client.post(there, data=town.form(cookies))
    assert answer.status_code == 400 and "This phone is shared" in answer.text
    with reading() as session:
        assert session.scalars(select(OutboundMessage)).all() == []
    own = "+447700900998"
    with transaction() as session:
        session.add(ContactPoint(person_id=town.mine.parent.id, channel="sms", address=own))
    assert client.post(there, data=town.form(cookies)).status_code == 303, "they have another phone, of their own"
    with reading() as session:
        assert session.scalars(select(OutboundMessage.address)).all() == [own]
