"""The days people name when they ask, cannot come or will: all of them count, and none is taken for another."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.assistant.conftest import Talk
from tests.assistant.test_appointment_turns import place_of, requests

Phone = Callable[[str], Talk]


def test_two_days_that_are_asked_about_are_both_answered(talk: Phone) -> None:
    reply = talk("kelly").says("have i got owt wednesday or tuesday next week", "check_appointments")
    assert "Tomorrow at 16:00: home visit" in reply and "Tuesday 1 December at 13:30" in reply
    assert "14 December" not in reply


def test_each_of_several_days_is_answered_those_too_that_nothing_is_on(talk: Phone) -> None:
    kelly = talk("kelly")
    reply = kelly.says("anything tuesday next week or the thursday after?", "check_appointments")
    assert "Tuesday 1 December at 13:30" in reply and reply.startswith("Nothing for you on Thursday 3 December.")
    reply = kelly.says("have i got owt on thursday or friday", "check_appointments")
    assert reply.startswith("Nothing for you on Thursday 26 November or Friday 27 November. Your next one is tomorrow")
    reply = talk("rosa").says("tengo algo el viernes que viene o el lunes siguiente", "check_appointments")
    assert (
        reply.startswith("No hay nada para ti el viernes 27 de noviembre.") and "lunes 30 de noviembre a las" in reply
    )


def test_a_span_is_answered_with_what_is_in_it(talk: Phone) -> None:
    kelly = talk("kelly")
    assert "Tuesday 1 December" in kelly.says("anything after wednesday", "check_appointments").splitlines()[1]
    assert "tomorrow at 16:00" in kelly.says("anything before the weekend", "check_appointments")


def test_a_misspelt_day_is_that_day(talk: Phone) -> None:
    reply = talk("kelly").says("have i got anything thrusday", "check_appointments")
    assert reply.startswith("Nothing for you on Thursday 26 November.")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("what have i got after half term", "I don't know the school dates here. Coming up:"),
        ("anything the day before my court date", "I'm not sure which days you mean. Coming up:"),
    ],
    ids=["school", "own"],
)
def test_a_time_that_is_not_known_is_said_so_and_what_is_coming_is_listed(talk: Phone, words: str, said: str) -> None:
    reply = talk("kelly").says(words, "check_appointments")
    assert reply.startswith(said) and "Tomorrow at 16:00" in reply


def test_it_is_said_in_spanish_as_well(talk: Phone) -> None:
    reply = talk("rosa").says("que tengo despues de las vacaciones", "check_appointments")
    assert "las fechas de la escuela. Esto es lo que viene:" in reply and "26 de noviembre" in reply


@pytest.mark.parametrize(
    "words",
    ["i cant come on wendsday next week", "cant make it friday", "cant make thursday"],
    ids=["misspelt", "friday", "thursday"],
)
def test_a_day_that_nothing_is_on_moves_no_other_appointment(talk: Phone, words: str) -> None:
    kelly = talk("kelly")
    kelly.says("whens my next meeting", "check_appointments")
    reply = kelly.says(words, "request_reschedule")
    assert "I can't see one for you on" in reply and "Which one do you mean?" in reply
    assert requests() == []
    assert "1 December at 10:00" in kelly.says("2")
    assert [request.words for request in requests()] == [words]


def test_another_day_that_is_asked_for_is_asked_for_of_the_one_just_told(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("whens my next meeting", "check_appointments")
    assert "tomorrow at 16:00" in kelly.says("can we do friday instead", "request_reschedule")
    assert len(requests()) == 1


def test_coming_on_a_day_that_nothing_is_on_confirms_nothing(talk: Phone) -> None:
    kelly = talk("kelly")
    assert "Which one do you mean?" in kelly.says("yes ill be there friday", "confirm_attendance")
    assert place_of("kelly", "bennett-visit-1").answer == "none"
    assert "coming tomorrow at 16:00" in kelly.says("1")


def test_being_late_another_day_is_not_noted_for_today(talk: Phone) -> None:
    reply = talk("kelly").says("im going to be late for core group on tuesday next week", "running_late")
    assert "Tuesday 1 December at 13:30" in reply
    assert place_of("kelly", "bennett-core-3").answer == "late"


def test_every_appointment_that_is_coming_can_be_chosen_by_number(talk: Phone) -> None:
    kelly = talk("kelly")
    words = "i cant come, the car is at the garage"
    first = kelly.says(words, "request_reschedule")
    assert "\n4 Show more" in first
    second = kelly.says("4")
    assert requests() == [] and second.splitlines()[1][2:] not in first
    assert "I have asked your social worker to change" in kelly.says("1")
    assert [request.words for request in requests()] == [words]
