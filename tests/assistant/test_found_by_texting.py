"""Messages that were once answered with something else, found by texting them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from api.appointments.models import Appointment, ChangeRequest
from api.database import reading
from api.escalations.models import Escalation
from api.families.models import ContactPoint
from tests.assistant.conftest import Talk

Phone = Callable[[str], Talk]


def points(talk: Talk) -> str:
    with reading() as session:
        return session.scalars(select(ContactPoint.state).filter_by(address=talk.address)).one()


@pytest.mark.parametrize(
    "words",
    ["can u stop texting me so late at night", "dont text me when im at work", "stop messaging me at weekends",
     "no me escriban tan tarde", "less of these texts, not every day please"],
)  # fmt: skip
def test_not_at_night_is_no_end_of_all_messages(talk: Phone, words: str) -> None:
    kelly = talk("kelly")
    kelly.says(words, "stop_messages", 0.97)
    assert points(kelly) == "active"


@pytest.mark.parametrize("words", ["stop texting me", "dont text this number any more", "no me escriban más"])
def test_an_end_of_all_messages_is_one(talk: Phone, words: str) -> None:
    kelly = talk("kelly")
    kelly.says(words, "stop_messages", 0.97)
    assert points(kelly) == "opted_out"


@pytest.mark.parametrize(
    ("words", "intent"),
    [("im moving house next week", "check_appointments"), ("my new address is 4 Elm Road", "nlu_fallback"),
     ("nos mudamos el viernes", "check_appointments")],
)  # fmt: skip
def test_that_they_move_reaches_a_worker_without_haste(talk: Phone, words: str, intent: str) -> None:
    talk("kelly").says(words, intent)
    with reading() as session:
        told = session.scalars(select(Escalation)).all()
    assert [(one.kind, one.priority, one.words) for one in told] == [("contact", "routine", words)]


def test_is_she_in_today_is_told_who_it_is_and_can_have_a_call(talk: Phone) -> None:
    reply = talk("kelly").says("is amara in today", "out_of_scope")
    assert "Amara Okafor" in reply and "1 " in reply


def test_a_reason_after_one_that_was_just_confirmed_is_about_that_one(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("whens my next one", "check_appointments")
    kelly.says("cool ill be there", "confirm_attendance")
    assert "asked your" in kelly.says("oh wait no i cant actually its my lads birthday", "request_reschedule")
    with reading() as session:
        asked = session.scalars(select(ChangeRequest)).one()
        first = session.scalars(select(Appointment).where(Appointment.id == asked.appointment_id)).one()
    assert first.kind == "home_visit"


def test_a_kind_that_they_name_is_that_one_whatever_was_talked_of(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("whens my next one", "check_appointments")
    kelly.says("i cant make the core group", "request_reschedule")
    with reading() as session:
        asked = session.scalars(select(ChangeRequest)).one()
        assert session.get_one(Appointment, asked.appointment_id).kind == "core_group"


def test_a_bare_place_says_where_and_not_what(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("help with debts near seacroft", "find_service")
    entities = [{"entity": "place", "value": "LS14"}, {"entity": "need", "value": "baby_items"}]
    assert "debt" in kelly.says("LS14", "find_service", entities=entities)


def test_how_long_it_goes_on_is_of_the_appointment_just_told(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("whens my next one", "check_appointments")
    assert "minutes" in kelly.says("how long does it go on for", "ask_plan_status")


def test_the_second_one_is_finished_is_the_second_of_the_list(talk: Phone) -> None:
    kelly = talk("kelly")
    told = kelly.says("what have i still to do", "check_actions").splitlines()
    second = next(line for line in told if line.startswith("2 "))[2:].partition(" (")[0]
    assert second in (said := kelly.says("the second one is finished", "report_action_done")), said
    assert "written down" in said


def test_i_meant_the_first_is_the_first_of_the_list(talk: Phone) -> None:
    kelly = talk("kelly")
    which = kelly.says("ive done it", "report_action_done").splitlines()
    first = next(line for line in which if line.startswith("1 "))[2:]
    assert first in kelly.says("oh i meant the first")


def test_the_first_is_no_choice_between_coming_and_not_coming(talk: Phone) -> None:
    kelly = talk("kelly")
    assert "I can't come" in kelly.says("whens my next one", "check_appointments")
    assert "put you down" not in kelly.says("the first one", "nlu_fallback")


def test_did_you_get_my_message_is_told_how_it_stands(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("can someone ring me", "contact_worker")
    assert "team" in kelly.says("did u get my message", "ask_privacy")


@pytest.mark.parametrize(
    "words", ["got nothing in for tea for the kids", "no food left til friday", "no tenemos nada de comer"]
)
def test_nothing_to_eat_is_help_with_food(talk: Phone, words: str) -> None:
    kelly = talk("kelly")
    reply = kelly.says(words, "out_of_scope")
    assert "Where are you" in reply or "Donde estas" in reply, reply


@pytest.mark.parametrize("words", ["i want a pin", "can i set up a password please"])
def test_a_wish_for_a_pin_is_one_whatever_it_is_taken_for(talk: Phone, words: str) -> None:
    reply = talk("kelly").says(words, "disclose_self_harm", 0.36)
    assert reply.startswith("Send me 4 to 6 numbers"), reply
