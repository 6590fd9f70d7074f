"""A child is on one plan, and a conference that was recorded by mistake is withdrawn with the plan that it made."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.audit.models import AuditEntry
from api.conferences.models import Conference
from api.database import reading, transaction
from api.plans import own
from api.plans.models import Plan, PlanAction
from tests.conferences.test_conferences import held, record
from tests.small_town import Town


def running(town: Town) -> list[Plan]:
    with reading() as session:
        plans = select(Plan).filter_by(family_id=town.mine.family.id, ended_on=None)
        return list(session.scalars(plans.where(Plan.id != town.mine.plan.id)))


def withdraw(client: TestClient, town: Town, made: dict[str, Any], who: Any = None, **headers: str) -> Any:
    address = f"/api/v1/conferences/{made['id']}/withdraw"
    sent = {**town.program(who or town.worker), **headers}
    return client.post(address, json={"why": "it was the other family's"}, headers=sent)


def test_a_second_conference_makes_no_second_plan_for_a_child_who_is_on_one(client: TestClient, town: Town) -> None:
    first = record(client, town).json()
    again = record(client, town, held_on="2026-02-03")
    assert (again.status_code, again.json()["error"]["code"]) == (422, "child_has_plan")
    planned = record(client, town, status="planned", decision=None, dissents=[]).json()
    address, me = f"/api/v1/conferences/{planned['id']}", town.program(town.worker)
    changed = client.put(address, json=held(town), headers=me)
    assert (changed.status_code, changed.json()["error"]["code"]) == (422, "child_has_plan"), "nor by changing one"
    assert [plan.id for plan in running(town)] == [uuid.UUID(first["plan_id"])]
    named = client.put(address, json=held(town, plan_id=first["plan_id"]), headers=me)
    assert named.status_code == 200, "it may say which plan it was about"
    with transaction() as session:
        session.get_one(Plan, uuid.UUID(first["plan_id"])).ended_on = running(town)[0].started_on
    assert record(client, town, held_on="2026-02-04").status_code == 201, "the first one has ended"


def test_a_decision_is_not_turned_to_no_plan_while_its_plan_goes_on(client: TestClient, town: Town) -> None:
    made = record(client, town).json()
    address, me = f"/api/v1/conferences/{made['id']}", town.program(town.worker)
    turned = client.put(address, json=held(town, decision="no_plan"), headers=me)
    assert (turned.status_code, turned.json()["error"]["code"]) == (409, "plan_goes_on")
    assert "Withdraw the conference" in turned.json()["error"]["message"]
    assert client.get(address, headers=me).json()["decision"] == "plan"
    with transaction() as session:
        plan = session.get_one(Plan, uuid.UUID(made["plan_id"]))
        plan.ended_on = plan.started_on
    assert client.put(address, json=held(town, decision="no_plan"), headers=me).status_code == 200


def test_a_conference_of_the_wrong_family_is_withdrawn_with_its_plan_and_its_clocks(
    client: TestClient, town: Town
) -> None:
    made = record(client, town).json()
    me = town.program(town.worker)
    dates = f"/api/v1/families/{town.mine.family.id}/timescales"
    held_then = {"kind": "core_group", "day": "2026-02-05"}
    assert client.post(f"/api/v1/families/{town.mine.family.id}/events", json=held_then, headers=me).status_code == 201
    assert [one for one in client.get(dates, headers=me).json() if one["plan_id"] == made["plan_id"]]
    assert withdraw(client, town, made, **{"If-Match": '"7"'}).status_code == 412
    answer = withdraw(client, town, made, **{"If-Match": '"1"'})
    assert answer.status_code == 200, answer.text
    gone = answer.json()
    assert (gone["status"], gone["decision"], gone["version"]) == ("cancelled", None, 2) and gone["withdrawn_at"]
    assert running(town) == []
    assert not [one for one in client.get(dates, headers=me).json() if one["plan_id"] == made["plan_id"]], "no clocks"
    kept = client.get(f"/api/v1/conferences/{made['id']}/versions", headers=me).json()["items"][0]
    assert (kept["what"], kept["reason"], kept["changed_by"]) == (
        "withdrawn", "it was the other family's", "Lena Worker",
    )  # fmt: skip
    assert kept["before"]["record"]["decision"] == "plan"
    version = client.get(f"/api/v1/plans/{made['plan_id']}/versions", headers=me).json()[0]
    assert version["reason"] == "it was the other family's" and version["changes"][0]["fields"]["end_kind"]
    with reading() as session:
        verbs = session.scalars(select(AuditEntry.verb).filter_by(object_id=made["id"])).all()
        assert "withdrew_conference" in verbs
        stored = str(session.connection().exec_driver_sql("SELECT reason FROM plan_versions").all())
        assert "other family" not in stored, "sealed"
    twice = withdraw(client, town, made)
    assert (twice.status_code, twice.json()["error"]["code"]) == (409, "conference_was_withdrawn")
    changed = client.put(f"/api/v1/conferences/{made['id']}", json=held(town), headers=me)
    assert (changed.status_code, changed.json()["error"]["code"]) == (409, "conference_was_withdrawn")
    review = {"held_on": "2026-03-02", "next_step": "continue"}
    late = client.post(f"/api/v1/plans/{made['plan_id']}/reviews", json=review, headers=me)
    assert late.json()["error"]["code"] == "plan_has_ended"
    assert record(client, town).status_code == 201, "the right one can be recorded"


def test_the_family_hears_that_such_a_plan_was_a_mistake(client: TestClient, town: Town) -> None:
    with transaction() as session:
        mine = session.get_one(Plan, town.mine.plan.id)
        mine.ended_on = mine.started_on
    made = record(client, town).json()
    withdraw(client, town, made)
    with reading() as session:
        found = own.ended(session, town.mine.parent.id)
        assert found is not None and found.taken_back and found.support == ""
    cookies, _ = town.chatting(town.mine.parent)
    client.cookies.update(cookies)
    assert "was recorded by mistake" in client.get("/chat/plan").text


def test_a_plan_that_had_ended_is_taken_back_today_and_the_help_of_the_real_one_is_told(
    client: TestClient, town: Town
) -> None:
    me = town.program(town.worker)
    end = {"ended_on": "2026-01-20", "kind": "moved", "why": "x", "support": "The hub in Leeds."}
    assert client.post(f"/api/v1/plans/{town.mine.plan.id}/end", json=end, headers=me).status_code == 200
    made = record(client, town).json()
    wrong = {**end, "ended_on": "2026-02-20", "support": "Nobody's help."}
    assert client.post(f"/api/v1/plans/{made['plan_id']}/end", json=wrong, headers=me).status_code == 200
    with reading() as session:
        before = own.ended(session, town.mine.parent.id)
        assert before is not None and (before.support, before.before) == ("Nobody's help.", None)
    assert withdraw(client, town, made).status_code == 200
    plan = client.get(f"/api/v1/plans/{made['plan_id']}", headers=me).json()
    day = clock.now().astimezone(ZoneInfo("Europe/London")).date()
    today = day.isoformat()
    assert (plan["ended_on"], plan["end_kind"], plan["end_support"]) == (today, "withdrawn", "")
    changes = client.get(f"/api/v1/plans/{made['plan_id']}/versions", headers=me).json()[0]["changes"][0]["fields"]
    assert changes["ended_on"] == ["2026-02-20", today], "the version before keeps what was"
    with reading() as session:
        found = own.ended(session, town.mine.parent.id)
        assert found == own.Ended(day, "The hub in Leeds.", taken_back=True, before=date(2026, 1, 20))
    cookies, _ = town.chatting(town.mine.parent)
    client.cookies.update(cookies)
    page = client.get("/chat/plan").text
    assert "The plan before it ended on" in page and "The hub in Leeds." in page and "help." not in page


def test_only_the_familys_own_worker_or_a_manager_withdraws_a_conference(client: TestClient, town: Town) -> None:
    made = record(client, town).json()
    no = withdraw(client, town, made, town.duty)
    assert (no.status_code, no.json()["error"]["code"]) == (403, "lead_or_manager")
    assert withdraw(client, town, made, town.far_manager).status_code == 404
    assert len(running(town)) == 1
    assert withdraw(client, town, made, town.manager).status_code == 200


@pytest.mark.parametrize("what", ["line", "review", "event", "conference"])
def test_nothing_is_withdrawn_where_others_have_built_on_the_plan(client: TestClient, town: Town, what: str) -> None:
    made = record(client, town).json()
    me, plan = town.program(town.worker), made["plan_id"]
    family = f"/api/v1/families/{town.mine.family.id}"
    built = {
        "line": (f"/api/v1/plans/{plan}/actions", {"title": "Mend the boiler", "owner_name": "Mr Reid"}),
        "review": (f"/api/v1/plans/{plan}/reviews", {"held_on": "2026-03-02", "next_step": "continue"}),
        "event": (f"{family}/events", {"kind": "home_visit", "day": "2026-02-10", "plan_id": plan}),
        "conference": (f"{family}/conferences", {"kind": "review", "held_on": "2026-05-02", "plan_id": plan}),
    }[what]
    assert client.post(built[0], json=built[1], headers=me).status_code == 201
    no = withdraw(client, town, made)
    assert (no.status_code, no.json()["error"]["code"]) == (409, "plan_is_built_on")
    assert "End that plan on its own page" in no.json()["error"]["message"]
    assert len(running(town)) == 1
    with reading() as session:
        assert session.get_one(Conference, uuid.UUID(made["id"])).withdrawn_at is None


def test_a_plan_that_the_conference_only_named_goes_on(client: TestClient, town: Town) -> None:
    first = record(client, town).json()
    second = record(client, town, plan_id=first["plan_id"]).json()
    assert withdraw(client, town, second).status_code == 200
    assert [str(plan.id) for plan in running(town)] == [first["plan_id"]]
    assert withdraw(client, town, first).status_code == 200 and running(town) == []


def test_a_planned_conference_and_a_review_s_are_not_withdrawn(client: TestClient, town: Town) -> None:
    planned = withdraw(client, town, {"id": town.mine.meeting.id})
    assert (planned.status_code, planned.json()["error"]["code"]) == (409, "conference_not_held")
    body = {"held_on": "2026-04-02", "next_step": "continue"}
    body |= {"effects": [{"action_id": str(town.mine.action.id), "effect": "helped"}]}
    me = town.program(town.worker)
    review = client.post(f"/api/v1/plans/{town.mine.plan.id}/reviews", json=body, headers=me).json()
    of_review = withdraw(client, town, {"id": review["conference_id"]})
    assert (of_review.status_code, of_review.json()["error"]["code"]) == (409, "withdraw_the_review")


def test_the_console_withdraws_with_a_reason_and_shows_it(client: TestClient, town: Town) -> None:
    made = record(client, town).json()
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    address = f"/console/conferences/{made['id']}"
    assert "Withdraw this conference" in client.get(address).text
    refused = client.post(f"{address}/withdraw", data=town.form(cookies, why=" "))
    assert refused.status_code == 400 and "Say why" in refused.text and "Ruth Adeyemi" in refused.text
    line = {"title": "Mend the boiler", "owner_name": "Mr Reid"}
    built = client.post(f"/api/v1/plans/{made['plan_id']}/actions", json=line, headers=town.program(town.worker))
    no = client.post(f"{address}/withdraw", data=town.form(cookies, why="<other> children"))
    assert no.status_code == 400 and ">&lt;other&gt; children</textarea>" in no.text, "what was typed stays"
    with transaction() as session:
        session.delete(session.get_one(PlanAction, uuid.UUID(built.json()["id"])))
    assert client.post(f"{address}/withdraw", data=town.form(cookies, why="<wrong> family")).status_code == 303
    page = client.get(address).text
    assert "It counts no more" in page and "&lt;wrong&gt; family" in page
    said = page.partition('id="said"')[2].partition("</section>")[0]
    for words in (
        "Ruth Adeyemi",
        "risks weighed",
        "Ashchild, ",
        "Neglect",
        "Sgt Lowe (police)",
        "I do not think he is",
    ):
        assert words in said, "what it said stays to be read"
    assert "Withdraw this conference" not in page and 'name="decision_reason"' not in page
    assert "Withdrawn" in client.get(f"/console/families/{town.mine.family.id}").text
    client.cookies.update(town.signed_in(town.duty))
    assert (
        "Withdraw this conference" not in client.get(f"/console/conferences/{record(client, town).json()['id']}").text
    )
