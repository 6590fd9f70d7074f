"""Appointments, as people ask about them by text."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from api.appointments.models import Appointment, Attendee, ChangeRequest
from api.database import reading, transaction
from api.escalations.models import Escalation
from api.families.models import Person
from api.messages import inbox
from tests.assistant.conftest import Talk

Phone = Callable[[str], Talk]


def place_of(person: str, appointment: str) -> Attendee:
    with reading() as session:
        return session.scalars(
            select(Attendee)
            .join(Appointment, Appointment.id == Attendee.appointment_id)
            .join(Person, Person.id == Attendee.person_id)
            .where(Person.external_id == person, Appointment.external_id == appointment)
        ).one()


def requests() -> list[ChangeRequest]:
    with reading() as session:
        return list(session.scalars(select(ChangeRequest)))


def test_the_next_appointment_is_told_in_local_time_with_the_children_where_they_may_be_named(talk: Phone) -> None:
    reply = talk("kelly").says("whens my next meeting", "check_appointments")
    assert reply.startswith("Your next one is a home visit for Jayden and Ruby, tomorrow at 16:00.")


def test_ohio_has_twelve_hours_and_its_own_time(talk: Phone) -> None:
    assert "tomorrow at 9:00 AM" in talk("darnell").says("when is my next one", "check_appointments")


def test_rosa_is_answered_in_spanish(talk: Phone) -> None:
    assert "jueves 26 de noviembre a las 3:30 pm" in talk("rosa").says("cuando es mi cita", "check_appointments")


def test_where_the_phone_is_not_safe_only_day_and_hour_are_written(talk: Phone) -> None:
    reply = talk("sarah").says("when is my next one", "check_appointments")
    assert reply.startswith("Next: tomorrow at 12:30.")
    assert "group" not in reply


def test_a_day_without_appointments_is_said_plainly(talk: Phone) -> None:
    reply = talk("kelly").says("have i got anything thursday", "check_appointments")
    assert reply == "Nothing for you on Thursday 26 November. Your next one is tomorrow at 16:00."


def test_a_kind_that_is_on_another_day_or_on_none_is_not_passed_over_in_silence(talk: Phone) -> None:
    kelly = talk("kelly")
    reply = kelly.says("is it tomorrow im meant to see the health visitor", "check_appointments")
    assert reply.startswith("The one you mean is Tuesday 8 December at 11:20.") and "tomorrow at 16:00" in reply
    ready = kelly.says("what do i need to have ready for it", "check_actions")
    assert ready.startswith("Tuesday 8 December at 11:20."), "that one is talked of now"
    with transaction() as session:
        session.execute(update(Appointment).where(Appointment.kind == "health_visit").values(status="cancelled"))
    reply = kelly.says("is it tomorrow im meant to see the health visitor", "check_appointments")
    assert reply.startswith("I can't see one like that.") and "tomorrow at 16:00" in reply
    assert kelly.says("is it tomorrow the home visit", "check_appointments").startswith("Your next one is a home visit")


@pytest.mark.parametrize(
    "words",
    ["wot time am i seein the social worker next", "whens my caseworker coming", "cuando veo a mi trabajadora social"],
)
def test_seeing_ones_social_worker_is_the_next_one_that_she_is_expected_at(talk: Phone, words: str) -> None:
    with transaction() as session:
        session.execute(update(Appointment).where(Appointment.kind == "home_visit").values(status="cancelled"))
    kelly = talk("kelly")
    assert "10:00" in kelly.says("what's next", "check_appointments"), "the course, where she is not"
    reply = kelly.says(words, "check_appointments")
    assert "13:30" in reply or "1:30" in reply


@pytest.mark.parametrize("words", ["what do i need to have ready for it", "what shall i bring to it?"])
def test_what_to_have_ready_for_it_is_about_the_appointment_just_told(talk: Phone, words: str) -> None:
    kelly = talk("kelly")
    assert "bring" not in kelly.says(words, "check_actions").casefold(), "nothing was talked of yet"
    kelly.says("whens my next meeting", "check_appointments")
    reply = kelly.says(words, "check_actions")
    assert reply.startswith("Tomorrow at 16:00.")


@pytest.mark.parametrize(
    ("who", "words", "which"),
    [
        ("kelly", "where is my next meeting", "Tomorrow at 16:00."),
        ("rosa", "donde es la proxima cita", "Jueves 26 de noviembre a las 3:30 pm."),
    ],
)
def test_the_next_one_is_the_first_that_comes_and_nobody_is_asked_which(
    talk: Phone, who: str, words: str, which: str
) -> None:
    assert talk(who).says(words, "ask_appointment_details").startswith(which)


def test_separated_parents_each_see_their_own(talk: Phone) -> None:
    mother = talk("sarah").says("all my appointments", "check_appointments")
    father = talk("imran").says("all my appointments", "check_appointments")
    assert "12:30" in mother and "12:30" not in father
    assert "18:30" in father and "18:30" not in mother


def test_asking_where_it_is_after_being_told_of_it_means_that_one(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("whens my next meeting", "check_appointments")
    assert "your home" in kelly.says("3")
    assert "Amara Okafor" in kelly.says("who will be there", "ask_appointment_details")


def test_a_hidden_address_is_not_written(talk: Phone) -> None:
    reply = talk("darnell").says("where is the visit on sunday", "ask_appointment_details")
    assert "kept private" in reply
    assert "Gloria" not in reply


def test_saying_yes_to_the_appointment_just_told_confirms_it(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("whens my next meeting", "check_appointments")
    assert "coming tomorrow at 16:00" in kelly.says("yeah i will", "affirm")
    assert place_of("kelly", "bennett-visit-1").answer == "confirmed"


def test_not_being_able_to_come_is_kept_in_their_own_words_for_a_worker(talk: Phone) -> None:
    reply = talk("kelly").says("cant make the core group, they changed my shift", "request_reschedule")
    assert "Tuesday 1 December at 13:30" in reply
    assert [request.words for request in requests()] == ["cant make the core group, they changed my shift"]
    assert place_of("kelly", "bennett-core-3").answer == "cannot_come"


def test_which_one_is_asked_when_it_is_not_clear_and_the_words_are_not_lost(talk: Phone) -> None:
    kelly = talk("kelly")
    assert "Which one do you mean?" in kelly.says("i cant come, the car is at the garage", "request_reschedule")
    assert requests() == []
    kelly.says("2")
    assert [request.words for request in requests()] == ["i cant come, the car is at the garage"]


def test_nobody_can_change_an_appointment_of_another_family(talk: Phone) -> None:
    with reading() as session:
        theirs = session.scalars(select(Appointment).filter_by(external_id="malik-core-sarah")).one()
    kelly = talk("kelly")
    kelly.says("whens my next meeting", "check_appointments")
    inbox.accept(
        channel="sms", external_id="forged", address=kelly.address, body="x",
        payload=f'/request_reschedule{{"appointment_ref": "{theirs.id}"}}',
    )  # fmt: skip
    kelly.says("hello", "greet")
    assert requests() == []


def test_running_late_with_nothing_today_offers_to_pass_it_on_in_their_words(talk: Phone) -> None:
    kelly = talk("kelly")
    assert "Shall I pass your message on?" in kelly.says("bus never came gonna be late", "running_late")
    kelly.says("1")
    with reading() as session:
        assert (
            session.scalars(select(Escalation.words).filter_by(kind="contact")).one() == "bus never came gonna be late"
        )
