"""Who will be at a conference, as the bot tells it: nobody who may be there for the other parent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from api.appointments.models import Appointment, Attendee, ChangeRequest
from api.conferences.models import Conference, ConferenceAttendee
from api.database import reading, transaction
from api.families.models import Person
from tests.assistant.conftest import Talk

Phone = Callable[[str], Talk]


@pytest.fixture(params=[True, False], ids=["another adult", "nobody else"])
def others(request: pytest.FixtureRequest, town: object) -> bool:
    """Kelly's next visit is a conference to which a refuge's worker is invited; is another adult of the family?"""
    with transaction() as session:
        kelly = session.scalars(select(Person).filter_by(external_id="kelly")).one()
        one = session.scalars(select(Appointment).filter_by(external_id="bennett-visit-1")).one()
        gran = Person(family_id=kelly.family_id, external_id="gran", kind="carer", first_name="Jean")
        session.add_all([gran, Attendee(appointment_id=one.id, name="Ms Hale", role="refuge worker")])
        session.flush()
        invited = [
            ConferenceAttendee(person_id=kelly.id, agency="family"),
            ConferenceAttendee(name="Amara Okafor", agency="social_work"),
            ConferenceAttendee(name="Ms Hale", agency="other"),
        ]
        if request.param:
            invited.append(ConferenceAttendee(person_id=gran.id, agency="family"))
        for position, each in enumerate(invited, start=1):
            each.position = position
        session.add(
            Conference(
                family_id=kelly.family_id, external_id="next", kind="pre_birth", held_on=one.starts_at.date(),
                appointment_id=one.id, created_at=one.starts_at, attendees=invited,
            )
        )  # fmt: skip
    return bool(request.param)


def test_who_comes_with_the_other_is_not_named(talk: Phone, others: bool) -> None:
    kelly = talk("kelly")
    kelly.says("whens my next meeting", "check_appointments")
    told = kelly.says("who will be there", "ask_appointment_details")
    assert "Amara Okafor" in told and ("Hale" in told) is not others


def test_nor_is_their_name_understood_as_who_it_is_with(talk: Phone, others: bool) -> None:
    kelly = talk("kelly")
    reply = kelly.says("i cant make the one with hale", "request_reschedule")
    with reading() as session:
        asked = session.scalars(select(ChangeRequest)).all()
    assert (asked == []) is others and ("Which one do you mean?" in reply) is others
