"""The gentle question about what the screen only noticed: asked, unless a grown-up wants something of every day."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from api.access.models import Worker
from api.assistant import rasa_client
from api.assistant.rasa_client import RasaFailed
from api.database import reading, transaction
from api.escalations.models import Escalation
from api.families.models import Person
from api.messages.models import Conversation
from api.safety.screen import screen
from tests.assistant.conftest import Talk

Phone = Callable[[str], Talk]
#: The screen is in doubt about it, and no reader would be.
WORDS = "not gonna be in when she comes friday, at my mums"
ASKED = "all right just now"


def shown() -> list[str]:
    with reading() as session:
        return [one.priority for one in session.scalars(select(Escalation)) if one.kind == screen(WORDS).kind]


def test_the_screen_is_in_doubt_about_these_words() -> None:
    assert screen(WORDS).noticed and not screen(WORDS).raised


def test_a_plain_request_is_answered_without_the_question_and_shown_to_a_worker(talk: Phone) -> None:
    reply = talk("kelly").says(WORDS, "request_reschedule", 0.9)
    assert reply and ASKED not in reply
    assert shown() == ["routine"]


@pytest.mark.parametrize(
    ("intent", "confidence", "more"),
    [
        ("request_reschedule", 0.45, {}),
        ("ask_about_plan", 0.95, {}),
        ("nlu_fallback", 0.2, {}),
        ("request_reschedule", 0.8, {"ranking": [{"intent": "disclose_harm", "confidence": 0.11}]}),
        (
            "request_reschedule",
            0.8,
            {
                "requests": [
                    {"intent": "request_reschedule", "confidence": 0.8, "text": "not gonna be in"},
                    {"intent": "express_distress", "confidence": 0.6, "text": "at my mums"},
                ]
            },
        ),
    ],
    ids=["unsure", "about the plan", "not understood", "some danger left", "distress beside it"],
)
def test_in_any_doubt_the_question_is_asked_once(
    talk: Phone, intent: str, confidence: float, more: dict[str, object]
) -> None:
    reply = talk("kelly").says(WORDS, intent, confidence, **more)
    assert reply.count(ASKED) == 1
    assert shown() == ["routine"]


def test_a_young_person_is_always_asked(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("hello", "greet")
    with transaction() as session:
        person = session.get_one(Person, session.get_one(Conversation, kelly.conversation_id).person_id)
        person.kind = "young_person"
    assert ASKED in kelly.says(WORDS, "request_reschedule", 0.9)


def test_where_the_understanding_fails_the_question_is_asked(talk: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RasaFailed("down")

    monkeypatch.setattr(rasa_client, "ask", fails)
    assert ASKED in talk("kelly").says(WORDS)


def test_what_the_understanding_takes_for_danger_is_answered_as_that_and_not_asked_about(talk: Phone) -> None:
    reply = talk("kelly").says(WORDS, "disclose_self_harm", 0.9)
    assert ASKED not in reply and "999" in reply
    assert shown() == ["urgent"]


def test_where_a_worker_answers_the_question_is_asked_all_the_same(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("hello", "greet")
    with transaction() as session:
        amara = session.scalars(select(Worker).filter_by(external_id="amara")).one()
        session.get_one(Conversation, kelly.conversation_id).taken_over_by = amara.id
    assert ASKED in kelly.says(WORDS, "request_reschedule", 0.9)


def test_who_says_goodbye_until_later_is_not_asked_and_who_only_says_goodbye_is(talk: Phone) -> None:
    later, farewell = "ok bye for now", "goodbye everyone"
    assert all(screen(words).noticed and not screen(words).raised for words in (later, farewell))
    assert ASKED not in talk("kelly").says(later, "goodbye", 0.9)
    assert ASKED in talk("kelly").says(farewell, "goodbye", 0.9)
    assert "999" in talk("imran").says("bye for now, by later i wont be here", "goodbye", 0.9)
