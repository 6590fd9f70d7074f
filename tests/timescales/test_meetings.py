"""Appointments of every kind are recorded as held or missed, on the agency's days, and a review has them by kind."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from fastapi.testclient import TestClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from api import clock, texts
from api.access.models import Agency
from api.appointments.models import KINDS, Appointment
from api.database import reading, transaction
from api.families.models import Family
from api.imports.case_schemas import EventIn
from api.plans.models import Plan
from api.timescales import queries
from tests.small_town import Town


def book(session: Session, family: Family, kind: str, begins: datetime) -> Appointment:
    made = Appointment(
        family_id=family.id, external_id=f"{kind}-{begins.isoformat()}", kind=kind, starts_at=begins,
        ends_at=begins + timedelta(hours=1),
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def test_every_kind_of_appointment_is_an_event_with_words_that_a_file_may_bring() -> None:
    for kind in KINDS:
        event = queries.EVENT_OF[kind]
        assert texts.has(f"timescales.event.{event}"), event
        assert EventIn.model_validate({"id": "e", "kind": event, "day": "2026-03-01"}).kind == event


def test_every_kind_is_recorded_and_stands_in_the_review_under_its_own_name(client: TestClient, town: Town) -> None:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    begins = clock.now() - timedelta(days=3)
    with transaction() as session:
        session.get_one(Plan, town.mine.plan.id).started_on = (begins - timedelta(days=9)).date()
        booked = [book(session, town.mine.family, kind, begins - timedelta(hours=n)) for n, kind in enumerate(KINDS)]
    review = f"/console/plans/{town.mine.plan.id}/review"
    assert "Court hearing" in client.get(review).text.split('id="unrecorded"')[1], "over, and nobody has said"
    for n, appointment in enumerate(booked):
        form = town.form(cookies, outcome="missed" if n % 2 else "held", back=review)
        answer = client.post(f"/console/appointments/{appointment.id}/happened", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, review), appointment.kind
    page = client.get(review).text
    assert 'id="unrecorded"' not in page
    for name in ("Court hearing (1)", "Children seen at home (1)", "Support group (1)", "Health appointment (1)"):
        assert name in page, name


def test_an_evening_belongs_to_the_agencys_day_not_to_that_of_utc(town: Town) -> None:
    with transaction() as session:
        session.execute(update(Agency).where(Agency.id == town.agency.id).values(timezone="America/New_York"))
        evening = book(session, town.mine.family, "home_visit", datetime(2026, 3, 11, 1, tzinfo=UTC))  # the 10th, 21:00
        book(session, town.mine.family, "home_visit", datetime(2026, 3, 11, 4, 30, tzinfo=UTC))  # the 11th, 00:30
        before = book(session, town.mine.family, "home_visit", datetime(2026, 3, 10, 3, tzinfo=UTC))  # the 9th, 23:00
    with reading() as session:
        found = queries.unrecorded(session, town.mine.family.id, date(2026, 3, 10), date(2026, 3, 11))
        earlier = queries.unrecorded(session, town.mine.family.id, date(2026, 3, 9), date(2026, 3, 11))
    assert [one.id for one in found] == [evening.id]
    assert [one.id for one in earlier] == [before.id, evening.id]
