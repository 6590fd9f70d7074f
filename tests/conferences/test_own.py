"""Conferences on "my plan": what was decided, and no more of it than is theirs to see."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.conferences import own
from api.conferences.models import Conference, ConferenceAttendee, ConferenceChild, Dissent
from api.database import transaction
from api.families.models import Person
from api.plans.models import Plan, Risk
from tests.small_town import Town

OFFICER = {"name": "Sgt Lowe", "role": "safeguarding <unit>", "agency": "police", "attended": True}


def add(town: Town, *, people: dict[uuid.UUID, bool], guests: list[dict[str, Any]] | None = None, **more: Any) -> None:
    """A conference of the Ash family. ``people``: who of them was invited, and whether they came."""
    given = {"kind": "initial", "status": "held", "held_on": date(2026, 1, 5), "decision": "plan", **more}
    harms = given.pop("harms", ["neglect"])
    dissent = given.pop("dissent", "")
    with transaction() as session:
        row = Conference(
            family_id=town.mine.family.id, external_id=uuid.uuid4().hex, created_at=clock.now(),
            **{"plan_id": town.mine.plan.id, **given},
        )  # fmt: skip
        row.children = [ConferenceChild(person_id=town.mine.child.id, harms=harms)]
        there = [{"person_id": key, "agency": "family", "attended": came} for key, came in people.items()]
        row.attendees = [
            ConferenceAttendee(position=n, **one) for n, one in enumerate([*there, *(guests or [OFFICER])], 1)
        ]
        row.dissents = [Dissent(position=1, name="Ashdad", words=dissent)] if dissent else []
        session.add(row)


@pytest.fixture
def dad(town: Town) -> Person:
    with transaction() as session:
        made = Person(family_id=town.mine.family.id, external_id="dad", kind="parent", first_name="Ashdad")
        session.add(made)
        session.flush()
    return made


def page(client: TestClient, town: Town, person: Person) -> str:
    client.cookies.clear()
    client.cookies.update(town.chatting(person)[0])
    return client.get("/chat/plan").text


def decided(shown: str) -> str:
    """The part about conferences, as it reads."""
    part = re.search(r'<section aria-labelledby="p-met.*?</section>', shown, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", part[0])) if part else ""


def test_who_was_there_reads_the_day_the_decision_the_harm_who_came_and_that_somebody_did_not_agree(
    client: TestClient, town: Town
) -> None:
    away = {"name": "Jo Fielding", "role": "health visitor", "agency": "health", "attended": False}
    mine = {"name": "Ms Reid", "role": "solicitor", "agency": "legal", "attended": True}
    add(
        town, people={town.mine.parent.id: True}, guests=[OFFICER, away, mine], chair="Ruth <Adeyemi>",
        dissent="he never did", assessment="what was weighed", discussion="what was said", decision_reason="why so",
        planning="what was planned",
    )  # fmt: skip
    shown = decided(page(client, town, town.mine.parent))
    assert "First conference, on" in shown and "5 January" in shown and "It was decided that a plan is needed." in shown
    assert "The worry it was decided on: Not getting enough care" in shown
    assert "Who was there: Sgt Lowe (safeguarding &lt;unit&gt;, police); Ms Reid (solicitor, legal advice)" in shown
    assert "It was led by: Ruth &lt;Adeyemi&gt;" in shown
    assert "Somebody did not agree. That was written down." in shown
    for hidden in ("Jo Fielding", "never did", "Ashdad", "weighed", "what was said", "why so", "what was planned"):
        assert hidden not in shown, hidden


def test_who_was_not_invited_reads_the_day_and_the_decision_and_who_did_not_come_no_more_than_the_harm(
    client: TestClient, town: Town, dad: Person
) -> None:
    add(town, people={town.mine.parent.id: True}, dissent="no", chair="Ruth")
    shown = decided(page(client, town, dad))
    assert "a plan is needed" in shown
    for hidden in ("care", "Sgt Lowe", "agree", "Ruth"):
        assert hidden not in shown, hidden
    add(town, people={dad.id: False}, dissent="no", chair="Ruth", held_on=date(2026, 2, 2))
    shown = decided(page(client, town, dad))
    assert shown.count("Not getting enough care") == 1
    for hidden in ("Sgt Lowe", "agree", "Ruth"):
        assert hidden not in shown, hidden


def test_of_parents_who_may_have_come_apart_neither_reads_who_came_with_the_other(
    client: TestClient, town: Town, dad: Person
) -> None:
    refuge = {"name": "Ms Hale", "role": "refuge worker", "agency": "other", "attended": True}
    friend = {"name": "Aunt Dawn", "role": "aunt", "agency": "family", "attended": True}
    add(town, people={town.mine.parent.id: True, dad.id: True}, guests=[OFFICER, refuge, friend])
    for person, other in ((dad, "Ashparent"), (town.mine.parent, "Ashdad")):
        shown = decided(page(client, town, person))
        assert "Sgt Lowe" in shown
        for hidden in ("Ms Hale", "refuge", "Aunt Dawn", other):
            assert hidden not in shown, hidden
    with transaction() as session:
        for place in session.scalars(select(ConferenceAttendee).where(ConferenceAttendee.person_id.is_not(None))):
            place.agency, place.role = "health", "nurse by trade"
    assert "nurse by trade" not in decided(page(client, town, dad)), "of the family nobody, whatever stands beside them"


def test_a_kind_of_harm_of_which_the_plan_keeps_every_worry_off_the_page_is_not_on_it(
    client: TestClient, town: Town
) -> None:
    with transaction() as session:
        plan_id = town.mine.plan.id
        session.add(Risk(plan_id=plan_id, position=2, harm="sexual", description="kept", kept_from_family=True))
        session.add(Risk(plan_id=plan_id, position=3, harm="neglect", description="kept", kept_from_family=True))
    add(town, people={town.mine.parent.id: True}, harms=["neglect", "sexual"])
    shown = decided(page(client, town, town.mine.parent))
    assert "Not getting enough care" in shown, "another worry of that kind is on it"
    assert "Sexual" not in shown


def test_a_young_person_reads_what_was_decided_and_neither_harm_nor_dissent(client: TestClient, town: Town) -> None:
    with transaction() as session:
        session.get_one(Person, town.mine.child.id).kind = "young_person"
    add(town, people={town.mine.child.id: True}, dissent="no")
    shown = decided(page(client, town, town.mine.child))
    assert "a plan is needed" in shown and "Sgt Lowe" in shown
    assert "care" not in shown and "agree" not in shown


def test_what_was_withdrawn_is_not_on_it_and_a_review_says_what_it_decided(client: TestClient, town: Town) -> None:
    add(town, people={town.mine.parent.id: True}, status="cancelled", decision="")
    assert decided(page(client, town, town.mine.parent)) == ""
    add(town, people={town.mine.parent.id: True}, kind="review", decision="modify", harms=[])
    shown = decided(page(client, town, town.mine.parent))
    assert "Review conference, on" in shown and "goes on with changes" in shown and "worry" not in shown


def test_the_next_one_is_told_to_whoever_is_invited_and_to_nobody_else(
    client: TestClient, town: Town, dad: Person
) -> None:
    soon = clock.now().date() + timedelta(days=9)
    planned = {"status": "planned", "decision": "", "kind": "review"}
    add(town, people={town.mine.parent.id: False}, held_on=soon + timedelta(days=90), **planned)
    add(town, people={town.mine.parent.id: False}, held_on=soon, **planned)
    add(town, people={town.mine.parent.id: False}, held_on=soon - timedelta(days=20), **planned)
    shown = page(client, town, town.mine.parent)
    assert "You are invited to the next review conference on" in shown and f"{soon.day} {soon:%B}" in shown
    assert shown.count("You are invited") == 1 and decided(shown) == ""
    assert "You are invited" not in page(client, town, dad)


def test_where_no_plan_goes_on_the_last_one_they_were_invited_to_is_told_to_adults(
    client: TestClient, town: Town, dad: Person
) -> None:
    with transaction() as session:
        session.get_one(Plan, town.mine.plan.id).ended_on = date(2026, 1, 6)
        session.get_one(Person, town.mine.child.id).kind = "young_person"
    invited = {town.mine.parent.id: True, town.mine.child.id: True}
    add(town, people=invited)
    add(town, people=invited, plan_id=None, decision="no_plan", held_on=date(2026, 3, 3))
    shown = decided(page(client, town, town.mine.parent))
    assert "no plan is needed" in shown and "a plan is needed" not in shown.replace("no plan", "")
    assert decided(page(client, town, dad)) == "" and decided(page(client, town, town.mine.child)) == ""


def test_nobody_who_has_left_the_family_reads_of_it(town: Town, dad: Person) -> None:
    add(town, people={dad.id: True})
    with transaction() as session:
        assert own.of_person(session, dad.id, clock.now().date()).held
        session.get_one(Person, dad.id).left_at = clock.now()
        assert own.of_person(session, dad.id, clock.now().date()) == own.OwnConferences()


def test_it_is_printed_in_the_language_of_whose_page_it_is(client: TestClient, town: Town, dad: Person) -> None:
    add(town, people={dad.id: True})
    with transaction() as session:
        session.get_one(Person, dad.id).language = "es"
    client.cookies.clear()
    client.cookies.update(town.signed_in(town.worker))
    printed = client.get(f"/console/people/{dad.id}/plan").text
    assert "Primera conferencia, el" in printed and "Se decidió que hace falta un plan." in printed
    assert "Quién estuvo: " in decided(printed) and "policía" in decided(printed)
