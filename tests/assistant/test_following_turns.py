"""What follows on what was just said: bare questions after an appointment, "no, the other one", days taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from api import clock
from api.appointments.models import Appointment, Attendee, ChangeRequest
from api.database import reading, transaction
from api.escalations.models import Escalation
from tests.assistant.conftest import Talk

Phone = Callable[[str], Talk]


def answers(state: str) -> int:
    with reading() as session:
        return len(session.scalars(select(Attendee).filter_by(answer=state)).all())


def changes() -> list[str]:
    with reading() as session:
        asked = select(Appointment.kind).join(ChangeRequest, ChangeRequest.appointment_id == Appointment.id)
        return list(session.scalars(asked.order_by(ChangeRequest.created_at)))


@pytest.mark.parametrize("words", ["what time", "and the time?", "wot time", "when is it", "a que hora"])
def test_what_time_is_of_the_appointment_just_told_and_not_of_the_next_one(talk: Phone, words: str) -> None:
    kelly = talk("kelly")
    assert "Tomorrow" in kelly.says("who comes to my home visit", "ask_appointment_details").split("--")[0]
    assert "16:00" in kelly.says(words, "check_appointments")


@pytest.mark.parametrize("words", ["wer", "and where", "where is it then?", "donde"])
def test_where_after_an_appointment_is_its_place_whatever_the_word_was_taken_for(talk: Phone, words: str) -> None:
    kelly = talk("kelly")
    kelly.says("when is the school meeting", "check_appointments")
    assert "Beckside" in kelly.says(words, "ask_who_is_my_worker")


def test_who_is_coming_after_an_appointment_names_who_is_expected_there(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("when is the parenting course", "check_appointments")
    assert "Bev Stott" in kelly.says("who is coming?", "ask_who_is_my_worker")


def test_the_one_after_is_the_one_behind_the_one_just_told_and_then_the_one_behind_that(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("whens my core group", "check_appointments")
    assert "meeting at school" in kelly.says("and the one after that?", "check_actions")
    assert "health" in kelly.says("and after that", "nlu_fallback")
    kelly.says("1")
    assert answers("confirmed") == 1


def test_after_a_list_the_one_after_is_behind_its_last_one(talk: Phone) -> None:
    kelly = talk("kelly")
    told = kelly.says("whats on this week", "check_appointments")
    assert kelly.says("and the one after", "check_actions").splitlines()[0] not in told


def test_behind_the_last_one_there_is_none_and_that_is_said(talk: Phone) -> None:
    imran = talk("imran")
    imran.says("when is the core group", "check_appointments")
    assert "any more" in imran.says("and the next one", "check_appointments")


def test_on_a_phone_that_others_see_the_one_after_says_no_more_than_when(talk: Phone) -> None:
    denise = talk("denise")
    denise.says("when is my meeting", "check_appointments")
    told = denise.says("and after that?", "nlu_fallback")
    assert told.startswith("After that:") and "core group" not in told


def test_next_after_a_list_of_actions_is_no_appointment(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("when is the school meeting", "check_appointments")
    kelly.says("whats on my list", "check_actions")
    assert "After that" not in kelly.says("and the next one", "check_actions")


def test_where_with_nothing_told_before_is_left_to_the_understanding(talk: Phone) -> None:
    assert "Amara" in talk("kelly").says("who", "ask_who_is_my_worker")


def test_a_change_that_was_asked_for_is_not_said_to_be_forgotten(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("can i move the core group", "request_reschedule")
    told = kelly.says("actually leave it", "cancel")
    assert "already asked to change" in told
    kelly.says("1")
    assert answers("confirmed") == 1


def test_no_the_other_one_offers_the_others_to_be_changed(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("can i move the core group", "request_reschedule")
    told = kelly.says("no the other one", "deny")
    assert "already asked to change" in told and "2 " in told
    kelly.says("2")
    assert len(changes()) == 2 and len(set(changes())) == 2


def test_a_day_that_is_taken_back_is_not_the_one_that_is_changed(talk: Phone) -> None:
    lisa = talk("lisa")
    lisa.says("can i move thursday", "request_reschedule")
    lisa.says("sorry its not thursday its saturday i cant do", "request_reschedule")
    assert changes()[-1] == "contact_session"


def test_the_course_is_meant_where_a_child_is_only_why_they_cannot_come(talk: Phone) -> None:
    kelly = talk("kelly")
    told = kelly.says("cant do the course, ruby is poorly", "request_reschedule")
    assert "Tuesday 1 December" in told and changes() == ["parenting_session"]


def test_nobody_is_put_down_as_coming_by_half_a_sentence_about_somebody_else(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says(
        "i cant do the home visit the plumber is coming", "confirm_attendance",
        requests=[
            {"intent": "request_reschedule", "confidence": 0.9, "text": "i cant do the home visit"},
            {"intent": "confirm_attendance", "confidence": 0.9, "text": "the plumber is coming"},
        ],
    )  # fmt: skip
    assert answers("confirmed") == 0 and changes() == ["home_visit"]


def test_who_cannot_come_to_one_and_comes_to_another_is_heard_on_both(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says(
        "cant do the home visit but i will be at the core group", "request_reschedule",
        requests=[
            {"intent": "request_reschedule", "confidence": 0.9, "text": "cant do the home visit"},
            {"intent": "confirm_attendance", "confidence": 0.9, "text": "i will be at the core group"},
        ],
    )  # fmt: skip
    assert answers("confirmed") == 1 and changes() == ["home_visit"]


@pytest.mark.parametrize("taken_for", ["running_late", "confirm_attendance"])
def test_not_coming_at_all_is_neither_late_nor_coming(talk: Phone, taken_for: str) -> None:
    lisa = talk("lisa")
    lisa.says("when is my next meeting", "check_appointments")
    assert "asked your" in lisa.says("no not late, im not coming to it at all", taken_for)
    assert answers("late") == 0 and answers("confirmed") == 0


@pytest.mark.parametrize("words", ["hes not coming but i will be there", "i cant come before 10, running late"])
def test_somebody_else_not_coming_or_coming_later_is_no_change(talk: Phone, words: str) -> None:
    talk("kelly").says(words, "running_late" if "late" in words else "confirm_attendance")
    assert changes() == []


@pytest.mark.parametrize("words", ["when am i seeing him next", "when can i see my lad", "when do i see zayd"])
def test_when_do_i_see_him_is_the_time_with_the_child(talk: Phone, words: str) -> None:
    assert "contact session" in talk("imran").says(words, "check_appointments")


def test_when_do_i_see_her_is_the_next_one_for_somebody_without_contact_sessions(talk: Phone) -> None:
    assert "home visit" in talk("kelly").says("when do i see her next", "check_appointments")


def test_the_visit_and_the_school_one_are_found(talk: Phone) -> None:
    kelly = talk("kelly")
    assert "home visit" in kelly.says("which day is visit for my house", "check_appointments")
    assert "meeting at school" in kelly.says("and when is the school one", "check_appointments")


@pytest.mark.parametrize("words", ["my nan passed away at the weekend", "we buried me dad on tuesday"])
def test_a_death_is_heard_and_never_answered_with_not_understood(talk: Phone, words: str) -> None:
    assert "really hard" in talk("kelly").says(words, "nlu_fallback")
    with reading() as session:
        assert [one.kind for one in session.scalars(select(Escalation)).all()] == ["distress"]


def test_delete_this_is_told_that_what_is_written_is_kept(talk: Phone) -> None:
    assert "kept" in talk("kelly").says("delete that message", "cancel")


@pytest.mark.parametrize(
    "words", ["my english not good, somebody speak polish?", "i dont speak english", "can i have an interpreter"]
)
def test_who_has_little_english_is_not_told_that_they_get_english(talk: Phone, words: str) -> None:
    assert "passed that on" in talk("kelly").says(words, "change_language")


def test_english_is_still_had_by_asking_for_it(talk: Phone) -> None:
    assert "English from now on" in talk("kelly").says("english please", "change_language")


@pytest.mark.parametrize(
    "words", ["done 4 of the calm dads", "did half the calm dads sessions", "been to two of six calm dads"]
)
def test_some_of_the_sessions_are_not_all_of_them(talk: Phone, words: str) -> None:
    told = talk("imran").says(words, "report_action_done")
    assert "not written it down as done" in told


@pytest.mark.parametrize("words", ["done all six of the calm dads", "finished calm dads 6 of 6"])
def test_all_of_the_sessions_are_done(talk: Phone, words: str) -> None:
    assert "I have written down" in talk("imran").says(words, "report_action_done")


@pytest.mark.parametrize("words", ["whats that for tho", "wat is dat", "what is it?"])
def test_what_is_that_after_an_appointment_says_what_it_is(talk: Phone, words: str) -> None:
    kelly = talk("kelly")
    kelly.says("when is the eye clinic", "check_appointments")
    assert "It is a" in kelly.says(words, "check_actions")


@pytest.mark.parametrize("words", ["number", "thats all thanks. oh whats amaras number"])
def test_a_number_that_is_asked_for_beside_thanks_is_given(talk: Phone, words: str) -> None:
    assert "020 7946 0100" in talk("kelly").says(words, "thank")


def test_a_child_who_is_ill_does_not_say_which_appointment_is_meant(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("when is the course", "check_appointments")
    kelly.says("cant come ruby is being sick", "request_reschedule")
    assert changes() == ["parenting_session"]


def test_the_kind_that_is_named_counts_for_more_than_the_child(talk: Phone) -> None:
    told = talk("kelly").says("where is the course and can ruby come", "ask_appointment_details")
    assert "Harehills" in told


@pytest.mark.parametrize(
    ("words", "intent"),
    [
        ("friday after 2 is ok tho", "check_appointments"), ("i could do wednesday instead", "request_reschedule"),
        ("any time thursday works", "confirm_attendance"), ("after school would be better", "nlu_fallback"),
        ("el viernes por la tarde me viene bien", "affirm"),
    ],
)  # fmt: skip
def test_when_it_would_suit_them_goes_with_what_they_asked_for(talk: Phone, words: str, intent: str) -> None:
    kelly = talk("kelly")
    kelly.says("cant do tomorrow im on shift", "request_reschedule")
    reply = kelly.says(words, intent)
    assert "added that" in reply or "lo he añadido" in reply
    with reading() as session:
        asked = session.scalars(select(ChangeRequest)).all()
    assert [one.words for one in asked] == [f"cant do tomorrow im on shift / {words}"], "one request, with both"


def test_looked_after_meanwhile_it_is_a_request_of_its_own(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("cant do tomorrow im on shift", "request_reschedule")
    with transaction() as session:
        session.execute(update(ChangeRequest).values(handled_at=clock.now()))
    kelly.says("friday would be ok", "nlu_fallback")
    with reading() as session:
        assert len(session.scalars(select(ChangeRequest)).all()) == 2


@pytest.mark.parametrize("words", ["what have i got friday", "when is it then, after 2?", "cant do friday either"])
def test_a_question_or_another_no_is_not_a_time_that_suits(talk: Phone, words: str) -> None:
    kelly = talk("kelly")
    kelly.says("cant do tomorrow im on shift", "request_reschedule")
    assert "added that" not in kelly.says(words, "check_appointments")


def test_without_a_change_just_asked_for_a_day_is_a_day(talk: Phone) -> None:
    assert "added that" not in talk("kelly").says("friday after 2 is ok tho", "check_appointments")
