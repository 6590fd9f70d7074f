"""What is asked of services that were just told, in their own words, whatever Rasa takes it for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from api.database import transaction
from api.directory.models import Location, Service
from api.imports.service import import_services
from api.settings import DATA
from tests.assistant.conftest import Talk

Phone = Callable[[str], Talk]
ASKED = "help with debts in leeds"


@pytest.fixture
def kelly(talk: Phone) -> Talk:
    import_services(DATA / "directory" / "services.json")
    return talk("kelly")


def listed(reply: str) -> list[str]:
    """The names in a list of services."""
    return [line.removeprefix("- ").partition(",")[0] for line in reply.splitlines() if line.startswith("- ")]


@pytest.mark.parametrize(
    ("words", "intent"),
    [
        ("what time they open", "ask_appointment_details"), ("do they charge", "ask_about_plan"),
        ("whats the address", "nlu_fallback"), ("wheres that", "ask_appointment_details"),
        ("are they open on saturday", "check_appointments"), ("have you got a number", "contact_worker"),
        ("do i need to book", "out_of_scope"), ("can i get there on the bus", "ask_appointment_details"),
        ("a que hora abren?", "nlu_fallback"), ("es gratis", "greet"),
    ],
)  # fmt: skip
def test_asked_of_several_they_are_asked_which_and_hear_all_of_that_one(kelly: Talk, words: str, intent: str) -> None:
    names = listed(kelly.says("somewhere for my lad to go after school in leeds", "find_service"))
    assert len(names) > 1
    which = kelly.says(words, intent)
    assert all(name.removesuffix("..").strip() in which for name in names), which
    assert not any(word in which for word in ("home visit", "Tomorrow at")), which
    one = kelly.says("2")
    assert one.startswith(names[1].removesuffix("..").strip()) and "Leeds LS" in one, one
    assert "020 7946" in one


@pytest.mark.parametrize(
    ("words", "place"),
    [("tell me about the second one", 1), ("the first", 0), ("el segundo", 1), ("the last one?", -1)],
)
def test_one_that_they_point_at_is_told_at_once(kelly: Talk, words: str, place: int) -> None:
    names = listed(kelly.says("food bank near LS9", "find_service"))
    assert kelly.says(words, "nlu_fallback").startswith(names[place].removesuffix("..").strip())


def test_one_that_they_name_is_told_at_once(kelly: Talk) -> None:
    names = listed(kelly.says("food bank near LS9", "find_service"))
    word = names[1].split()[0]
    assert kelly.says(f"what time does {word} open", "nlu_fallback").startswith(names[1].removesuffix("..").strip())


@pytest.mark.parametrize("words", ["any more?", "mas", "anything else pls", "more"])
def test_asked_for_more_there_are_others_or_it_is_said_that_there_are_none(kelly: Talk, words: str) -> None:
    told = listed(kelly.says("food bank near LS9", "find_service"))
    for _ in range(12):
        more = kelly.says(words, "greet")
        assert not set(told) & set(listed(more)), "nobody is told the same twice"
        if not listed(more):
            break
        told += listed(more)
    assert not listed(more) and "What can I do" not in more
    assert kelly.says("what time do they open", "nlu_fallback") not in ("", more), "those that were told last"


@pytest.mark.parametrize("words", ["what time is it", "who will be there", "the first", "do they charge", "more"])
def test_after_anything_else_it_is_about_something_else(kelly: Talk, words: str) -> None:
    kelly.says("food bank near LS9", "find_service")
    kelly.says("whens my next meeting", "check_appointments")
    assert "Food" not in kelly.says(words, "ask_appointment_details")


def test_another_need_or_place_is_a_search_of_its_own(kelly: Talk) -> None:
    kelly.says("food bank near LS9", "find_service")
    assert "debt" in kelly.says("do they do help with debts", "find_service")


def test_an_address_that_is_hidden_stays_hidden(kelly: Talk) -> None:
    with transaction() as session:
        session.execute(update(Location).values(hidden=True))
        streets = [one for one in session.scalars(select(Location.address_1)) if one]
        postcodes = [one for one in session.scalars(select(Location.postal_code)) if one]
    kelly.says(ASKED, "find_service")
    for words in ("the first one", "whats the address of the first one"):
        told = kelly.says(words, "nlu_fallback")
        assert "address private" in told and not any(one in told for one in (*streets, *postcodes)), told


def test_one_that_is_closed_down_meanwhile_is_not_told(kelly: Talk) -> None:
    kelly.says(ASKED, "find_service")
    with transaction() as session:
        session.execute(update(Service).values(status="inactive"))
    assert "can't find that one" in kelly.says("what time do they open", "nlu_fallback")


def test_danger_is_never_read_as_a_question_about_a_service(kelly: Talk) -> None:
    kelly.says(ASKED, "find_service")
    assert "999" in kelly.says("the first one he hit was me", "report_immediate_danger")
