"""A series that is changed as a whole is one text to each person, not one for each of its appointments."""

from __future__ import annotations

from datetime import date, time

from sqlalchemy import select

from api.appointments import series
from api.appointments.models import AppointmentSeries
from api.appointments.service import Expected
from api.database import transaction
from api.families.models import Family
from tests.reminders.conftest import Diary, tick


def test_a_whole_series_moved_or_ended_is_told_once_with_how_many_others(diary: Diary) -> None:
    worker = diary.town.worker
    with transaction() as session:
        booked = series.book(
            session, session.get_one(Family, diary.household.family.id), worker,
            series.Rhythm("weekly", date(2026, 12, 3), time(10), 60), kind="home_visit",
            attendees=[Expected(diary.person.id)], details={},
        )  # fmt: skip
    tick()
    before = len(diary.texts())
    with transaction() as session:
        row = session.get_one(AppointmentSeries, booked.id)
        new = series.change_from(
            session, row, worker, date(2026, 12, 10), series.Rhythm("weekly", date(2026, 12, 11), time(14), 60)
        )
    tick()
    (moved,) = diary.texts()[before:]
    assert "Thursday 10 December at 10:00" in moved and "Friday 11 December at 14:00" in moved
    assert "Later ones that change too: 5. You'll be told before each." in moved
    with transaction() as session:
        gone = series.end_from(
            session, session.scalars(select(AppointmentSeries).filter_by(id=new.id)).one(), worker, date(2026, 12, 18)
        )
    tick()
    (off,) = diary.texts()[before + 1 :]
    assert off.startswith("Friday 18 December at 14:00 is called off.")
    assert f"Later ones that are off too: {gone - 1}." in off and gone == 5
