"""Appointments, series, other times, webhooks, hours and the family's own plan in a real browser: accessible, and
fitting a narrow screen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from api import clock
from api.access.guards import CHAT_COOKIE
from api.access.models import Worker
from api.appointments import series
from api.appointments.models import Appointment, Attendee
from api.appointments.service import Expected
from api.database import transaction
from api.families.models import Family
from api.reminders.models import AppointmentNews
from tests.browser import assert_accessible, assert_accessible_everywhere, page, site
from tests.console.test_console_in_a_browser import sign_in
from tests.small_town import Town

__all__ = ["page", "site"]
pytestmark = pytest.mark.slow


def test_the_pages_of_appointments_and_webhooks_are_accessible_and_fit(page: Page, town: Town) -> None:
    with transaction() as session:
        session.get_one(Worker, town.manager.id).role = "administrator"
        tomorrow = (clock.now() + timedelta(days=1)).date()
        booked = series.book(
            session, session.get_one(Family, town.mine.family.id), town.worker,
            series.Rhythm("weekly", tomorrow, clock.now().time().replace(hour=10, minute=0), 60), kind="home_visit",
            attendees=[Expected(town.mine.parent.id), Expected(name="Mona Worker")], details={"place": "x" * 80},
        )  # fmt: skip
        visit = session.scalars(select(Appointment).filter_by(series_id=booked.id)).all()[0]
        session.add(Attendee(appointment_id=town.mine.appointment.id, name="Mona Worker"))
        session.add(
            AppointmentNews(
                appointment_id=visit.id, worker_id=town.manager.id, change_id=1, what="moved", reason="not_all",
                was_at=visit.starts_at, starts_at=visit.starts_at + timedelta(hours=2), noted_at=clock.now(),
                due_at=clock.now(),
            )
        )  # fmt: skip
    sign_in(page)
    for path in (
        "/console",
        "/console/families",
        f"/console/families/{town.mine.family.id}",
        f"/console/families/{town.mine.family.id}/appointments",
        f"/console/appointments/{visit.id}",
        f"/console/appointments/{town.mine.appointment.id}",
        f"/console/families/{town.mine.family.id}/conferences",
        f"/console/conferences/{town.mine.meeting.id}",
        f"/console/plans/{town.mine.plan.id}",
        f"/console/plans/{town.mine.plan.id}/review",
        f"/console/people/{town.mine.parent.id}/plan",
        "/console/timescales",
        "/console/webhooks",
        "/console/account",
    ):
        page.goto(path)
        assert_accessible_everywhere(page, 1200, 320)
    town.in_ohio()
    page.goto(f"/console/families/{town.mine.family.id}/plans")
    assert_accessible_everywhere(page, 1200, 320)
    page.goto("/console/webhooks")
    page.get_by_label("Address of your system").fill("https://case.example.org/hearthline")
    page.get_by_role("button", name="Add", exact=True).click()
    assert_accessible_everywhere(page, 1200, 320)


def test_a_worker_books_a_clash_sees_it_and_two_workers_do_not_overwrite_each_other(page: Page, town: Town) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    sign_in(page, f"/console/families/{town.mine.family.id}/appointments")
    day = (clock.now() + timedelta(days=9)).date().isoformat()

    def book() -> None:
        page.goto(f"/console/families/{town.mine.family.id}/appointments")
        page.get_by_label("Day", exact=True).fill(day)
        page.get_by_label("Time", exact=True).fill("10:00")
        page.get_by_label("Ashparent", exact=True).check()
        page.get_by_role("button", name="Book", exact=True).click()

    book()
    book()
    expect(page.get_by_text("Nothing has been saved yet")).to_be_visible()
    assert_accessible(page)
    with transaction() as session:
        made = session.scalars(select(Appointment).filter_by(family_id=town.mine.family.id, kind="home_visit")).one()
    page.goto(f"/console/appointments/{made.id}")
    with transaction() as session:
        session.get_one(Appointment, made.id).place = "At school"
    page.get_by_label("Time", exact=True).fill("11:00")
    page.get_by_label("Why").select_option("place")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Somebody has changed this appointment")).to_be_visible()
    expect(page.get_by_label("Time", exact=True)).to_have_value("11:00")
    assert_accessible(page)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ash")


def test_other_times_are_offered_beside_the_request(page: Page, town: Town) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    sign_in(page, f"/console/families/{town.mine.family.id}")
    expect(page.get_by_role("button", name="Offer these by text")).to_be_visible()
    assert_accessible(page)


def test_the_familys_own_plan_is_accessible_and_fits(page: Page, site: str, town: Town) -> None:
    cookies, _ = town.chatting(town.mine.parent)
    page.context.add_cookies([{"name": CHAT_COOKIE, "value": cookies[CHAT_COOKIE], "url": site}])
    page.goto("/chat/plan")
    expect(page.get_by_role("strong").filter(has_text="Ash course")).to_be_visible()
    assert_accessible_everywhere(page, 1200, 320)
