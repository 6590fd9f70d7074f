"""What is told of somebody's own plan ends with whom to ask: their worker by name, else how to reach the service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import delete, select, update

from api.access.models import Agency
from api.database import reading, transaction
from api.families.models import FamilyWorker, Person
from api.messages.sms import segments
from api.plans.models import Plan, Risk
from tests.assistant.conftest import Talk

Phone = Callable[[str], Talk]
ASKED = (
    ("what is on my plan", "check_actions"),
    ("how is my plan going", "ask_plan_status"),
    ("why do we have a plan", "ask_about_plan"),
)


def family_of(key: str) -> object:
    with reading() as session:
        return session.scalars(select(Person.family_id).filter_by(external_id=key)).one()


def own_part(told: str) -> str:
    """Without the option behind it."""
    return "\n".join(line for line in told.split("\n") if not line.startswith("1 "))


@pytest.mark.parametrize(("words", "intent"), ASKED)
def test_every_answer_ends_with_their_own_worker_once(talk: Phone, words: str, intent: str) -> None:
    told = talk("kelly").says(words, intent)
    assert own_part(told).endswith("If you have questions, ask Amara Okafor."), told
    assert told.count("Amara Okafor") - told.count("- Amara Okafor") == 1 and segments(told) <= 2
    assert "ask your" not in told.casefold()


def test_each_part_that_is_asked_for_later_ends_so_too(talk: Phone) -> None:
    kelly = talk("kelly")
    told = [kelly.says("what is on my plan", "check_actions")]
    while "Show more" in told[-1]:
        told.append(kelly.says("more"))
    assert len(told) > 1
    for part in told:
        assert own_part(part).endswith("If you have questions, ask Amara Okafor.") and segments(part) <= 2, part


def test_in_spanish_and_on_a_phone_that_others_may_see(talk: Phone) -> None:
    for words, intent in (("que hay en mi plan", "ask_plan_status"), ("como va mi plan", "ask_plan_status")):
        assert "\nSi tienes dudas, pregunta a " in talk("rosa").says(words, intent).replace(". Si", ".\nSi")
    told = talk("sarah").says("what is on my plan", "ask_plan_status")
    assert "Goals on it" in told and "If you have questions, ask " in told and "plan" not in told


@pytest.mark.parametrize(("words", "intent"), ASKED)
def test_without_a_worker_it_says_how_to_reach_the_service(talk: Phone, words: str, intent: str) -> None:
    with transaction() as session:
        session.execute(delete(FamilyWorker).where(FamilyWorker.family_id == family_of("kelly")))
    assert own_part(talk("kelly").says(words, intent)).endswith("If you have questions, ring 020 7946 0100.")
    with transaction() as session:
        session.execute(update(Agency).values(phone=""))
    assert own_part(talk("kelly").says(words, intent)).endswith("If you have questions, ask us here.")


@pytest.mark.parametrize(("kind", "said"), [("moved", "Your plan ended on"), ("withdrawn", "was recorded by mistake")])
def test_a_plan_that_is_over_has_somebody_to_ask_as_well(talk: Phone, kind: str, said: str) -> None:
    with transaction() as session:
        over = {"ended_on": date(2026, 11, 20), "end_kind": kind}
        session.execute(update(Plan).where(Plan.family_id == family_of("kelly")).values(**over))
    told = talk("kelly").says("how is my plan going", "ask_plan_status")
    assert said in told and told.endswith("If you have questions, ask Amara Okafor.")


def test_when_it_ends_is_told_with_whom_to_ask(talk: Phone) -> None:
    told = talk("kelly").says("when does this plan end", "ask_about_plan")
    assert told.startswith("Your plan is looked at again by") and "Ask your social worker about yours." in told


def test_the_longest_worry_is_cut_so_that_whom_to_ask_fits(talk: Phone) -> None:
    with transaction() as session:
        plan = session.scalars(select(Plan.id).where(Plan.family_id == family_of("kelly"))).one()
        for risk in session.scalars(select(Risk).filter_by(plan_id=plan)):
            risk.description, risk.lower_when = "worried about many things " * 9, "there is much less of it all " * 9
    told = talk("kelly").says("why do we have a plan", "ask_about_plan")
    assert segments(told) <= 2 and own_part(told).endswith("If you have questions, ask Amara Okafor.")
    assert "Less worried when: there is" in told and "..." in told
