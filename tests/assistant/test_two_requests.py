"""Two requests in one message are both acted on, and what "1" means afterwards stays one thing."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from api.database import reading
from api.escalations.models import Escalation
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


WORDS = "he hits me when hes had a drink, whens my next meeting"
HARM_AND_MEETING = [
    {"intent": "disclose_harm", "confidence": 0.9, "text": WORDS},
    {"intent": "check_appointments", "confidence": 0.9, "text": "whens my next meeting"},
]


def escalated() -> list[tuple[str, str, str]]:
    with reading() as session:
        return [(one.kind, one.priority, one.words) for one in session.scalars(select(Escalation))]


def test_danger_is_answered_first_and_the_question_beside_it_in_the_same_turn(talk: Phone) -> None:
    replies = talk("kelly").says(WORDS, "disclose_harm", requests=HARM_AND_MEETING).split("\n--\n")
    assert "999" in replies[0]
    assert len(replies) == 2 and replies[1].startswith("Your next one is a home visit")
    assert "\n1 " not in replies[1]
    assert [(kind, words) for kind, _, words in escalated()] == [("harm_disclosed", WORDS)]


def test_distress_is_heard_first_and_one_can_be_rung_and_the_question_is_answered(talk: Phone) -> None:
    words = "i cant do this any more im so tired, whens my next meeting"
    requests = [
        {"intent": "express_distress", "confidence": 0.9, "text": words},
        {"intent": "check_appointments", "confidence": 0.9, "text": "whens my next meeting"},
    ]
    kelly = talk("kelly")
    heard, answered = kelly.says(words, "express_distress", requests=requests).split("\n--\n")
    assert "next one is" in answered and "\n1 " in heard and "\n1 " not in answered
    kelly.says("1")
    assert "contact" in {kind for kind, _, _ in escalated()}


def test_beside_danger_nothing_is_recorded(talk: Phone) -> None:
    done = {"intent": "report_action_done", "confidence": 0.95, "text": "ive registered with the doctors"}
    words = "he hits me when hes had a drink, ive registered with the doctors"
    requests = [{"intent": "disclose_harm", "confidence": 0.9, "text": words}, done]
    talk("kelly").says(words, "disclose_harm", requests=requests)
    assert action("gp").status == "open"


def test_beside_danger_nobody_is_asked_for_proof_nor_told_anything(talk: Phone) -> None:
    reply = talk("stranger").says(WORDS, "disclose_harm", requests=HARM_AND_MEETING)
    assert "\n--\n" not in reply and "next one" not in reply and "999" in reply


def test_danger_in_what_was_taken_for_a_question_is_asked_about_gently_and_a_worker_is_shown_it(talk: Phone) -> None:
    words = "my dad does that to me and where is the meeting tomorrow"
    requests = [
        {"intent": "disclose_harm", "confidence": 0.8, "text": words},
        {"intent": "ask_appointment_details", "confidence": 0.9, "text": "where is the meeting tomorrow"},
    ]
    _, second = talk("kelly").says(words, "check_appointments", requests=requests).split("\n--\n")
    assert "your home" in second
    assert [(kind, priority) for kind, priority, _ in escalated()] == [("harm_disclosed", "routine")]
