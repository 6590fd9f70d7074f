"""On which days something that comes again comes: from a rule (RFC 5545) and a place's working days to dates. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import dropwhile, takewhile
from typing import Protocol
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr  # type: ignore[import-untyped]  # (no types are published for it)

from api.jurisdiction.clocks import Calendar
from api.timescales.due import is_working_day

#: How often, by the name that forms, files and the API use. ``monthly`` is the same weekday of each month as the first
#: day is of its own (the first Tuesday); ``monthly_last`` the last such weekday.
FREQUENCIES = ("weekly", "fortnightly", "monthly", "monthly_last", "working_days")
#: The furthest that the weeks of a series may lie apart.
MOST_WEEKS = 26
_WORKING_DAYS = "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR"
_EVERY_WEEKS = "FREQ=WEEKLY;INTERVAL="
_EVERY_MONTH = "FREQ=MONTHLY;BYDAY="
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def rule_of(frequency: str, starts_on: date, every_weeks: int | None = None) -> str:
    """The rule (RFC 5545) that is kept. ``every_weeks``: of ``weekly``, where it is not each week. A fifth weekday is
    the last one: not every month has it."""
    if frequency == "working_days":
        return _WORKING_DAYS
    if frequency.startswith("monthly"):
        nth = (starts_on.day - 1) // 7 + 1
        last = frequency == "monthly_last" or nth == 5
        return f"{_EVERY_MONTH}{-1 if last else nth}{_WEEKDAYS[starts_on.weekday()]}"
    weeks = 2 if frequency == "fortnightly" else every_weeks or 1
    return "FREQ=WEEKLY" if weeks == 1 else f"{_EVERY_WEEKS}{weeks}"


def frequency_of(rrule: str) -> str:
    """The name of a rule that is kept."""
    if rrule == _WORKING_DAYS:
        return "working_days"
    if rrule.startswith(_EVERY_MONTH):
        return "monthly_last" if rrule.startswith(f"{_EVERY_MONTH}-1") else "monthly"
    return "fortnightly" if rrule == f"{_EVERY_WEEKS}2" else "weekly"


def weeks_of(rrule: str) -> int | None:
    """How many weeks lie between, where no name says it; else None."""
    weeks = int(rrule.removeprefix(_EVERY_WEEKS)) if rrule.startswith(_EVERY_WEEKS) else 1
    return weeks if weeks > 2 else None


def may_start(frequency: str, day: date) -> bool:
    """Is that day one of its days? The last weekday of a month lies in its last seven days."""
    return frequency != "monthly_last" or (day + timedelta(days=7)).month != day.month


def days(
    rrule: str, every_working_days: int | None, starts_on: date, place: Calendar, *, until: date
) -> Iterator[date]:
    """Its days from ``starts_on`` to ``until``, both included, in order.

    With ``every_working_days`` it is every so many of the rule's days, bank holidays of the place not counted; the
    first is ``starts_on``, or the next working day.
    """
    found = rrulestr(rrule, dtstart=datetime.combine(starts_on, time()))
    coming = takewhile(lambda day: day <= until, (moment.date() for moment in found))
    if every_working_days is None:
        yield from coming
        return
    working = (day for day in coming if is_working_day(day, place))
    for number, day in enumerate(working):
        if number % every_working_days == 0:
            yield day


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """That local time of that day, in UTC: it stays the same on the wall when the clocks change."""
    return datetime.combine(day, at.replace(fold=0, tzinfo=None), tzinfo=zone).astimezone(UTC)


class Repeating(Protocol):
    """What a series says of its days."""

    rrule: str
    every_working_days: int | None
    starts_on: date
    ends_on: date | None


def days_of(series: Repeating, place: Calendar, *, until: date, after: date = date.min) -> Iterator[date]:
    """The days of a series, as ``days``, to its end or to ``until``, whichever is first; those after ``after``."""
    last = min(until, series.ends_on or until)
    found = days(series.rrule, series.every_working_days, series.starts_on, place, until=last)
    return dropwhile(lambda day: day <= after, found)


def nearest(
    were: Sequence[date], days: Sequence[date], within: timedelta, *, unwritten: Sequence[date] = ()
) -> list[date | None]:
    """For each day that there was, in order, the one of ``days`` it becomes; None where none is as near as ``within``.

    A day that stays is its own: no neighbour is put in its place. Each is given once. ``unwritten``: the old days that
    come after, of which nobody was told yet: they become days too, and nothing is said of them.
    """
    old = [*were, *unwritten]
    left = sorted(set(days) - set(old))
    stays = set(days) & set(old)
    found: list[date | None] = []
    for was in old:
        if was in stays:
            stays.remove(was)
            found.append(was)
            continue
        near = min(left, key=lambda day: abs(day - was), default=None)
        if near is not None and abs(near - was) <= within:
            left.remove(near)
            found.append(near)
        else:
            found.append(None)
    return found[: len(were)]
