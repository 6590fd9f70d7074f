"""A family with two plans that go on sees both: on its page, on paper, and by the bot."""

from __future__ import annotations

import re
import uuid
from datetime import date

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.families.models import Person
from api.plans import queries
from api.plans.models import Contingency, Outcome, Plan, PlanAction, Risk
from tests.small_town import Town


@pytest.fixture
def second(town: Town) -> Plan:
    """The plan of a younger child, newer than the first."""
    with transaction() as session:
        baby = Person(
            id=uuid.uuid4(), family_id=town.mine.family.id, external_id="baby", kind="child", first_name="Ashbaby"
        )
        session.add(baby)
        session.get_one(Plan, town.mine.plan.id).children = [session.get_one(Person, town.mine.child.id)]
        made = Plan(
            id=uuid.uuid4(), family_id=town.mine.family.id, external_id="second", started_on=date(2026, 3, 2),
            visit_every_days=7,
        )  # fmt: skip
        made.children = [baby]
        session.add(made)
        session.flush()
        session.add_all(
            [
                Outcome(plan_id=made.id, external_id="o", position=1, title="Weighed every week"),
                Risk(plan_id=made.id, position=1, harm="neglect", description="not weighed"),
                Contingency(plan_id=made.id, position=1, trigger="no weight", response="the nurse rings"),
                PlanAction(
                    plan_id=made.id, external_id="n", title="See the nurse", owner_person_id=town.mine.parent.id
                ),
            ]
        )
    return made


def test_the_page_has_a_section_for_each_plan_with_its_children(client: TestClient, town: Town, second: Plan) -> None:
    with transaction() as session:
        session.get_one(Person, town.mine.parent.id).may_name_children = True
    cookies, _ = town.chatting(town.mine.parent)
    client.cookies.update(cookies)
    page = client.get("/chat/plan").text
    newer, older = page.index("Plan 1 of 2"), page.index("Plan 2 of 2")
    assert newer < page.index("It is for Ashbaby.") < page.index("Weighed every week") < older
    assert newer < page.index("the nurse rings") < older < page.index("It is for Ashchild.")
    assert older < page.index("Ash course") and "not weighed" in page and "Ash risk" in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids)), "each section is called by its own name"
    assert page.count("What you have said") <= 1 and page.count('id="p-coming"') == 1
    with reading() as session:
        looked = session.scalars(select(AuditEntry.object_id).filter_by(verb="viewed_own_plan")).all()
        assert set(looked) == {str(second.id), str(town.mine.plan.id)}
        assert queries.visits_every(session, town.mine.family.id) == 7


def test_children_who_may_not_be_named_are_not_and_one_plan_has_no_number(
    client: TestClient, town: Town, second: Plan
) -> None:
    cookies, _ = town.chatting(town.mine.parent)
    client.cookies.update(cookies)
    page = client.get("/chat/plan").text
    assert "Plan 1 of 2" in page and "Ashbaby" not in page and "Ashchild" not in page
    with transaction() as session:
        session.get_one(Plan, second.id).ended_on = date(2026, 4, 2)
    page = client.get("/chat/plan").text
    assert "Ash course" in page and "Plan 1 of" not in page and "See the nurse" not in page


def test_both_are_on_paper(client: TestClient, town: Town, second: Plan) -> None:
    client.cookies.update(town.signed_in(town.worker))
    page = client.get(f"/console/people/{town.mine.parent.id}/plan").text
    assert "Plan 2 of 2" in page and "Weighed every week" in page and "Ash course" in page
