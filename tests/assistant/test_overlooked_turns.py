"""A PIN is offered once, where somebody agrees; without one, nothing is named on a phone that somebody else may see."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from api.access.models import Worker
from api.database import reading, transaction
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
    has("kelly", wording="plain", **values)
    said = talk("kelly").says("when is my next meeting", "check_appointments")
    if names is None:
        assert "PIN" in said, "the PIN goes first, and then plain words are hers"
    else:
        assert "tomorrow at 16:00" in said, "she is answered all the same"
        assert ("home visit for Jayden and Ruby" in said) is names
