"""What people ask about their plan, and what they want said: their own plan first, then what is so where they live."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from api.assistant.operations.words import topics
from api.database import reading
from api.escalations.models import Escalation
from api.families.models import Person
from api.jurisdiction.packs import names, pack
from api.messages.sms import segments, to_gsm7
from api.texts import languages, render
from api.views.models import StatedView
from tests.assistant.conftest import Talk

Phone = Callable[[str], Talk]


def said() -> list[tuple[str, str, str]]:
    query = select(Person.external_id, StatedView.words, StatedView.audience).join(
        Person, Person.id == StatedView.person_id
    )
    with reading() as session:
        rows = session.execute(query.where(StatedView.message_id.is_not(None))).all()
    return [(row[0], row[1], row[2]) for row in rows]


def test_when_it_ends_is_answered_from_their_own_plan_and_then_from_the_place_s_rules(talk: Phone) -> None:
    reply = talk("kelly").says("when does this plan end", "ask_about_plan")
    assert "Your plan is looked at again by" in reply and "within 3 months, then at least every 6 months" in reply


def test_who_decides_names_their_own_core_group_where_the_words_may_be_plain(talk: Phone) -> None:
    plain = talk("kelly").says("who decides", "ask_about_plan")
    assert "Amara Okafor (lead social worker)" in plain and "Only a court can order anything" in plain
    discreet = talk("sarah").says("who decides", "ask_about_plan")
    assert "Amara" not in discreet and "Only a court can order anything" in discreet


def test_the_answer_differs_where_the_law_does(talk: Phone) -> None:
    reply = talk("darnell").says("can they take my kids", "ask_about_plan")
    assert "juvenile court" in reply and "Children Act" not in reply


def test_words_are_kept_exactly_and_the_person_chooses_who_reads_them(talk: Phone) -> None:
    words = "I WANT them to know im trying, ok?!"
    kelly = talk("kelly")
    reply = kelly.says(words, "share_views")
    assert said() == [("kelly", words, "lead")] and "Everybody at the meeting" in reply
    assert "just as you wrote them" in kelly.says("2", "share_views")
    assert said() == [("kelly", words, "meeting")]


@pytest.mark.parametrize("place", names())
@pytest.mark.parametrize("language", languages())
def test_every_place_explains_every_topic_in_two_segments_with_its_source(place: str, language: str) -> None:
    here = pack(place)
    assert set(here.explanations) == set(topics()), "each question has its source there, and there are no others"
    for topic, explained in here.explanations.items():
        assert explained.source and explained.paragraph and explained.check, topic
        told = here.explanation(topic, language)
        args = here.text_args(language)
        words = (
            render("about.local", language, told=told, **args) if told else render(f"about.{topic}", language, **args)
        )
        assert words and segments(to_gsm7(words)) <= 2, topic


#: Topics with a term in them → the clocks of the packs that it must agree with.
CLOCKS = {
    "conference": ["initial_conference"],
    "review": ["first_review", "next_review", "case_review", "administrative_review"],
    "core_group": ["first_core_group", "next_core_group"],
    "end": ["first_review", "next_review", "case_review", "administrative_review"],
    "plan": ["case_plan"],
    "see": ["record_shared"],
    "let_in": ["child_seen", "seen_at_home"],
}


@pytest.mark.parametrize("place", names())
@pytest.mark.parametrize("language", languages())
def test_what_is_told_has_the_terms_of_the_place_s_own_clocks_and_no_others(place: str, language: str) -> None:
    here = pack(place)
    for topic, rules in CLOCKS.items():
        told = here.explanation(topic, language)
        if not told:
            continue
        terms = {str(here.clocks[rule].within.number) for rule in rules if rule in here.clocks}
        if topic == "end" or not terms:
            assert set(re.findall(r"\d+", told)) <= terms, topic
        else:
            assert set(re.findall(r"\d+", told)) == terms, topic


@pytest.mark.parametrize(
    ("who", "question", "words"),
    [
        ("kelly", "what happens at the conference", "within 15 working days"),
        ("darnell", "what happens at the conference", "No conference decides on a case plan here"),
        ("darnell", "what happens at a case review", "every 90 days, and a closer one every 180 days"),
        ("kelly", "whats a core group", "first meets within 10 working days"),
        ("kelly", "what if i miss one", "Missing one thing is not the end"),
    ],
    ids=["england", "ohio", "an ohio review", "core group", "general words"],
)
def test_what_happens_where_is_answered_by_the_place(talk: Phone, who: str, question: str, words: str) -> None:
    reply = talk(who).says(question, "ask_about_plan")
    assert words in reply
    if who == "darnell":
        assert "three to six months" not in reply and "police" not in reply


@pytest.mark.parametrize(
    ("words", "intent"),
    [
        ("can i see my plan", "ask_about_plan"),
        ("show me my whole plan", "ask_plan_status"),
        ("send me a copy of my plan", "nlu_fallback"),
        ("where can i read the plan", "out_of_scope"),
    ],
    ids=["asked about", "asked how it is", "not understood", "out of scope"],
)
def test_who_wants_to_read_the_plan_is_told_of_the_page_and_can_ask_for_a_code(
    talk: Phone, words: str, intent: str
) -> None:
    kelly = talk("kelly")
    reply = kelly.says(words, intent)
    assert "/chat with a code from your social worker" in reply and "1 Ask for a code" in reply
    assert "Amara" in kelly.says("1")
    with reading() as session:
        (asked,) = session.scalars(select(Escalation))
    assert asked.words.startswith("Asks for a code to read the plan")


def test_on_a_phone_that_others_may_read_the_page_s_name_is_not_said(talk: Phone) -> None:
    reply = talk("sarah").says("can i see my plan", "ask_about_plan")
    assert "You can read all of it at" in reply and not re.search(r"\bplan\b", reply)


def test_what_is_on_the_plan_is_no_wish_to_read_it_and_a_stranger_is_shown_no_page(talk: Phone) -> None:
    assert "/chat" not in talk("kelly").says("hows my plan going", "ask_plan_status")
    assert "/chat" not in talk("stranger").says("can i see my plan", "ask_about_plan")


def test_en_espanol(talk: Phone) -> None:
    reply = talk("rosa").says("quiero ver mi plan", "ask_about_plan")
    assert "con un codigo de tu trabajadora" in reply.replace("ó", "o")
