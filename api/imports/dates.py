"""Dates and times as an import file writes them: ISO, or relative to today. Pure: takes ``now`` and the zone.

Forms (data/demo/README.md explains them): ``2026-12-01``, ``2026-12-01 10:00`` (local time of the agency),
``2026-12-01T10:00:00Z``, ``today+3 10:00``, ``today-8y``, ``workday+2 15:30``, ``tuesday 10:00``,
``saturday+1w 9:30``.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FORMS = 'a date such as "2026-12-01", "today+3", "workday+2" or "tuesday", for a time followed by one such as "10:00"'
_RELATIVE = re.compile(
    rf"^(?P<anchor>today|workday|{'|'.join(WEEKDAYS)})(?:(?P<sign>[+-])(?P<count>\d{{1,5}})(?P<unit>[dwmy]?))?"
    r"(?:[ T](?P<time>\d{1,2}:\d{2}))?$"
)
_ISO_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")


class DateError(ValueError):
    """What was written is no date that we know; the message says which forms there are."""


def local_day(words: str, today: date) -> date:
    """The calendar day meant by ``words`` where ``today`` is today. Raises DateError."""
    if _ISO_DAY.match(words):
        return _iso_day(words)
    found = _RELATIVE.match(words)
    if not found or found["time"]:
        raise DateError(f"is not {FORMS.split(', for')[0]}")
    return _day(found, today)


def moment(words: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment meant by ``words``, in UTC; a time without a zone is local time in ``zone``. Raises DateError."""
    found = _RELATIVE.match(words)
    if found:
        if not found["time"]:
            raise DateError(f'needs a time, such as "{words} 10:00"')
        return at(_day(found, now.astimezone(zone).date()), _clock(found["time"]), zone)
    if _ISO_DAY.match(words):
        raise DateError(f'needs a time, such as "{words} 10:00"')
    try:
        read = datetime.fromisoformat(words)
    except ValueError:
        raise DateError(f"is not {FORMS}") from None
    return read.astimezone(UTC) if read.tzinfo else at(read.date(), read.time(), zone)


def at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """That local time of that day, in UTC. A time that a clock change skips is taken as if it had not."""
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def _day(found: re.Match[str], today: date) -> date:
    anchor, unit = found["anchor"], found["unit"] or "d"
    count = int(found["count"] or 0) * (-1 if found["sign"] == "-" else 1)
    if anchor == "workday":
        if unit != "d":
            raise DateError("counts working days, so it takes no w, m or y")
        return _workday(today, count)
    start = today if anchor == "today" else _next(today, WEEKDAYS.index(anchor))
    try:
        if unit in "dw":
            return start + timedelta(days=count * (7 if unit == "w" else 1))
        return _months_on(start, count * (12 if unit == "y" else 1))
    except (OverflowError, ValueError):
        raise DateError("is too far from today") from None


def _next(today: date, weekday: int) -> date:
    """The first such weekday after today."""
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _workday(today: date, count: int) -> date:
    """So many Mondays to Fridays on from today (0: today, or the Monday after a weekend). Bank holidays not counted."""
    if abs(count) > 1000:
        raise DateError("is too far from today")
    day, step = today, 1 if count >= 0 else -1
    while count == 0 and day.weekday() > 4:
        day += timedelta(days=1)
    for _ in range(abs(count)):
        day += timedelta(days=step)
        while day.weekday() > 4:
            day += timedelta(days=step)
    return day


def _months_on(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            if not 1 <= year <= 9999:
                raise
    raise ValueError("no such month")


def _iso_day(words: str) -> date:
    try:
        return date.fromisoformat(words)
    except ValueError:
        raise DateError("is not a day of the calendar") from None


def _clock(words: str) -> time:
    hour, minute = (int(part) for part in words.split(":"))
    try:
        return time(hour, minute)
    except ValueError:
        raise DateError("has a time that no clock shows") from None
