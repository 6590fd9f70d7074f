"""Ohio's reviews are booked, held and recorded as what its clocks wait for."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient

from api import clock, texts
from api.access.models import Agency
from api.appointments import service as appointments
from api.appointments.models import KINDS
from api.database import reading, transaction
from api.jurisdiction.packs import names, pack
from api.plans.models import Plan
from api.timescales import queries, service
from tests.small_town import Town
from tests.timescales.test_meetings import book

#: What of the events that a clock can wait for is a meeting.
MEETINGS = {
    "initial_conference", "review_conference", "core_group", "home_visit", "case_review", "administrative_review",
}  # fmt: skip


def day_of(moment: datetime) -> date:
    """Its day where the agency is."""
    return moment.astimezone(ZoneInfo("Europe/London")).date()


@pytest.fixture
def ohio(town: Town) -> Town:
    """The town's agency is in Ohio, and the first family's plan began today."""
    with transaction() as session:
        session.get_one(Agency, town.agency.id).jurisdiction = "us-ohio"
        session.get_one(Plan, town.mine.plan.id).started_on = day_of(clock.now())
        service.refresh(session, town.mine.family.id)
    return town


def dates(client: TestClient, town: Town) -> dict[str, Any]:
    found = client.get(f"/api/v1/families/{town.mine.family.id}/timescales", headers=town.program(town.worker)).json()
    return {one["rule"]: one for one in found if one["done_on"] is None}


def booked(town: Town, kind: str, days: int) -> str:
    """An appointment of that kind in so many days; that day."""
    begins = clock.now() + timedelta(days=days)
    with transaction() as session:
        book(session, town.mine.family, kind, begins)
    return str(day_of(begins))


@pytest.mark.parametrize("name", names())
def test_for_every_meeting_that_a_clock_of_a_place_waits_for_there_is_a_kind_to_book(name: str) -> None:
    here = pack(name)
    stand_for = {
        here.counted(queries.APPOINTMENT_EVENTS[kind])
        for kind in appointments.kinds_at(name)
        if kind in queries.APPOINTMENT_EVENTS
    }
    for rule, one in here.clocks.items():
        assert set(one.done) & MEETINGS <= stand_for, rule


def test_a_booked_review_meeting_is_the_case_review_and_no_administrative_one(client: TestClient, ohio: Town) -> None:
    assert dates(client, ohio)["case_review"]["planned_on"] is None
    day = booked(ohio, "review_conference", 40)
    found = dates(client, ohio)
    assert (found["case_review"]["planned_on"], found["administrative_review"]["planned_on"]) == (day, None)
    with reading() as session:
        due = queries.due_by(session, ohio.mine.family.id, "review_conference", day_of(clock.now()))
    assert due == day_of(clock.now()) + timedelta(days=90)
    listed = client.get("/api/v1/timescales", headers=ohio.program(ohio.manager)).json()["items"]
    assert all(one["planned_on"] == day for one in listed if one["rule"] == "case_review")


def test_a_booked_administrative_review_is_both(client: TestClient, ohio: Town) -> None:
    day = booked(ohio, "administrative_review", 60)
    found = dates(client, ohio)
    assert (found["case_review"]["planned_on"], found["administrative_review"]["planned_on"]) == (day, day)


@pytest.mark.parametrize(
    ("kind", "done"),
    [("review_conference", {"case_review"}), ("administrative_review", {"case_review", "administrative_review"})],
)
def test_one_that_took_place_stops_the_clocks_that_waited_for_it(
    client: TestClient, ohio: Town, kind: str, done: set[str]
) -> None:
    cookies = ohio.signed_in(ohio.worker)
    client.cookies.update(cookies)
    with transaction() as session:
        session.get_one(Plan, ohio.mine.plan.id).started_on = day_of(clock.now()) - timedelta(days=170)
        held = book(session, ohio.mine.family, kind, clock.now() - timedelta(days=2))
    address = f"/console/appointments/{held.id}/happened"
    assert client.post(address, data=ohio.form(cookies, outcome="held")).status_code == 303
    found = client.get(f"/api/v1/families/{ohio.mine.family.id}/timescales", headers=ohio.program(ohio.worker)).json()
    day = str(day_of(held.starts_at))
    assert {one["rule"] for one in found if one["done_on"] == day} == done


def test_in_england_a_review_conference_stays_one_and_there_is_no_administrative_review(
    client: TestClient, town: Town
) -> None:
    assert pack("uk-england").counted("review_conference") == "review_conference"
    assert "administrative_review" in appointments.kinds_at("us-ohio")
    assert set(appointments.kinds_at("uk-england")) == set(KINDS) - {"administrative_review"}
    client.cookies.update(town.signed_in(town.worker))
    form = client.get(f"/console/families/{town.mine.family.id}/appointments").text
    assert 'value="review_conference"' in form and 'value="administrative_review"' not in form


def test_the_form_there_offers_it_in_words(client: TestClient, ohio: Town) -> None:
    client.cookies.update(ohio.signed_in(ohio.worker))
    form = client.get(f"/console/families/{ohio.mine.family.id}/appointments").text
    assert 'value="administrative_review">Administrative review<' in form
    assert texts.render("appointments.kind.administrative_review", "es") == "revisión administrativa"


def test_a_mark_of_the_rules_changes_with_what_counts_as_what() -> None:
    ohio = pack("us-ohio")
    assert ohio.rules != ohio.model_copy(update={"stands_for": {}}).rules
    assert ohio.waits_for("case_review") and not ohio.waits_for("review_conference")
