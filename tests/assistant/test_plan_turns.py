"""What people ask about their plan, and what they want said: their own plan first, then what is so where they live."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from api.database import reading
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
@pytest.mark.parametrize("topic", ["take", "who_decides", "end"])
def test_every_place_explains_in_two_segments_with_its_source(place: str, language: str, topic: str) -> None:
    here = pack(place)
    explained = here.explanations[topic]
    assert explained.source and explained.paragraph and explained.check
    words = render("about.local", language, told=here.explanation(topic, language), **here.text_args(language))
    assert segments(to_gsm7(words)) <= 2
