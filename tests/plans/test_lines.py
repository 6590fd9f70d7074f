"""A plan's lines: what was not sent stays, one action can be added or changed, and none is lost on the way."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.app import LARGEST_PLAN
from api.database import reading, transaction
from api.plans.lines import MOST_LINES
from api.plans.models import Contingency, Plan, PlanAction, Risk
from tests.attacks.pages import Page
from tests.plans.test_editing import change
from tests.small_town import Town

ACTION = {"title": "Ask the landlord", "owner_name": "Mr Reid", "due_on": "2026-03-01", "why": "It is cold."}


def put_lines(town: Town) -> tuple[Risk, Contingency]:
    """A risk and a contingency that a worker keeps off the family's page."""
    with transaction() as session:
        risk = Risk(
            id=uuid.uuid4(), plan_id=town.mine.plan.id, position=9, harm="physical", description="He is near.",
            level="high", evidence="Seen twice.", kept_from_family=True,
        )  # fmt: skip
        step = Contingency(
            id=uuid.uuid4(), plan_id=town.mine.plan.id, position=9, trigger="He rings", response="We ring the police",
            who="anybody", kept_from_family=True,
        )  # fmt: skip
        session.add_all([risk, step])
        return risk, step


def shown(client: TestClient, town: Town) -> Any:
    return client.get(f"/api/v1/plans/{town.mine.plan.id}", headers=town.program(town.worker)).json()


def test_of_a_line_with_its_id_only_what_was_sent_changes(client: TestClient, town: Town) -> None:
    risk, step = put_lines(town)
    body = {
        "risks": [{"id": str(risk.id), "level": "medium"}],
        "contingencies": [{"id": str(step.id)}],
        "actions": [{"id": str(town.mine.action.id), "why": "He likes it."}],
    }
    made = change(client, town, body)
    assert made.status_code == 200, made.text
    (told,) = made.json()["risks"]
    assert (told["level"], told["description"], told["evidence"]) == ("medium", "He is near.", "Seen twice.")
    assert told["kept_from_family"] is True and made.json()["contingencies"][0]["kept_from_family"] is True
    (action,) = client.get(f"/api/v1/families/{town.mine.family.id}/actions", headers=town.program(town.worker)).json()[
        "items"
    ]
    assert (action["why"], action["title"], action["owner_name"]) == ("He likes it.", "Ash course", "Ashparent")
    empty = change(client, town, {"risks": [{"id": str(risk.id), "evidence": "", "kept_from_family": False}]})
    assert empty.json()["risks"][0] | {"evidence": "", "kept_from_family": False} == empty.json()["risks"][0]


def test_a_new_line_that_may_stand_for_a_hidden_one_is_hidden_unless_it_says_otherwise(
    client: TestClient, town: Town
) -> None:
    put_lines(town)
    again = {"risks": [{"harm": "physical", "description": "he is  near."}, {"harm": "neglect", "description": "cold"}]}
    told = change(client, town, again).json()["risks"]
    assert [(one["description"], one["kept_from_family"]) for one in told] == [("he is  near.", True), ("cold", False)]
    said = change(client, town, {"risks": [{"harm": "physical", "description": "x", "kept_from_family": False}]}).json()
    assert [one["kept_from_family"] for one in said["risks"]] == [False]


def test_what_a_new_line_needs_is_asked_of_it_by_name(client: TestClient, town: Town) -> None:
    answer = change(client, town, {"risks": [{"harm": "neglect"}], "core_group": [{"name": "Jo"}]})
    assert answer.status_code == 422
    assert "risks.0.description: field required" in answer.json()["error"]["message"]
    assert "core_group.0.role: field required" in answer.json()["error"]["message"]
    nothing = change(client, town, {"risks": [{"id": str(uuid.uuid4()), "harm": None}]})
    assert nothing.status_code == 422 and "risks.0.harm" in nothing.json()["error"]["message"]


def test_an_action_is_added_and_changed_by_itself_and_the_others_stay(client: TestClient, town: Town) -> None:
    headers = town.program(town.worker)
    address = f"/api/v1/plans/{town.mine.plan.id}/actions"
    added = client.post(address, json=ACTION, headers={**headers, "Idempotency-Key": "one", "If-Match": '"0"'})
    assert added.status_code == 201, added.text
    assert added.json() | {**ACTION, "status": "open"} == added.json()
    again = client.post(address, json=ACTION, headers={**headers, "Idempotency-Key": "one"})
    assert (again.status_code, again.json()) == (201, added.json())
    assert client.post(address, json=ACTION, headers={**headers, "If-Match": '"0"'}).status_code == 412
    one = f"/api/v1/actions/{added.json()['id']}"
    seen = {**headers, "If-Match": added.headers["etag"]}
    changed = client.patch(one, json={"due_on": "2026-04-01"}, headers=seen)
    assert changed.json() | {**ACTION, "due_on": "2026-04-01"} == changed.json()
    assert client.patch(one, json={"why": ""}, headers=seen).status_code == 412
    theirs = client.patch(one, json={"owner_person_id": str(town.mine.parent.id)}, headers=headers).json()
    assert (theirs["owner_name"], theirs["owner_person_id"]) == ("Ashparent", str(town.mine.parent.id))
    back = client.patch(one, json={"owner_name": "Mr Reid"}, headers=headers).json()
    assert (back["owner_name"], back["owner_person_id"]) == ("Mr Reid", None)
    with reading() as session:
        rows = session.scalars(select(PlanAction).filter_by(plan_id=town.mine.plan.id)).all()
        assert {row.title: row.status for row in rows} == {"Ash course": "reported_done", "Ask the landlord": "open"}
    versions = client.get(f"/api/v1/plans/{town.mine.plan.id}/versions", headers=headers).json()
    assert versions[0]["made_by"] == "Lena Worker" and versions[-2]["changes"][0]["what"] == "added"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"owner_person_id": "{stranger}"}, "owner_is_a_stranger"),
        ({"due_on": "2025-01-01"}, "date_before_plan"),
        ({"outcome_id": "00000000-0000-0000-0000-000000000001"}, "outcome_of_another_plan"),
        ({"owner_name": ""}, "owner_needed"),
        ({"title": ""}, "invalid"),
    ],
    ids=["a stranger's", "before the plan", "another plan's outcome", "nobody's", "no name"],
)
def test_an_action_that_cannot_be_is_refused(client: TestClient, town: Town, body: dict[str, Any], code: str) -> None:
    headers = town.program(town.worker)
    body = {name: value.format(stranger=town.other.parent.id) for name, value in body.items()}
    added = client.post(f"/api/v1/plans/{town.mine.plan.id}/actions", json={**ACTION, **body}, headers=headers)
    assert (added.status_code, added.json()["error"]["code"]) == (422, code)
    made = client.post(f"/api/v1/plans/{town.mine.plan.id}/actions", json=ACTION, headers=headers).json()
    changed = client.patch(f"/api/v1/actions/{made['id']}", json=body, headers=headers)
    assert (changed.status_code, changed.json()["error"]["code"]) == (422, code)
    with transaction() as session:
        session.get_one(Plan, town.mine.plan.id).ended_on = session.get_one(Plan, town.mine.plan.id).started_on
    over = client.post(f"/api/v1/plans/{town.mine.plan.id}/actions", json=ACTION, headers=headers)
    assert (over.status_code, over.json()["error"]["code"]) == (409, "plan_is_over")


def opened(client: TestClient, town: Town) -> tuple[str, dict[str, str]]:
    """The plan's form as a browser has it, and where it goes."""
    client.cookies.update(town.signed_in(town.worker))
    address = f"/console/plans/{town.mine.plan.id}"
    form = next(one for one in Page(client.get(address).text).forms if one.action == address)
    fields = {}
    for one in form.fields:
        if one.kind == "select":
            chosen = [value for value, selected in one.choices if selected] or [value for value, _ in one.choices]
            fields[one.name] = chosen[0]
        elif one.kind != "checkbox" or one.checked:
            fields[one.name] = "on" if one.kind == "checkbox" else one.value
    return address, fields


def test_a_form_saved_as_it_was_opened_changes_nothing_and_an_emptied_field_is_emptied(
    client: TestClient, town: Town
) -> None:
    put_lines(town)
    before = {**shown(client, town), "version": 1}
    address, fields = opened(client, town)
    assert client.post(address, data=fields).status_code == 303
    assert shown(client, town) == before, "the plan as it was found is its first version"
    _, fields = opened(client, town)
    line = next(name[:-12] for name, value in fields.items() if value == "He is near.")
    done = client.post(address, data={**fields, f"{line}-evidence": ""})
    assert done.status_code == 303
    told = next(one for one in shown(client, town)["risks"] if one["description"] == "He is near.")
    assert told["evidence"] == "" and told["kept_from_family"] is True
    _, fields = opened(client, town)
    step = next(name[:-8] for name, value in fields.items() if value == "He rings")
    refused = client.post(address, data={**fields, f"{step}-response": ""})
    assert refused.status_code == 400 and "something is missing" in refused.text


def test_a_long_plan_is_saved_whole_and_a_line_that_the_form_did_not_have_stays(client: TestClient, town: Town) -> None:
    words = "What is to be done, and for whom, and why it matters to the children. " * 6
    with transaction() as session:
        for n in range(150):
            session.add(
                PlanAction(
                    plan_id=town.mine.plan.id, external_id=f"a-{n}", title=f"Do {n}", why=words, owner_name="Mr Reid"
                )
            )
    address, fields = opened(client, town)
    assert len(fields) > 1000
    assert client.post(address, data={**fields, "contingency": "new"}).status_code == 303
    _, fields = opened(client, town)
    number = next(name.split("-")[1] for name, value in fields.items() if value == "Do 149")
    cut = {name: value for name, value in fields.items() if not name.startswith(f"actions-{number}-")}
    assert client.post(address, data={**cut, "contingency": "newer"}).status_code == 303
    with reading() as session:
        rows = session.scalars(select(PlanAction).filter_by(plan_id=town.mine.plan.id)).all()
        assert len(rows) == 151 and not any(row.status == "dropped" for row in rows)
        assert {row.why for row in rows if row.title != "Ash course"} == {words.strip()}


def test_more_lines_than_a_plan_may_have_are_refused_in_words_and_none_is_lost(client: TestClient, town: Town) -> None:
    with transaction() as session:
        for n in range(MOST_LINES):
            session.add(PlanAction(plan_id=town.mine.plan.id, external_id=f"a-{n}", title=f"Do {n}", owner_name="x"))
    address, fields = opened(client, town)
    refused = client.post(address, data=fields)
    assert refused.status_code == 400 and f"Actions: at most {MOST_LINES}" in refused.text
    added = client.post(f"/api/v1/plans/{town.mine.plan.id}/actions", json=ACTION, headers=town.program(town.worker))
    assert (added.status_code, added.json()["error"]["code"]) == (422, "too_many_lines")
    number = next(name.split("-")[1] for name, value in fields.items() if value == "Do 7")
    assert client.post(address, data={**fields, f"actions-{number}-title": ""}).status_code == 303
    with reading() as session:
        rows = session.scalars(select(PlanAction).filter_by(plan_id=town.mine.plan.id)).all()
        assert [row.title for row in rows if row.status == "dropped"] == ["Do 7"]
        (event,) = next(row for row in rows if row.title == "Do 7").events
        assert (event.kind, event.worker_id, event.status_before) == ("dropped", town.worker.id, "open")


def test_a_plan_larger_than_any_is_refused_as_json_where_a_program_sends_it(client: TestClient, town: Town) -> None:
    address = f"/api/v1/plans/{town.mine.plan.id}"
    large = client.patch(address, json={"contingency": "x" * 70_000}, headers=town.program(town.worker))
    assert large.status_code == 422, "read, and refused for its length"
    too_large = client.patch(address, content=b"x" * (LARGEST_PLAN + 1), headers=town.program(town.worker))
    assert (too_large.status_code, too_large.json()["error"]["code"]) == (413, "too_large")
