"""Conferences under /api/v1 and in the console: what is recorded comes back whole, and what cannot be is refused."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.conferences.models import Conference
from api.database import reading
from api.plans.models import Plan, PlanVersion
from tests.small_town import Town


def held(town: Town, **changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "kind": "initial",
        "status": "held",
        "held_on": "2026-02-02",
        "chair": "Ruth Adeyemi",
        "assessment": "reports read",
        "discussion": "risks weighed",
        "decision": "plan",
        "decision_reason": "likely significant harm",
        "planning": "first core group next week",
        "children": [{"person_id": str(town.mine.child.id), "harms": ["neglect", "emotional"]}],
        "attendees": [
            {"person_id": str(town.mine.parent.id), "agency": "family", "attended": True},
            {"name": "Sgt Lowe", "role": "police", "agency": "police", "sent_report": True},
        ],
        "dissents": [{"name": "Ashparent", "words": "I do not think he is at risk"}],
    }
    return {**body, **changes}


def record(client: TestClient, town: Town, **changes: Any) -> Any:
    address = f"/api/v1/families/{town.mine.family.id}/conferences"
    return client.post(address, json=held(town, **changes), headers=town.program(town.worker))


def test_a_plans_review_is_not_due_by_the_clock_of_an_earlier_conference_without_a_plan(
    client: TestClient, town: Town
) -> None:
    children = [{"person_id": str(town.mine.child.id), "harms": []}]
    early = record(client, town, held_on="2024-01-08", decision="no_plan", planning="", children=children)
    assert early.status_code == 201, early.text
    with reading() as session:
        plan = session.get_one(Plan, record(client, town).json()["plan_id"])
        assert (str(plan.started_on), str(plan.review_on)) == ("2026-02-02", "2026-05-02")
    dates = client.get(f"/api/v1/families/{town.mine.family.id}/timescales", headers=town.program(town.worker)).json()
    assert {one["started_on"] for one in dates if one["plan_id"] == str(plan.id)} == {"2026-02-02"}
    assert not [one for one in dates if one["started_on"] == "2024-01-08"], "what the earlier one began is over"


def test_a_conference_that_decides_on_a_plan_makes_it_with_its_children_and_starts_the_clocks(
    client: TestClient, town: Town
) -> None:
    made = record(client, town).json()
    assert made["decision"] == "plan" and made["children"][0]["harms"] == ["emotional", "neglect"]
    assert [(a["name"], a["attended"], a["sent_report"]) for a in made["attendees"]] == [
        ("Ashparent", True, False), ("Sgt Lowe", False, True),
    ]  # fmt: skip
    assert made["dissents"][0]["words"] == "I do not think he is at risk"
    with reading() as session:
        plan = session.get_one(Plan, made["plan_id"])
        assert (str(plan.started_on), str(plan.review_on)) == ("2026-02-02", "2026-05-02"), "within 3 months"
        assert [child.id for child in plan.children] == [town.mine.child.id]
        version = session.scalars(select(PlanVersion).filter_by(plan_id=plan.id)).one()
        assert (version.number, version.made_by) == (1, town.worker.id)
    dates = client.get(f"/api/v1/families/{town.mine.family.id}/timescales", headers=town.program(town.worker)).json()
    assert {"first_review", "first_core_group"} <= {d["rule"] for d in dates if d["plan_id"] == made["plan_id"]}
    listed = client.get(f"/api/v1/families/{town.mine.family.id}/conferences", headers=town.program(town.worker)).json()
    assert made["id"] in [one["id"] for one in listed]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"held_on": "2999-01-01"}, 422, "event_in_the_future"),
        ({"decision": None}, 422, "decision_when_held"),
        ({"status": "planned"}, 422, "decision_when_held"),
        ({"decision": "continue"}, 422, "decision_of_another_kind"),
        ({"children": []}, 422, "harm_needed"),
        ({"kind": "review", "decision": "continue"}, 422, "review_needs_plan"),
        ({"held_on": "2026-02-30"}, 422, "invalid"),
        ({"decision": "maybe"}, 422, "invalid"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(
    client: TestClient, town: Town, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = record(client, town, **changes)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    with reading() as session:
        assert len(session.scalars(select(Conference).filter_by(family_id=town.mine.family.id)).all()) == 1


def test_another_familys_child_plan_and_people_are_strangers(client: TestClient, town: Town) -> None:
    strangers: dict[str, dict[str, Any]] = {
        "child_is_a_stranger": {"children": [{"person_id": str(town.other.child.id), "harms": ["neglect"]}]},
        "attendee_is_a_stranger": {"attendees": [{"person_id": str(town.other.parent.id), "agency": "family"}]},
        "plan_of_another_family": {"plan_id": str(town.other.plan.id)},
    }
    for code, changes in strangers.items():
        answer = record(client, town, **changes)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)


def test_a_review_conference_before_the_plan_is_refused_in_plain_words(client: TestClient, town: Town) -> None:
    answer = record(
        client, town, kind="review", status="planned", decision=None, plan_id=str(town.mine.plan.id),
        held_on="2025-12-01", dissents=[],
    )  # fmt: skip
    assert answer.json()["error"]["code"] == "review_before_conference"
    assert "before the conference that made the plan" in answer.json()["error"]["message"]


def test_a_review_conference_is_held_by_recording_its_review(client: TestClient, town: Town) -> None:
    answer = record(client, town, kind="review", decision="continue", plan_id=str(town.mine.plan.id))
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "record_the_review")


def test_the_same_external_id_is_recorded_once(client: TestClient, town: Town) -> None:
    assert record(client, town, external_id="icpc-1").status_code == 201
    assert record(client, town, external_id="icpc-1").json()["error"]["code"] == "conference_exists"


def test_the_second_of_two_who_change_it_at_once_is_told_to_look_again(client: TestClient, town: Town) -> None:
    made = record(client, town)
    address, headers = f"/api/v1/conferences/{made.json()['id']}", town.program(town.worker)
    body = held(town, plan_id=made.json()["plan_id"], chair="Somebody else")
    seen = {"If-Match": made.headers["etag"]}
    first = client.put(address, json=body, headers={**headers, **seen})
    assert first.status_code == 200 and first.json()["chair"] == "Somebody else" and first.json()["version"] == 2
    second = client.put(address, json={**body, "chair": "A third"}, headers={**headers, **seen})
    assert (second.status_code, second.json()["error"]["code"]) == (412, "changed_meanwhile")
    cancelled = client.put(address, json={**body, "status": "cancelled", "decision": None}, headers=headers)
    assert (cancelled.status_code, cancelled.json()["error"]["code"]) == (409, "conference_was_held")


def test_the_console_form_records_shows_and_changes_a_conference(client: TestClient, town: Town) -> None:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    address = f"/console/families/{town.mine.family.id}/conferences"
    child, parent = town.mine.child.id, town.mine.parent.id
    assert "Ashchild" in client.get(address).text
    fields = {
        "kind": "initial", "status": "held", "held_on": "2026-02-02", "decision": "plan", "chair": "Ruth <Adeyemi>",
        f"child-{child}": "on", f"harm-{child}-neglect": "on",
        "attendee-1-who": str(parent), "attendee-1-agency": "family", "attendee-1-attended": "on",
        "guest-2-name": "Sgt Lowe", "guest-2-agency": "police", "guest-2-sent_report": "on",
        "dissent-1-name": "Ashparent", "dissent-1-words": "not so",
    }  # fmt: skip
    refused = client.post(address, data=town.form(cookies, **{**fields, "held_on": "2999-01-01"}))
    assert refused.status_code == 400 and "has not come yet" in refused.text
    assert "Ruth &lt;Adeyemi&gt;" in refused.text and "Sgt Lowe" in refused.text, "nothing typed is lost"
    broken = client.post(address, data=town.form(cookies, **{**fields, "held_on": "soon"}))
    assert broken.status_code == 400 and "Day it was or will be held" in broken.text
    done = client.post(address, data=town.form(cookies, **fields))
    assert done.status_code == 303, done.text
    page = client.get(f"/console/families/{town.mine.family.id}").text
    assert "a plan is needed" in page and "not so" in page
    with reading() as session:
        row = session.scalars(select(Conference).filter_by(family_id=town.mine.family.id, kind="initial")).one()
    shown = client.get(f"/console/conferences/{row.id}").text
    assert "Sgt Lowe" in shown and "Ruth &lt;Adeyemi&gt;" in shown
    again = {**fields, "chair": "Ruth", "version": "1"}
    assert client.post(f"/console/conferences/{row.id}", data=town.form(cookies, **again)).status_code == 303
    stale = client.post(f"/console/conferences/{row.id}", data=town.form(cookies, **again))
    assert stale.status_code == 412 and "Somebody has changed this conference" in stale.text
    other = again | {"chair": "Ruth A", "guest-2-name": "Sgt Lowe of Leeds"}
    stale = client.post(f"/console/conferences/{row.id}", data=town.form(cookies, **other))
    assert stale.status_code == 412 and "Chair: Ruth</li>" in stale.text and 'value="Ruth A"' in stale.text
    assert "Who was invited: not what you have below" in stale.text and "the outline plan:" not in stale.text
    saved = client.post(f"/console/conferences/{row.id}", data=town.form(cookies, **{**other, "version": "2"}))
    assert saved.status_code == 303 and "Ruth A" in client.get(f"/console/conferences/{row.id}").text


def test_a_child_who_is_named_twice_is_refused_and_nothing_is_kept(client: TestClient, town: Town) -> None:
    child = str(town.mine.child.id)
    twice = [{"person_id": child, "harms": ["neglect"]}, {"person_id": child, "harms": ["physical"]}]
    answer = record(client, town, children=twice)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "child_twice")
    assert "named twice" in answer.json()["error"]["message"]
    with reading() as session:
        assert session.scalars(select(Conference).filter_by(family_id=town.mine.family.id, kind="initial")).all() == []


def test_a_dissent_that_is_taken_out_stays_to_be_read_with_who_took_it_out(client: TestClient, town: Town) -> None:
    made = record(client, town).json()
    address, me = f"/api/v1/conferences/{made['id']}", town.program(town.worker)
    body = held(town, plan_id=made["plan_id"], dissents=[], assessment="reports heard")
    body["attendees"][1]["attended"] = True
    assert client.put(address, json=body, headers=town.program(town.manager)).status_code == 200
    assert client.put(address, json=body, headers=me).status_code == 200, "saying the same again changes nothing"
    kept = client.get(f"{address}/versions", headers=me).json()
    assert kept["total"] == 1
    one = kept["items"][0]
    assert (one["changed_by"], one["what"]) == ("Mona Worker", "changed")
    assert one["before"]["dissents"]["Ashparent"]["words"] == "I do not think he is at risk"
    told = {(change["part"], change["what"], change["name"]) for change in one["changes"]}
    assert told == {
        ("record", "changed", ""), ("attendees", "changed", "Sgt Lowe"), ("dissents", "removed", "Ashparent"),
    }  # fmt: skip
    shown = client.get(address, headers=me)
    assert shown.json()["dissents"] == [] and shown.headers["etag"] == '"3"'
    client.cookies.update(town.signed_in(town.worker))
    page = client.get(f"/console/conferences/{made['id']}").text
    for words in ("What it said before", "Mona Worker", "I do not think he is at risk", "reports read → reports heard"):
        assert words in page, words
    with reading() as session:
        stored = str(session.connection().exec_driver_sql("SELECT content FROM earlier_versions").all())
    assert "at risk" not in stored and "reports read" not in stored


def test_a_part_of_the_list_comes_where_a_part_is_asked_for(client: TestClient, town: Town) -> None:
    record(client, town)
    address, me = f"/api/v1/families/{town.mine.family.id}/conferences", town.program(town.worker)
    whole = client.get(address, headers=me)
    second = client.get(f"{address}?per_page=1&page=2", headers=me)
    assert len(whole.json()) == 2 and second.json() == whole.json()[1:]
    assert whole.headers["x-total-count"] == second.headers["x-total-count"] == "2"
