"""My plan: a family member sees their own plan, and nothing that would put somebody at risk."""

from __future__ import annotations

import uuid

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.families.models import Person
from api.plans.models import Contingency, CoreGroupMember, Outcome, Plan, PlanAction, Risk
from api.views.models import StatedView
from tests.small_town import Town


@pytest.fixture
def full(town: Town) -> Town:
    """The Ash family's plan with every part, some of it kept from the family."""
    plan, family = town.mine.plan, town.mine.family
    with transaction() as session:
        other = Person(id=uuid.uuid4(), family_id=family.id, external_id="dad", kind="parent", first_name="Ashdad")
        session.add(other)
        session.flush()
        session.add_all(
            [
                Outcome(plan_id=plan.id, external_id="o", position=1, title="A warm <home>", measure="18 degrees"),
                Risk(plan_id=plan.id, position=2, harm="physical", description="what dad did", kept_from_family=True),
                Contingency(plan_id=plan.id, position=1, trigger="no heating", response="the group meets"),
                Contingency(
                    plan_id=plan.id, position=2, trigger="dad comes", response="move out", kept_from_family=True
                ),
                CoreGroupMember(plan_id=plan.id, name="Jo Fielding", role="health visitor", responsibility="weighs"),
                PlanAction(plan_id=plan.id, external_id="p", title="Write to landlord", owner_name="Mr Reid"),
                PlanAction(plan_id=plan.id, external_id="d", title="Dad's course", owner_person_id=other.id),
                StatedView(
                    family_id=family.id, person_id=town.mine.child.id, external_id="s", given_on=plan.started_on,
                    words="a child's secret", audience="meeting", recorded_at=clock.now(),
                ),
                StatedView(
                    family_id=family.id, person_id=town.mine.parent.id, external_id="t", given_on=plan.started_on,
                    words="my own words", audience="lead", recorded_at=clock.now(),
                ),
            ]
        )  # fmt: skip
    return town


def page(client: TestClient, town: Town, person: Person) -> str:
    cookies, _ = town.chatting(person)
    client.cookies.update(cookies)
    answer = client.get("/chat/plan")
    assert answer.status_code == 200
    return answer.text


def test_a_parent_sees_their_own_plan_and_what_is_kept_from_the_family_is_not_in_it(
    client: TestClient, full: Town
) -> None:
    words = page(client, full, full.mine.parent)
    for shown in (
        "A warm &lt;home&gt;", "18 degrees", "Ash course", "Write to landlord", "Mr Reid", "Jo Fielding", "no heating",
        "my own words", "Ash risk",
    ):  # fmt: skip
        assert shown in words, shown
    for hidden in ("what dad did", "dad comes", "s course", "a child", "Ashchild", "Birch"):
        assert hidden not in words.replace("Ash course", ""), hidden
    with reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "viewed_own_plan")).one()
    assert (entry.actor_kind, entry.actor_id) == ("person", full.mine.parent.id)


def test_a_young_person_does_not_read_what_adults_worry_about(client: TestClient, full: Town) -> None:
    with transaction() as session:
        session.get_one(Person, full.mine.child.id).kind = "young_person"
    words = page(client, full, full.mine.child)
    assert "A warm &lt;home&gt;" in words and "a child&#39;s secret" in words
    assert "Ash risk" not in words and "no heating" not in words and "my own words" not in words


def test_nobody_without_a_name_or_a_chat_sees_a_plan(client: TestClient, full: Town) -> None:
    assert client.get("/chat/plan").status_code in (303, 410)
    cookies, _ = full.chatting()
    client.cookies.update(cookies)
    assert client.get("/chat/plan").status_code == 404


def test_an_ended_plan_is_shown_no_more(client: TestClient, full: Town) -> None:
    with transaction() as session:
        session.get_one(Plan, full.mine.plan.id).ended_on = full.mine.plan.started_on
    assert "There is no plan for you here" in page(client, full, full.mine.parent)


def test_a_worker_prints_what_the_person_s_own_page_shows_and_the_look_is_recorded(
    client: TestClient, full: Town
) -> None:
    theirs = page(client, full, full.mine.parent)
    client.cookies.clear()
    client.cookies.update(full.signed_in(full.worker))
    address = f"/console/people/{full.mine.parent.id}/plan"
    assert address in client.get(f"/console/families/{full.mine.family.id}").text
    printed = client.get(address).text
    assert "Print this page with your browser" in printed and "For Ashparent." in printed
    start, end = 'aria-labelledby="p-outcomes"', "</blockquote>"
    assert printed[printed.index(start) : printed.rindex(end)] == theirs[theirs.index(start) : theirs.rindex(end)]
    assert "what dad did" not in printed and "dad comes" not in printed and "a child's secret" not in printed
    client.get(address)
    with reading() as session:
        look = session.scalars(select(AuditEntry).where(AuditEntry.verb == "viewed_own_plan_of")).one()
    assert (look.actor_id, look.object_id) == (full.worker.id, str(full.mine.parent.id))
    assert client.get(f"/console/people/{full.mine.child.id}/plan").status_code == 404


def test_what_was_said_to_the_own_worker_only_is_on_no_other_worker_s_paper(client: TestClient, full: Town) -> None:
    with transaction() as session:
        session.get_one(Person, full.mine.parent.id).language = "es"
    client.cookies.update(full.signed_in(full.duty))
    printed = client.get(f"/console/people/{full.mine.parent.id}/plan").text
    assert "my own words" not in printed and "Words that were said to somebody else only" in printed
    assert '<html lang="es"' in printed and "Para Ashparent." in printed and 'lang="en"' in printed
