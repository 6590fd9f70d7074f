"""A PIN is offered once, where somebody agrees. On a phone that somebody else may see it is needed, unless the profile
or the agency says otherwise; without one nothing is named there."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from api.access.models import Agency, Worker
from api.database import reading, transaction
from api.families import identity
from api.families.models import ContactPoint, Person
from api.messages import enrolment
from tests.assistant.conftest import Talk

Phone = Callable[[str], Talk]
NEW = "+447700900888"


def invited(key: str, address: str = NEW) -> None:
    with transaction() as session:
        person = session.scalars(select(Person).where(Person.external_id == key)).one()
        worker = session.scalars(select(Worker).where(Worker.role == "manager").limit(1)).one()
        for point in session.scalars(select(ContactPoint).where(ContactPoint.person_id == person.id)):
            point.state = "quarantined"
        session.flush()
        enrolment.add_number(session, person, address, worker)


def has(key: str, **values: object) -> None:
    with transaction() as session:
        session.execute(update(Person).where(Person.external_id == key).values(**values))


def test_whoever_agrees_is_offered_a_pin_in_one_line_and_has_one_two_texts_later(
    talk: Phone, understanding: object
) -> None:
    invited("kelly")
    phone = Talk(understanding, NEW)  # type: ignore[arg-type]
    said = phone.says("1")
    assert said.endswith("tell me.\n1 Keep it private with a PIN") and len(said) <= 160
    assert "4 to 6 numbers" in phone.says("1")
    assert "your PIN now" in phone.says("4826")
    with reading() as session:
        assert session.scalars(select(Person.pin_hash).where(Person.external_id == "kelly")).one()


def test_on_a_phone_that_two_share_nobody_is_offered_one(talk: Phone, understanding: object) -> None:
    invited("kelly")
    with transaction() as session:
        other = session.scalars(select(Person).where(Person.external_id == "darnell")).one()
        session.add(ContactPoint(person_id=other.id, channel="sms", address=NEW, state="pending"))
    said = Talk(understanding, NEW).says("1")  # type: ignore[arg-type]
    assert "You can write here any time" in said and "PIN" not in said


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"phone_seen_by": ""}, True),
        ({"phone_seen_by": "her mother"}, False),
        ({"phone_seen_by": "her mother", "pin_hash": "x"}, None),
    ],
    ids=["hers alone", "seen by her mother", "behind a PIN"],
)
def test_what_is_told_on_a_phone_that_somebody_else_may_see_names_nothing(
    talk: Phone, values: dict[str, str], names: bool | None
) -> None:
    has("kelly", wording="plain", proof=False, **values)
    said = talk("kelly").says("when is my next meeting", "check_appointments")
    if names is None:
        assert "PIN" in said, "the PIN goes first, and then plain words are hers"
    else:
        assert "tomorrow at 16:00" in said, "she is answered all the same"
        assert ("home visit for Jayden and Ruby" in said) is names


FIRST = "Before I go on, please choose a PIN"


def agency_asks(whom: str) -> None:
    with transaction() as session:
        session.execute(update(Agency).values(proof=whom))


def test_at_first_use_of_a_phone_that_somebody_may_see_a_pin_is_chosen_and_then_she_is_answered(talk: Phone) -> None:
    has("kelly", wording="plain", phone_seen_by="her mother")
    kelly = talk("kelly")
    said = kelly.says("when is my next meeting", "check_appointments")
    assert said.startswith(FIRST) and "1 Get a person to contact me" in said
    for telling in ("Kelly", "Jayden", "meeting", "plan", "social", "worker", "16:00"):
        assert telling not in said
    assert "too easy" in kelly.says("1234")
    assert "home visit for Jayden and Ruby, tomorrow at 16:00" in kelly.says("4826", "check_appointments"), (
        "in full now"
    )
    kelly.says("bye", "goodbye")
    assert "send your PIN" in kelly.says("when is my next meeting", "check_appointments")


@pytest.mark.parametrize(
    ("words", "intent"),
    [("hello", "greet"), ("is there a food bank near LS9", "find_service"), ("can someone ring me", "contact_worker"),
     ("hes got a knife and hes hitting me", "report_immediate_danger"), ("no more texts", "stop_messages")],
    ids=["hello", "help near by", "a person", "danger", "no more texts"],
)  # fmt: skip
def test_what_never_needs_a_proof_needs_none_here_either(talk: Phone, words: str, intent: str) -> None:
    has("kelly", phone_seen_by="her mother")
    said = talk("kelly").says(words, intent)
    assert said and "PIN" not in said and "Kelly" not in said and "social" not in said


def test_who_cannot_choose_one_reaches_a_person_by_1_and_danger_in_place_of_a_pin_is_heard(talk: Phone) -> None:
    has("kelly", phone_seen_by="her mother")
    kelly = talk("kelly")
    kelly.says("my list", "check_actions")
    assert "passed" in kelly.says("1")
    kelly.says("my list", "check_actions")
    assert "999" in kelly.says("hes got a knife and hes hitting me", "report_immediate_danger")
    with reading() as session:
        assert session.scalars(select(Person.pin_hash).where(Person.external_id == "kelly")).one() == ""


def test_where_there_are_questions_one_of_them_is_asked_instead(talk: Phone) -> None:
    with transaction() as session:
        kelly = session.scalars(select(Person).where(Person.external_id == "kelly")).one()
        kelly.phone_seen_by = "her mother"
        identity.set_questions(session, kelly, [("Who taught you to swim?", "Aunt Ro")], uuid.uuid4())
    phone = talk("kelly")
    assert "Who taught you to swim?" in phone.says("my list", "check_actions")
    assert "1 " in phone.says("aunt ro", "check_actions")


@pytest.mark.parametrize(
    ("agency", "seen_by", "profile", "asked"),
    [("seen", "", None, False), ("never", "her mother", None, False), ("always", "", None, True),
     ("always", "", False, False), ("never", "", True, True), ("seen", "her mother", False, False)],
    ids=["hers alone", "agency never", "agency always", "her profile no", "her profile yes", "seen, her profile no"],
)  # fmt: skip
def test_the_profile_goes_before_the_agencys_rule(
    talk: Phone, agency: str, seen_by: str, profile: bool | None, asked: bool
) -> None:
    agency_asks(agency)
    has("kelly", phone_seen_by=seen_by, proof=profile)
    assert (FIRST in talk("kelly").says("when is my next meeting", "check_appointments")) is asked


def test_where_a_pin_is_needed_it_is_not_taken_away_by_text(talk: Phone) -> None:
    has("kelly", proof=True)
    kelly = talk("kelly")
    kelly.says("my list", "check_actions")
    kelly.says("4826", "check_actions")
    assert "a PIN is needed" in kelly.says("no pin any more please", "change_contact_preference")
    with reading() as session:
        assert session.scalars(select(Person.pin_hash).where(Person.external_id == "kelly")).one()


def test_one_to_a_reminder_needs_none_and_its_answer_tells_only_day_and_hour(talk: Phone) -> None:
    kelly = talk("kelly")
    assert "1 I will be there" in kelly.says("when is my next meeting", "check_appointments")
    has("kelly", phone_seen_by="her mother")
    said = kelly.says("1")
    assert "tomorrow at 16:00" in said and "home visit" not in said and "PIN" not in said


def test_who_says_that_somebody_reads_along_is_offered_a_pin(talk: Phone) -> None:
    has("kelly", wording="plain")
    kelly = talk("kelly")
    said = kelly.says("my partner reads my texts", "change_contact_preference")
    assert said.endswith("1 Keep it private with a PIN")
    assert "4 to 6 numbers" in kelly.says("1")
    assert "your PIN now" in kelly.says("4826")
    assert "PIN" not in kelly.says("my partner reads my texts", "change_contact_preference"), "she has one"
