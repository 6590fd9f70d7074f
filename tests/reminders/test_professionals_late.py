"""An e-mail to a professional that was held up goes as long as a meeting of which it tells is not over, and no longer;
a worker sees that it did not go."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.appointments import series, service
from api.appointments.models import Appointment, AppointmentSeries
from api.appointments.service import Expected
from api.database import reading, transaction
from api.families.models import Family
from api.messages.models import OutboundMessage
from tests.harness.mail import FakeMail
from tests.reminders.conftest import MEETING, Diary, set_clock, tick
from tests.reminders.test_professionals import cancel, deliver, expect, member, move, words_of

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
#: The meeting lasts an hour.
OVER = MEETING + HOUR


@pytest.fixture
def expected(diary: Diary, post: FakeMail) -> Diary:
    """A teacher is expected; the mail server puts off the first e-mail."""
    expect(diary, "Jo Field")
    member(diary, "Jo Field")
    post.fail("451")
    return diary


def held_up_until(moment: datetime) -> None:
    """The first try now, the next then."""
    tick()
    deliver()
    set_clock(moment)
    deliver()


def mails() -> list[tuple[str, str]]:
    with reading() as session:
        rows = session.scalars(select(OutboundMessage).filter_by(kind="professional"))
        return [(row.state, row.error) for row in rows]


def test_what_comes_after_the_meeting_is_not_sent_and_the_worker_sees_that(
    expected: Diary, client: TestClient, post: FakeMail
) -> None:
    cancel(expected)
    held_up_until(OVER)
    assert post.mails == [] and mails() == [("failed", "too_late")]
    client.cookies.update(expected.town.signed_in(expected.town.worker))
    said = "Not told: the e-mail was held up until the meeting was over"
    page = client.get(f"/console/appointments/{expected.appointment.id}").text
    assert said in page[page.index('id="professionals"') :]
    assert said in client.get(f"/console/families/{expected.household.family.id}").text
    deliver()
    assert post.mails == [], "nor later"


def test_while_it_goes_on_they_may_still_be_on_their_way(expected: Diary, post: FakeMail) -> None:
    cancel(expected)
    held_up_until(OVER - SECOND)
    assert len(post.mails) == 1 and mails() == [("sent", "")]


@pytest.mark.parametrize("to", [MEETING + 3 * HOUR, MEETING - 3 * HOUR], ids=["later", "earlier"])
def test_of_two_times_the_later_one_counts(expected: Diary, post: FakeMail, to: datetime) -> None:
    move(expected, to)
    held_up_until(max(to, MEETING) + HOUR - SECOND)
    assert len(post.mails) == 1
    post.fail("451")
    move(expected, max(to, MEETING) + 5 * HOUR)
    held_up_until(max(to, MEETING) + 6 * HOUR)
    assert len(post.mails) == 1 and ("failed", "too_late") in mails()


def test_a_time_that_they_were_never_told_of_keeps_no_mail(expected: Diary, post: FakeMail) -> None:
    with transaction() as session:
        row = session.get_one(Appointment, expected.appointment.id)
        service.change(session, row, expected.town.worker, starts_at=MEETING + 30 * HOUR, ends_at=None, details={})
        service.cancel(session, row, expected.town.worker)
    held_up_until(OVER)
    assert post.mails == [] and mails() == [("failed", "too_late")]


def test_of_a_series_the_last_one_counts(expected: Diary, post: FakeMail) -> None:
    with transaction() as session:
        booked = series.book(
            session, session.get_one(Family, expected.household.family.id), expected.town.worker,
            series.Rhythm("weekly", date(2026, 12, 3), time(10), 60, ends_on=date(2026, 12, 20)), kind="home_visit",
            attendees=[Expected(expected.person.id), Expected(name="Jo Field")], details={},
        )  # fmt: skip
    tick()
    with transaction() as session:
        row = session.get_one(AppointmentSeries, booked.id)
        series.end_from(session, row, expected.town.worker, date(2026, 12, 3), reason="worker")
    held_up_until(MEETING + timedelta(days=12))
    assert len(post.mails) == 1, "of three that are called off one is still to come"
    assert "Later ones" in words_of(post.mails[0])


def test_one_that_is_on_again_at_another_time_is_told_with_that(diary: Diary, post: FakeMail) -> None:
    expect(diary, "Jo Field")
    member(diary, "Jo Field")
    cancel(diary)
    tick()
    deliver()
    with transaction() as session:
        row = session.get_one(Appointment, diary.appointment.id)
        service.restore(session, row, diary.town.worker)
        service.change(session, row, diary.town.worker, starts_at=MEETING + 26 * HOUR, ends_at=None, details={})
    tick()
    deliver()
    assert "The meeting on Sunday 29 November at 15:00 with" in words_of(post.mails[1])
    assert "takes place after all" in words_of(post.mails[1])
