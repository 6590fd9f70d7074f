"""Whom a plan is for: a child who is born joins it, and a plan made without a conference, where there is none."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.families.models import Person
from api.plans.models import Plan
from tests.plans.test_editing import change
from tests.small_town import Town


@pytest.fixture
def baby(town: Town) -> Person:
    """A sibling who was just born."""
    with transaction() as session:
        made = Person(
            id=uuid.uuid4(), family_id=town.mine.family.id, external_id="baby", kind="child", first_name="Ashbaby"
        )
        session.add(made)
        session.get_one(Plan, town.mine.plan.id).children = [session.get_one(Person, town.mine.child.id)]
        return made


def test_a_newborn_sibling_joins_the_plan_and_the_versions_say_so(client: TestClient, town: Town, baby: Person) -> None:
    both = [str(town.mine.child.id), str(baby.id)]
    made = change(client, town, {"children": both})
    assert made.status_code == 200 and sorted(made.json()["children"]) == sorted(both)
    address = f"/api/v1/plans/{town.mine.plan.id}/versions"
    (told,) = client.get(address, headers=town.program(town.worker)).json()[0]["changes"]
    assert told["part"] == "plan" and told["fields"]["children"] == [["Ashchild"], ["Ashbaby", "Ashchild"]]
    assert change(client, town, {"contingency": "x"}).json()["children"] == made.json()["children"]


@pytest.mark.parametrize("who", ["stranger", "adult", "left", "nobody"])
def test_a_plan_is_for_children_of_this_family_only(client: TestClient, town: Town, baby: Person, who: str) -> None:
    if who == "left":
        with transaction() as session:
            session.get_one(Person, baby.id).left_at = clock.now()
    wanted = {"stranger": [town.other.child.id], "adult": [town.mine.parent.id], "left": [baby.id], "nobody": []}[who]
    answer = change(client, town, {"children": [str(one) for one in wanted]})
    code = "invalid" if who == "nobody" else "child_is_a_stranger"
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)


def test_the_plan_s_form_has_its_children_and_needs_one(client: TestClient, town: Town, baby: Person) -> None:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    address = f"/console/plans/{town.mine.plan.id}"
    child = f"child-{town.mine.child.id}"
    page = client.get(address).text
    assert f'name="{child}" checked' in page and f'name="child-{baby.id}">' in page
    fields = {"version": "0", "children_shown": "1", "contingency": "Ash contingency"}
    refused = client.post(address, data=town.form(cookies, **fields))
    assert refused.status_code == 400 and "Children: something is missing" in refused.text
    done = client.post(address, data=town.form(cookies, **fields, **{child: "on", f"child-{baby.id}": "on"}))
    assert done.status_code == 303
    assert "Ashchild → Ashbaby, Ashchild" in " ".join(client.get(address).text.split())
    with reading() as session:
        plan = session.get_one(Plan, town.mine.plan.id)
        assert {one.first_name for one in plan.children} == {"Ashchild", "Ashbaby"} and plan.risks


def test_where_a_conference_makes_plans_nobody_else_does_and_it_is_said(client: TestClient, town: Town) -> None:
    address = f"/families/{town.mine.family.id}/plans"
    body = {"started_on": "2026-01-02", "children": [str(town.mine.child.id)]}
    answer = client.post(f"/api/v1{address}", json=body, headers=town.program(town.worker))
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "plan_by_conference")
    assert "conference" in answer.json()["error"]["message"]
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    assert f"/console{address}" not in client.get(f"/console/families/{town.mine.family.id}").text
    for told in (client.get(f"/console{address}"), client.post(f"/console{address}", data=town.form(cookies))):
        assert told.status_code == 409 and "a conference decides on a plan" in told.text


def test_in_ohio_a_plan_is_made_by_hand_once_for_a_child(client: TestClient, town: Town, baby: Person) -> None:
    town.in_ohio()
    headers = town.program(town.worker)

    def make(**more: Any) -> Any:
        body = {"started_on": "2026-01-02", "children": [str(town.mine.child.id)], "external_id": "cp-1", **more}
        return client.post(f"/api/v1/families/{town.mine.family.id}/plans", json=body, headers=headers)

    assert make(started_on="2100-01-01").json()["error"]["code"] == "event_in_the_future"
    assert make(review_on="2026-01-01").json()["error"]["code"] == "date_before_plan"
    made = make(review_on="2026-04-02", visit_every_days=30)
    assert made.status_code == 201 and made.headers["etag"] == '"1"', made.text
    assert made.json() | {"children": [str(town.mine.child.id)], "version": 1, "external_id": "cp-1"} == made.json()
    assert (make().status_code, make(external_id="cp-2").json()["error"]["code"]) == (409, "child_has_plan")
    with reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "made_plan")).one()
        assert (entry.actor_id, entry.object_id) == (town.worker.id, made.json()["id"])
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    address = f"/console/families/{town.mine.family.id}/plans"
    assert address in client.get(f"/console/families/{town.mine.family.id}").text
    assert "Ashbaby" in client.get(address).text
    refused = client.post(address, data=town.form(cookies, started_on="2026-02-01"))
    assert refused.status_code == 400 and "Children: something is missing" in refused.text
    taken = client.post(
        address, data=town.form(cookies, started_on="2026-02-01", **{f"child-{town.mine.child.id}": "on"})
    )
    assert taken.status_code == 400 and "on a plan already" in taken.text and 'value="2026-02-01"' in taken.text
    done = client.post(address, data=town.form(cookies, started_on="2026-02-01", **{f"child-{baby.id}": "on"}))
    assert done.status_code == 303 and done.headers["location"].startswith("/console/plans/")
    assert client.get(done.headers["location"]).status_code == 200
