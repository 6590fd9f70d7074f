"""Dates and events under /api/v1 and in the console: recorded, refused, withdrawn, listed for who may see them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.access.models import Worker
from api.appointments.models import Appointment
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.messages.jobs import RUSH
from api.plans.models import Plan
from api.timescales import jobs, queries, service
from api.timescales.models import Deadline, TimescaleState
from tests.small_town import Household, Town


def today() -> date:
    return clock.now().date()


def record(client: TestClient, town: Town, **body: Any) -> Any:
    address = f"/api/v1/families/{town.mine.family.id}/events"
    body = {"kind": "strategy_discussion", "day": str(today() - timedelta(days=3)), **body}
    return client.post(address, json=body, headers=town.program(town.worker))


def dates(client: TestClient, town: Town) -> dict[str, Any]:
    found = client.get(f"/api/v1/families/{town.mine.family.id}/timescales", headers=town.program(town.worker)).json()
    return {one["rule"]: one for one in found}


def pressing(client: TestClient, town: Town, worker: Worker, query: str = "") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(f"/api/v1/timescales{query}", headers=town.program(worker)).json()["items"]
    return items


def plan_from(household: Household, day: date) -> None:
    with transaction() as session:
        session.scalars(select(Plan).where(Plan.family_id == household.family.id)).one().started_on = day
        service.refresh(session, household.family.id)


def test_what_is_recorded_starts_the_clock_at_once(client: TestClient, town: Town) -> None:
    made = record(client, town, note="at school").json()
    assert (made["kind"], made["recorded_by"], made["withdrawn_at"]) == ("strategy_discussion", "Lena Worker", None)
    found = dates(client, town)["initial_conference"]
    assert found["started_on"] == made["day"] and found["done_on"] is None
    assert "Working Together" in found["source"]
    with reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "recorded_event")).one()
    assert entry.detail == {"kind": "strategy_discussion", "outcome": "held"}


def test_what_was_recorded_by_mistake_counts_no_more_and_stays_to_be_seen(client: TestClient, town: Town) -> None:
    made = record(client, town).json()
    for _ in range(2):
        gone = client.post(f"/api/v1/events/{made['id']}/withdraw", headers=town.program(town.worker))
        assert gone.status_code == 200 and gone.json()["withdrawn_at"]
    assert "initial_conference" not in dates(client, town)
    kept = client.get(f"/api/v1/families/{town.mine.family.id}/events", headers=town.program(town.worker)).json()
    assert made["id"] in [one["id"] for one in kept["items"]]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"day": "2999-01-01"}, 422, "event_in_the_future"),
        ({"day": "2026-02-30"}, 422, "invalid"),
        ({"day": "1066-10-14"}, 422, "invalid"),
        ({"kind": "party"}, 422, "invalid"),
        ({"kind": "plan_ended"}, 422, "event_is_the_plans"),
        ({"plan_id": "00000000-0000-0000-0000-000000000001"}, 422, "plan_of_another_family"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(
    client: TestClient, town: Town, body: dict[str, str], status: int, code: str
) -> None:
    answer = record(client, town, **body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["message"]


def test_a_review_before_the_plan_is_refused(client: TestClient, town: Town) -> None:
    with reading() as session:
        plan = session.scalars(select(Plan).where(Plan.family_id == town.mine.family.id)).one()
    answer = record(
        client, town, kind="review_conference", day=str(plan.started_on - timedelta(days=1)), plan_id=str(plan.id)
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "review_before_conference")
    assert "before the conference" in answer.json()["error"]["message"]


def test_the_same_external_id_is_recorded_once(client: TestClient, town: Town) -> None:
    assert record(client, town, external_id="sd-1").status_code == 201
    again = record(client, town, external_id="sd-1")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "event_exists")


def test_late_dates_are_listed_for_the_manager_and_each_worker_sees_their_own_families(
    client: TestClient, town: Town
) -> None:
    for household, days in ((town.mine, 200), (town.other, 150), (town.far, 400)):
        plan_from(household, today() - timedelta(days=days))
    listed = [(one["family_name"], one["rule"]) for one in pressing(client, town, town.manager, "?late=true")]
    assert listed == [
        ("Ash", "first_core_group"), ("Birch", "first_core_group"), ("Ash", "first_review"), ("Birch", "first_review"),
    ]  # fmt: skip
    assert {one["family_name"] for one in pressing(client, town, town.worker)} == {"Ash"}
    assert {one["family_name"] for one in pressing(client, town, town.far_manager)} == {"Cedar"}
    client.cookies.update(town.signed_in(town.manager))
    page = client.get("/console/timescales").text
    assert "Birch" in page and "first review conference" in page and "Cedar" not in page


def test_a_date_that_comes_near_is_warned_of_and_one_that_is_far_is_not(client: TestClient, town: Town) -> None:
    plan_from(town.mine, today())
    assert pressing(client, town, town.manager) == []
    clock.move(timedelta(days=12))
    (near,) = pressing(client, town, town.manager)
    assert (near["rule"], near["state"]) == ("first_core_group", "soon")
    assert near["planned_on"] is None, "the booked core group of the town is over by now"
    client.cookies.update(town.signed_in(town.worker))
    assert "due soon" in client.get(f"/console/families/{town.mine.family.id}").text


def test_a_meeting_that_is_booked_shows_beside_its_date(client: TestClient, town: Town) -> None:
    plan_from(town.mine, today())
    assert dates(client, town)["first_core_group"]["planned_on"] == str(today() + timedelta(days=2))


def test_an_appointment_that_took_place_stops_its_clock(client: TestClient, town: Town) -> None:
    plan_from(town.mine, today())
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    address = f"/console/appointments/{town.mine.appointment.id}/happened"
    early = client.post(address, data=town.form(cookies, outcome="held"))
    assert early.status_code == 409 and "not come yet" in early.text
    clock.move(timedelta(days=2))
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    done = client.post(address, data=town.form(cookies, outcome="held"))
    assert done.headers["location"].startswith(f"/console/families/{town.mine.family.id}")
    assert dates(client, town)["first_core_group"]["state"] == "done"
    twice = client.post(address, data=town.form(cookies, outcome="missed"))
    assert twice.status_code == 409 and "recorded before" in twice.text
    assert "took place" in client.get(f"/console/families/{town.mine.family.id}").text


def test_an_appointment_that_did_not_take_place_stops_nothing(client: TestClient, town: Town) -> None:
    plan_from(town.mine, today())
    clock.move(timedelta(days=2))
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    client.post(f"/console/appointments/{town.mine.appointment.id}/happened", data=town.form(cookies, outcome="missed"))
    assert dates(client, town)["first_core_group"]["done_on"] is None
    assert "did not take place" in client.get(f"/console/families/{town.mine.family.id}").text


def happened(client: TestClient, town: Town, outcome: str = "held", **headers: str) -> Any:
    return client.post(
        f"/api/v1/appointments/{town.mine.appointment.id}/happened",
        json={"outcome": outcome, "note": "said by our own system"},
        headers={**town.program(town.worker), **headers},
    )


def unrecorded(client: TestClient, town: Town) -> list[str]:
    found = client.get("/api/v1/today", params={"what": "unrecorded"}, headers=town.program(town.worker))
    return [one["object_id"] for one in found.json()["items"]]


def test_a_program_records_that_an_appointment_took_place_and_today_asks_no_more(
    client: TestClient, town: Town
) -> None:
    plan_from(town.mine, today())
    early = happened(client, town)
    assert (early.status_code, early.json()["error"]["code"]) == (422, "event_in_the_future")
    clock.move(timedelta(days=3))
    appointment = str(town.mine.appointment.id)
    assert unrecorded(client, town) == [appointment]
    key = {"Idempotency-Key": "held-1"}
    token = town.program(town.worker)
    made = happened(client, town, **key, **token)
    assert made.status_code == 201, made.text
    body = made.json()
    assert (body["appointment_id"], body["kind"], body["outcome"]) == (appointment, "core_group", "held")
    assert (body["note"], body["recorded_by"]) == ("said by our own system", "Lena Worker")
    assert dates(client, town)["first_core_group"]["state"] == "done" and unrecorded(client, town) == []
    assert happened(client, town, **key, **token).json() == body, "the same request again is the same answer"
    twice = happened(client, town, "missed")
    assert (twice.status_code, twice.json()["error"]["code"]) == (409, "event_exists")


def test_a_program_records_a_missed_one_and_neither_a_cancelled_nor_a_strangers(client: TestClient, town: Town) -> None:
    plan_from(town.mine, today())
    clock.move(timedelta(days=3))
    assert happened(client, town, "party").status_code == 422
    assert happened(client, town, "missed").json()["outcome"] == "missed"
    assert dates(client, town)["first_core_group"]["done_on"] is None and unrecorded(client, town) == []
    with transaction() as session:
        session.get_one(Appointment, town.other.appointment.id).status = "cancelled"
    address = f"/api/v1/appointments/{town.other.appointment.id}/happened"
    hidden = client.post(address, json={"outcome": "held"}, headers=town.program(town.worker))
    assert hidden.status_code == 404
    off = client.post(address, json={"outcome": "held"}, headers=town.program(town.manager))
    assert (off.status_code, off.json()["error"]["code"]) == (409, "appointment_is_cancelled")


def test_the_console_form_records_refuses_with_the_reason_and_withdraws(client: TestClient, town: Town) -> None:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    address = f"/console/families/{town.mine.family.id}/events"
    for fields, words in (
        ({"kind": "strategy_discussion", "day": "2026-02-30"}, "Choose a day that the calendar has"),
        ({"kind": "plan_ended", "day": str(today())}, "Choose what happened from the list"),
        ({"kind": "core_group", "day": str(today() + timedelta(days=1))}, "not come yet"),
    ):
        refused = client.post(address, data=town.form(cookies, **fields))
        assert refused.status_code == 400 and words in refused.text
    day = str(today())
    assert client.post(address, data=town.form(cookies, kind="strategy_discussion", day=day)).status_code == 303
    assert "Initial child protection conference" in client.get(f"/console/families/{town.mine.family.id}").text
    with reading() as session:
        made = queries.events(session, town.mine.family.id)[0]
    assert client.post(f"/console/events/{made.event.id}/withdraw", data=town.form(cookies)).status_code == 303
    assert "withdrawn" in client.get(f"/console/families/{town.mine.family.id}").text


def test_the_tick_works_out_what_nobody_has_and_what_other_rules_gave(town: Town) -> None:
    assert jobs.work_out_dates() == 3
    assert jobs.work_out_dates() == 0
    with transaction() as session:
        before = session.scalars(select(Deadline.id).order_by(Deadline.id)).all()
        session.get_one(TimescaleState, town.mine.family.id).rules = "other rules"
    assert before
    assert jobs.work_out_dates() == 1
    with reading() as session:
        assert session.scalars(select(Deadline.id).order_by(Deadline.id)).all() == before, (
            "what is the same keeps its row"
        )


def test_dates_wait_while_a_rush_of_reminders_is_put_into_the_outbox(town: Town) -> None:
    RUSH.set()
    try:
        assert jobs.work_out_dates() == 0
    finally:
        RUSH.clear()
    assert jobs.work_out_dates() == 3
