"""Two requests in one message are both acted on, and what "1" means afterwards stays one thing."""

from __future__ import annotations

from collections.abc import Callable

from tests.assistant.conftest import Talk
from tests.assistant.test_action_turns import action

Phone = Callable[[str], Talk]
GP_AND_MEETING = [
    {"intent": "report_action_done", "confidence": 0.9, "text": "ive registered with the doctors"},
    {"intent": "check_appointments", "confidence": 0.9, "text": "whens my next meeting"},
]
BOTH = "ive registered with the doctors, whens my next meeting"


def test_a_report_and_a_question_are_both_answered(talk: Phone) -> None:
    reply = talk("kelly").says(BOTH, "report_action_done", requests=GP_AND_MEETING)
    assert "next one is" in reply.split("\n--\n")[0]
    assert "Register all three of you with a GP - done" in reply
    assert action("gp").status == "reported_done"


def test_only_one_of_the_two_offers_choices_and_it_speaks_last(talk: Phone) -> None:
    kelly = talk("kelly")
    first, last = kelly.says(BOTH, "report_action_done", requests=GP_AND_MEETING).split("\n--\n")
    assert "\n1 " not in first and "\n1 " in last
    assert "taken that back" in kelly.says("1")
    assert action("gp").status == "open"


def test_each_part_is_read_by_its_own_words(talk: Phone) -> None:
    requests = [
        {"intent": "find_service", "confidence": 0.9, "text": "is there a food bank near LS9"},
        {"intent": "check_actions", "confidence": 0.9, "text": "what is left on my list"},
    ]
    words = "is there a food bank near LS9 and what is left on my list"
    reply = talk("kelly").says(words, "find_service", requests=requests)
    assert "LS9" in reply or "Food" in reply or "food" in reply
    assert len(reply.split("\n--\n")) == 2


def test_a_request_that_does_not_exist_leaves_the_message_whole(talk: Phone) -> None:
    requests = [GP_AND_MEETING[0], {"intent": "rm_rf", "confidence": 1.0, "text": "whens my next meeting"}]
    reply = talk("kelly").says(BOTH, "report_action_done", requests=requests)
    assert "\n--\n" not in reply and "done" in reply


def test_a_stranger_learns_nothing_by_asking_two_things(talk: Phone) -> None:
    reply = talk("stranger").says(BOTH, "report_action_done", requests=GP_AND_MEETING)
    assert "GP" not in reply and "next one" not in reply
