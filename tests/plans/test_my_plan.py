"""My plan: a family member sees their own plan, and nothing that would put somebody at risk."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.appointments.models import Appointment
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.families.models import Person
from api.plans import history
from api.plans.models import Contingency, CoreGroupMember, Outcome, Plan, PlanAction, Risk
from api.reviews.models import Review
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


def test_what_happens_in_general_is_on_it_for_adults_once_a_worker_says_so(client: TestClient, full: Town) -> None:
    assert "Ash contingency" not in page(client, full, full.mine.parent)
    cookies = full.signed_in(full.worker)
    client.cookies.update(cookies)
    address = f"/console/plans/{full.mine.plan.id}"
    form = client.get(address).text
    assert 'name="family_may_see_contingency">' in form, "it is there, and not ticked"
    given = {"version": "0", "contingency": "Ash goes to <his> aunt", "family_may_see_contingency": "on"}
    assert client.post(address, data=full.form(cookies, **given)).status_code == 303
    assert 'name="family_may_see_contingency" checked>' in client.get(address).text
    headers = full.program(full.worker)
    known = client.get(f"/api/v1{address.removeprefix('/console')}", headers=headers).json()
    assert known["family_may_see_contingency"] is True
    versions = client.get(f"/api/v1/plans/{full.mine.plan.id}/versions", headers=headers).json()
    told = next(one["fields"] for one in versions[0]["changes"] if one["part"] == "plan")
    assert told["family_may_see_contingency"] == [None, True] and told["contingency"][1] == "Ash goes to <his> aunt"
    assert "Ash goes to &lt;his&gt; aunt" in page(client, full, full.mine.parent)
    with transaction() as session:
        session.get_one(Person, full.mine.child.id).kind = "young_person"
    assert "aunt" not in page(client, full, full.mine.child)
    hidden = client.patch(
        f"/api/v1/plans/{full.mine.plan.id}", json={"family_may_see_contingency": False}, headers=headers
    )
    assert hidden.json()["family_may_see_contingency"] is False and hidden.json()["contingency"]
    assert "aunt" not in page(client, full, full.mine.parent)


def test_what_is_in_the_way_is_said_and_why_only_to_whose_action_it_is(client: TestClient, full: Town) -> None:
    with transaction() as session:
        for action in session.scalars(select(PlanAction).filter_by(plan_id=full.mine.plan.id)):
            action.status, action.blocked_reason = "blocked", f"why not {action.title}"
    words = page(client, full, full.mine.parent)
    assert "something is in the way (why not Ash course)" in words
    assert "Mr Reid (something is in the way)" in words and "why not Write" not in words


def test_nobody_without_a_name_or_a_chat_sees_a_plan(client: TestClient, full: Town) -> None:
    assert client.get("/chat/plan").status_code in (303, 410)
    cookies, _ = full.chatting()
    client.cookies.update(cookies)
    assert client.get("/chat/plan").status_code == 404


def test_an_ended_plan_is_shown_no_more(client: TestClient, full: Town) -> None:
    with transaction() as session:
        session.get_one(Plan, full.mine.plan.id).ended_on = full.mine.plan.started_on
    assert "There is no plan for you here" in page(client, full, full.mine.parent)


def reviewed(town: Town, **more: Any) -> Review:
    """A review of the plan, with the version that it found; the plan is as it was at it."""
    with transaction() as session:
        plan = session.get_one(Plan, town.mine.plan.id)
        made = Review(
            plan_id=plan.id, external_id="r", held_on=plan.started_on, recorded_at=clock.now(),
            **{"next_step": "modify", **more},
        )  # fmt: skip
        session.add(made)
        session.flush()
        history.keep_version(session, plan, None, review_id=made.id)
    return made


def test_the_last_review_and_what_changed_since_are_on_it(client: TestClient, full: Town) -> None:
    reviewed(full, support="A <support> worker on Mondays", reason="because of dad", changes="dad moved back")
    with transaction() as session:
        plan = session.get_one(Plan, full.mine.plan.id)
        session.add(
            PlanAction(plan_id=plan.id, external_id="n", title="Join the <group>", owner_person_id=full.mine.parent.id)
        )
        session.add(
            PlanAction(
                plan_id=plan.id, external_id="m", title="Dad's new course", owner_person_id=None, owner_name="Mr Reid"
            )
        )
        session.scalars(select(Outcome).filter_by(plan_id=plan.id)).one().measure = "19 degrees"
        for one in session.scalars(select(Contingency).filter_by(plan_id=plan.id)):
            one.response = "something else"
        other = session.scalars(select(Person).filter_by(external_id="dad")).one()
        session.scalars(select(PlanAction).filter_by(owner_person_id=other.id)).one().why = "he was seen"
        history.keep_version(session, plan, None)
    shown = page(client, full, full.mine.parent)
    assert "It was agreed that the plan goes on with changes." in shown
    assert (
        "A &lt;support&gt; worker on Mondays" in shown and "because of dad" not in shown and "moved back" not in shown
    )
    part = shown[shown.index("What is different in the plan since then") : shown.index("What is coming up")]
    lines = [re.sub(r"<[^>]*>", "", one) for one in re.findall(r"<li>(.*?)</li>", part)]
    assert sorted(lines) == [
        "Changed: A warm &lt;home&gt;", "Changed: no heating",
        "New: Dad&#39;s new course", "New: Join the &lt;group&gt;",
    ]  # fmt: skip
    assert "dad comes" not in shown and "he was seen" not in shown


def test_a_young_person_reads_the_next_step_and_no_worker_s_words(client: TestClient, full: Town) -> None:
    reviewed(full, support="rehab for mum")
    with transaction() as session:
        session.get_one(Person, full.mine.child.id).kind = "young_person"
    shown = page(client, full, full.mine.child)
    assert "goes on with changes" in shown and "rehab" not in shown and "Being hurt" not in shown


def test_the_kind_of_harm_is_said_in_plain_words(client: TestClient, full: Town) -> None:
    with transaction() as session:
        session.add(Risk(plan_id=full.mine.plan.id, position=3, harm="emotional", description="rows at night"))
    shown = page(client, full, full.mine.parent)
    assert "<strong>Being hurt in their feelings</strong>: rows at night" in shown
    assert "<strong>Being hurt</strong>" not in shown, "that one is kept from the family"


def test_what_is_coming_up_is_on_it_and_a_private_place_is_not(client: TestClient, full: Town) -> None:
    with transaction() as session:
        one = session.get_one(Appointment, full.mine.appointment.id)
        one.kind, one.address, one.bring, one.travel = "home_visit", "4 Elm Row", "the red book", "taxi at 9:30"
    shown = page(client, full, full.mine.parent)
    assert "home visit" in shown and "4 Elm Row" in shown and "the red book" in shown and "taxi at 9:30" in shown
    with transaction() as session:
        session.get_one(Appointment, one.id).address_hidden = True
    shown = page(client, full, full.mine.parent)
    assert "The place is kept private" in shown
    assert "Elm Row" not in shown and "Ash rooms" not in shown and "taxi" not in shown


def test_of_a_plan_that_ended_the_help_that_remains_is_told(client: TestClient, full: Town) -> None:
    reviewed(full, next_step="discontinue", support="The family hub on Tuesdays")
    with transaction() as session:
        session.get_one(Plan, full.mine.plan.id).ended_on = full.mine.plan.started_on
    shown = page(client, full, full.mine.parent)
    assert "The family hub on Tuesdays" in shown and "ended on" in shown and "There is no plan for you here" in shown


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
