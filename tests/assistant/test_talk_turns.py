"""Reaching a person, danger that Rasa notices, preferences, searches, and not being understood."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from api import clock
from api.access.models import Worker
from api.database import reading, transaction
from api.escalations import service
from api.escalations.models import Escalation, EscalationEvent, Notification
from api.families.models import ContactPoint, Person
from tests.assistant.conftest import Talk

Phone = Callable[[str], Talk]


def escalations() -> list[tuple[str, str]]:
    with reading() as session:
        return [(one.kind, one.priority) for one in session.scalars(select(Escalation).order_by(Escalation.id))]


def test_asking_for_a_person_opens_an_escalation_and_says_who_was_told(talk: Phone) -> None:
    reply = talk("kelly").says("can someone ring me", "contact_worker")
    assert "Amara Okafor" in reply and "999" in reply
    assert escalations() == [("contact", "urgent")]


@pytest.mark.parametrize(
    ("words", "intent"),
    [
        ("can someone ring me", "contact_worker"),
        ("i want to complain", "complain"),
        ("im so tired of all of it", "express_distress"),
    ],
    ids=["contact", "complaint", "distress"],
)
def test_what_comes_after_somebody_took_it_on_is_told_to_somebody_again(talk: Phone, words: str, intent: str) -> None:
    """The same words even: nobody was told of them, and the family reads that it was passed on."""
    kelly = talk("kelly")
    kelly.says(words, intent)
    with transaction() as session:
        opened = session.scalars(select(Escalation)).one()
        amara = session.scalars(select(Worker).filter_by(external_id="amara")).one()
        service.acknowledge(session, opened.id, amara, via="console")
        told = session.scalar(select(func.count()).select_from(Notification))
    clock.move(timedelta(minutes=20))
    kelly.says(words, intent)
    with reading() as session:
        again = session.scalars(select(Escalation)).one()
        assert again.state == "open" and again.next_rung_at is not None and again.next_rung_at > clock.now()
        assert (session.scalar(select(func.count()).select_from(Notification)) or 0) > (told or 0)
        assert "reopened" in session.scalars(select(EscalationEvent.kind)).all()


def test_who_asks_again_hears_who_was_told_this_time(talk: Phone) -> None:
    kelly = talk("kelly")
    assert "your social worker, Amara Okafor" in kelly.says("can someone ring me", "contact_worker")
    with transaction() as session:
        opened = session.scalars(select(Escalation)).one()
        amara = session.scalars(select(Worker).filter_by(external_id="amara")).one()
        service.acknowledge(session, opened.id, amara, via="console")
        amara.phone = None
    clock.move(timedelta(minutes=20))
    assert "on duty" in kelly.says("can someone ring me please", "contact_worker")


def test_a_message_for_the_worker_is_not_an_alarm(talk: Phone) -> None:
    talk("kelly").says("tell amara ill bring the forms on tuesday", "contact_worker")
    assert escalations() == [("contact", "routine")]


@pytest.mark.parametrize(("confidence", "priority"), [(0.95, "emergency"), (0.7, "urgent"), (0.4, "routine")])
def test_danger_that_only_rasa_notices_is_raised_as_surely_as_it_is_sure(
    talk: Phone, confidence: float, priority: str
) -> None:
    reply = talk("kelly").says("zz qq", "report_immediate_danger", confidence)
    assert "999" in reply
    only_asked = "all right just now" in reply and "\n--\n" not in reply
    assert only_asked is (priority == "routine")
    assert escalations() == [("immediate_danger", priority)]


def test_danger_that_the_screen_has_raised_is_not_raised_or_answered_twice(talk: Phone) -> None:
    reply = talk("kelly").says("hes got a knife and hes hitting me", "report_immediate_danger")
    assert "--" not in reply
    assert len(escalations()) == 1


def test_distress_is_heard_and_a_worker_is_shown_it(talk: Phone) -> None:
    assert "really hard" in talk("kelly").says("im so tired of all of it", "express_distress")
    assert escalations() == [("distress", "routine")]


def test_not_understood_offers_meanings_and_the_second_time_a_person(talk: Phone) -> None:
    kelly = talk("kelly")
    ranking = [{"intent": "check_actions", "confidence": 0.2}, {"intent": "find_service", "confidence": 0.15}]
    assert "1 What is on my list?\n2 Find help near me" in kelly.says("asdf", ranking=ranking)
    assert "Would you like a person" in kelly.says("qwer", ranking=ranking)
    kelly.says("thanks", "thank")
    assert "Did you mean" in kelly.says("zxcv", ranking=ranking)


def test_where_trouble_is_among_the_meanings_a_person_is_offered_first(talk: Phone) -> None:
    ranking = [{"intent": "check_actions", "confidence": 0.2}, {"intent": "disclose_harm", "confidence": 0.19}]
    assert "1 Get a person to contact me" in talk("kelly").says("it is that thing once more", ranking=ranking)


def test_switching_to_spanish_lasts(talk: Phone) -> None:
    kelly = talk("kelly")
    assert kelly.says("en español por favor", "change_language") == "Desde ahora te escribo en español."
    assert "mañana a las 16:00" in kelly.says("cuando es mi cita", "check_appointments")


def test_leaving_out_the_childrens_names_is_read_back_and_done(talk: Phone) -> None:
    kelly = talk("kelly")
    asked = kelly.says("dont put my kids names in", "change_contact_preference")
    assert asked == "Shall I change this? the children's names left out.\n1 Yes, change it\n2 No, leave it"
    kelly.says("1")
    reply = kelly.says("when is my next one", "check_appointments")
    assert "Jayden" not in reply and "your children" in reply


def test_a_number_that_is_somebody_elses_is_set_aside_once_it_is_sure(talk: Phone) -> None:
    kelly = talk("kelly")
    reply = kelly.says("hes moved out now", "wrong_person", 0.6)
    assert "Kelly" not in reply and "1 Not me" in reply
    kelly.says("1")
    with reading() as session:
        state = session.scalars(select(ContactPoint.state).where(ContactPoint.address == kelly.address)).one()
    assert state == "quarantined"
    assert ("wrong_person", "routine") in escalations()


def test_a_wrong_number_in_clear_words_is_set_aside_at_once(talk: Phone) -> None:
    kelly = talk("kelly")
    reply = kelly.says("wrong number mate", "wrong_person")
    assert "won't write to this number again" in reply and "Kelly" not in reply
    with reading() as session:
        state = session.scalars(select(ContactPoint.state).where(ContactPoint.address == kelly.address)).one()
    assert state == "quarantined" and ("wrong_person", "routine") in escalations()


def test_a_clear_plea_to_stop_is_taken_at_its_word_and_a_worker_knows(talk: Phone) -> None:
    kelly = talk("kelly")
    assert "won't text this number" in kelly.says("please stop texting me", "stop_messages", 0.95)
    with reading() as session:
        state = session.scalars(select(ContactPoint.state).where(ContactPoint.address == kelly.address)).one()
    assert state == "opted_out"
    assert escalations() == [("opted_out", "routine")]


def test_an_unsure_plea_to_stop_is_asked_back(talk: Phone) -> None:
    kelly = talk("kelly")
    assert "Shall we stop" in kelly.says("enough now", "stop_messages", 0.5)
    kelly.says("2")
    with reading() as session:
        state = session.scalars(select(ContactPoint.state).where(ContactPoint.address == kelly.address)).one()
    assert state == "active"


def test_a_bare_place_answers_the_question_where(talk: Phone) -> None:
    kelly = talk("kelly")
    assert kelly.says("food bank", "find_service").startswith("Where are you?")
    assert "LS9" in kelly.says("LS9", "out_of_scope", 0.5)


def test_something_else_after_the_question_where_is_not_taken_for_a_place(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("food bank", "find_service")
    assert "next one is" in kelly.says("when is my next meeting again", "check_appointments", 0.95)


def test_a_stranger_learns_nothing(talk: Phone) -> None:
    with reading() as session:
        names = set(session.scalars(select(Person.first_name)))
    for intent in ("check_appointments", "check_actions", "ask_who_is_my_worker", "greet"):
        reply = talk("stranger").says("hi", intent)
        assert not any(name in reply for name in names)


def test_a_greeting_with_a_day_in_it_is_a_question(talk: Callable[[str], Talk]) -> None:
    more = {
        "entities": [{"entity": "time", "value": "esta semana"}],
        "ranking": [{"intent": "greet", "confidence": 0.8}, {"intent": "check_appointments", "confidence": 0.14}],
    }
    assert "siguiente" in talk("rosa").says("hola buenas, que tengo esta semana", "greet", 0.8, **more)
    assert "En qué te ayudo" in talk("rosa").says("hola buenas", "greet", 0.8, ranking=more["ranking"])
