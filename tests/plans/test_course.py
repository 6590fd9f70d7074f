"""When a plan began and ended is put right with a reason, and a dropped outcome comes back."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.families.models import Person
from api.plans import own
from api.plans.models import Outcome, Plan, PlanVersion
from tests.conferences.test_conferences import record
from tests.small_town import Town

END = {
    "ended_on": "2026-05-04", "kind": "moved", "why": "Leeds has the case now",
    "support": "The family hub in Leeds.",
}  # fmt: skip


@pytest.fixture
def plan(town: Town) -> Plan:
    """The family's plan with a child, visits, and the day on which it is looked at again."""
    with transaction() as session:
        made = session.get_one(Plan, town.mine.plan.id)
        made.children = [session.get_one(Person, town.mine.child.id)]
        made.review_on, made.visit_every_days = date(2026, 4, 2), 10
    return made


def send(client: TestClient, town: Town, what: str, body: Any, who: Any = None, **headers: str) -> Any:
    address, sent = f"/api/v1/plans/{town.mine.plan.id}/{what}", {**town.program(who or town.worker), **headers}
    return client.put(address, json=body, headers=sent) if what == "start" else client.post(
        address, json=body, headers=sent
    )  # fmt: skip


def now(town: Town) -> Plan:
    with reading() as session:
        return session.get_one(Plan, town.mine.plan.id)


def dates(client: TestClient, town: Town) -> set[tuple[str, str]]:
    found = client.get(f"/api/v1/families/{town.mine.family.id}/timescales", headers=town.program(town.worker)).json()
    return {(one["rule"], one["started_on"]) for one in found if one["plan_id"] == str(town.mine.plan.id)}


def test_a_plan_s_beginning_is_put_right_with_a_reason_and_its_dates_follow(
    client: TestClient, town: Town, plan: Plan
) -> None:
    send(client, town, "start", {"started_on": "2026-01-06", "why": "the letter is of the 6th"})
    assert ("visits", "2026-01-06") in dates(client, town)
    right = {"started_on": "2026-01-12", "why": "the conference was on the 12th"}
    assert send(client, town, "start", right, **{"If-Match": '"9"'}).status_code == 412
    done = send(client, town, "start", right)
    assert done.status_code == 200 and done.json()["started_on"] == "2026-01-12", done.text
    assert ("visits", "2026-01-12") in dates(client, town) and ("visits", "2026-01-06") not in dates(client, town)
    versions = client.get(f"/api/v1/plans/{plan.id}/versions", headers=town.program(town.worker)).json()
    assert versions[0]["reason"] == "the conference was on the 12th" and versions[0]["made_by"] == "Lena Worker"
    assert versions[0]["changes"][0]["fields"]["started_on"] == ["2026-01-06", "2026-01-12"]
    with reading() as session:
        verbs = session.scalars(select(AuditEntry.verb).filter_by(object_id=str(plan.id))).all()
    assert verbs.count("corrected_plan_start") == 2


@pytest.mark.parametrize(
    ("started_on", "why", "code"),
    [
        ("2999-01-01", "x", "event_in_the_future"),
        ("2026-02-02", "x", "review_before_conference"),
        ("2026-01-09", " ", "invalid"),
        ("soon", "x", "invalid"),
    ],
)
def test_a_beginning_that_cannot_be_is_refused(
    client: TestClient, town: Town, plan: Plan, started_on: str, why: str, code: str
) -> None:
    review = {"held_on": "2026-02-02", "next_step": "continue"}
    review |= {"effects": [{"action_id": str(town.mine.action.id), "effect": "helped"}]}
    me = town.program(town.worker)
    assert client.post(f"/api/v1/plans/{plan.id}/reviews", json=review, headers=me).status_code == 201
    no = send(client, town, "start", {"started_on": started_on, "why": why})
    assert (no.status_code, no.json()["error"]["code"]) == (422, code)
    assert now(town).started_on == date(2026, 1, 5)


def test_a_beginning_is_not_before_the_conference_that_made_the_plan(
    client: TestClient, town: Town, plan: Plan
) -> None:
    conference = {
        "kind": "initial", "status": "held", "held_on": "2026-01-03", "decision": "plan", "plan_id": str(plan.id),
        "children": [{"person_id": str(town.mine.child.id), "harms": ["neglect"]}],
    }  # fmt: skip
    address, me = f"/api/v1/families/{town.mine.family.id}/conferences", town.program(town.worker)
    assert client.post(address, json=conference, headers=me).status_code == 201
    no = send(client, town, "start", {"started_on": "2026-01-02", "why": "x"})
    assert (no.status_code, no.json()["error"]["code"]) == (422, "plan_before_conference")
    late = send(client, town, "start", {"started_on": "2026-04-03", "why": "x"})
    assert (late.status_code, late.json()["error"]["code"]) == (422, "date_before_plan"), "its review was before"


@pytest.mark.parametrize(("started_on", "by"), [("2026-01-02", "2026-04-02"), ("2026-05-01", "2026-08-01")])
def test_a_first_review_that_the_rules_gave_follows_the_beginning(
    client: TestClient, town: Town, plan: Plan, started_on: str, by: str
) -> None:
    with transaction() as session:
        session.get_one(Plan, plan.id).review_on = date(2026, 4, 5)  # three months after the wrong beginning
    done = send(client, town, "start", {"started_on": started_on, "why": "x"})
    assert done.status_code == 200 and done.json()["review_on"] == by, done.text
    again = send(client, town, "start", {"started_on": "2026-01-05", "why": "x"})
    assert again.json()["review_on"] == "2026-04-05", "and back"


def test_a_later_beginning_gives_no_later_review_than_the_conference_that_made_the_plan(
    client: TestClient, town: Town
) -> None:
    made, me = record(client, town).json(), town.program(town.worker)
    right = {"started_on": "2026-02-10", "why": "x"}
    done = client.put(f"/api/v1/plans/{made['plan_id']}/start", json=right, headers=me)
    assert (done.status_code, done.json()["review_on"]) == (200, "2026-05-02"), done.text


def test_a_review_day_that_was_agreed_stays_where_the_beginning_moves(
    client: TestClient, town: Town, plan: Plan
) -> None:
    agreed = send(client, town, "start", {"started_on": "2026-01-06", "why": "x"})
    assert agreed.json()["review_on"] == "2026-04-02"
    review = {"held_on": "2026-02-02", "next_step": "continue", "next_review_on": "2026-04-06"}
    review |= {"effects": [{"action_id": str(town.mine.action.id), "effect": "helped"}]}
    me = town.program(town.worker)
    assert client.post(f"/api/v1/plans/{plan.id}/reviews", json=review, headers=me).status_code == 201
    at_review = send(client, town, "start", {"started_on": "2026-01-12", "why": "x"})
    assert at_review.json()["review_on"] == "2026-04-06", "the review said so, not the beginning"
    client.cookies.update(town.signed_in(town.worker))
    assert "A day that was agreed stays" in client.get(f"/console/plans/{plan.id}/course").text


def test_a_plan_is_ended_without_a_review_and_the_family_reads_what_help_remains(
    client: TestClient, town: Town, plan: Plan
) -> None:
    send(client, town, "start", {"started_on": "2026-01-06", "why": "x"})
    done = send(client, town, "end", END)
    assert done.status_code == 200, done.text
    one = done.json()
    assert (one["ended_on"], one["end_kind"], one["end_support"], one["review_on"]) == (
        "2026-05-04", "moved", "The family hub in Leeds.", None,
    )  # fmt: skip
    waiting = client.get(f"/api/v1/families/{town.mine.family.id}/timescales", headers=town.program(town.worker)).json()
    assert not [one for one in waiting if one["plan_id"] == str(plan.id) and not one["done_on"]], "its dates stop"
    with reading() as session:
        told = own.ended(session, town.mine.parent.id)
        assert told is not None and (told.on, told.support) == (date(2026, 5, 4), "The family hub in Leeds.")
        row = session.scalars(
            select(PlanVersion).filter_by(plan_id=plan.id).order_by(PlanVersion.number.desc()).limit(1)
        ).one()
        assert row.reason == "Leeds has the case now" and row.made_by == town.worker.id
        stored = str(session.connection().exec_driver_sql("SELECT end_support FROM plans").all())
        assert "Leeds" not in stored, "sealed"
    cookies, _ = town.chatting(town.mine.parent)
    client.cookies.update(cookies)
    page = client.get("/chat/plan").text
    assert "The family hub in Leeds." in page and "Leeds has the case now" not in page
    again = send(client, town, "end", END)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "plan_is_over")


def test_an_end_that_was_recorded_by_mistake_is_taken_back(client: TestClient, town: Town, plan: Plan) -> None:
    running = send(client, town, "go-on", {"why": "x"})
    assert (running.status_code, running.json()["error"]["code"]) == (409, "plan_has_not_ended")
    send(client, town, "end", END)
    back = send(client, town, "go-on", {"why": "the other family moved"})
    assert back.status_code == 200, back.text
    one = back.json()
    assert (one["ended_on"], one["end_kind"], one["end_support"], one["review_on"]) == (None, "", "", "2026-04-02")
    assert {"visits"} <= {rule for rule, _ in dates(client, town)}
    told = client.get(f"/api/v1/plans/{plan.id}/versions", headers=town.program(town.worker)).json()
    assert [one["reason"] for one in told][:2] == ["the other family moved", "Leeds has the case now"]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"ended_on": "2999-01-01"}, 422, "event_in_the_future"),
        ({"ended_on": "2026-01-04"}, 422, "date_before_plan"),
        ({"support": " "}, 422, "support_needed"),
        ({"why": ""}, 422, "invalid"),
        ({"kind": "withdrawn"}, 422, "invalid"),
    ],
)
def test_an_end_that_cannot_be_is_refused(
    client: TestClient, town: Town, plan: Plan, changes: dict[str, str], status: int, code: str
) -> None:
    no = send(client, town, "end", {**END, **changes})
    assert (no.status_code, no.json()["error"]["code"]) == (status, code)
    assert now(town).ended_on is None


def test_a_plan_does_not_end_before_its_review_and_a_review_s_end_is_the_review_s(
    client: TestClient, town: Town, plan: Plan
) -> None:
    review = {"held_on": "2026-04-02", "next_step": "discontinue", "support": "a hub"}
    review |= {"effects": [{"action_id": str(town.mine.action.id), "effect": "helped"}]}
    address, me = f"/api/v1/plans/{plan.id}/reviews", town.program(town.worker)
    made = client.post(address, json={**review, "next_step": "continue"}, headers=me).json()
    no = send(client, town, "end", {**END, "ended_on": "2026-04-01"})
    assert (no.status_code, no.json()["error"]["code"]) == (422, "end_before_review")
    client.post(f"/api/v1/reviews/{made['id']}/withdraw", json={"why": "x"}, headers=me)
    assert client.post(address, json=review, headers=me).status_code == 201
    no = send(client, town, "go-on", {"why": "x"})
    assert (no.status_code, no.json()["error"]["code"]) == (409, "review_ended_plan")


def test_a_plan_is_not_taken_up_again_for_a_child_who_is_on_another_by_now(
    client: TestClient, town: Town, plan: Plan
) -> None:
    send(client, town, "end", END)
    with transaction() as session:
        newer = Plan(family_id=town.mine.family.id, external_id="newer", started_on=date(2026, 6, 1))
        newer.children = [session.get_one(Person, town.mine.child.id)]
        session.add(newer)
    no = send(client, town, "go-on", {"why": "x"})
    assert (no.status_code, no.json()["error"]["code"]) == (422, "child_has_plan")


@pytest.mark.parametrize("what", ["start", "end", "go-on"])
def test_only_the_familys_own_worker_or_a_manager_says_when_a_plan_began_and_ended(
    client: TestClient, town: Town, plan: Plan, what: str
) -> None:
    body = {"start": {"started_on": "2026-01-06", "why": "x"}, "end": END, "go-on": {"why": "x"}}[what]
    no = send(client, town, what, body, town.duty)
    assert (no.status_code, no.json()["error"]["code"]) == (403, "lead_or_manager")
    assert send(client, town, what, body, town.far_manager).status_code == 404
    assert send(client, town, what, body, town.manager).status_code == (409 if what == "go-on" else 200)


def test_the_console_ends_takes_up_and_puts_right(client: TestClient, town: Town, plan: Plan) -> None:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    address = f"/console/plans/{plan.id}"

    def post(what: str, **fields: str) -> Any:
        return client.post(f"{address}/{what}", data=town.form(cookies, version=str(now(town).version), **fields))

    assert f'href="{address}/course"' in client.get(f"/console/families/{town.mine.family.id}").text
    refused = post("end", **{**END, "support": ""})
    assert refused.status_code == 400 and "Leeds has the case now" in refused.text, "nothing typed is lost"
    assert refused.text.count("Leeds has the case now") == 1, "and no other form is filled with it"
    early = post("start", started_on="2999-01-01", why="of the 1st").text
    start = early.index('id="why_start"')
    assert early.count("of the 1st</textarea>") == 1 and early.index("of the 1st</textarea>") > start
    assert post("end", **END).status_code == 303
    page = client.get(f"{address}/course").text
    assert "moved to another area" in page and "The family hub in Leeds." in page and "It goes on after all" in page
    stale = client.post(f"{address}/go-on", data=town.form(cookies, version="99", why="x"))
    assert stale.status_code == 400 and "Somebody has changed this" in stale.text
    assert post("go-on", why="it was <another> family").status_code == 303
    assert post("start", started_on="2026-01-07", why="of the 7th").status_code == 303
    assert now(town).started_on == date(2026, 1, 7) and now(town).ended_on is None
    versions = client.get(address).text
    assert "it was &lt;another&gt; family" in versions and "moved to another area" in versions
    client.cookies.update(town.signed_in(town.duty))
    page = client.get(f"{address}/course").text
    assert "Only the family" in page and "End this plan" not in page


@pytest.fixture
def dropped(client: TestClient, town: Town, plan: Plan) -> Outcome:
    with transaction() as session:
        made = Outcome(id=uuid.uuid4(), plan_id=plan.id, external_id="o", position=1, title="Ash <sleeps> warm")
        session.add(made)
    me = town.program(town.worker)
    assert client.patch(f"/api/v1/plans/{plan.id}", json={"outcomes": []}, headers=me).status_code == 200
    return made


def test_an_outcome_that_was_taken_out_comes_back_with_a_version(
    client: TestClient, town: Town, plan: Plan, dropped: Outcome
) -> None:
    what = f"outcomes/{dropped.id}/restore"
    assert send(client, town, what, None, **{"If-Match": '"99"'}).status_code == 412
    back = send(client, town, what, None)
    assert back.status_code == 200 and [one["state"] for one in back.json()["outcomes"]] == ["open"]
    told = client.get(f"/api/v1/plans/{plan.id}/versions", headers=town.program(town.worker)).json()[0]
    assert told["changes"][0]["fields"]["state"] == ["dropped", "open"] and told["made_by"] == "Lena Worker"
    again = send(client, town, what, None)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "outcome_not_dropped")
    assert send(client, town, f"outcomes/{uuid.uuid4()}/restore", None).status_code == 404
    client.patch(f"/api/v1/plans/{plan.id}", json={"outcomes": []}, headers=town.program(town.worker))
    send(client, town, "end", END)
    over = send(client, town, what, None)
    assert (over.status_code, over.json()["error"]["code"]) == (409, "plan_is_over")


def test_the_plan_s_form_has_what_was_taken_out_and_takes_it_back(
    client: TestClient, town: Town, plan: Plan, dropped: Outcome
) -> None:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    address = f"/console/plans/{plan.id}/outcomes/{dropped.id}/restore"
    page = client.get(f"/console/plans/{plan.id}").text
    assert "Outcomes that were taken out" in page and "Ash &lt;sleeps&gt; warm" in page
    assert client.post(address, data=town.form(cookies)).status_code == 303
    assert "Outcomes that were taken out" not in client.get(f"/console/plans/{plan.id}").text
    refused = client.post(address, data=town.form(cookies))
    assert refused.status_code == 400 and "is on the plan already" in refused.text
