"""A series that is said anew by its own id (an import): its coming appointments follow what it says now.

What was moved, changed or called off by itself stays as it is, as when a worker changes a series. Nothing here commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.appointments import content, recurrence, series
from api.appointments.models import Appointment, AppointmentSeries


@dataclass(frozen=True)
class Before:
    """What follows a series: its coming appointments that are as it says, and the days after the last that is written,
    of which nobody was told yet."""

    following: list[Appointment]
    unwritten: list[date]


def before(session: Session, row: AppointmentSeries) -> Before:
    """What there is of a series before it says something else."""
    following = [
        one for one in series.coming_from(session, row, date.min) if not series.is_exception(session, row, one)
    ]
    zone, place = series.where(session, row.family_id)
    today = clock.now().astimezone(zone).date()
    written = row.written_until or max((one.series_on or today for one in following), default=today)
    until = max(written, today + series.AHEAD) + series.SAME_VISIT
    return Before(following, list(recurrence.days_of(row, place, until=until, after=written)))


def follow(session: Session, row: AppointmentSeries, there: Before) -> None:
    """These become what the series says now: each its nearest day's, those without one are called off. What is missing
    then, ``series.write_ahead`` writes."""
    zone, place = series.where(session, row.family_id)
    now, following = clock.now(), there.following
    today = now.astimezone(zone).date()
    last = max(row.written_until or today, today + series.AHEAD, row.starts_on + timedelta(days=14))
    mine = {one.id for one in following}
    others = select(Appointment.id, Appointment.series_on).where(Appointment.series_id == row.id)
    taken = {day for key, day in session.execute(others) if key not in mine}
    days = recurrence.days_of(row, place, until=last + series.SAME_VISIT)  # the last one may go beyond what is written
    left = [day for day in days if day not in taken and recurrence.moment(day, row.at, zone) > now]
    become = recurrence.nearest(
        [one.series_on or today for one in following], left, series.SAME_VISIT, unwritten=there.unwritten
    )
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
