"""PINs and shared phones: before the proof nobody learns anything, and danger is heard all the same."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from api import clock
from api.assistant import rasa_client
from api.audit.models import AuditEntry
from api.channels.webchat import service as webchat
from api.database import engine, reading, transaction
from api.escalations.models import Escalation
from api.families import identity
from api.families.models import ContactPoint, Person
from api.messages import inbox
from api.messages.models import Conversation, InboundMessage
from tests.assistant.conftest import Talk, Understanding
from tests.harness.words import opened

Phone = Callable[[str], Talk]
PIN = "4826"
NEUTRAL = "Hello. I can look for help near you or pass a message to a person."
ASKED = "To go on, please send your PIN: only the numbers.\n1 I don't know it"


def person(key: str) -> Person:
    with reading() as session:
        return session.scalars(select(Person).where(Person.external_id == key)).one()


def with_pin(talk: Phone, key: str = "kelly") -> Talk:
    """Somebody who has chosen a PIN, and whose phone is closed again."""
    phone = talk(key)
    assert "4 to 6 numbers" in phone.says("can you hide it behind a pin", "change_contact_preference")
    assert "your PIN now" in phone.says(PIN)
    phone.says("bye", "goodbye")
    return phone


def share(key: str, with_key: str) -> None:
    """The second person writes from the first one's phone too."""
    with transaction() as session:
        address = session.scalars(select(ContactPoint.address).join(Person).where(Person.external_id == key)).one()
        other = session.scalars(select(Person).where(Person.external_id == with_key)).one()
        for point in session.scalars(select(ContactPoint).where(ContactPoint.person_id == other.id)):
            point.state = "quarantined"
        session.add(ContactPoint(person_id=other.id, channel="sms", address=address, state="active"))


def code_for(key: str) -> str:
    with transaction() as session:
        one = session.scalars(select(Person).where(Person.external_id == key)).one()
        return identity.give_code(session, one, uuid.uuid4(), clock.now())


def kept() -> str:
    """All that the database holds, in one string."""
    with engine().connect() as connection:
        tables = connection.scalars(
            text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        ).all()
        return "\n".join(
            str(opened(row))
            for table in tables
            for (row,) in connection.execute(text(f'SELECT to_jsonb(t) FROM "{table}" t'))
        )


def escalations() -> list[tuple[str, str]]:
    with reading() as session:
        return [(one.kind, one.priority) for one in session.scalars(select(Escalation).order_by(Escalation.id))]


def test_somebody_without_a_pin_is_answered_as_ever(talk: Phone) -> None:
    assert "home visit" in talk("kelly").says("whens my next meeting", "check_appointments")


def test_with_a_pin_nothing_is_told_before_it_and_the_question_is_answered_after_it(talk: Phone) -> None:
    kelly = with_pin(talk)
    assert kelly.says("whens my next meeting", "check_appointments") == ASKED
    assert "home visit for Jayden and Ruby, tomorrow at 16:00" in kelly.says(PIN, "check_appointments")
    assert "home visit" in kelly.says("whens my next meeting", "check_appointments")


@pytest.mark.parametrize(
    "intent",
    ["check_appointments", "ask_appointment_details", "check_actions", "report_action_done", "report_action_blocked",
     "ask_plan_status", "share_views", "ask_who_is_my_worker", "request_reschedule", "running_late",
     "confirm_attendance", "ask_about_plan"],
)  # fmt: skip
def test_every_question_about_somebodys_data_asks_for_the_pin(talk: Phone, intent: str) -> None:
    assert with_pin(talk).says("hm", intent) == ASKED


@pytest.mark.parametrize(
    "intent",
    ["greet", "ask_capabilities", "ask_privacy", "contact_worker", "express_distress", "complain", "find_service",
     "out_of_scope", "fallback", "affirm", "deny", "cancel", "thank", "ask_if_bot", "stop_messages",
     "wrong_person", "goodbye", "change_language"],
)  # fmt: skip
def test_all_else_needs_none_and_shows_nothing_of_whose_number_it_is(talk: Phone, intent: str) -> None:
    kelly = with_pin(talk)
    ranking = [{"intent": name, "confidence": 0.3} for name in ("check_actions", "ask_about_plan", "ask_plan_status")]
    words = "what is it in spanish" if intent == "change_language" else "hello there"
    reply = kelly.says(words, "nlu_fallback" if intent == "fallback" else intent, 0.5, ranking=ranking)
    assert reply and "PIN" not in reply
    for telling in ("Kelly", "Amara", "Aire Valley", "social worker", "your plan", "meeting", "list", "Jayden"):
        assert telling not in reply, telling


def test_the_pin_is_nowhere_but_as_a_hash_and_rasa_never_sees_it(
    talk: Phone, understanding: Understanding, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = understanding.ask
    monkeypatch.setattr(rasa_client, "ask", lambda text, **more: asked.append(text) or real(text, **more))  # type: ignore[func-returns-value]
    kelly = with_pin(talk)
    kelly.says("whens my next meeting", "check_appointments")
    kelly.says("5 9 3 7")
    kelly.says("sorry its 4826 x", "check_appointments")
    kelly.says("my pin is 4826 by the way")
    everything = kept()
    for digits in (PIN, "5 9 3 7", "5937"):
        assert not any(digits in question for question in asked)
        assert f" {digits}" not in everything and f"({digits}" not in everything and f'"{digits}' not in everything
    with reading() as session:
        bodies = session.scalars(select(InboundMessage.body).order_by(InboundMessage.seq)).all()
        assert session.scalars(select(Person.pin_hash).where(Person.external_id == "kelly")).one().startswith("$argon2")
    assert [body for body in bodies if "[PIN]" in body] == [
        "[PIN]", "[PIN]", "sorry its [PIN] x", "my pin is [PIN] by the way",
    ]  # fmt: skip


def test_a_session_lasts_as_long_as_the_profile_says(talk: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    kelly = with_pin(talk)
    with transaction() as session:
        session.scalars(select(Person).where(Person.external_id == "kelly")).one().session_minutes = 5
    kelly.says("my list", "check_actions")
    assert "PIN" not in kelly.says(PIN, "check_actions")
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(minutes=4))
    assert "PIN" not in kelly.says("my list", "check_actions")
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(minutes=6))
    assert kelly.says("my list", "check_actions") == ASKED


def test_goodbye_closes_the_phone(talk: Phone) -> None:
    kelly = with_pin(talk)
    kelly.says("my list", "check_actions")
    kelly.says(PIN, "check_actions")
    kelly.says("bye", "goodbye")
    assert kelly.says("my list", "check_actions") == ASKED


def test_after_five_wrong_tries_the_right_one_does_not_help_and_the_worker_is_told(talk: Phone) -> None:
    kelly = with_pin(talk)
    kelly.says("my list", "check_actions")
    for wrong in ("5937", "5938", "5939", "5940"):
        assert "not the right PIN" in kelly.says(wrong)
    assert "does not work any more" in kelly.says("5941")
    assert "ring" in kelly.says(PIN) and "ring" in kelly.says("my list", "check_actions")
    assert escalations() == [("pin_locked", "routine")]
    with reading() as session:
        words = session.scalars(select(Escalation.words)).one()
    assert not any(sign.isdigit() for sign in words)


def test_guesses_that_nobody_asked_for_count_too(talk: Phone) -> None:
    kelly = with_pin(talk)
    for wrong in ("5937", "5938", "5939", "5940", "5941"):
        kelly.says(wrong)
    assert escalations() == [("pin_locked", "routine")]


def test_the_way_back_in_is_a_code_from_the_worker_and_then_a_pin_of_their_own(talk: Phone) -> None:
    kelly = with_pin(talk)
    kelly.says("my list", "check_actions")
    assert "A person has been told" in kelly.says("1")
    assert escalations() == [("pin_forgotten", "routine")]
    code = code_for("kelly")
    kelly.says("my list", "check_actions")
    assert "not the right PIN" in kelly.says(PIN)
    assert "Now choose a PIN" in kelly.says(code)
    assert "too easy" in kelly.says("1234")
    assert "4 to 6 numbers" in kelly.says("739204826")
    assert "health visitor" in kelly.says("7392", "check_actions").lower() or "1" in kelly.says("x", "check_actions")
    kelly.says("bye", "goodbye")
    assert "not the right PIN" in kelly.says(code)
    assert person("kelly").pin_temporary_until is None
    with reading() as session:
        verbs = session.scalars(select(AuditEntry.verb).where(AuditEntry.verb.in_(("chose_pin", "reset_pin")))).all()
    assert sorted(verbs) == ["chose_pin", "chose_pin", "reset_pin"]


def test_a_workers_code_that_is_too_old_opens_nothing(talk: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    kelly = with_pin(talk)
    code = code_for("kelly")
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + identity.CODE_LIFE + timedelta(minutes=1))
    assert "not the right PIN" in kelly.says(code)


def test_danger_is_heard_and_answered_without_a_pin_at_any_time(talk: Phone) -> None:
    kelly = with_pin(talk)
    kelly.says("my list", "check_actions")
    reply = kelly.says("hes got a knife and hes hitting me", "report_immediate_danger")
    assert "999" in reply and "PIN" not in reply
    for wrong in ("5937", "5938", "5939", "5940", "5941"):
        kelly.says(wrong)
    assert "999" in kelly.says("hes going to kill me please help", "report_immediate_danger")
    assert "999" in kelly.says("zz qq", "report_immediate_danger", 0.95) or escalations()[0][1] == "emergency"
    with reading() as session:
        family = session.scalars(select(Escalation.family_id).where(Escalation.kind == "immediate_danger")).one()
    assert family == person("kelly").family_id


def test_a_pin_beside_a_cry_for_help_is_hidden_and_the_cry_is_not(talk: Phone) -> None:
    kelly = with_pin(talk)
    kelly.says("pin 4826 hes got a knife and hes hitting me", "report_immediate_danger")
    with reading() as session:
        words = session.scalars(select(Escalation.words)).one()
    assert "knife" in words and "4826" not in words


def test_one_to_what_was_just_offered_confirms_without_a_pin(talk: Phone) -> None:
    kelly = with_pin(talk)
    kelly.says("whens my next meeting", "check_appointments")
    assert "1 I will be there" in kelly.says(PIN, "check_appointments")
    with transaction() as session:
        session.get_one(Conversation, kelly.conversation_id).proved_until = None
    reply = kelly.says("1")
    assert "tomorrow at 16:00" in reply and "PIN" not in reply and "home visit" not in reply


def test_a_pin_is_taken_away_only_by_who_has_proved_it(talk: Phone) -> None:
    kelly = with_pin(talk)
    assert kelly.says("no pin any more please", "change_contact_preference") == ASKED
    assert "Shall I stop asking" in kelly.says(PIN, "change_contact_preference")
    assert "won't ask for a PIN" in kelly.says("1")
    assert person("kelly").pin_hash == ""
    assert "home visit" in kelly.says("whens my next meeting", "check_appointments")


def test_on_a_shared_phone_the_person_is_chosen_first_and_the_wrong_reader_learns_nothing(talk: Phone) -> None:
    kelly = with_pin(talk)
    share("kelly", "sarah")
    said = [kelly.says("whens my next meeting", "check_appointments")]
    assert said[0] == "To go on, please say who is writing:\n1 K\n2 S\n3 Somebody else"
    said += [kelly.says("1")]
    assert said[-1] == ASKED
    said += [kelly.says("5937"), kelly.says("my list", "check_actions"), kelly.says("2")]
    assert "you have none yet" in said[-1]  # nobody gives Sarah a PIN but her worker
    said += [kelly.says("i want a pin", "change_contact_preference"), kelly.says("3"), kelly.says("hello", "greet")]
    assert said[-2].startswith(NEUTRAL) and said[-1].startswith(NEUTRAL)
    for telling in ("Kelly", "Sarah", "Amara", "Jayden", "tomorrow", "visit", "Aire Valley", "social", "plan"):
        assert not any(telling in reply for reply in said), telling
    assert person("sarah").pin_hash == ""


def test_on_a_shared_phone_each_gets_their_own_and_one_pin_is_not_the_others(talk: Phone) -> None:
    kelly = with_pin(talk)
    share("kelly", "sarah")
    code = code_for("sarah")
    kelly.says("whens my next meeting", "check_appointments")
    kelly.says("2")
    assert "not the right PIN" in kelly.says(PIN, "check_appointments")
    assert "Now choose" in kelly.says(code)
    reply = kelly.says("7392", "check_appointments")
    assert "PIN" not in reply and "Jayden" not in reply and "16:00" not in reply
    assert kelly.conversation.person_id == person("sarah").id
    kelly.says("bye", "goodbye")
    kelly.says("whens my next meeting", "check_appointments")
    kelly.says("1")
    assert "home visit for Jayden and Ruby" in kelly.says(PIN, "check_appointments")


def test_a_pin_that_nobody_asked_for_is_not_even_tried_on_a_shared_phone(talk: Phone) -> None:
    kelly = with_pin(talk)
    share("kelly", "sarah")
    for _ in range(6):
        assert "who is writing" in kelly.says("5937")
    assert person("kelly").pin_tries == 0 and escalations() == []


def test_people_who_share_a_phone_and_an_initial_are_called_as_was_agreed(talk: Phone) -> None:
    kelly = with_pin(talk)
    share("kelly", "sarah")
    with transaction() as session:
        sarah = session.scalars(select(Person).where(Person.external_id == "sarah")).one()
        sarah.first_name = "Kay"
        session.scalars(select(Person).where(Person.external_id == "kelly")).one().phone_label = "Blue"
    assert kelly.says("my list", "check_actions").splitlines()[1:3] == ["1 K", "2 Blue"]
    with transaction() as session:
        session.scalars(select(Person).where(Person.external_id == "sarah")).one().may_name_self = False
    assert "1 Person 1" in kelly.says("my list", "check_actions")


def test_the_web_chat_needs_no_pin_but_keeps_none_either(talk: Phone) -> None:
    with_pin(talk)
    with transaction() as session:
        code = webchat.make_code(session, session.get_one(Person, person("kelly").id), None)
    chat = webchat.start_with_code(code, "test")
    accepted = inbox.accept(channel="web", external_id="1", address="", body=PIN, conversation_id=chat.conversation_id)
    with reading() as session:
        assert session.get_one(InboundMessage, accepted.message_id).body == "[PIN]"


@pytest.mark.parametrize(
    ("words", "intent"), [("i want a pin", "disclose_self_harm"), ("quiero un pin", "out_of_scope")]
)
def test_a_wish_for_a_pin_that_was_not_understood_is_one_all_the_same(talk: Phone, words: str, intent: str) -> None:
    assert "4 to 6 numbers" in talk("kelly").says(words, intent, 0.24)
    assert escalations() == []


def test_many_tries_at_once_are_many_tries(talk: Phone) -> None:
    kelly = with_pin(talk)

    def guess(n: int) -> None:
        inbox.accept(channel="sms", external_id=uuid.uuid4().hex, address=kelly.address, body=str(5930 + n))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(guess, range(12)))
    with reading() as session:
        found = session.scalars(
            select(InboundMessage.door).where(InboundMessage.door.in_(("wrong", "locks", "locked")))
        )
        assert sorted(found) == ["locked"] * 7 + ["locks"] + ["wrong"] * 4
    assert escalations() == [("pin_locked", "routine")]
    assert "ring" in kelly.says(PIN)
