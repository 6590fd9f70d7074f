"""Visits that come again, booked and changed in the console: one day of them, or it and all that follow."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text

from api.appointments.models import Appointment, AppointmentSeries
from api.database import reading, transaction
from api.plans.models import Plan
from tests.console.booking import book, booked, change, it_is_monday, sign_in
from tests.harness.processes import wait_until
from tests.small_town import Town


@pytest.fixture(autouse=True)
def a_day_in_june(town: Town) -> None:
    it_is_monday()


def test_a_visit_that_comes_again_is_booked_moved_from_a_day_on_and_ended(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    with transaction() as session:
        session.get_one(Plan, town.mine.plan.id).visit_every_days = 14
    assert (
        'name="every_working_days" type="number" min="1" max="260" value="10"'
        in client.get(f"/console/families/{town.mine.family.id}/appointments").text
    )
    assert book(client, town, cookies, repeat="weekly").status_code == 303
    visits = booked(town)
    assert len(visits) == 8 and all(one.series_id == visits[0].series_id for one in visits)
    assert "comes again" in client.get(f"/console/families/{town.mine.family.id}").text
    page = client.get(f"/console/appointments/{visits[2].id}").text
    assert "this one and all after it" in page and 'value="2027-06-24"' in page
    only = {"do": "save", "which": "this", "day": "2027-06-18", "at": "10:00", "minutes": "45", "place": "At home"}
    assert change(client, town, cookies, visits[1], **only).status_code == 303
    on = {"do": "save", "which": "on", "day": "2027-06-23", "at": "15:00", "minutes": "30", "place": "At home"}
    assert change(client, town, cookies, visits[2], **on).status_code == 303
    days = [(one.starts_at.day, one.starts_at.hour) for one in booked(town)]
    assert days[:4] == [(10, 9), (18, 9), (23, 14), (30, 14)]
    fourth = booked(town)[3]
    assert change(client, town, cookies, fourth, do="cancel", which="on").status_code == 303
    left = [one for one in booked(town) if one.status == "scheduled"]
    assert [one.starts_at.day for one in left] == [10, 18, 23]
    with reading() as session:
        ends = session.scalars(
            select(AppointmentSeries.ends_on)
            .where(AppointmentSeries.external_id != "series", AppointmentSeries.family_id == town.mine.family.id)
            .order_by(AppointmentSeries.starts_on)
        ).all()
    assert ends == [date(2027, 6, 23), date(2027, 6, 29)]


def test_how_often_a_series_comes_is_changed_from_one_of_its_days_on(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    book(client, town, cookies, repeat="working_days", every_working_days="5", ends_on="2027-07-30")
    third = booked(town)[2]
    page = client.get(f"/console/appointments/{third.id}").text
    assert '<option value="working_days" selected>' in page and 'max="260" value="5"' in page
    assert 'name="ends_on" type="date" value="2027-07-30"' in page and ">Once<" not in page
    on = {
        "do": "save", "which": "on", "day": "2027-06-24", "at": "10:00", "minutes": "45", "place": "At home",
        "repeat": "fortnightly", "every_working_days": "5", "ends_on": "2027-07-16",
    }  # fmt: skip
    refused = change(client, town, cookies, third, **{**on, "repeat": "working_days", "every_working_days": ""})
    assert refused.status_code == 400 and "Every so many working days: something" in refused.text
    early = change(client, town, cookies, third, **{**on, "day": "2027-06-10"})
    assert early.status_code == 400 and "does not fit together" in early.text
    assert change(client, town, cookies, third, **on).status_code == 303
    days = [one.starts_at.strftime("%m-%d") for one in booked(town) if one.status == "scheduled"]
    assert days == ["06-10", "06-17", "06-24", "07-08"]
    with reading() as session:
        found = select(AppointmentSeries).where(AppointmentSeries.follows_id == third.series_id)
        new = session.scalars(found).one()
    assert (new.rrule, new.every_working_days, new.ends_on) == ("FREQ=WEEKLY;INTERVAL=2", None, date(2027, 7, 16))
    fourth = next(one for one in booked(town) if one.series_id == new.id)
    forever = {**on, "repeat": "weekly", "ends_on": ""}
    assert change(client, town, cookies, fourth, **forever).status_code == 303
    with reading() as session:
        assert session.scalars(select(AppointmentSeries.ends_on).filter_by(follows_id=new.id)).one() is None


def test_every_six_weeks_or_each_month_is_booked_and_stays_so_when_it_is_changed_from_a_day_on(
    client: TestClient, town: Town
) -> None:
    cookies = sign_in(client, town)
    assert book(client, town, cookies, repeat="weekly", every_weeks="6").status_code == 303
    six = booked(town)
    assert [one.starts_at.date() for one in six] == [date(2027, 6, 10), date(2027, 7, 22)]
    page = client.get(f"/console/appointments/{six[1].id}").text
    assert 'name="every_weeks" type="number" min="1" max="26" value="6"' in page
    on = {"do": "save", "which": "on", "day": "2027-07-22", "at": "15:00", "minutes": "45", "place": "At home"}
    assert change(client, town, cookies, six[1], **on).status_code == 303
    wrong = book(client, town, cookies, repeat="monthly_last", at="18:00")
    assert wrong.status_code == 400 and "not the last of its weekdays" in wrong.text
    assert book(client, town, cookies, repeat="monthly", at="18:00").status_code == 303
    page = client.get(f"/console/appointments/{booked(town)[1].id}").text
    assert '<option value="monthly" selected>Every month, on the same weekday (such as its first Tuesday)' in page
    with reading() as session:
        rows = session.execute(
            select(AppointmentSeries.rrule, AppointmentSeries.starts_on)
            .where(AppointmentSeries.external_id != "series", AppointmentSeries.family_id == town.mine.family.id)
            .order_by(AppointmentSeries.created_at)
        ).all()
    assert [tuple(row) for row in rows] == [
        ("FREQ=WEEKLY;INTERVAL=6", date(2027, 6, 10)), ("FREQ=WEEKLY;INTERVAL=6", date(2027, 7, 22)),
        ("FREQ=MONTHLY;BYDAY=2TH", date(2027, 6, 10)),
    ]  # fmt: skip


def test_a_form_for_a_whole_series_waits_for_a_colleague_at_it_without_holding_an_appointment_that_they_need(
    client: TestClient, town: Town
) -> None:
    cookies = sign_in(client, town)
    book(client, town, cookies, repeat="weekly")
    second = booked(town)[1]
    with ThreadPoolExecutor(1) as pool:
        with transaction() as colleague:
            mine = colleague.scalar(text("SELECT pg_backend_pid()"))
            colleague.get_one(AppointmentSeries, second.series_id, with_for_update=True)
            answer = pool.submit(change, client, town, cookies, second, do="cancel", which="on")
            wait_until(lambda: _waits_for(mine), "the form waits for the series", seconds=30)
            assert colleague.get_one(Appointment, second.id, with_for_update={"nowait": True}).status == "scheduled"
        assert answer.result(30).status_code == 303
    assert [one.status for one in booked(town)] == ["scheduled"] + ["cancelled"] * 7


def _waits_for(pid: int | None) -> bool:
    with reading() as session:
        blocked = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND :pid = ANY (pg_blocking_pids(pid))")
        return bool(session.scalar(blocked, {"pid": pid}))


def test_a_last_day_before_the_first_is_named_as_such_and_nothing_typed_is_lost(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    refused = book(client, town, cookies, repeat="weekly", ends_on="2026-01-01")
    assert refused.status_code == 400 and "The last day of what comes again is before its first day" in refused.text
    assert "ends before it starts" not in refused.text and 'value="2026-01-01"' in refused.text
