"""Questions instead of a PIN: before the answer nobody learns anything, and a cry for help is never taken for one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from api import clock
from api.access.models import Worker
from api.assistant import rasa_client, turn
from api.audit.models import AuditEntry
from api.database import engine, reading, transaction
from api.escalations.models import Escalation
from api.families import identity, people
from api.families.models import Person
from api.messages import inbox
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from api.sealed import NotOpened
from tests.assistant.conftest import Talk, Understanding
from tests.assistant.test_door_turns import code_for, escalations, kept, person, share

Phone = Callable[[str], Talk]
PET, STREET = "What was your first pet called?", "Which street did you live in?"
ASKED = f"To go on, please answer this: {PET}\n1 I don't know it"
NOT_IT = "That is not the answer I have"


def ask_them(key: str = "kelly") -> None:
    with transaction() as session:
        one = session.scalars(select(Person).where(Person.external_id == key)).one()
        identity.set_questions(session, one, [(PET, "Señor Fluff"), (STREET, "Elm Row")], uuid.uuid4())


def bodies() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(InboundMessage.body).order_by(InboundMessage.seq)))


def asked(talk: Phone) -> Talk:
    """Kelly, who has questions and no PIN, and has just been asked the first."""
    ask_them()
    kelly = talk("kelly")
    assert kelly.says("whens my next meeting", "check_appointments") == ASKED
    return kelly


def test_nothing_is_told_before_the_answer_and_the_question_waits_for_it(talk: Phone) -> None:
    kelly = asked(talk)
    reply = kelly.says("senor fluff!", "check_appointments")
    assert "home visit for Jayden and Ruby, tomorrow at 16:00" in reply
    assert "home visit" in kelly.says("whens my next meeting", "check_appointments")
    kelly.says("bye", "goodbye")
    assert STREET in kelly.says("my list", "check_actions"), "the next time it is the next one's turn"
    assert "PIN" not in kelly.says("elm row", "check_actions")


def test_before_the_answer_nothing_shows_whose_number_it_is(talk: Phone) -> None:
    kelly = asked(talk)
    said = [ASKED, kelly.says("Rex", "out_of_scope"), kelly.says("hello", "greet"), kelly.says("1")]
    assert NOT_IT in said[1] and "A person has been told" in said[3]
    for telling in ("Kelly", "Jayden", "tomorrow", "visit", "Aire Valley", "social", "plan", "PIN"):
        assert not any(telling in reply for reply in said), telling


def test_the_right_answer_is_nowhere_but_as_a_hash_and_rasa_never_sees_it(
    talk: Phone, understanding: Understanding, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    real = understanding.ask
    monkeypatch.setattr(rasa_client, "ask", lambda text, **more: heard.append(text) or real(text, **more))  # type: ignore[func-returns-value]
    kelly = asked(talk)
    kelly.says("Señor Fluff", "check_appointments")
    assert not any("Fluff" in words for words in heard)
    everything = kept().casefold()
    assert "fluff" not in everything and PET.casefold() in everything
    with engine().connect() as connection:
        row = connection.execute(text("SELECT door_words #>> '{}', door_hashes::text FROM people WHERE door_turn = 1"))
        (words, hashes) = row.one()
    assert "pet" not in words and hashes.count("$argon2id$") == 2


def test_after_five_wrong_answers_the_right_one_does_not_help_and_the_worker_is_told(talk: Phone) -> None:
    kelly = asked(talk)
    for wrong in ("Rex", "Bella", "Max", "Leeds"):
        assert NOT_IT in kelly.says(wrong, "find_service", 0.95), "whatever Rasa takes it for"
    assert "I can't open this now" in kelly.says("Tiger")
    assert "ring" in kelly.says("my list", "check_actions")
    heard_wrong = kelly.says("Bonnie", "out_of_scope", 0.5)
    assert "I can't open this now" in heard_wrong or "ring" in heard_wrong
    assert kelly.says("señor fluff", "out_of_scope", 0.5) == heard_wrong, "and nobody learns which of them it was"
    assert person("kelly").pin_locked_at is not None and kelly.conversation.proved_until is None
    assert "fluff" not in kept().casefold() and "Bonnie" in kept()
    assert escalations() == [("pin_locked", "routine")]
    with reading() as session:
        assert "Rex" not in session.scalars(select(Escalation.words)).one()
        assert session.scalars(select(AuditEntry.verb).where(AuditEntry.verb == "locked_questions")).one()


def test_the_way_back_is_a_worker_who_lets_them_try_again_or_gives_a_code(talk: Phone) -> None:
    kelly = asked(talk)
    for wrong in ("Rex", "Bella", "Max", "Tom", "Tiger"):
        kelly.says(wrong)
    with transaction() as session:
        identity.let_try_again(session, session.get_one(Person, person("kelly").id), uuid.uuid4())
    assert kelly.says("my list", "check_actions") == ASKED
    code = code_for("kelly")
    assert "Now choose a PIN" in kelly.says(code), "a code goes before questions, also where one was just asked"
    assert "your PIN now" in kelly.says("4826") or person("kelly").pin_hash
    kelly.says("bye", "goodbye")
    assert "send your PIN" in kelly.says("my list", "check_actions")


@pytest.mark.parametrize(
    ("words", "intent"), [("hes here", "report_immediate_danger"), ("want to die", "disclose_self_harm")]
)
def test_a_cry_for_help_instead_of_an_answer_is_heard(talk: Phone, words: str, intent: str) -> None:
    kelly = asked(talk)
    reply = kelly.says(words, intent)
    assert NOT_IT not in reply and escalations()[0][0] != "pin_locked"
    with reading() as session:
        assert words in session.scalars(select(InboundMessage.body)).all()


def test_a_wish_for_a_person_is_no_answer_and_a_sentence_is_not_tried(talk: Phone) -> None:
    kelly = asked(talk)
    assert "pass" in kelly.says("ring me please", "contact_worker", 0.97).lower()
    kelly.says("my list", "check_actions")
    kelly.says("i really do not know what that was", "out_of_scope")
    assert person("kelly").pin_tries == 1


@pytest.mark.parametrize("words", ["hello", "Yes", "who is this?", "ok thanks", "no lo sé"])
def test_a_hello_is_no_try(talk: Phone, words: str) -> None:
    kelly = asked(talk)
    assert NOT_IT not in kelly.says(words, "greet") and person("kelly").pin_tries == 0


def test_words_long_after_the_question_are_no_try(talk: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    kelly = asked(talk)
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(minutes=31))
    assert kelly.says("whens my next meeting", "check_appointments") == ASKED
    assert person("kelly").pin_tries == 0


def test_many_answers_at_once_are_many_tries(talk: Phone) -> None:
    kelly = asked(talk)

    def guess(n: int) -> None:
        inbox.accept(
            channel="sms", external_id=uuid.uuid4().hex, address=kelly.address, body=f"Rex {'abcdefghijkl'[n]}"
        )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(guess, range(12)))
    with reading() as session:
        doors = session.scalars(select(InboundMessage.door).where(InboundMessage.door != "")).all()
    assert sorted(doors) == ["not_it"] * 4 + ["not_it_locked"] * 7 + ["not_it_locks"]
    assert person("kelly").pin_locked_at is not None


def test_on_a_shared_phone_the_person_is_chosen_first_and_the_answer_is_proof_enough(talk: Phone) -> None:
    kelly = talk("kelly")
    share("kelly", "sarah")
    ask_them()
    assert "who is writing" in kelly.says("whens my next meeting", "check_appointments")
    assert kelly.says("1") == ASKED
    assert "home visit for Jayden and Ruby" in kelly.says("Señor Fluff", "check_appointments")
    assert "4 to 6 numbers" in kelly.says("i want a pin", "change_contact_preference")


def test_a_question_that_cannot_be_read_lets_nobody_in(talk: Phone) -> None:
    ask_them()
    with transaction() as session:
        session.execute(
            text("""UPDATE people SET door_words = '"\\u001es1:00000000:AAAA"' WHERE door_hashes <> '[]'""")
        )
    kelly = talk("kelly")
    with pytest.raises(NotOpened):  # the action server sees an error, and a person has to look
        kelly.says("whens my next meeting", "check_appointments")
    with reading() as session:
        assert session.scalars(select(OutboundMessage.body)).all() == []


def test_without_questions_any_more_the_phone_is_open_as_before(talk: Phone) -> None:
    kelly = asked(talk)
    with transaction() as session:
        session.execute(update(Person).where(Person.external_id == "kelly").values(door_words=[], door_hashes=[]))
    assert "home visit" in kelly.says("whens my next meeting", "check_appointments")


@pytest.mark.parametrize("later", [timedelta(0), timedelta(minutes=31)], ids=["at once", "long after"])
def test_anothers_pin_at_an_open_question_is_hidden_and_no_try(
    talk: Phone, monkeypatch: pytest.MonkeyPatch, later: timedelta
) -> None:
    kelly = talk("kelly")
    share("kelly", "sarah")
    ask_them()
    assert "who is writing" in kelly.says("cant come tomorrow", "request_reschedule")
    with transaction() as session:
        sarah = session.scalars(select(Person).where(Person.external_id == "sarah")).one()
        identity.choose_pin(session, sarah, session.get_one(Conversation, kelly.conversation_id), "4826", clock.now())
        session.get_one(Conversation, kelly.conversation_id).proved_until = None
    assert kelly.says("1") == ASKED
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + later)
    assert "who is writing" in kelly.says("4826")
    assert "4826" not in bodies() and bodies()[-1] == "[PIN]" and person("kelly").pin_tries == 0
    kelly.says("2")
    assert "tomorrow" not in kelly.says("4826"), "what waited for Kelly is not done for Sarah"
    assert "4826" not in bodies()


def test_a_pin_at_an_open_question_is_hidden_while_a_worker_talks(talk: Phone) -> None:
    kelly = asked(talk)
    share("kelly", "sarah")
    with transaction() as session:
        conversation = session.get_one(Conversation, kelly.conversation_id)
        session.scalars(select(Person).where(Person.external_id == "sarah")).one().pin_hash = "another"
        conversation.taken_over_by = session.scalars(select(Worker.id)).first()
    kelly.says("4826")
    assert bodies()[-1] == "[PIN]" and person("kelly").pin_tries == 0


def test_help_near_by_is_not_behind_the_question_but_the_try_counts(talk: Phone) -> None:
    kelly = asked(talk)
    assert kelly.says("food bank near me", "find_service").startswith("Where are you?")
    assert person("kelly").pin_tries == 1
    assert NOT_IT not in kelly.says("Leeds", "out_of_scope", 0.4)


def test_a_wish_in_place_of_the_answer_is_done_after_the_answer(talk: Phone) -> None:
    kelly = asked(talk)
    assert NOT_IT in kelly.says("cant come tomorrow", "request_reschedule", 0.95)
    assert NOT_IT in kelly.says("Rex", "check_actions", 0.95), "one word is a guess, and what waits stays"
    assert person("kelly").pin_tries == 2
    kelly.says("senor fluff", "request_reschedule", 0.95)
    with reading() as session:
        answered = session.scalars(select(InboundMessage).order_by(InboundMessage.seq.desc())).first()
        assert answered is not None and answered.continues is not None
        assert session.get_one(InboundMessage, answered.continues).body == "cant come tomorrow"


def test_that_somebody_reads_along_is_heard_in_place_of_the_answer(talk: Phone) -> None:
    kelly = asked(talk)
    assert NOT_IT not in kelly.says("we share this phone", "change_contact_preference", 0.95)


def test_whoever_leaves_while_their_message_waits_is_answered_as_a_stranger(
    talk: Phone, understanding: Understanding
) -> None:
    kelly = talk("kelly")
    understanding.next = {"intent": "check_appointments", "confidence": 0.95}
    accepted = inbox.accept(channel="sms", external_id="late", address=kelly.address, body="whens my next meeting")
    with transaction() as session:
        one = session.scalars(select(Person).where(Person.external_id == "kelly")).one()
        people.leave(session, one, session.scalars(select(Worker)).first(), clock.now())
    turn.run_waiting(accepted.conversation_id)
    with reading() as session:
        said = session.scalars(select(OutboundMessage.body).where(OutboundMessage.in_reply_to == accepted.message_id))
        replies = " ".join(said.all())
    assert replies and not any(word in replies for word in ("visit", "tomorrow", "Jayden", "Ruby", "Kelly")), replies
