"""Reviews: the page that prepares itself, what is refused, and what a review does to the plan."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.access.models import Agency
from api.conferences.models import Conference
from api.database import reading, transaction
from api.plans.models import Contingency, Outcome, Plan, PlanAction, PlanVersion
from api.reviews.models import Review
from api.timescales import service
from api.timescales.models import CaseEvent
from api.views.models import StatedView
from tests.small_town import Town


@pytest.fixture
def outcome(town: Town) -> Outcome:
    with transaction() as session:
        made = Outcome(
            id=uuid.uuid4(), plan_id=town.mine.plan.id, external_id="o1", position=1, title="Ash sleeps in a warm bed"
        )
        session.add(made)
    return made


def review(client: TestClient, town: Town, outcome: Outcome | None, **changes: Any) -> Any:
    body: dict[str, Any] = {
        "held_on": "2026-04-02",
        "next_step": "continue",
        "reason": "going well",
        "next_review_on": "2026-09-30",
        "progress": [{"outcome_id": str(outcome.id), "progress": "good", "words": "warm"}] if outcome else [],
        "effects": [{"action_id": str(town.mine.action.id), "effect": "helped", "words": "calmer"}],
    }
    address = f"/api/v1/plans/{town.mine.plan.id}/reviews"
    return client.post(address, json={**body, **changes}, headers=town.program(town.worker))


def test_a_review_is_kept_whole_with_its_conference_a_version_and_the_next_date(
    client: TestClient, town: Town, outcome: Outcome
) -> None:
    made = review(client, town, outcome)
    assert made.status_code == 201, made.text
    body = made.json()
    assert body["progress"] == [{"outcome_id": str(outcome.id), "progress": "good", "words": "warm"}]
    assert body["effects"][0]["effect"] == "helped"
    with reading() as session:
        plan = session.get_one(Plan, town.mine.plan.id)
        assert plan.review_on == date(2026, 9, 30) and plan.ended_on is None
        conference = session.get_one(Conference, body["conference_id"])
        assert (conference.status, conference.decision, conference.held_on) == ("held", "continue", date(2026, 4, 2))
        kept = session.scalars(select(PlanVersion).filter_by(plan_id=plan.id).order_by(PlanVersion.number)).all()
    assert [str(one.review_id) for one in kept] == ["None", body["id"]] and kept[1].made_by == town.worker.id
    assert kept[1].changes[0]["fields"]["review_on"] == [None, "2026-09-30"]
    dates = client.get(f"/api/v1/families/{town.mine.family.id}/timescales", headers=town.program(town.worker)).json()
    states = {one["rule"]: one["state"] for one in dates}
    assert states["first_review"] == "done" and states["next_review"] in ("running", "soon", "late")
    listed = client.get(f"/api/v1/plans/{town.mine.plan.id}/reviews", headers=town.program(town.worker)).json()
    assert [one["id"] for one in listed] == [body["id"]]


def test_a_plan_that_is_discontinued_ends_and_its_clocks_stop(client: TestClient, town: Town, outcome: Outcome) -> None:
    none_left = review(client, town, outcome, next_step="discontinue", next_review_on=None)
    assert none_left.json()["error"]["code"] == "support_needed"
    assert "what support remains" in none_left.json()["error"]["message"]
    done = review(
        client, town, outcome, next_step="discontinue", next_review_on=None, support="family support worker, 3 months"
    )
    assert done.status_code == 201
    with reading() as session:
        assert session.get_one(Plan, town.mine.plan.id).ended_on == date(2026, 4, 2)
    dates = client.get(f"/api/v1/families/{town.mine.family.id}/timescales", headers=town.program(town.worker)).json()
    assert all(one["done_on"] for one in dates)
    late = review(client, town, outcome, held_on="2026-06-01")
    assert (late.status_code, late.json()["error"]["code"]) == (409, "plan_has_ended")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"held_on": "2026-01-05"}, 422, "review_before_conference"),
        ({"held_on": "2025-01-05"}, 422, "review_before_conference"),
        ({"held_on": "2999-01-01", "next_review_on": None}, 422, "event_in_the_future"),
        ({"progress": []}, 422, "progress_on_every_outcome"),
        ({"next_review_on": "2026-04-02"}, 422, "next_review_before_this_one"),
        ({"conference_id": "00000000-0000-0000-0000-000000000001"}, 422, "conference_of_another_plan"),
        ({"next_step": "stop"}, 422, "invalid"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(
    client: TestClient, town: Town, outcome: Outcome, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = review(client, town, outcome, **changes)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["message"]


def test_other_plans_outcomes_and_actions_are_strangers(client: TestClient, town: Town, outcome: Outcome) -> None:
    other = {"action_id": str(town.other.action.id), "effect": "helped"}
    assert review(client, town, outcome, effects=[other]).json()["error"]["code"] == "action_of_another_plan"
    odd = {"outcome_id": str(uuid.uuid4()), "progress": "good"}
    assert review(client, town, outcome, progress=[odd]).json()["error"]["code"] == "outcome_of_another_plan"


def test_a_review_before_its_own_conference_is_refused(client: TestClient, town: Town, outcome: Outcome) -> None:
    early = review(client, town, outcome, held_on="2026-02-01", conference_id=str(town.mine.meeting.id))
    assert early.json()["error"]["code"] == "review_before_its_conference"
    done = review(client, town, outcome, held_on="2026-03-02", conference_id=str(town.mine.meeting.id))
    assert done.json()["conference_id"] == str(town.mine.meeting.id)


def test_one_day_has_one_review(client: TestClient, town: Town, outcome: Outcome) -> None:
    assert review(client, town, outcome).status_code == 201
    again = review(client, town, outcome)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "review_exists")


def test_a_review_prepares_itself_on_one_page(client: TestClient, town: Town, outcome: Outcome) -> None:
    review(client, town, outcome)
    with transaction() as session:
        for kind, day, how, note in (
            ("home_visit", date(2026, 4, 20), "held", "children well"),
            ("home_visit", date(2026, 5, 4), "missed", "nobody in"),
            ("home_visit", date(2026, 3, 1), "held", "before the last review"),
        ):
            session.add(
                CaseEvent(
                    family_id=town.mine.family.id, external_id=str(day), kind=kind, day=day, outcome=how, note=note,
                    recorded_at=clock.now(),
                )
            )  # fmt: skip
        for who, words, audience in (
            (town.mine.child, "I like my new bed", "meeting"),
            (town.mine.parent, "only for Lena", "lead"),
        ):
            session.add(
                StatedView(
                    family_id=town.mine.family.id, person_id=who.id, external_id=words, given_on=date(2026, 5, 1),
                    words=words, audience=audience, recorded_at=clock.now(),
                )
            )  # fmt: skip
    address = f"/api/v1/plans/{town.mine.plan.id}/review-preparation"
    found = client.get(address, headers=town.program(town.worker)).json()
    assert found["since"] == "2026-04-02"
    assert found["outcomes"][0]["last_progress"] == "good"
    assert [one["title"] for one in found["actions"]["reported_done"]] == ["Ash course"]
    assert [one["note"] for one in found["meetings_held"]] == ["children well"]
    assert [one["note"] for one in found["meetings_missed"]] == ["nobody in"]
    assert {one["words"] for one in found["views"]} == {"I like my new bed", "only for Lena"}
    duty = client.get(address, headers=town.program(town.duty)).json()
    assert {one["words"] for one in duty["views"]} == {"I like my new bed"}, "the other is for her own worker"
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    page = client.get(f"/console/plans/{town.mine.plan.id}/review").text
    for words in ("Ash sleeps in a warm bed", "good progress", "children well", "nobody in", "I like my new bed"):
        assert words in page, words


def test_the_console_form_records_a_review_and_keeps_what_was_typed_when_it_cannot(
    client: TestClient, town: Town, outcome: Outcome
) -> None:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    address = f"/console/plans/{town.mine.plan.id}/reviews"
    fields = {
        "held_on": "2026-04-02", "next_step": "modify", "reason": "needs more help", "at_conference": "on",
        f"progress-{outcome.id}": "some", f"progress_words-{outcome.id}": "nearly",
        f"effect-{town.mine.action.id}": "helped",
    }  # fmt: skip
    refused = client.post(address, data=town.form(cookies, **{**fields, "held_on": "2025-01-01"}))
    assert refused.status_code == 400 and "before the conference that made the plan" in refused.text
    assert "needs more help" in refused.text and "nearly" in refused.text
    assert client.post(address, data=town.form(cookies, **fields)).status_code == 303
    assert "the plan goes on, changed" in client.get(f"/console/families/{town.mine.family.id}").text


def test_an_action_without_an_effect_is_refused_from_a_program_and_on_the_page_by_the_same_rule(
    client: TestClient, town: Town, outcome: Outcome
) -> None:
    refused = review(client, town, outcome, effects=[])
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "effect_of_every_action")
    assert "Say of every action whether it helped" in refused.json()["error"]["message"]
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    fields = {"held_on": "2026-04-09", "next_step": "continue", f"progress-{outcome.id}": "some"}
    refused = client.post(f"/console/plans/{town.mine.plan.id}/reviews", data=town.form(cookies, **fields))
    assert refused.status_code == 400 and "Say of every action whether it helped" in refused.text
    fields[f"effect-{town.mine.action.id}"] = "not_started"
    assert client.post(f"/console/plans/{town.mine.plan.id}/reviews", data=town.form(cookies, **fields)).is_redirect
    with transaction() as session:
        session.get_one(PlanAction, town.mine.action.id).status = "dropped"
    made = review(client, town, outcome, effects=[], held_on="2026-04-10")
    assert made.status_code == 201, "what was dropped has no effect to be asked for"
    assert made.json()["not_assessed"] == [] and made.json()["risks"] == []


def test_an_old_review_still_says_of_which_action_nothing_was_said(
    client: TestClient, town: Town, outcome: Outcome
) -> None:
    made = review(client, town, outcome).json()
    with transaction() as session:
        session.get_one(Review, uuid.UUID(made["id"])).not_assessed = [str(town.mine.action.id)]
    client.cookies.update(town.signed_in(town.worker))
    page = client.get(f"/console/reviews/{made['id']}").text
    assert "Ash course" in page and "not assessed" in page


def test_a_recorded_review_is_read_whole_and_its_effects_prepare_the_next(
    client: TestClient, town: Town, outcome: Outcome
) -> None:
    made = review(client, town, outcome, changes="a new landlord").json()
    one = client.get(f"/api/v1/reviews/{made['id']}", headers=town.program(town.worker))
    assert one.json() == made and one.headers["etag"] == '"1"'
    found = client.get(f"/api/v1/plans/{town.mine.plan.id}/review-preparation", headers=town.program(town.worker))
    assert found.json()["last_effects"] == made["effects"]
    client.cookies.update(town.signed_in(town.worker))
    page = client.get(f"/console/reviews/{made['id']}").text
    for words in ("going well", "a new landlord", "good progress", "warm", "it helped", "calmer", "Lena Worker"):
        assert words in page, words
    assert f"/console/reviews/{made['id']}" in client.get(f"/console/families/{town.mine.family.id}").text
    prepared = client.get(f"/console/plans/{town.mine.plan.id}/review").text
    assert "it helped <q" in prepared and "calmer" in prepared


def test_who_was_not_heard_is_named_in_the_preparation(client: TestClient, town: Town, outcome: Outcome) -> None:
    address = f"/api/v1/plans/{town.mine.plan.id}/review-preparation"
    before = client.get(address, headers=town.program(town.worker)).json()
    assert before["not_heard"] == [str(town.mine.parent.id)], "the child spoke in February"
    review(client, town, outcome)
    after = client.get(address, headers=town.program(town.worker)).json()
    assert set(after["not_heard"]) == {str(town.mine.parent.id), str(town.mine.child.id)}
    client.cookies.update(town.signed_in(town.worker))
    assert "Ashchild: not heard yet" in client.get(f"/console/plans/{town.mine.plan.id}/review").text


def test_the_day_that_the_rules_want_is_filled_in_and_a_later_one_is_taken_with_a_warning(
    client: TestClient, town: Town, outcome: Outcome
) -> None:
    unsaid = review(client, town, outcome, next_review_on=None).json()
    assert (unsaid["next_review_by"], unsaid["warnings"]) == ("2026-10-02", [])
    with reading() as session:
        assert session.get_one(Plan, town.mine.plan.id).review_on == date(2026, 10, 2)
    late = review(client, town, outcome, held_on="2026-05-04", next_review_on="2026-12-24").json()
    assert (late["next_review_by"], late["warnings"]) == ("2026-11-04", ["next_review_after_limit"])
    client.cookies.update(town.signed_in(town.worker))
    assert "Agree an earlier day" in client.get(f"/console/reviews/{late['id']}").text
    prepared = client.get(f"/api/v1/plans/{town.mine.plan.id}/review-preparation", headers=town.program(town.worker))
    by = prepared.json()["next_review_by"]
    page = client.get(f"/console/plans/{town.mine.plan.id}/review").text
    assert by > str(clock.now().date()) and f'value="{by}"' in page


def test_a_day_that_is_past_already_is_not_filled_in_as_the_next_review(
    client: TestClient, town: Town, outcome: Outcome
) -> None:
    today = clock.now().date()
    with transaction() as session:
        session.get_one(Agency, town.agency.id).jurisdiction = "us-ohio"  # every ninety days from the beginning on
        plan = session.get_one(Plan, town.mine.plan.id)
        plan.started_on = today - timedelta(days=400)
        service.refresh(session, plan.family_id)
    address = f"/api/v1/plans/{town.mine.plan.id}/review-preparation"
    assert client.get(address, headers=town.program(town.worker)).json()["next_review_by"] is None
    client.cookies.update(town.signed_in(town.worker))
    page = client.get(f"/console/plans/{town.mine.plan.id}/review").text
    assert 'id="next_review_on" name="next_review_on" type="date" value=""' in page


def test_what_was_agreed_for_when_the_plan_does_not_work_is_looked_at(
    client: TestClient, town: Town, outcome: Outcome
) -> None:
    today = clock.now().date()
    days = {
        "passed": today - timedelta(days=3),
        "coming": today + timedelta(days=3),
        "none": today + timedelta(days=30),
    }
    with transaction() as session:
        for n, (state, day) in enumerate(days.items()):
            session.add(
                Contingency(plan_id=town.mine.plan.id, position=n, trigger=f"step {state}", by_on=day, response="meet")
            )
    address = f"/api/v1/plans/{town.mine.plan.id}/review-preparation"
    found = client.get(address, headers=town.program(town.worker)).json()["contingencies"]
    assert [(one["trigger"], one["state"]) for one in found] == [(f"step {state}", state) for state in days]
    client.cookies.update(town.signed_in(town.worker))
    page = client.get(f"/console/plans/{town.mine.plan.id}/review").text
    assert "its day has passed" in page and "day comes near" in page


def test_lists_come_in_parts_where_a_part_is_asked_for(client: TestClient, town: Town, outcome: Outcome) -> None:
    me = town.program(town.worker)
    review(client, town, outcome)
    review(client, town, outcome, held_on="2026-05-04")
    for address in (f"plans/{town.mine.plan.id}/reviews", f"plans/{town.mine.plan.id}/versions"):
        whole = client.get(f"/api/v1/{address}", headers=me)
        part = client.get(f"/api/v1/{address}?per_page=1&page=2", headers=me)
        assert part.json() == whole.json()[1:2] and len(whole.json()) >= 2, address
        assert int(part.headers["x-total-count"]) == len(whole.json())
    views = client.get(f"/api/v1/families/{town.mine.family.id}/views?page=2", headers=me)
    assert views.json() == [] and views.headers["x-total-count"] == "1"
