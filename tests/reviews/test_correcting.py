"""A review that was recorded wrongly: corrected or withdrawn by who may, with what it said, and its plan goes on."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.audit.models import AuditEntry
from api.conferences.models import Conference
from api.database import reading, transaction
from api.earlier.models import EarlierVersion
from api.plans.models import Outcome, Plan
from tests.small_town import Town


@pytest.fixture
def outcome(town: Town) -> Outcome:
    with transaction() as session:
        made = Outcome(
            id=uuid.uuid4(), plan_id=town.mine.plan.id, external_id="o1", position=1, title="Ash sleeps in a warm bed"
        )
        session.add(made)
        session.get_one(Plan, town.mine.plan.id).review_on = date(2026, 4, 2)
    return made


def said(town: Town, outcome: Outcome, **changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "held_on": "2026-04-02",
        "next_step": "discontinue",
        "reason": "all is well",
        "support": "family support worker",
        "progress": [{"outcome_id": str(outcome.id), "progress": "achieved", "words": "warm"}],
        "effects": [{"action_id": str(town.mine.action.id), "effect": "helped"}],
    }
    return {**body, **changes}


@pytest.fixture
def ended(client: TestClient, town: Town, outcome: Outcome) -> dict[str, Any]:
    """The review that ended the plan by mistake."""
    address = f"/api/v1/plans/{town.mine.plan.id}/reviews"
    made = client.post(address, json=said(town, outcome), headers=town.program(town.worker))
    assert made.status_code == 201, made.text
    return dict(made.json())


def plan_of(town: Town) -> tuple[Plan, str]:
    with reading() as session:
        plan = session.get_one(Plan, town.mine.plan.id)
        return plan, session.scalars(select(Outcome.state).filter_by(plan_id=plan.id)).one()


def test_a_plan_that_was_ended_by_mistake_goes_on_and_what_was_said_stays_to_be_read(
    client: TestClient, town: Town, outcome: Outcome, ended: dict[str, Any]
) -> None:
    plan, state = plan_of(town)
    assert plan.ended_on == date(2026, 4, 2) and state == "achieved"
    right = said(
        town, outcome, next_step="continue", support="", next_review_on="2026-09-30",
        why="the other family's plan ends", progress=[{"outcome_id": str(outcome.id), "progress": "some"}],
    )  # fmt: skip
    address, me = f"/api/v1/reviews/{ended['id']}", town.program(town.worker)
    stale = client.put(address, json=right, headers={**me, "If-Match": '"7"'})
    assert stale.status_code == 412
    done = client.put(address, json=right, headers={**me, "If-Match": '"1"'})
    assert done.status_code == 200, done.text
    assert (done.json()["next_step"], done.json()["version"]) == ("continue", 2)
    plan, state = plan_of(town)
    assert (plan.ended_on, plan.review_on, state) == (None, date(2026, 9, 30), "open")
    edited = client.patch(f"/api/v1/plans/{plan.id}", json={"contingency": "her aunt"}, headers=me)
    assert edited.status_code == 200, "the plan can be edited again"
    meeting = client.get(f"/api/v1/conferences/{ended['conference_id']}", headers=me).json()
    assert (meeting["status"], meeting["decision"]) == ("held", "continue")
    dates = client.get(f"/api/v1/families/{town.mine.family.id}/timescales", headers=me).json()
    assert any(one["rule"] == "next_review" and one["done_on"] is None for one in dates), "its clocks run again"
    kept = client.get(f"{address}/versions", headers=me).json()
    assert kept["total"] == 1 and kept["items"][0]["changed_by"] == "Lena Worker"
    assert kept["items"][0]["reason"] == "the other family's plan ends"
    assert kept["items"][0]["before"]["record"]["next_step"] == "discontinue"
    client.cookies.update(town.signed_in(town.worker))
    page = client.get(f"/console/reviews/{ended['id']}").text
    assert "the other family&#39;s plan ends" in page and "the plan ends → the plan goes on" in page
    assert "achieved → some progress" in page


def test_a_review_that_never_was_is_withdrawn_counts_no_more_and_makes_room(
    client: TestClient, town: Town, outcome: Outcome, ended: dict[str, Any]
) -> None:
    address, me = f"/api/v1/reviews/{ended['id']}", town.program(town.manager)
    done = client.post(f"{address}/withdraw", json={"why": "wrong plan"}, headers=me)
    assert done.status_code == 200 and done.json()["withdrawn_at"]
    plan, state = plan_of(town)
    assert (plan.ended_on, plan.review_on, state) == (None, date(2026, 4, 2), "open")
    again = client.post(f"{address}/withdraw", json={"why": "wrong plan"}, headers=me)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "review_was_withdrawn")
    listed = f"/api/v1/plans/{plan.id}/reviews"
    assert client.get(listed, headers=me).json() == []
    assert [one["id"] for one in client.get(f"{listed}?withdrawn=true", headers=me).json()] == [ended["id"]]
    meeting = client.get(f"/api/v1/conferences/{ended['conference_id']}", headers=me).json()
    assert (meeting["status"], meeting["decision"]) == ("cancelled", None) and meeting["withdrawn_at"], "it never was"
    (kept,) = client.get(f"/api/v1/conferences/{ended['conference_id']}/versions", headers=me).json()["items"]
    assert (kept["what"], kept["reason"]) == ("withdrawn", "wrong plan")
    with reading() as session:
        (entry,) = session.scalars(select(AuditEntry).filter_by(verb="withdrew_conference"))
        assert (entry.object_id, entry.actor_id) == (ended["conference_id"], town.manager.id)
    dates = client.get(f"/api/v1/families/{town.mine.family.id}/timescales", headers=me).json()
    assert any(one["rule"] == "first_review" and one["done_on"] is None for one in dates)
    anew = client.post(listed, json=said(town, outcome, next_step="continue"), headers=me)
    assert anew.status_code == 201, "the right one of the same day"
    client.cookies.update(town.signed_in(town.manager))
    assert "Withdrawn" in client.get(f"/console/families/{town.mine.family.id}").text
    assert "wrong plan" in client.get(f"/console/reviews/{ended['id']}").text
    page = client.get(f"/console/conferences/{ended['conference_id']}").text
    assert "It counts no more" in page and "wrong plan" in page and 'name="held_on"' not in page


def test_a_conference_that_was_recorded_before_its_review_stays_when_that_is_withdrawn(
    client: TestClient, town: Town, outcome: Outcome, ended: dict[str, Any]
) -> None:
    me = town.program(town.worker)
    with transaction() as session:
        session.get_one(Conference, ended["conference_id"]).external_id = "recorded-by-itself"
    client.post(f"/api/v1/reviews/{ended['id']}/withdraw", json={"why": "twice"}, headers=me)
    meeting = client.get(f"/api/v1/conferences/{ended['conference_id']}", headers=me).json()
    assert (meeting["status"], meeting["withdrawn_at"]) == ("held", None)


def test_a_planned_conference_is_planned_again_when_its_review_is_withdrawn(
    client: TestClient, town: Town, outcome: Outcome
) -> None:
    body = said(town, outcome, held_on="2026-03-02", conference_id=str(town.mine.meeting.id))
    me = town.program(town.worker)
    made = client.post(f"/api/v1/plans/{town.mine.plan.id}/reviews", json=body, headers=me).json()
    client.post(f"/api/v1/reviews/{made['id']}/withdraw", json={"why": "it was put off"}, headers=me)
    meeting = client.get(f"/api/v1/conferences/{town.mine.meeting.id}", headers=me).json()
    assert (meeting["status"], meeting["decision"]) == ("planned", None)
    kept = client.get(f"/api/v1/conferences/{town.mine.meeting.id}/versions", headers=me).json()["items"]
    assert [one["what"] for one in kept] == ["withdrawn", "changed"]


def test_only_the_familys_own_worker_or_a_manager_puts_a_review_right(
    client: TestClient, town: Town, outcome: Outcome, ended: dict[str, Any]
) -> None:
    address = f"/api/v1/reviews/{ended['id']}"
    right = said(town, outcome, next_step="continue", why="a mistake")
    no = client.put(address, json=right, headers=town.program(town.duty))
    assert (no.status_code, no.json()["error"]["code"]) == (403, "lead_or_manager")
    no = client.post(f"{address}/withdraw", json={"why": "a mistake"}, headers=town.program(town.duty))
    assert no.status_code == 403
    assert plan_of(town)[0].ended_on is not None
    cookies = town.signed_in(town.duty)
    client.cookies.update(cookies)
    page = client.get(f"/console/reviews/{ended['id']}").text
    assert "all is well" in page and "Put this review right" not in page


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"why": " "}, "invalid"),
        ({"held_on": "2025-12-01"}, "review_before_conference"),
        ({"progress": []}, "progress_on_every_outcome"),
        ({"conference_id": "00000000-0000-0000-0000-000000000001"}, "conference_stays"),
    ],
    ids=["no reason", "before the conference", "no progress", "another conference"],
)
def test_a_correction_that_cannot_be_is_refused_and_changes_nothing(
    client: TestClient, town: Town, outcome: Outcome, ended: dict[str, Any], changes: dict[str, Any], code: str
) -> None:
    right = said(town, outcome, next_step="continue", why="a mistake") | changes
    answer = client.put(f"/api/v1/reviews/{ended['id']}", json=right, headers=town.program(town.worker))
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
    plan, state = plan_of(town)
    assert plan.ended_on == date(2026, 4, 2) and state == "achieved"
    with reading() as session:
        assert session.scalars(select(EarlierVersion).filter_by(object_id=uuid.UUID(ended["id"]))).all() == []


def test_the_console_corrects_and_withdraws_and_says_what_is_missing(
    client: TestClient, town: Town, outcome: Outcome, ended: dict[str, Any]
) -> None:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    address = f"/console/reviews/{ended['id']}"
    fields = {
        "held_on": "2026-04-02", "next_step": "modify", "reason": "more help", "next_review_on": "2026-09-30",
        f"progress-{outcome.id}": "some", f"effect-{town.mine.action.id}": "helped_a_little", "version": "1",
    }  # fmt: skip
    refused = client.post(address, data=town.form(cookies, **fields))
    assert refused.status_code == 400 and "more help" in refused.text
    unsaid = {**fields, f"effect-{town.mine.action.id}": "", "why": "wrong button"}
    refused = client.post(address, data=town.form(cookies, **unsaid))
    assert refused.status_code == 400 and "Say of every action" in refused.text
    assert client.post(address, data=town.form(cookies, **fields, why="wrong button")).is_redirect
    assert plan_of(town)[0].ended_on is None
    old = client.post(address, data=town.form(cookies, **fields, why="wrong button"))
    assert old.status_code == 400 and "Somebody has changed this since" in old.text
    assert client.post(f"{address}/withdraw", data=town.form(cookies, why="never held")).is_redirect
    page = client.get(address).text
    assert "It counts no more" in page and "never held" in page and "wrong button" in page
    assert "Put this review right" not in page


def test_what_a_review_said_is_sealed(client: TestClient, town: Town, outcome: Outcome, ended: dict[str, Any]) -> None:
    client.post(
        f"/api/v1/reviews/{ended['id']}/withdraw", json={"why": "wrong plan"}, headers=town.program(town.worker)
    )
    with reading() as session:
        row = session.scalars(select(EarlierVersion).filter_by(object_id=uuid.UUID(ended["id"]))).one()
        assert row.content["record"]["reason"] == "all is well" and row.reason == "wrong plan"
        stored = str(session.connection().exec_driver_sql("SELECT content, reason FROM earlier_versions").all())
    assert "all is well" not in stored and "wrong plan" not in stored
