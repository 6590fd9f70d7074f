"""A number that changes hands: what was said stays with whom it was said, whoever notices the change first."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock
from api.access import queries as access
from api.access.models import Worker
from api.database import reading, transaction
from api.families.models import ContactPoint, Person
from api.messages import hands, inbox, service
from api.messages.models import Conversation, InboundMessage
from tests.small_town import Town

SAID = "i told nobody but you where we went"


def changes_hands(town: Town, to: Person | None = None) -> str:
    """The parent has said something; then the number is nobody's, or another's."""
    town.message(town.mine.conversation, SAID, state="queued")
    number = town.mine.conversation.address
    with transaction() as session:
        session.execute(update(ContactPoint).where(ContactPoint.address == number).values(state="quarantined"))
        if to is not None:
            session.add(ContactPoint(person_id=to.id, channel="sms", address=number, state="active"))
    return number


def may_read(worker: Worker) -> set[uuid.UUID]:
    with reading() as session:
        return set(session.scalars(access.visible_conversations(worker).with_only_columns(Conversation.id)))


def text_from(number: str) -> Conversation:
    accepted = inbox.accept(channel="sms", external_id=uuid.uuid4().hex, address=number, body="hello?")
    with reading() as session:
        return session.get_one(Conversation, session.get_one(InboundMessage, accepted.message_id).conversation_id)


def test_the_next_text_from_a_number_that_is_nobodys_any_more_opens_a_strangers_conversation(town: Town) -> None:
    number = changes_hands(town)
    new = text_from(number)
    assert (new.address, new.person_id, new.agency_id) == (number, None, town.agency.id)
    assert new.id != town.mine.conversation.id
    assert town.mine.conversation.id in may_read(town.worker)


def test_a_strangers_thread_is_the_whole_agencys_and_what_was_said_before_is_not(town: Town, session: Session) -> None:
    new = text_from(changes_hands(town))
    colleague = Worker(
        agency_id=town.agency.id, external_id="colleague", name="Bo", email="bo@example.org", role="worker"
    )
    session.add(colleague)
    session.commit()
    assert new.id in may_read(colleague) and town.mine.conversation.id not in may_read(colleague)


@pytest.mark.parametrize("first", ["text", "enrolment"])
def test_who_has_the_number_next_does_not_bring_their_workers_what_was_said_before(town: Town, first: str) -> None:
    number = changes_hands(town, to=town.far.parent)
    if first == "text":
        new = text_from(number).id
    else:
        with transaction() as session:
            new = hands.conversation_with(session, session.get_one(Person, town.far.parent.id), number).id
    with reading() as session:
        theirs = session.get_one(Conversation, new)
        assert (theirs.address, theirs.person_id, theirs.agency_id) == (number, town.far.parent.id, town.far_agency.id)
        assert SAID not in session.scalars(select(InboundMessage.body).filter_by(conversation_id=new)).all()
    assert town.mine.conversation.id not in may_read(town.far_manager)
    assert town.mine.conversation.id in may_read(town.worker)


def test_what_was_said_is_over_and_what_waited_is_a_workers_to_look_at(town: Town, session: Session) -> None:
    text_from(changes_hands(town))
    former = session.get_one(Conversation, town.mine.conversation.id)
    assert former.over(clock.now()) and not any(sign.isdigit() for sign in former.address)
    waiting = session.scalars(select(InboundMessage).filter_by(conversation_id=former.id)).one()
    assert (waiting.body, waiting.state) == (SAID, "unanswered")
    with pytest.raises(service.CannotReply):
        service.reply_from_worker(session, former, town.worker, "hello")


def test_a_stranger_who_becomes_known_keeps_what_they_wrote(town: Town) -> None:
    number = "+447700900987"
    before = text_from(number)
    with transaction() as session:
        session.add(ContactPoint(person_id=town.mine.parent.id, channel="sms", address=number, state="active"))
    after = text_from(number)
    assert (after.id, after.person_id) == (before.id, town.mine.parent.id)
