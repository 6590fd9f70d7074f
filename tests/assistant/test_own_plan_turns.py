"""What is on somebody's own plan, and what happens if it does not work, told by the bot."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from api import clock
from api.assistant.operations.words import says
from api.database import reading, transaction
from api.families.models import Person
from api.messages.sms import segments
from api.plans.models import Contingency, Outcome, Plan
from api.timescales.models import Deadline
from tests.assistant.conftest import Talk

Phone = Callable[[str], Talk]
#: What demo plans keep off the family's page, or is about what adults are worried about.
WORRIES = ("cold, damp", "thrown", "drinking", "low mood")


def test_what_is_on_the_plan_is_told_from_the_plan_in_two_segments_at_a_time(talk: Phone) -> None:
    kelly = talk("kelly")
    told = [kelly.says("what is on my plan", "check_actions")]
    while "Show more" in told[-1]:
        told.append(kelly.says("more"))
    assert all(segments(part) <= 2 for part in told)
    whole = "\n".join(told)
    for part in (
        "Your plan wants:\n- Jayden and Ruby sleep in warm, dry beds of their own",
        "For you to do:\n- Register all three of you with a GP",
        "Others do:\n- ",
        "The plan is looked at again",
    ):
        assert part in whole, part
    assert not any(worry in whole for worry in WORRIES)


@pytest.mark.parametrize("intent", ["ask_about_plan", "ask_plan_status", "fallback"])
def test_whatever_it_was_taken_for_it_is_answered_from_the_plan(talk: Phone, intent: str) -> None:
    name = "nlu_fallback" if intent == "fallback" else intent
    assert talk("kelly").says("whats in our plan", name).startswith("Your plan wants:")


def test_in_spanish_too(talk: Phone) -> None:
    assert talk("rosa").says("que hay en mi plan", "ask_plan_status").startswith("Lo que quiere tu plan:")


def test_where_somebody_else_may_read_it_only_numbers_are_told(talk: Phone) -> None:
    reply = talk("sarah").says("what is on my plan", "ask_plan_status")
    assert "Goals on it: 2." in reply and "looked at again" in reply
    assert not any(word in reply for word in ("Zayd", "plan", "handover", "form"))
    answer = talk("sarah").says("what happens if it doesnt work", "ask_about_plan")
    assert answer.startswith("I don't write that here.") and "handover" not in answer.casefold()


def test_what_happens_if_it_does_not_work_is_told_to_adults_but_for_what_is_kept_from_them(talk: Phone) -> None:
    with transaction() as session:
        line = session.scalars(select(Contingency)).all()
        kept = next(one for one in line if one.trigger.startswith("Jayden misses"))
        kept.kept_from_family = True
    reply = talk("kelly").says("what happens if the plan doesnt work", "ask_about_plan")
    assert "If it does not work:\n- The boiler is not mended (by " in reply
    assert "legal advice" not in reply and segments(reply) <= 2


def test_what_the_plan_says_in_general_is_told_where_the_family_may_see_it(talk: Phone) -> None:
    told = "what happens if the plan doesnt work"
    assert "Dawn" not in talk("kelly").says(told, "ask_about_plan"), "a worker has not said so"
    with transaction() as session:
        for plan in session.scalars(select(Plan)):
            plan.family_may_see_contingency = True
        for one in session.scalars(select(Contingency)):
            one.kept_from_family = True
    reply = talk("kelly").says(told, "ask_about_plan")
    assert reply.startswith("If it does not work:\n- If the flat is not safe to live in") and segments(reply) <= 2
    assert talk("sarah").says(told, "ask_about_plan").startswith("I don't write that here.")
    assert "Si no funciona:\n- Si la casa deja de ser segura" in talk("rosa").says(
        "que pasa si no funciona", "ask_about_plan"
    )


def test_a_young_person_is_told_whom_to_ask_and_no_threat(talk: Phone) -> None:
    with transaction() as session:
        session.execute(update(Person).where(Person.external_id == "kelly").values(kind="young_person"))
    reply = talk("kelly").says("what happens if it doesnt work", "ask_about_plan")
    assert reply.startswith("If things do not get better, the grown-ups meet") and "boiler" not in reply


def test_a_stranger_gets_the_general_explanation(talk: Phone) -> None:
    reply = talk("stranger").says("what is on my plan", "ask_about_plan")
    assert "warm, dry beds" not in reply and "Your plan wants" not in reply and reply


def test_without_a_day_in_the_plan_the_rules_of_the_place_say_when_it_is_looked_at(talk: Phone) -> None:
    with transaction() as session:
        kelly = session.scalars(select(Person).filter_by(external_id="kelly")).one()
        session.execute(update(Plan).where(Plan.family_id == kelly.family_id).values(review_on=None))
        waiting = session.scalars(
            select(Deadline).where(Deadline.family_id == kelly.family_id, Deadline.done_on.is_(None))
        ).all()
        rules = {one.rule for one in waiting}
    assert rules & {"first_review", "next_review"}
    reply = talk("kelly").says("when does this plan end", "ask_about_plan")
    assert reply.startswith("Your plan is looked at again by")


def test_no_plan_is_said_plainly(talk: Phone) -> None:
    with transaction() as session:
        kelly = session.scalars(select(Person).filter_by(external_id="kelly")).one()
        session.execute(update(Plan).where(Plan.family_id == kelly.family_id).values(ended_on=Plan.started_on))
    assert "Your plan wants" not in talk("kelly").says("what is on my plan", "ask_plan_status")
    with reading() as session:
        assert session.scalars(select(Plan)).first() is not None


@pytest.mark.parametrize(("kind", "told"), [("withdrawn", "was recorded by mistake"), ("moved", "Your plan ended on")])
def test_a_plan_that_was_taken_back_is_said_to_have_been_a_mistake(talk: Phone, kind: str, told: str) -> None:
    with transaction() as session:
        kelly = session.scalars(select(Person).filter_by(external_id="kelly")).one()
        values = {"ended_on": Plan.started_on, "end_kind": kind}
        session.execute(update(Plan).where(Plan.family_id == kelly.family_id).values(values))
    assert told in talk("kelly").says("how is my plan going", "ask_plan_status")


@pytest.fixture
def second() -> None:
    """Kelly's family has another plan, for a child who was born since."""
    with transaction() as session:
        kelly = session.scalars(select(Person).filter_by(external_id="kelly")).one()
        baby = Person(family_id=kelly.family_id, external_id="baby", kind="child", first_name="Robin")
        made = Plan(
            family_id=kelly.family_id, external_id="second", started_on=clock.now().date(), contingency="Gran comes",
            family_may_see_contingency=True, review_on=clock.now().date() + timedelta(days=5), children=[baby],
        )  # fmt: skip
        session.add(made)
        session.flush()
        session.add(Outcome(plan_id=made.id, external_id="o", position=1, title="Weighed every week"))
        session.add(Contingency(plan_id=made.id, position=1, trigger="no weight", response="the nurse rings"))


def test_of_two_plans_each_is_told_with_whose_it_is_or_when_it_began(talk: Phone, second: None) -> None:
    kelly = talk("kelly")
    told = [kelly.says("what is on my plan", "check_actions")]
    while "Show more" in told[-1]:
        told.append(kelly.says("more"))
    assert all(segments(part) <= 2 for part in told)
    whole = "\n".join(told)
    newer, older = (found.start() for found in re.finditer(r"^The plan (for|from) .*:$", whole, re.MULTILINE))
    assert newer < whole.index("Weighed every week") < older < whole.index("Jayden and Ruby sleep")
    assert len(re.findall(r"The plan (?:for|from) .* is looked at again by", whole)) == 2
    then = kelly.says("what happens if it doesnt work", "ask_about_plan")
    assert "the nurse rings" in then and then.count("\n") > 1, "and what the older one says"
    assert "Gran comes" in then or "more" in then


def test_each_plan_is_looked_at_again_on_a_day_of_its_own(talk: Phone, second: None) -> None:
    for words, intent in (("how is my plan going", "ask_plan_status"), ("when does this plan end", "ask_about_plan")):
        told = talk("kelly").says(words, intent)
        assert len(re.findall(r"The plan (?:for|from) [^.]* is looked at again by", told)) == 2, told
        assert all(segments(part) <= 2 for part in told.split("\n--\n")), told
    discreet = talk("sarah").says("how is my plan going", "ask_plan_status")
    assert "The plan" not in discreet


@pytest.mark.parametrize(
    ("words", "phrase"),
    [
        ("whats my plan say", "on_my_plan"),
        ("tell me about our plan", "on_my_plan"),
        ("who does what", "on_my_plan"),
        ("qué tengo en mi plan", "on_my_plan"),
        ("q tenemos en el plan", "on_my_plan"),
        ("what have we got on our plan", "on_my_plan"),
        ("wots in are plan", "on_my_plan"),
        ("what is a child protection plan", ""),
        ("what does the plan mean", ""),
        ("can i see my plan", ""),
        ("y si no funciona que pasa", "if_not_working"),
        ("and if the plan dont work, then what", "if_not_working"),
        ("what happens if i dont go", ""),
        ("that day doesnt work for me", ""),
    ],
)
def test_ones_own_plan_is_told_from_plans_in_general(words: str, phrase: str) -> None:
    heard = [name for name in ("on_my_plan", "if_not_working") if says(words, name)]
    assert heard == ([phrase] if phrase else [])
