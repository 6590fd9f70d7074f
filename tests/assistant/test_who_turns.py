"""Who somebody is whom they name, and who may come with them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from api.database import reading, transaction
from api.escalations.models import Escalation
from api.families.models import Person
from tests.assistant.conftest import Talk

Phone = Callable[[str], Talk]


@pytest.mark.parametrize(
    ("words", "who"),
    [
        ("whos marcus", "Marcus Reid (housing support worker)"), ("who is jo fielding again?", "Jo Fielding (health"),
        ("who is the housing woman", "Marcus Reid"), ("quien es marcus", "Marcus Reid"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("intent", ["ask_if_bot", "ask_who_is_my_worker", "nlu_fallback"])
def test_somebody_of_theirs_is_told_by_name_and_role(talk: Phone, words: str, who: str, intent: str) -> None:
    assert who in talk("kelly").says(words, intent)


def test_a_name_that_is_nobodys_is_said_to_be_nobodys_and_who_can_tell(talk: Phone) -> None:
    reply = talk("kelly").says("whos ray", "ask_if_bot")
    assert "don't know anybody of that name" in reply and "Amara Okafor" in reply


@pytest.mark.parametrize(
    "words", ["who are you", "whos this", "who is my social worker", "who sees this", "whos it with"]
)
def test_other_questions_of_who_stay_what_they_are(talk: Phone, words: str) -> None:
    assert "of that name" not in talk("kelly").says(words, "ask_if_bot")


def test_nobody_of_another_family_is_known(talk: Phone) -> None:
    kelly = talk("kelly").says("whos kelly's marcus", "ask_if_bot")
    assert "Marcus" not in talk("rosa").says("who is marcus", "ask_if_bot"), kelly
    assert "Marcus" not in talk("stranger").says("who is marcus", "ask_if_bot")


def test_where_somebody_else_reads_the_phone_no_role_is_said(talk: Phone) -> None:
    with transaction() as session:
        session.execute(update(Person).where(Person.external_id == "kelly").values(wording="discreet"))
    assert "housing" not in talk("kelly").says("whos marcus", "ask_if_bot")


@pytest.mark.parametrize(
    ("words", "intent"),
    [
        ("can my mum come with me to it", "ask_appointment_details"),
        ("can i bring my girlfriend", "check_appointments"),
        ("puede ir mi hermana conmigo?", "nlu_fallback"), ("can someone come with me", "nlu_fallback"),
    ],
)  # fmt: skip
def test_who_asks_to_bring_somebody_can_have_the_question_passed_on(talk: Phone, words: str, intent: str) -> None:
    kelly = talk("kelly")
    kelly.says("when is my next one", "check_appointments")
    reply = kelly.says(words, intent)
    assert "ask first" in reply or "preguntar antes" in reply, reply
    assert "bring anything" not in reply
    kelly.says("1")
    with reading() as session:
        assert session.scalars(select(Escalation.words).filter_by(kind="contact")).all() == [words]


@pytest.mark.parametrize("intent", ["check_actions", "running_late"])
def test_which_of_their_things_are_late_is_no_running_late(talk: Phone, intent: str) -> None:
    requests = [
        {"intent": "check_actions", "confidence": 0.9, "text": "which things on my list are late"},
        {"intent": "running_late", "confidence": 0.8, "text": "are late"},
    ]
    reply = talk("kelly").says("which things on my list are late", intent, requests=requests)
    assert "may be late" not in reply and "GP" in reply


def test_finished_after_we_asked_of_one_is_that_one(talk: Phone) -> None:
    kelly = talk("kelly")
    assert "Stepping Stones" in kelly.says("iv bin to 2 of the parenting classes so far", "report_action_done")
    assert "Stepping Stones" in (said := kelly.says("finished the last one today!!", "report_action_done"))
    assert "I have written down" in said


def test_after_something_else_finished_is_asked_about(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("iv bin to 2 of the parenting classes so far", "report_action_done")
    kelly.says("whens my next one", "check_appointments")
    assert "I have written down" not in kelly.says("finished the last one today!!", "report_action_done")


def test_not_making_a_day_that_they_are_expected_on_is_no_action_in_the_way(talk: Phone) -> None:
    kelly = talk("kelly")
    told = kelly.says("whats tomorrow", "check_appointments")
    assert "tomorrow" in told.casefold()
    reply = kelly.says("wont make it tomorrow, hav to take my nan to hospital", "report_action_blocked")
    assert "asked your" in reply and "change the one" in reply


def test_not_making_something_on_no_day_stays_something_in_the_way(talk: Phone) -> None:
    reply = talk("kelly").says("cant do the parenting course, no bus goes there", "report_action_blocked")
    assert "change the one" not in reply
