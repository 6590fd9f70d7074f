"""The agency's own system hears of each appointment of a series that is booked, moved or called off, and of a time
that a family chose."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from api import clock
from api.appointments import jobs, offers, series
from api.appointments.models import Appointment, AppointmentSeries, Attendee
from api.appointments.service import Expected
from api.database import reading, transaction
from api.families.models import Family
from api.webhooks.models import WebhookEndpoint, WebhookEvent
from tests.small_town import Town

MONDAY = datetime(2027, 6, 7, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def a_monday_with_a_system_that_listens(town: Town) -> None:
    clock.move(MONDAY - clock.now())
    with transaction() as session:
        session.add(
            WebhookEndpoint(
                agency_id=town.agency.id, url="https://case.example/hook", kinds=["appointment.changed"], salt="s",
                created_at=clock.now(), created_by=town.worker.id,
            )
        )  # fmt: skip


def told() -> list[dict[str, Any]]:
    """What was told since the last time."""
    with transaction() as session:
        rows = session.scalars(select(WebhookEvent).order_by(WebhookEvent.created_at, WebhookEvent.id)).all()
        found = [one.body["data"] for one in rows]
        for one in rows:
            session.delete(one)
    return found


def whats(events: list[dict[str, Any]]) -> Counter[str]:
    return Counter(one["what"] for one in events)


def coming(series_id: object) -> set[str]:
    with reading() as session:
        rows = session.scalars(select(Appointment.id).filter_by(series_id=series_id, status="scheduled"))
        return {str(key) for key in rows}


def test_each_appointment_of_the_coming_weeks_is_told_once(town: Town) -> None:
    thursday = date(2027, 6, 10)
    with transaction() as session:
        booked = series.book(
            session, session.get_one(Family, town.mine.family.id), town.worker,
            series.Rhythm("weekly", thursday, time(10), 60), kind="home_visit",
            attendees=[Expected(town.mine.parent.id)], details={},
        )  # fmt: skip
    events = told()
    assert whats(events) == {"booked": 8} and {one["appointment_id"] for one in events} == coming(booked.id)
    with transaction() as session:
        row = session.get_one(AppointmentSeries, booked.id)
        on = thursday + timedelta(days=14)
        new = series.change_from(session, row, town.worker, on, series.Rhythm("weekly", on, time(14), 60))
    events = told()
    assert whats(events) == {"moved": 6} and {one["appointment_id"] for one in events} == coming(new.id)
    assert {one["family_id"] for one in events} == {str(town.mine.family.id)}
    clock.move(timedelta(days=7))
    jobs.write_series()
    assert whats(told()) == {"booked": 1}
    with transaction() as session:
        row = session.get_one(AppointmentSeries, new.id)
        gone = series.end_from(session, row, town.worker, thursday + timedelta(days=28))
    assert whats(told()) == {"cancelled": gone} and gone == 5


def test_a_time_that_a_family_chose_is_told(town: Town) -> None:
    with transaction() as session:
        request = town.mine.change
        session.add(request)
        row = session.get_one(Appointment, request.appointment_id)
        row.starts_at, row.ends_at = clock.now() + timedelta(days=2), clock.now() + timedelta(days=2, hours=1)
        session.add(Attendee(appointment_id=row.id, name="Dora Worker"))
        when = clock.now() + timedelta(days=3)
        offers.offer(session, request, town.worker, [when])
        (offered,) = offers.open_offers(session, request.id)
    assert told() == []
    with transaction() as session:
        assert offers.choose(session, town.mine.parent.id, offered.id) == ("booked", when)
    (event,) = told()
    assert (event["what"], event["appointment_id"]) == ("moved", str(town.mine.appointment.id))
