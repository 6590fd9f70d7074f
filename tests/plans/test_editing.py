"""Changing a plan: all parts, refusals in plain words, versions with who and what, and two workers at once."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from api.database import reading
from api.plans.models import PlanAction
from api.plans.versions import OWN, PARTS, compare
from tests.small_town import Town

LINES = st.dictionaries(
    st.sampled_from("abc"), st.fixed_dictionaries({"title": st.sampled_from(("", "a", "b"))}), max_size=3
)
CONTENTS = st.fixed_dictionaries(
    {**dict.fromkeys(PARTS, LINES), OWN: st.dictionaries(st.sampled_from("xy"), st.integers(0, 2), max_size=2)}
)
WHOLE: dict[str, Any] = {
    "review_on": "2026-06-01",
    "visit_every_days": 10,
    "risks": [
        {
            "harm": "neglect",
            "description": "cold flat",
            "level": "high",
            "evidence": "seen",
            "lower_when": "warm at visits",
        }
    ],
    "outcomes": [{"title": "The flat is warm", "measure": "18 degrees", "by_on": "2026-05-01"}],
    "core_group": [
        {"name": "Jo Fielding", "role": "health visitor", "phone": "020 7946 0112", "responsibility": "weighs"}
    ],
    "contingencies": [{"trigger": "no heating", "by_on": "2026-04-01", "response": "the core group meets"}],
}


def change(client: TestClient, town: Town, body: dict[str, Any], **headers: str) -> Any:
    address = f"/api/v1/plans/{town.mine.plan.id}"
    return client.patch(address, json=body, headers={**town.program(town.worker), **headers})


def test_a_plan_takes_all_its_parts_and_keeps_what_changed_and_who_changed_it(client: TestClient, town: Town) -> None:
    made = change(client, town, WHOLE)
    assert made.status_code == 200, made.text
    body = made.json()
    assert body["risks"][0]["level"] == "high" and body["outcomes"][0]["measure"] == "18 degrees"
    assert body["contingencies"][0]["response"] == "the core group meets" and body["visit_every_days"] == 10
    versions = client.get(f"/api/v1/plans/{town.mine.plan.id}/versions", headers=town.program(town.worker)).json()
    assert [one["number"] for one in versions] == [2, 1] and versions[0]["made_by"] == "Lena Worker"
    told = {(one["what"], one["part"], one["name"]) for one in versions[0]["changes"]}
    assert {("added", "outcomes", "The flat is warm"), ("removed", "risks", "Ash risk")} <= told
    again = change(client, town, {"contingency": "Ash contingency"} | {})
    assert again.json()["version"] == 2, "what changes nothing is no version"
    show = client.get(f"/api/v1/plans/{town.mine.plan.id}", headers=town.program(town.worker))
    assert show.headers["etag"] == '"2"' and show.json()["risks"][0]["description"] == "cold flat"


def test_a_line_with_its_id_is_changed_and_an_action_that_is_left_out_is_dropped_not_lost(
    client: TestClient, town: Town
) -> None:
    outcome = change(client, town, WHOLE).json()["outcomes"][0]
    actions = [
        {"title": "Call the landlord", "owner_name": "Mr Reid", "outcome_id": outcome["id"], "due_on": "2026-03-01"}
    ]
    body = {
        "outcomes": [{**{k: outcome[k] for k in ("id", "measure", "by_on")}, "title": "Warm flat"}],
        "actions": actions,
    }
    changed = change(client, town, body)
    assert [(one["id"], one["title"]) for one in changed.json()["outcomes"]] == [(outcome["id"], "Warm flat")]
    with reading() as session:
        rows = session.scalars(select(PlanAction).filter_by(plan_id=town.mine.plan.id)).all()
    assert {row.title: row.status for row in rows} == {"Ash course": "dropped", "Call the landlord": "open"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"actions": [{"title": "x"}]}, "owner_needed"),
        ({"outcomes": [{"title": "x", "by_on": "2025-01-01"}]}, "date_before_plan"),
        ({"risks": [{"id": "00000000-0000-0000-0000-000000000001", "harm": "neglect", "description": "x"}]},
         "line_of_another_plan"),
        ({"risks": [{"harm": "bad luck", "description": "x"}]}, "invalid"),
        ({"outcomes": [{"title": "x", "by_on": "2026-02-30"}]}, "invalid"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_changes_nothing(
    client: TestClient, town: Town, body: dict[str, Any], code: str
) -> None:
    answer = change(client, town, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
    show = client.get(f"/api/v1/plans/{town.mine.plan.id}", headers=town.program(town.worker)).json()
    assert show["version"] == 0 and [risk["description"] for risk in show["risks"]] == ["Ash risk"]


def test_an_action_cannot_belong_to_a_stranger(client: TestClient, town: Town) -> None:
    answer = change(client, town, {"actions": [{"title": "x", "owner_person_id": str(town.other.parent.id)}]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "owner_is_a_stranger")
    assert "not of this family" in answer.json()["error"]["message"]


def test_the_second_of_two_workers_is_told_to_look_again(client: TestClient, town: Town) -> None:
    assert change(client, town, {"contingency": "one"}, **{"If-Match": '"0"'}).status_code == 200
    late = change(client, town, {"contingency": "two"}, **{"If-Match": '"0"'})
    assert (late.status_code, late.json()["error"]["code"]) == (412, "changed_meanwhile")


def test_the_console_form_changes_the_plan_and_keeps_what_was_typed_when_it_cannot(
    client: TestClient, town: Town
) -> None:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    address = f"/console/plans/{town.mine.plan.id}"
    page = client.get(address)
    assert "Ash risk" in page.text and "Ash course" in page.text
    fields = {
        "version": "0", "contingency": "Ash contingency",
        "outcomes-1-title": "The flat is <warm>", "outcomes-1-by_on": "2026-05-01",
        "actions-1-id": str(town.mine.action.id), "actions-1-title": "Ash course",
        "actions-1-owner_person_id": str(town.mine.parent.id),
    }  # fmt: skip
    refused = client.post(address, data=town.form(cookies, **{**fields, "outcomes-1-by_on": "2020-01-01"}))
    assert refused.status_code == 400 and "before the plan began" in refused.text
    assert "The flat is &lt;warm&gt;" in refused.text
    assert client.post(address, data=town.form(cookies, **fields)).status_code == 303
    assert "The flat is &lt;warm&gt;" in client.get(f"/console/families/{town.mine.family.id}").text
    stale = client.post(address, data=town.form(cookies, **fields))
    assert stale.status_code == 412 and "Somebody has changed this plan" in stale.text
    assert "Lena Worker, " in stale.text and 'name="version" value="2"' in stale.text
    theirs = stale.text[stale.text.index("Somebody has changed") : stale.text.index("What you typed is still below")]
    assert "New outcome: The flat is &lt;warm&gt;" in " ".join(theirs.split())
    again = client.post(address, data=town.form(cookies, **{**fields, "version": "2"}))
    assert again.status_code == 303


@given(CONTENTS, CONTENTS)
@settings(deadline=None)
def test_nothing_is_told_exactly_where_nothing_changed(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert compare(before, before) == []
    assert (compare(before, after) == []) == (before == after)


@given(CONTENTS, CONTENTS)
@settings(deadline=None)
def test_what_was_added_one_way_was_removed_the_other_way(before: dict[str, Any], after: dict[str, Any]) -> None:
    def counted(changes: list[Any], what: str) -> int:
        return sum(change.what == what for change in changes)

    there, back = compare(before, after), compare(after, before)
    assert counted(there, "added") == counted(back, "removed")
    assert counted(there, "changed") == counted(back, "changed")


def test_how_often_children_are_seen_starts_a_clock_at_once(client: TestClient, town: Town) -> None:
    change(client, town, {"visit_every_days": 10})
    address = f"/api/v1/families/{town.mine.family.id}/timescales"
    dates = {one["rule"]: one for one in client.get(address, headers=town.program(town.worker)).json()}
    assert dates["visits"]["due_on"] == "2026-01-15" and "plan itself" in dates["visits"]["source"]
