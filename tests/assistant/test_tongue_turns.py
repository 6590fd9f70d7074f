"""The language in which somebody is answered: their own, without asking for it twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from api import clock
from api.access.models import Agency
from api.assistant import rasa_client
from api.assistant.rasa_client import RasaFailed
from api.audit.models import AuditEntry
from api.channels.webchat import service as webchat
from api.database import reading, transaction
from api.messages import inbox
from api.messages.models import Conversation, OutboundMessage
from tests.assistant.conftest import Talk, Understanding, it_is
from tests.assistant.test_door_turns import PIN, person, share, with_pin

Phone = Callable[[str], Talk]
WHEN = ("cuándo es mi próxima cita por favor", "check_appointments")
WHEN_IN_ENGLISH = ("when is my next meeting please", "check_appointments")
FOLLOWS = 'Desde ahora te escribo en español. Para volver, escribe "English".'
KNIFE = "ayuda tiene un cuchillo y nos va a matar"


def answer_to(accepted: inbox.Accepted) -> str:
    with reading() as session:
        query = select(OutboundMessage.body).where(OutboundMessage.in_reply_to == accepted.message_id)
        return "\n".join(session.scalars(query))


def in_spanish(reply: str) -> bool:
    return "visita" in reply and "visit for" not in reply


def test_a_question_in_the_other_language_is_answered_in_it(talk: Phone) -> None:
    kelly, rosa = talk("kelly"), talk("rosa")
    assert in_spanish(kelly.says(*WHEN))
    assert person("kelly").language == "en"
    assert "Your next" in rosa.says(*WHEN_IN_ENGLISH)
    assert person("rosa").language == "es"


def test_a_short_answer_stays_in_the_language_of_what_it_answers(talk: Phone) -> None:
    kelly = talk("kelly")
    assert "1 Si, cambialo" in kelly.says("no pongas los nombres de mis hijos por favor", "change_contact_preference")
    assert "Hecho" in kelly.says("1")
    assert kelly.says("ok", "thank") == "De nada. Escribe cuando quieras."


@pytest.mark.parametrize("words", ["ok", "no", "1", "si", "hola", "gracias", "María de la Cruz", "El Paso", "4826"])
def test_a_short_text_changes_nothing(talk: Phone, words: str) -> None:
    kelly = talk("kelly")
    kelly.says(words, "greet")
    assert kelly.conversation.language == "en"


def test_what_mixes_both_is_answered_as_before(talk: Phone) -> None:
    kelly, rosa = talk("kelly"), talk("rosa")
    mixed = "can you tell her que no puedo ir mañana"
    kelly.says(mixed, "contact_worker")
    rosa.says(mixed, "contact_worker")
    assert (kelly.conversation.language, rosa.conversation.language) == ("en", "es")


def test_the_second_in_a_row_makes_it_so_for_good_and_says_so_once_before_the_answer(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says(*WHEN)
    kelly.says("ok", "affirm")  # is in no language, and breaks no row
    told, answer = kelly.says("y quién viene a mi casa ese día", "check_appointments").split("\n--\n")
    assert told == FOLLOWS
    assert in_spanish(answer)
    assert person("kelly").language == "es"
    assert FOLLOWS not in kelly.says(*WHEN)
    with transaction() as session:
        changed = session.scalars(select(AuditEntry).where(AuditEntry.verb == "changed_safe_contact")).one()
    assert (changed.actor_kind, changed.detail) == ("person", {"fields": ["language"]})


def test_one_in_the_old_language_between_begins_the_row_again(talk: Phone) -> None:
    kelly = talk("kelly")
    for words in (WHEN, WHEN_IN_ENGLISH, WHEN):
        assert FOLLOWS not in kelly.says(*words)
    assert person("kelly").language == "en"


def test_one_word_takes_it_back_and_then_only_her_word_changes_it(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says(*WHEN)
    assert FOLLOWS in kelly.says(*WHEN)
    assert kelly.says("English", "change_language") == "I will write in English from now on."
    assert person("kelly").language == "en"
    for _ in range(3):  # she writes Spanish and wants English: so it is
        assert "Your next" in kelly.says(*WHEN)
    assert person("kelly").language == "en"
    kelly.says(*WHEN_IN_ENGLISH)
    for _ in range(3):  # ... until she writes English herself: then each is answered in its own, and told of no more
        assert "Desde ahora" not in (answer := kelly.says(*WHEN)) and in_spanish(answer)
    assert person("kelly").language == "en"


@pytest.mark.parametrize("words", ["can you write to me in spanish please", "spanish please", "Spanish"])
def test_who_asks_for_a_language_in_the_other_one_is_answered_in_what_they_asked_for(talk: Phone, words: str) -> None:
    kelly = talk("kelly")
    asked = kelly.says(words, "change_language")
    assert asked == "Desde ahora te escribo en español."
    assert in_spanish(kelly.says(*WHEN_IN_ENGLISH)) and in_spanish(kelly.says(*WHEN_IN_ENGLISH))
    assert person("kelly").language == "es"


def test_what_was_chosen_from_a_list_is_no_message_in_a_language(talk: Phone) -> None:
    kelly = talk("kelly")
    assert "I will be there" in kelly.says(*WHEN_IN_ENGLISH)
    with transaction() as session:
        session.get_one(Conversation, kelly.conversation_id).language = "es"
    assert "He apuntado que vienes" in kelly.says("I will be there")


def test_of_two_that_waited_each_is_answered_in_its_own_language(talk: Phone) -> None:
    kelly = talk("kelly")
    first = inbox.accept(channel="sms", external_id="SM1", address=kelly.address, body=WHEN[0])
    assert "Your next" in kelly.says(*WHEN_IN_ENGLISH)
    assert in_spanish(answer_to(first))


def test_a_stranger_and_somebody_whom_nobody_could_answer_hear_so_in_their_language(
    talk: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "hola" in talk("stranger").says("hola quien es, me llegaron mensajes de ustedes").casefold()

    def fails(*_: object, **__: object) -> None:
        raise RasaFailed("empty")

    monkeypatch.setattr(rasa_client, "ask", fails)
    assert "no pude contestar eso" in talk("kelly").says(*WHEN)


def test_a_day_later_a_short_answer_is_in_the_profiles_language_again(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says(*WHEN)
    it_is(clock.now() + timedelta(hours=23))
    kelly.says("ok", "thank")
    assert kelly.conversation.language == "es"
    it_is(clock.now() + timedelta(hours=25))
    kelly.says("ok", "thank")
    assert kelly.conversation.language == "en"


@pytest.mark.parametrize("words", [KNIFE, "me pega"])
def test_danger_is_answered_in_its_own_language_with_the_number_of_the_place(talk: Phone, words: str) -> None:
    reply = talk("kelly").says(words, "report_immediate_danger", 0.95)
    assert "llama" in reply and "999" in reply and "call" not in reply
    assert person("kelly").language == "en"
    reply = talk("rosa").says("help hes got a knife and he will kill us", "report_immediate_danger")
    assert "call 911" in reply and "llama" not in reply


def test_danger_is_answered_in_its_own_language_whatever_was_asked_for(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("can you write to me in spanish please", "change_language")
    assert "call 999" in kelly.says("help hes got a knife and he will kill us", "report_immediate_danger")


def test_a_strangers_danger_is_answered_in_its_own_language(talk: Phone) -> None:
    reply = talk("stranger").says(KNIFE)
    assert "llama" in reply and "999" in reply


def test_danger_is_no_moment_for_news_about_the_language(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says(*WHEN)
    assert FOLLOWS not in kelly.says(KNIFE)
    assert FOLLOWS not in kelly.says("ya no puedo más con todo esto", "express_distress")
    assert person("kelly").language == "en"


def test_before_the_proof_the_answer_is_in_the_messages_language_and_nothing_changes_for_good(talk: Phone) -> None:
    kelly = with_pin(talk)
    for _ in range(3):
        asked = kelly.says(*WHEN)
        assert "Para seguir" in asked and "Desde ahora" not in asked
    assert person("kelly").language == "en"
    assert in_spanish(kelly.says(PIN, WHEN[1]))  # the question that waited
    assert person("kelly").language == "en"
    assert FOLLOWS in kelly.says(*WHEN)


def test_on_a_shared_phone_the_proof_is_asked_for_in_the_language_of_what_waits(talk: Phone) -> None:
    kelly = with_pin(talk)
    share("kelly", "imran")
    with transaction() as session:
        session.get_one(type(person("imran")), person("imran").id).pin_hash = person("kelly").pin_hash
    assert "1 I\n2 K" in kelly.says(*WHEN)
    assert "manda tu PIN" in kelly.says("1")


def test_in_a_chat_the_chosen_language_holds_for_who_goes_on_in_another(
    understanding: Understanding, talk: Phone
) -> None:
    talk("kelly")
    with transaction() as session:
        agency_id = session.scalars(select(Agency.id)).first()
    assert agency_id is not None
    started = webchat.start_without_name(agency_id, "en")
    chat = Talk(understanding, "", channel="web")
    chat.conversation_id = started.conversation_id
    assert "persona" in chat.says("quiero hablar con alguien por favor", "greet").casefold()
    webchat.change_language(started.conversation_id, "en")
    chat.says("quiero hablar con alguien por favor", "greet")
    assert chat.conversation.language == "en"


def test_a_wish_read_back_and_agreed_to_holds_for_who_goes_on_in_the_other_language(talk: Phone) -> None:
    kelly = talk("kelly")
    assert "1 Yes, change it" in kelly.says("text me in spanish", "change_contact_preference")
    kelly.says("1")
    assert in_spanish(kelly.says(*WHEN_IN_ENGLISH))
    assert person("kelly").language == "es"
