"""Help with getting to an appointment, asked for by text."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from api.assistant.operations.words import appointment_words
from api.database import transaction
from tests.assistant.conftest import Talk

Phone = Callable[[str], Talk]


def has(what: str, *, hidden: bool = False) -> None:
    """Every appointment has this help with getting there."""
    with transaction() as session:
        session.execute(text("UPDATE appointments SET travel = :w, address_hidden = :h"), {"w": what, "h": hidden})


@pytest.mark.parametrize(
    "words",
    [
        "how do i get there", "can you help with bus fare for thursday", "is there a taxi", "who pays for the taxi",
        "do i get my travel costs back", "can you sort me a lift to it", "is someone picking me up", "como llego",
        "me pagan el autobus", "hay transporte", "how am i meant to get to the meeting",
    ],
)  # fmt: skip
def test_these_ask_for_help_with_getting_there(words: str) -> None:
    assert "travel" in appointment_words().topics_in(words)


@pytest.mark.parametrize(
    "words", ["is there a lift or just stairs", "where is it", "what do i bring", "who will be there"]
)
def test_these_do_not(words: str) -> None:
    assert "travel" not in appointment_words().topics_in(words)


def test_what_is_arranged_is_told_with_the_place(talk: Phone) -> None:
    has("a taxi comes at 9:30")
    kelly = talk("kelly")
    kelly.says("whens my next meeting", "check_appointments")
    reply = kelly.says("how do i get there", "ask_appointment_details")
    assert "It is at your home." in reply and "Getting there: a taxi comes at 9:30." in reply


@pytest.mark.parametrize("intent", ["find_service", "out_of_scope", "nlu_fallback"])
def test_a_bus_fare_to_a_meeting_is_no_service_to_look_for(talk: Phone, intent: str) -> None:
    has("bus fares are paid back, keep the tickets")
    kelly = talk("kelly")
    kelly.says("whens my next meeting", "check_appointments")
    assert "bus fares are paid back" in kelly.says("can you help with the bus fare for it", intent)


def test_where_nothing_is_arranged_the_worker_can_be_told_at_once(talk: Phone) -> None:
    has("")
    kelly = talk("kelly")
    kelly.says("whens my next meeting", "check_appointments")
    reply = kelly.says("can you help with bus fare", "find_service")
    assert "I don't know of any travel help for it yet. Your social worker can say if there is some." in reply
    assert "Amara" in kelly.says("1", "contact_worker")
    assert "travel help" not in kelly.says("how do i get there", "ask_appointment_details")


def test_the_way_to_a_place_that_is_kept_private_is_in_no_message(talk: Phone) -> None:
    has("taxi to Cedar End", hidden=True)
    kelly = talk("kelly")
    kelly.says("whens my next meeting", "check_appointments")
    reply = kelly.says("is there a taxi", "ask_appointment_details")
    assert "kept private" in reply and "Cedar" not in reply


def test_rosa_is_answered_in_spanish(talk: Phone) -> None:
    has("el autobús se paga")
    rosa = talk("rosa")
    rosa.says("cuando es mi cita", "check_appointments")
    assert "Para llegar: el autobus se paga." in rosa.says("cómo llego", "ask_appointment_details")


def test_a_stranger_learns_nothing_of_a_taxi(talk: Phone) -> None:
    has("a taxi comes at 9:30")
    assert "taxi comes" not in talk("stranger").says("is there a taxi", "find_service")
