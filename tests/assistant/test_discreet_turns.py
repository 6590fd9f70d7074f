"""What is sent to a phone that somebody else may read: the demo's Sarah (discreet, no child named)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from api.assistant.operations import titles
from api.database import transaction
from api.families.models import Person
from api.plans.models import PlanAction
from tests.assistant.conftest import Talk

Phone = Callable[[str], Talk]
#: What must not stand in any text to her.
SECRETS = (
    r"zayd|therapy|freedom|handover|school|gate|home visit|group leader|domestic|abuse|maltrato|escuela|terapia|"
    r"children's services|plan\b|social"
)
#: What she writes, and what it is understood as; where nothing is, she chooses by number.
TURNS = [
    ("hi", "greet"),
    ("whens my next one", "check_appointments"),
    ("where is it and who comes", "ask_appointment_details"),
    ("what should i bring", "ask_appointment_details"),
    ("ill be there", "confirm_attendance"),
    ("can we move it", "request_reschedule"),
    ("running late", "running_late"),
    ("whats on my list", "check_actions"),
    ("done it", "report_action_done"),
    ("1", ""),
    ("1", ""),
    ("done the form", "report_action_done"),
    ("done the form", "report_action_done"),
    ("cant do the handovers", "report_action_blocked"),
    ("whats on my list", "check_actions"),
    ("went to freedom today", "report_action_done"),
    ("hows it going", "ask_plan_status"),
    ("whos my worker", "ask_who_is_my_worker"),
    ("womens refuge near leeds", "find_service"),
    ("somewhere safe to stay in sheffield", "find_service"),
    ("can someone ring me", "contact_worker"),
    ("i want to complain", "complain"),
    ("what can you do", "ask_capabilities"),
    ("who sees this", "ask_privacy"),
    ("im so tired of it all", "express_distress"),
]


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_text_to_a_phone_that_is_read_says_what_it_is_about(talk: Phone, language: str) -> None:
    sarah = talk("sarah")
    if language == "es":
        sarah.says("spanish please", "change_language")
    for words, intent in TURNS:
        reply = sarah.says(words, intent or "nlu_fallback")
        assert reply and not re.search(SECRETS, reply, re.IGNORECASE), (words, reply)
        assert sarah.conversation.language == language


def test_she_can_tell_her_actions_apart_all_the_same(talk: Phone) -> None:
    sarah = talk("sarah")
    listed = sarah.says("whats on my list", "check_actions")
    assert "1 The form (was due 22 Nov)\n2 One thing (by 1 Dec)" in listed
    assert "1 The form, due 22 Nov\n2 One thing, due 1 Dec" in sarah.says("done it", "report_action_done")
    assert "I have written down: The form, due 22 Nov - done." in sarah.says("1")


def test_two_of_one_sort_for_one_day_have_numbers(talk: Phone) -> None:
    with transaction() as session:
        one = session.query(PlanAction).filter_by(external_id="playtherapy").one()
        other = session.query(PlanAction).filter_by(external_id="handover").one()
        other.title, other.due_on = "Send in the school papers", one.due_on
    assert "1 The form 1 (was due 22 Nov)\n2 The form 2 (was due 22 Nov)" in talk("sarah").says("list", "check_actions")


def test_plain_words_without_childrens_names_leave_these_out(talk: Phone) -> None:
    with transaction() as session:
        session.query(Person).filter_by(external_id="sarah").one().wording = "plain"
    listed = talk("sarah").says("whats on my list", "check_actions")
    assert "Fill in the play therapy form for your child" in listed and "Zayd" not in listed


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Fill in the play therapy form for Zayd", "form"),
        ("Go to the first Freedom Programme session", "session"),
        ("Ring the housing office", "call"),
        ("Registrar a los niños con el médico", "other"),
        ("Llevar los papeles a la escuela", "form"),
        ("", "other"),
    ],
    ids=["form", "session", "call", "other", "papeles", "empty"],
)
def test_a_title_becomes_a_word_that_gives_nothing_away(title: str, kind: str) -> None:
    assert titles.kind(title) == kind
