"""Having a say: many messages are one thing that somebody wants said; it is read back, and passed on as written."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from api.access.models import Worker
from api.assistant.operations.words import says
from api.database import reading, transaction
from api.escalations.models import Escalation
from api.messages.models import Conversation
from api.messages.sms import segments
from api.views import drafts
from api.views.drafts import without_closing
from api.views.models import StatedView, ViewDraft
from tests.assistant.conftest import Talk

Phone = Callable[[str], Talk]
OPENING = "i want to say something at the meeting"


def said() -> list[tuple[str, str, bool]]:
    """What was passed on: the words, who may read them, and whether they were taken back."""
    with reading() as session:
        rows = session.scalars(select(StatedView).where(StatedView.message_id.is_not(None))).all()
    return [(row.words, row.audience, row.withdrawn_at is not None) for row in rows]


def kinds() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(Escalation.kind).order_by(Escalation.id)))


def draft_words() -> str:
    with reading() as session:
        return drafts.words(session, session.scalars(select(ViewDraft)).one())


def begun(talk: Phone, key: str = "kelly", intent: str = "share_views") -> Talk:
    phone = talk(key)
    assert "send DONE" in phone.says(OPENING, intent)
    return phone


def test_many_messages_are_read_back_word_for_word_and_then_passed_on_for_whom_they_choose(talk: Phone) -> None:
    kelly = begun(talk)
    first, second, third = (
        "I WANT them to know im trying, ok?!",
        "we did the course twice",
        "  & the course {was} good :)",
    )
    assert "I will not answer each message" in kelly.says(first, "share_views")
    assert kelly.says(second, "fallback") == "", "a text costs money"
    assert kelly.says(third, "report_action_done") == ""
    assert said() == [] and kinds() == [], "nothing is passed on before it was read back"
    reply = kelly.says("done", "report_action_done")
    assert f"{first}\n{second}\n{third}" in reply and "1 Pass it on\n2 Add more\n3 Start again\n4 LEAVE IT" in reply
    reply = kelly.says("1")
    assert "1 Only my worker\n2 Everybody at the meeting" in reply
    assert said() == [(f"{first}\n{second}\n{third}", "lead", False)] and kinds() == ["views"]
    assert "just as you wrote them" in kelly.says("2")
    assert said() == [(f"{first}\n{second}\n{third}", "meeting", False)]


def test_in_spanish_too(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("en español por favor", "change_language")
    assert "manda LISTO" in kelly.says("quiero decir algo en la reunión", "contact_worker")
    kelly.says("quiero que vuelvan conmigo", "out_of_scope")
    assert "quiero que vuelvan conmigo" in kelly.says("ya está", "fallback")
    assert "Todos en la reunion" in kelly.says("sí", "affirm")
    assert said() == [("quiero que vuelvan conmigo", "lead", False)]


@pytest.mark.parametrize(
    "words",
    ["I want to say something", "can i say something at the review?", "SAY", "ive got something to say",
     "id like to have my say at the conference", "quiero decir algo", "tengo algo que decir", "Decir"],
)  # fmt: skip
def test_whoever_wants_to_say_something_is_listened_to_first(talk: Phone, words: str) -> None:
    told = talk("kelly").says(words, "contact_worker")
    assert "as many messages as you like" in told or "todos los mensajes que quieras" in told
    assert said() == [] and "views" not in kinds()  # the screen may ask gently besides


@pytest.mark.parametrize(
    "words",
    [
        "i want to say something happened at school and nobody asked me",
        "say im sorry",
        "tell them im trying",
        "say yes",
    ],
)
def test_what_has_its_words_in_it_is_no_mere_wish_to_speak(words: str) -> None:
    assert not says(words, "want_a_say")


@pytest.mark.parametrize("words", ["done with the course", "i have done the form", "that is all she ever says", "ya"])
def test_what_only_begins_like_an_end_is_none(words: str) -> None:
    assert not says(words, "views_done")


def test_a_message_that_holds_it_all_is_passed_on_at_once_and_more_can_be_said(talk: Phone) -> None:
    kelly = talk("kelly")
    reply = kelly.says("tell them im trying", "share_views")
    assert said() == [("tell them im trying", "lead", False)] and "3 Say more" in reply
    assert "send DONE" in kelly.says("3")


def test_one_text_less_done_at_the_end_of_the_last_message(talk: Phone) -> None:
    kelly = begun(talk)
    reply = kelly.says("I want him home. DONE", "share_views")
    assert "I want him home.\n" in reply and "DONE" not in reply
    kelly.says("1")
    assert said()[0][0] == "I want him home."


def test_only_a_word_in_capitals_after_a_stop_ends_it() -> None:
    assert without_closing("well. DONE", only_closing=False) == ("well.", True)
    assert without_closing("all\nLISTO!", only_closing=False) == ("all", True)
    for words in ("I AM DONE", "we are done.", "it was DONE to us", "what they call DONE. is not"):
        assert without_closing(words, only_closing=False) == (words, False)


@pytest.mark.parametrize("intent", ["report_immediate_danger", "disclose_self_harm", "disclose_harm"])
def test_danger_goes_first_and_is_kept_with_the_rest(talk: Phone, intent: str) -> None:
    kelly = begun(talk)
    reply = kelly.says("zz qq", intent, 0.95)
    assert reply and "DONE" not in reply
    assert len(kinds()) == 1 and kinds() != ["views"]
    assert draft_words() == "zz qq"


def test_what_the_screen_hears_is_answered_as_danger_and_kept(talk: Phone) -> None:
    kelly = begun(talk)
    reply = kelly.says("hes got a knife and hes hitting me", "share_views")
    assert "999" in reply and "I have that" not in reply
    assert kinds() == ["immediate_danger"]
    assert draft_words() == "hes got a knife and hes hitting me"


def test_stop_ends_all_texts_and_is_no_part_of_it(talk: Phone) -> None:
    kelly = begun(talk)
    kelly.says("i want him home", "share_views")
    kelly.says("STOP", "share_views")
    assert draft_words() == "i want him home"


def test_a_person_is_reached_at_once_but_a_message_for_the_worker_is_kept(talk: Phone) -> None:
    kelly = begun(talk)
    assert "Amara Okafor" in kelly.says("can someone ring me", "contact_worker")
    kelly.says("tell amara i need more time", "contact_worker")
    assert draft_words() == "tell amara i need more time"


def test_while_a_worker_answers_nothing_is_collected(talk: Phone) -> None:
    kelly = begun(talk)
    with transaction() as session:
        conversation = session.get_one(Conversation, kelly.conversation_id)
        conversation.taken_over_by = session.scalars(select(Worker.id)).first()
    kelly.says("hi amara", "greet")
    with transaction() as session:
        session.get_one(Conversation, kelly.conversation_id).taken_over_by = None
    assert draft_words() == ""


def test_a_plain_question_is_left_out_and_said_so_and_can_be_put_in(talk: Phone) -> None:
    kelly = begun(talk)
    kelly.says("they never tell us anything", "share_views")
    reply = kelly.says("when is the next meeting", "check_appointments")
    assert "I have not put it in" in reply and "1 Put it in\n2 DONE\n3 LEAVE IT" in reply
    assert draft_words() == "they never tell us anything"
    assert "I have put it in" in kelly.says("1")
    assert draft_words() == "they never tell us anything\nwhen is the next meeting"


def test_small_words_are_no_part_of_it(talk: Phone) -> None:
    kelly = begun(talk)
    assert "Go on" in kelly.says("ok", "affirm")
    assert "Go on" in kelly.says("thanks", "thank")
    assert draft_words() == ""
    assert "not written anything" in kelly.says("done")


@pytest.mark.parametrize("words", ["LEAVE IT", "2", "forget it", "never mind", "olvídalo"])
def test_leaving_it_passes_nothing_on_and_the_next_message_is_a_question_again(talk: Phone, words: str) -> None:
    kelly = begun(talk)
    assert "pass nothing" in kelly.says(words, "fallback")
    assert "home visit" in kelly.says("whens my next meeting", "check_appointments")
    assert said() == []


def test_after_it_was_read_back_more_can_be_added_or_all_begun_again(talk: Phone) -> None:
    kelly = begun(talk)
    kelly.says("first bit", "share_views")
    kelly.says("done")
    assert "Go on" in kelly.says("2")
    kelly.says("second bit", "share_views")
    assert "first bit\nsecond bit" in kelly.says("done")
    assert "3 messages" in kelly.says("and the third bit, before i forget", "share_views"), "it is added, and said so"
    assert "and the third bit, before i forget" in kelly.says("1")
    assert "Write it again" in kelly.says("3")
    kelly.says("only this", "share_views")
    assert "want said:\nonly this\nWhat" in kelly.says("done")
    kelly.says("yes", "affirm")
    assert said() == [("only this", "lead", False)]


def test_what_is_long_is_shown_by_its_ends_and_passed_on_whole(talk: Phone) -> None:
    kelly = begun(talk)
    parts = [f"message {n}: " + "they should hear this " * 6 for n in range(8)]
    replies = [kelly.says(part, "share_views") for part in parts]
    assert [bool(reply) for reply in replies] == [True, False, False, False, True, False, False, False]
    reply = kelly.says("that's it", "share_views")
    assert "8 messages" in reply and "message 0" in reply and "message 4" not in reply and segments(reply) <= 3
    whole = kelly.says("5")
    assert all(f"message {n}:" in whole for n in range(8)) and "1 Pass it on" in whole
    kelly.says("1")
    assert said()[0][0] == "\n".join(parts)


def test_their_own_words_can_be_taken_back(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("tell them im trying", "share_views")
    assert "1 Take it back" in kelly.says("1")
    assert "taken your words back" in kelly.says("1")
    assert said() == [("tell them im trying", "lead", True)]
