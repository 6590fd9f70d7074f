"""On which days something that comes again comes: from a rule (RFC 5545) and a place's working days to dates. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr  # type: ignore[import-untyped]  # (no types are published for it)

from api.jurisdiction.clocks import Calendar
from api.timescales.due import is_working_day

#: How often: the name that forms, files and the API use → the rule that is kept.
RULES = {
    "weekly": "FREQ=WEEKLY",
    "fortnightly": "FREQ=WEEKLY;INTERVAL=2",
    "working_days": "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR",
}
FREQUENCIES = tuple(RULES)


def frequency_of(rrule: str) -> str:
    """The name of a rule that is kept."""
    return next(name for name, rule in RULES.items() if rule == rrule)


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


def nearest(were: Sequence[date], days: Sequence[date], within: timedelta) -> list[date | None]:
    """For each day that there was, in order, the one of ``days`` it becomes; None where none is as near as ``within``.

    A day that stays is its own: no neighbour is put in its place. Each is given once.
    """
    left = sorted(set(days) - set(were))
    stays = set(days) & set(were)
    found: list[date | None] = []
    for was in were:
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
    return found
