"""A series that is said anew by its own id (an import): its coming appointments follow what it says now.

What was moved, changed or called off by itself stays as it is, as when a worker changes a series. Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.appointments import content, recurrence, series
from api.appointments.models import Appointment, AppointmentSeries


def followers(session: Session, row: AppointmentSeries) -> list[Appointment]:
    """The coming appointments that are as the series says, before it says something else."""
    return [one for one in series.coming_from(session, row, date.min) if not series.is_exception(session, row, one)]


def follow(session: Session, row: AppointmentSeries, following: Sequence[Appointment]) -> None:
    """These become what the series says now: each its nearest day's, those without one are called off. What is missing
    then, ``series.write_ahead`` writes."""
    zone, place = series.where(session, row.family_id)
    now = clock.now()
    today = now.astimezone(zone).date()
    last = max(row.written_until or today, today + series.AHEAD, row.starts_on + timedelta(days=14))
    mine = {one.id for one in following}
    others = select(Appointment.id, Appointment.series_on).where(Appointment.series_id == row.id)
    taken = {day for key, day in session.execute(others) if key not in mine}
    days = recurrence.days(
        row.rrule, row.every_working_days, row.starts_on, place, until=min(last, row.ends_on or last)
    )
    left = [day for day in days if day not in taken and recurrence.moment(day, row.at, zone) > now]
    become = recurrence.nearest([one.series_on or today for one in following], left, series.SAME_VISIT)
    wanted = list(zip(following, become, strict=True))
    for one, day in wanted:  # days change hands: none is held by two at any moment
        if day is not None and day != one.series_on:
            one.series_id = one.series_on = None
    session.flush()
    for one, day in wanted:
        with content.kept(session, one, None):
            if day is None:
                one.status, one.change_reason, one.changed_by = "cancelled", "", None
            else:
                _become(session, row, one, day)
    row.written_until = None
    session.flush()


def _become(session: Session, row: AppointmentSeries, one: Appointment, day: date) -> None:
    zone, _ = series.where(session, row.family_id)
    one.series_id, one.series_on, one.kind = row.id, day, row.kind
    session.flush()
    series.take_places(session, row, one)
    starts_at = recurrence.moment(day, row.at, zone)
    if one.starts_at != starts_at:
        one.change_reason, one.changed_by = "", None
        for place in one.attendees:
            place.answer, place.answered_at, place.answer_words = "none", None, ""
    one.starts_at, one.ends_at = starts_at, starts_at + timedelta(minutes=row.minutes)
    for name in series.DETAILS:
        setattr(one, name, getattr(row, name))
