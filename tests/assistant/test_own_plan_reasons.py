"""Why there is a plan, and what came of its conference, told by the bot from the person's own plan."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from api.access.models import Agency
from api.appointments.models import Appointment
from api.assistant.operations.words import says
from api.channels.webchat import service as webchat
from api.conferences.models import Conference
from api.database import transaction
from api.families.models import Person
from api.messages.sms import segments
from api.plans.models import Plan, Risk
from tests.assistant.conftest import Talk, Understanding

Phone = Callable[[str], Talk]
WHY = "why are we on a plan"
COLD = "The flat has been cold, damp and cluttered"
LESS = "Less worried when: Two visits running with the flat warm, dry and both beds made"


def is_now(key: str, **values: object) -> None:
    with transaction() as session:
        session.execute(update(Person).where(Person.external_id == key).values(**values))


def keep_from_family(begins: str) -> None:
    with transaction() as session:
        kept = [one for one in session.scalars(select(Risk)) if one.description.startswith(begins)]
        assert kept
        for risk in kept:
            risk.kept_from_family = True


def no_conference_coming() -> None:
    with transaction() as session:
        conferences = Appointment.kind.in_(["initial_conference", "review_conference"])
        session.execute(update(Appointment).where(conferences).values(status="cancelled"))


def test_why_is_told_from_their_own_plan_with_what_would_make_it_less_two_segments_at_a_time(talk: Phone) -> None:
    kelly = talk("kelly")
    told = [kelly.says(WHY, "ask_about_plan")]
    assert told[0].startswith(f"What people are worried about:\n- {COLD}") and LESS in told[0]
    while "Show more" in told[-1]:
        told.append(kelly.says("more"))
    assert len(told) > 1 and all(segments(part) <= 2 for part in told)
    assert "Ruby's eye clinic" in "".join(told) and "Kelly's low mood" in "".join(told)


@pytest.mark.parametrize("intent", ["ask_about_plan", "ask_plan_status", "out_of_scope", "nlu_fallback"])
@pytest.mark.parametrize(
    "words", ["can they take Jayden", "are they going to take ruby off me", "will you take jayden and ruby"]
)
def test_whoever_calls_a_child_by_name_is_told_whether_children_can_be_taken(
    talk: Phone, words: str, intent: str
) -> None:
    assert talk("kelly").says(words, intent).startswith("A plan is not about taking children away")


def test_whoever_calls_a_child_by_name_is_told_so_in_spanish(talk: Phone) -> None:
    told = talk("rosa").says("me van a quitar a Mateo", "ask_about_plan")
    assert "Un plan del caso no es para llevarse a los niños" in told  # (it may be asked first whether all is well)


def test_whoever_gives_no_name_of_their_own_may_call_a_child_by_name_too(
    understanding: Understanding, talk: Phone
) -> None:
    with transaction() as session:
        agency_id = session.scalars(select(Agency.id).where(Agency.jurisdiction == "uk-england")).one()
    chat = Talk(understanding, "", channel="web")
    chat.conversation_id = webchat.start_without_name(agency_id, "en").conversation_id
    named = [{"entity": "person", "value": "Tyler"}]
    told = chat.says("can they take Tyler", "ask_about_plan", entities=named)
    assert told.startswith("A plan is not about taking children away")


def test_to_take_somebody_else_by_name_is_not_to_take_a_child(talk: Phone) -> None:
    assert "not about taking children" not in talk("kelly").says("can they take Amara", "ask_about_plan")


@pytest.mark.parametrize("intent", ["out_of_scope", "ask_plan_status", "nlu_fallback", "ask_capabilities"])
def test_whatever_it_was_taken_for_why_is_answered_from_the_plan(talk: Phone, intent: str) -> None:
    assert COLD in talk("kelly").says("what are they worried about", intent)


def test_whether_children_can_be_taken_is_not_answered_with_how_the_plan_goes(talk: Phone) -> None:
    told = talk("kelly").says("se los pueden llevar o no", "ask_plan_status")
    assert told.startswith("Un plan no es para llevarse a los niños")
    assert talk("kelly").says("how is it going", "ask_plan_status").startswith("2 of your 5")


def test_what_is_kept_from_the_family_is_not_among_the_reasons(talk: Phone) -> None:
    keep_from_family(COLD)
    kelly = talk("kelly")
    told = kelly.says(WHY, "ask_about_plan")
    assert told.startswith("What people are worried about:\n- Ruby's eye clinic") and "cold" not in told
    keep_from_family("Ruby's eye")
    keep_from_family("Kelly's low")
    assert kelly.says(WHY, "ask_about_plan").startswith("A plan is made when people are worried")


def test_where_somebody_else_may_read_it_why_is_a_way_to_the_page_and_no_reason(talk: Phone) -> None:
    told = talk("sarah").says(WHY, "ask_about_plan")
    assert told.startswith("You can read all of it at ") and "1 Ask for a code" in told
    assert not any(word in told for word in ("Zayd", "arguments", "worried", "plan "))
    is_now("kelly", phone_seen_by="his mother")
    told = talk("kelly").says(WHY, "ask_about_plan")
    assert "cold" not in told and "worried" not in told, "plain words were chosen, and somebody sees the phone"


def test_a_young_person_is_told_that_it_is_not_their_fault_and_no_worry(talk: Phone) -> None:
    is_now("kelly", kind="young_person")
    for words, intent in ((WHY, "ask_about_plan"), ("what are they worried about", "out_of_scope")):
        told = talk("kelly").says(words, intent)
        assert told.startswith("It is not your fault.") and "cold" not in told


def test_a_child_is_named_in_a_reason_only_to_whoever_may_be_told_names(talk: Phone) -> None:
    is_now("maggie", wording="plain", may_name_children=False)
    told = talk("maggie").says(WHY, "ask_about_plan")
    assert "was left alone overnight" in told and "Connor" not in told


def test_in_spanish_too(talk: Phone) -> None:
    told = talk("rosa").says("¿qué les preocupa?", "out_of_scope")
    assert told.startswith("Lo que preocupa:\n- Los niños se quedaban solos por la noche")


def test_a_stranger_hears_no_reason(talk: Phone) -> None:
    told = talk("stranger").says(WHY, "ask_about_plan")
    assert "cold" not in told and not told.startswith("What people are worried about")


def test_it_is_among_the_questions_that_are_offered_and_the_most_feared_one_stands_last(talk: Phone) -> None:
    kelly = talk("kelly")
    offered = kelly.says("and the other thing about it", "ask_about_plan").splitlines()[1:]
    assert offered == [
        "1 What is a plan?", "2 Why do we have a plan?", "3 When does it end?", "4 Can they take my kids?",
    ]  # fmt: skip
    assert COLD in kelly.says("2")


def test_before_the_proof_no_reason_is_told(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("can you hide it behind a pin", "change_contact_preference")
    kelly.says("4826")
    kelly.says("bye", "goodbye")
    told = kelly.says("what are they worried about", "out_of_scope")
    assert "PIN" in told and "cold" not in told and "worried" not in told


def test_about_the_conference_their_own_next_one_comes_before_the_general_words(talk: Phone) -> None:
    told = talk("kelly").says("what happens at the conference", "ask_about_plan")
    assert told.startswith("Your review conference is ") and "at 10:00" in told
    assert "within 15 working days" in told.split("\n--\n")[1]
    discreet = talk("sarah").says("what happens at the conference", "ask_about_plan")
    assert "10:00" not in discreet and "Your " not in discreet


def test_what_was_decided_is_told_as_the_last_review_of_their_own_plan_has_it(talk: Phone) -> None:
    is_now("maggie", wording="plain")
    maggie = talk("maggie")
    told = maggie.says("what did they decide at the conference", "ask_about_plan")
    assert told.startswith("The last review was on ") and "It was agreed that the plan goes on." in told
    assert "Good progress" not in told and "too early" not in told, "not on their page either"
    assert maggie.says("what is a conference", "ask_about_plan").startswith("Your review conference is ")
    no_conference_coming()
    assert maggie.says("what is a conference", "ask_about_plan").startswith("The last review was on ")


@pytest.mark.parametrize("intent", ["ask_plan_status", "out_of_scope", "nlu_fallback"])
def test_what_was_decided_is_told_whatever_the_question_was_taken_for(talk: Phone, intent: str) -> None:
    is_now("maggie", wording="plain")
    for words in ("en qué quedó la conferencia", "how did the conference go", "what came out of the conference"):
        told = talk("maggie").says(words, intent)
        assert told.startswith(("The last review was on ", "La ultima revision fue "))


@pytest.mark.parametrize("intent", ["ask_who_is_my_worker", "ask_if_bot", "ask_plan_status", "out_of_scope"])
def test_who_has_the_last_word_is_not_who_their_worker_is(talk: Phone, intent: str) -> None:
    kelly = talk("kelly")
    assert "decide" in kelly.says("who has the last word", intent)
    assert "decide" in kelly.says("quién tiene la última palabra", intent)
    assert "decide" not in kelly.says("whos in charge of my case", intent)


def test_where_no_conference_is_recorded_it_is_said_that_the_plan_began(talk: Phone) -> None:
    with transaction() as session:
        session.execute(update(Conference).values(status="cancelled", decision=""))
    told = talk("kelly").says("what was decided at the conference", "ask_about_plan")
    assert told.startswith("Your plan began on ") and "suffer" not in told


def test_without_a_plan_nothing_is_told_of_one(talk: Phone) -> None:
    with transaction() as session:
        session.execute(update(Plan).values(ended_on=Plan.started_on))
    kelly = talk("kelly")
    assert kelly.says("what was decided at the conference", "ask_about_plan").startswith("Your plan ended on ")
    assert kelly.says(WHY, "ask_about_plan").startswith("A plan is made when people are worried")
    no_conference_coming()
    assert "Your plan" not in kelly.says("what happens at the conference", "ask_about_plan")
    with transaction() as session:
        session.execute(update(Plan).values(end_kind="withdrawn"))
    told = kelly.says("what was decided at the conference", "ask_about_plan")
    assert told.startswith("Your plan was recorded by mistake.")


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("what did they decide at the conference", True),
        ("how did the meeting go", True),
        ("que decidieron en la conferencia", True),
        ("cómo fue la reunión", True),
        ("what happens at the conference", False),
        ("que pasa en la conferencia", False),
        ("when is the conference", False),
    ],
)
def test_what_came_of_a_conference_is_told_from_what_one_is(words: str, asked: bool) -> None:
    assert says(words, "what_was_decided") is asked
