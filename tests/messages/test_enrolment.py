"""Agreeing to be written to: one question, its answer with the words that were read, and nothing else before it."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from api import clock
from api.assistant import turn
from api.audit.models import AuditEntry
from api.database import transaction
from api.escalations.models import Escalation
from api.families.models import Consent, ContactPoint, Person
from api.imports import service as imports
from api.messages import delivery, enrolment, inbox, outbox
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from api.settings import DATA
from tests.harness.twilio import FakeTwilio
from tests.small_town import Town

NEW = "+447700900888"
DANGER = "help he has got a knife and he is going to kill us"
ASKED = (
    "Hello. Is it all right if we text you here about your appointments? You can stop it at any time.\n"
    "1 That is fine\n2 No thank you\n3 Wrong number"
)


@pytest.fixture
def invited(town: Town) -> Town:
    """The mine family's child is old enough to write, and is asked at a new number."""
    with transaction() as session:
        person = session.get_one(Person, town.mine.child.id)
        person.kind = "young_person"
        enrolment.add_number(session, person, NEW, town.worker)
    return town


def says(body: str, address: str = NEW) -> uuid.UUID:
    return inbox.accept(channel="sms", external_id=uuid.uuid4().hex, address=address, body=body).message_id


def replies(session: Session, message_id: uuid.UUID) -> list[str]:
    session.expire_all()
    return list(session.scalars(select(OutboundMessage.body).where(OutboundMessage.in_reply_to == message_id)))


def point(session: Session) -> str:
    return session.scalars(select(ContactPoint.state).where(ContactPoint.address == NEW)).one()


def consent(session: Session) -> Consent:
    session.expire_all()
    return session.scalars(select(Consent)).one()


def test_the_question_says_nothing_of_what_it_is_about_and_who_asked_is_recorded(
    session: Session, invited: Town
) -> None:
    asked = session.scalars(select(OutboundMessage)).one()
    assert (asked.body, asked.kind, asked.address) == (ASKED, "consent", NEW)
    kept = consent(session)
    assert (kept.wording_id, kept.language, kept.answer, kept.asked_by) == ("enrol.ask", "en", "", invited.worker.id)
    assert kept.wording_version == enrolment.version("en") != enrolment.version("es")
    verbs = set(session.scalars(select(AuditEntry.verb)))
    assert {"added_number", "asked_consent"} <= verbs


@pytest.mark.parametrize("words", ["1", "That is fine", "ok", "YES", "yes please"])
def test_who_agrees_is_written_to_from_then_on(session: Session, invited: Town, words: str) -> None:
    assert "You can write here any time" in replies(session, says(words))[0]
    assert point(session) == "active"
    kept = consent(session)
    assert kept.answer == "agreed" and kept.answered_at is not None
    assert session.scalar(select(func.count()).select_from(Escalation)) == 0


@pytest.mark.parametrize(
    ("words", "answer", "state", "kind"),
    [
        ("2", "declined", "opted_out", "declined"),
        ("no thanks", "declined", "opted_out", "declined"),
        ("3", "not_theirs", "quarantined", "wrong_person"),
        ("wrong number", "not_theirs", "quarantined", "wrong_person"),
    ],
)
def test_who_does_not_is_left_alone_and_a_worker_knows(
    session: Session, invited: Town, words: str, answer: str, state: str, kind: str
) -> None:
    assert len(replies(session, says(words))) == 1
    assert (consent(session).answer, point(session)) == (answer, state)
    assert session.scalars(select(Escalation.kind)).one() == kind


def test_stop_is_an_answer_too(session: Session, invited: Town) -> None:
    says("STOP")
    assert (consent(session).answer, point(session)) == ("withdrawn", "opted_out")
    says("START")
    assert point(session) == "active"
    assert set(session.scalars(select(Consent.answer))) == {"withdrawn", "resumed"}


def test_whatever_else_they_write_tells_them_nothing_and_a_worker_reads_it(session: Session, invited: Town) -> None:
    for _ in range(enrolment.MOST_REPLIES):
        message_id = says("when is my next meeting")
        assert replies(session, message_id) == [
            "Before I can do anything here I need to know if we may text this number. Please send 1, 2 or 3."
        ]
    last = says("hello??")
    assert replies(session, last) == []
    message = session.get_one(InboundMessage, last)
    assert (message.state, message.flag) == ("unanswered", "flag.not_agreed")
    turn.run_waiting(message.conversation_id)
    assert replies(session, last) == []


def test_danger_is_heard_before_anybody_agreed(session: Session, invited: Town) -> None:
    said = replies(session, says(DANGER))
    assert len(said) == 1 and "999" in said[0]
    escalation = session.scalars(select(Escalation)).one()
    assert (escalation.priority, escalation.family_id) == ("emergency", invited.mine.family.id)


def test_until_they_agree_nothing_but_the_question_is_sent(twilio: FakeTwilio, session: Session, invited: Town) -> None:
    session.execute(update(Person).values(contact_from="00:00", contact_until="00:00"))
    session.commit()
    asked = session.scalars(select(OutboundMessage)).one()
    with transaction() as writing:
        conversation = writing.get_one(Conversation, asked.conversation_id)
        other = outbox.queue_reply(writing, conversation, "Are you well?", written_by=invited.worker).id
    for message_id in (asked.id, other):
        delivery.deliver(message_id)
    session.expire_all()
    assert session.get_one(OutboundMessage, asked.id).state == "sent"
    assert session.get_one(OutboundMessage, other).error == "not_agreed"
    assert len(twilio.calls) == 1


def test_an_answer_that_comes_twice_is_one_answer(session: Session, invited: Town) -> None:
    says("1")
    says("2")  # the options are used up: this is an ordinary message now
    assert (consent(session).answer, point(session)) == ("agreed", "active")


def test_a_number_of_another_family_or_a_worker_cannot_be_given(session: Session, town: Town) -> None:
    person = session.get_one(Person, town.mine.parent.id)
    assert town.duty.phone
    for address in (town.other.conversation.address, town.far.conversation.address, town.duty.phone):
        with pytest.raises(enrolment.Taken):
            enrolment.add_number(session, person, address, town.worker)


def test_a_number_within_the_family_is_shared_and_all_who_use_it_are_written_to_discreetly(
    session: Session, town: Town
) -> None:
    address = town.mine.conversation.address
    with transaction() as adding:
        adding.get_one(Person, town.mine.parent.id).wording = "plain"
        child = adding.get_one(Person, town.mine.child.id)
        child.kind = "young_person"
        enrolment.add_number(adding, child, address, town.worker)
    says("3", address)
    session.expire_all()
    assert session.get_one(Person, town.mine.parent.id).wording == "discreet"
    states = dict(
        session.execute(select(ContactPoint.person_id, ContactPoint.state).where(ContactPoint.address == address)).all()
    )  # type: ignore[arg-type]
    assert states == {town.mine.parent.id: "active", town.mine.child.id: "quarantined"}


def test_an_import_leaves_alone_what_was_added_here(database: object, session: Session) -> None:
    file = DATA / "demo" / "families.json"
    assert imports.import_file(file).ok
    with transaction() as adding:
        kelly = adding.scalars(select(Person).where(Person.external_id == "kelly")).one()
        from api.access.models import Worker

        enrolment.add_number(adding, kelly, NEW, adding.scalars(select(Worker)).first())  # type: ignore[arg-type]
    assert imports.import_file(file).ok
    assert point(session) == "pending"


def test_start_at_a_shared_number_takes_back_the_stop_and_agrees_for_nobody_else(
    session: Session, invited: Town
) -> None:
    with transaction() as opened:
        partner = Person(
            family_id=invited.mine.family.id, external_id="partner", kind="parent", first_name="Pat", language="en"
        )
        no = Person(family_id=invited.mine.family.id, external_id="no", kind="parent", first_name="Noa", language="en")
        opened.add_all([partner, no])
        opened.flush()
        opened.add(ContactPoint(person_id=partner.id, channel="sms", address=NEW, state="active"))
        declined = ContactPoint(person_id=no.id, channel="sms", address=NEW, state="opted_out")
        opened.add(declined)
        opened.flush()
        opened.add(
            Consent(
                person_id=no.id, contact_point_id=declined.id, wording_id="enrol.ask", wording_version="1",
                language="en", asked_at=clock.now(), answer="declined", answered_at=clock.now(),
            )
        )  # fmt: skip

    def states() -> dict[str, str]:
        session.expire_all()
        rows = session.execute(
            select(Person.first_name, ContactPoint.state).join(ContactPoint).where(ContactPoint.address == NEW)
        )
        return {row[0]: row[1] for row in rows}

    child = invited.mine.child.first_name
    says("STOP")
    assert set(states().values()) == {"opted_out"}
    says("START")
    assert states() == {"Pat": "active", child: "pending", "Noa": "opted_out"}


def test_start_from_whoever_has_the_number_alone_takes_their_stop_back(session: Session, invited: Town) -> None:
    says("1")
    says("STOP")
    assert point(session) == "opted_out"
    says("START")
    session.expire_all()
    assert point(session) == "active"
