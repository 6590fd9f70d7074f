"""What cannot be is refused, over the API and in the console, in words that say why; and nothing is written."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from api.appointments.models import Appointment
from api.conferences.models import Conference
from api.database import reading
from api.plans.models import Plan, PlanAction
from api.reviews.models import Review
from api.timescales.models import CaseEvent
from tests.small_town import Town

TABLES = (Appointment, Conference, PlanAction, Review, CaseEvent)
VISIT = {"kind": "home_visit", "attendees": [{"name": "Amara Okafor", "role": "social worker"}]}
NO_SUCH_DAY = "a day that does not exist"
#: What is asked, with which body, and what the answer says of it. ``{...}`` are things of the town.
OVER_THE_API: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "an appointment on a day that does not exist": (
        "POST", "/families/{family}/appointments",
        {**VISIT, "starts_at": "2027-02-29T10:00:00Z", "ends_at": "2027-03-01T10:00:00Z"},
        "a day or a time that does not exist",
    ),
    "an appointment that ends before it starts": (
        "POST", "/families/{family}/appointments",
        {**VISIT, "starts_at": "2027-03-01T10:00:00Z", "ends_at": "2027-03-01T09:00:00Z"}, "ends before it starts",
    ),
    "an appointment moved behind its own end": (
        "PATCH", "/appointments/{appointment}", {"ends_at": "2020-01-01T09:00:00Z"}, "ends before it starts",
    ),
    "an appointment with a stranger": (
        "POST", "/families/{family}/appointments",
        {"kind": "home_visit", "starts_at": "2027-03-01T10:00:00Z", "ends_at": "2027-03-01T11:00:00Z",
         "attendees": [{"person_id": "{stranger}"}]},
        "not in this family",
    ),
    "a conference on a day that does not exist": (
        "POST", "/families/{family}/conferences", {"kind": "initial", "held_on": "2026-02-30"}, NO_SUCH_DAY,
    ),
    "a conference that was held tomorrow": (
        "POST", "/families/{family}/conferences",
        {"kind": "initial", "held_on": "2199-01-01", "status": "held", "decision": "no_plan"}, "has not come yet",
    ),
    "a conference about a stranger's child": (
        "POST", "/families/{family}/conferences",
        {"kind": "initial", "held_on": "2026-01-03", "children": [{"person_id": "{stranger}"}]},
        "not a child of this family",
    ),
    "an event on a day that does not exist": (
        "POST", "/families/{family}/events", {"kind": "core_group", "day": "2026-04-31"}, NO_SUCH_DAY,
    ),
    "a number for a day": ("POST", "/families/{family}/events", {"kind": "core_group", "day": 20260401}, "2026-12-01"),
    "an action owned by a stranger": (
        "PATCH", "/plans/{plan}", {"actions": [{"title": "x", "owner_person_id": "{stranger}"}]}, "not of this family",
    ),
    "an action due on a day that does not exist": (
        "PATCH", "/plans/{plan}", {"actions": [{"title": "x", "owner_name": "y", "due_on": "2026-06-31"}]}, NO_SUCH_DAY,
    ),
    "an action that is made due before its plan": (
        "PATCH", "/plans/{plan}",
        {"actions": [{"id": "{action}", "title": "x", "owner_name": "y", "due_on": "2025-06-30"}]},
        "before the plan began",
    ),
    "an outcome wanted before its plan": (
        "PATCH", "/plans/{plan}", {"outcomes": [{"title": "x", "by_on": "2025-06-30"}]}, "before the plan began",
    ),
    "a next review before the plan": ("PATCH", "/plans/{plan}", {"review_on": "2025-06-30"}, "before the plan began"),
    "a review on a day that does not exist": (
        "POST", "/plans/{plan}/reviews", {"held_on": "2026-13-01", "next_step": "continue"}, NO_SUCH_DAY,
    ),
    "a review before its conference": (
        "POST", "/plans/{plan}/reviews", {"held_on": "2025-12-01", "next_step": "continue"},
        "cannot be before the conference",
    ),
    "a review whose next one is before it": (
        "POST", "/plans/{plan}/reviews",
        {"held_on": "2026-04-02", "next_step": "continue", "next_review_on": "2026-04-01"}, "must be after this one",
    ),
    "words of a stranger": (
        "POST", "/families/{family}/views", {"person_id": "{stranger}", "given_on": "2026-04-02", "words": "x"},
        "family",
    ),
    "words on a day that does not exist": (
        "POST", "/families/{family}/views", {"person_id": "{parent}", "given_on": "2026-09-31", "words": "x"},
        NO_SUCH_DAY,
    ),
}  # fmt: skip
IN_THE_CONSOLE: dict[str, tuple[str, dict[str, str], str]] = {
    "a conference on a day that does not exist": (
        "/families/{family}/conferences", {"kind": "initial", "held_on": "2026-02-30", "status": "planned"},
        "there is no such day",
    ),
    "a review before its conference": (
        "/plans/{plan}/reviews", {"held_on": "2025-12-01", "next_step": "continue"}, "cannot be before the conference",
    ),
    "a review on a day that does not exist": (
        "/plans/{plan}/reviews", {"held_on": "2026-02-30", "next_step": "continue"}, "there is no such day",
    ),
    "an action owned by a stranger": (
        "/plans/{plan}",
        {"version": "0", "actions-1-title": "x", "actions-1-owner_person_id": "{stranger}"}, "not of this family",
    ),
    "an action due on a day that does not exist": (
        "/plans/{plan}",
        {"version": "0", "actions-1-title": "x", "actions-1-owner_name": "y", "actions-1-due_on": "2026-06-31"},
        "there is no such day",
    ),
    "an event on a day that does not exist": (
        "/families/{family}/events", {"kind": "core_group", "day": "2026-04-31"}, "Choose a day that the calendar has",
    ),
    "words of a stranger": (
        "/families/{family}/views",
        {"person_id": "{stranger}", "given_on": "2026-04-02", "words": "x", "audience": "lead", "way": "said"},
        "family",
    ),
}  # fmt: skip


def filled(value: Any, there: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: filled(one, there) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, there) for one in value]
    return value.format_map(there) if isinstance(value, str) else value


def things(town: Town) -> dict[str, str]:
    mine = town.mine
    found = {"family": mine.family, "plan": mine.plan, "appointment": mine.appointment, "action": mine.action}
    people = {"parent": mine.parent, "stranger": town.other.child}
    return {name: str(one.id) for name, one in {**found, **people}.items()}


def kept() -> list[Any]:
    with reading() as session:
        counts = [session.scalar(select(func.count()).select_from(table)) for table in TABLES]
        return [*counts, *session.scalars(select(Plan.version)), *session.scalars(select(Appointment.ends_at))]


@pytest.mark.parametrize("what", OVER_THE_API)
def test_the_api_refuses_in_plain_words(client: TestClient, town: Town, what: str) -> None:
    method, path, body, says = OVER_THE_API[what]
    there, before = things(town), kept()
    answer = client.request(
        method,
        "/api/v1" + path.format_map(there),
        json=filled(body, there),
        headers=town.program(town.manager),
    )
    assert answer.status_code == 422, answer.text
    assert says in answer.json()["error"]["message"]
    assert kept() == before


@pytest.mark.parametrize("what", IN_THE_CONSOLE)
def test_the_console_refuses_in_plain_words(client: TestClient, town: Town, what: str) -> None:
    path, fields, says = IN_THE_CONSOLE[what]
    there, before = things(town), kept()
    cookies = town.signed_in(town.manager)
    client.cookies.update(cookies)
    answer = client.post(
        "/console" + path.format_map(there),
        data=town.form(cookies, **filled(fields, there)),
    )
    assert answer.status_code == 400, answer.status_code
    assert says in answer.text
    assert kept() == before
