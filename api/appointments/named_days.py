"""Which days one clause names: "tuesday week", "the end of the month", "el catorce". Pure.

In: the clause as ``time_words.plain`` gives it, the local moment, and which number comes first in "3/4". Out: the first
and the last day, or None. The readers are tried in order, the most telling first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

from dateutil.easter import easter  # type: ignore[import-untyped]  # (no types are published for it)

from api.appointments.time_words import Part, words

#: On a Thursday from this local hour on, "thursday" means next week's: today's appointments are over.
EVENING = 18
SATURDAY = 5

Days = tuple[date, date]
_NTH = ("first", "second", "third", "fourth", "1st", "2nd", "3rd", "4th", "primer", "segundo", "tercer", "cuarto")


def days_of(text: str, local: datetime, day_first: bool) -> Days | None:
    """The days that the clause names, or None."""
    return next((found for read in _READERS if (found := read(text, local, day_first)) is not None), None)


def weekday_in(text: str) -> int | None:
    """The weekday that the clause names, Monday 0."""
    return next((number for number, pattern in enumerate(words().weekdays) if pattern.search(text)), None)


def days_behind(text: str, before: date) -> Days | None:
    """The days that the clause counts from the one named before it: "the friday after", "the week after that"."""
    find = words().find
    if find("then_day", text):
        weekday = weekday_in(text)
        return None if weekday is None else (weekday_behind(weekday, before),) * 2
    if find("then_week", text):
        return _week(before, 1)
    return (before + timedelta(days=1),) * 2 if find("next_day", text) else None


def weekday_behind(weekday: int, before: date) -> date:
    """The first such weekday after that day."""
    return before + timedelta(days=(weekday - before.weekday() - 1) % 7 + 1)


def _so_many(text: str, local: datetime, day_first: bool) -> Days | None:
    """A week on friday, two weeks ago, within ten days, in a month."""
    today, find, number = local.date(), words().find, words().number
    for name in ("weeks_on", "day_weeks"):
        if found := find(name, text):
            groups = found.groupdict()
            weeks = {"ocho": 1, "quince": 2}.get(groups.get("ocho") or "") or number(groups.get("n"))
            weeks *= 2 if (groups["unit"] or groups.get("one") or "").startswith("f") else 1
            weekday = weekday_in(found[0])
            ahead = 0 if groups["now"] else 1 if groups["tomorrow"] else None
            if ahead is None and weekday is None:
                continue
            ahead = (int(weekday or 0) - today.weekday()) % 7 if ahead is None else ahead
            return (today + timedelta(days=ahead, weeks=weeks),) * 2
    if found := find("ago", text):
        return _away(today, found["unit"] or found["unidad"], -number(found["n"] or found["m"]))
    if found := find("past_within", text):
        far = _length(found["unit"] or found["unidad"], number(found["n"] or found["m"] or "few"))
        return today - far, today - timedelta(days=1)
    if found := find("within", text):
        unit = found["unit"] or found["wunit"] or found["some"] or found["unidad"]
        return today, today + _length(unit, number(found["n"] or found["w"] or found["m"] or "few"))
    if find("next_fortnight", text):
        return today, today + timedelta(days=14)
    if found := find("in_days", text):
        return _away(today, found["unit"] or found["munit"], number(found["n"] or found["m"]))
    return None


def _length(unit: str, number: int) -> timedelta:
    return timedelta(days=number * {"d": 1, "w": 7, "s": 7, "f": 14, "q": 14, "m": 30}[unit[0]])


def _away(today: date, unit: str, number: int) -> Days:
    """So many days from today; of weeks and months the whole week it falls in."""
    day = today + _length(unit, number)
    return (day, day) if unit[0] == "d" else _week(day, 0)


def _relative(text: str, local: datetime, day_first: bool) -> Days | None:
    today, find = local.date(), words().find
    ahead = {"before_yesterday": -2, "after_tomorrow": 2, "yesterday": -1, "tomorrow": 1, "today": 0}
    return next(((today + timedelta(days=days),) * 2 for name, days in ahead.items() if find(name, text)), None)


def _feasts(text: str, local: datetime, day_first: bool) -> Days | None:
    today = local.date()
    for feast in words().feasts:
        if not feast.pattern.search(text):
            continue
        for year in (today.year, today.year + 1):
            day = date(year, feast.month, feast.day) if feast.month else easter(year) + timedelta(days=feast.day)
            last: date = day + timedelta(days=feast.days - 1)
            if last >= today:
                return day, last
    return None


def _months(text: str, local: datetime, day_first: bool) -> Days | None:
    """Parts of a month, and the nth weekday of one."""
    today = local.date()
    if found := words().find("nth_weekday", text):
        weekday = weekday_in(found[0])
        first = _month_meant(text, today)
        if weekday is not None:
            day = first + timedelta(days=(weekday - first.weekday()) % 7)
            if found["nth"] in ("last", "ultimo"):
                while (day + timedelta(weeks=1)).month == first.month:
                    day += timedelta(weeks=1)
                return day, day
            return (day + timedelta(weeks=_NTH.index(found["nth"]) % 4),) * 2
    for part in words().month_parts:
        if found := part.pattern.search(text):
            days = _of_month(part, _month_meant(found[0], today, text))
            late = days[1] < today and not words().find("any_month", found[0])
            return _of_month(part, _month_end(days[1]) + timedelta(days=1)) if late else days
    return None


def _of_month(part: Part, first: date) -> Days:
    last = _month_end(first).day
    begin, end = (day if day > 0 else last + 1 + day for day in (part.first, part.last))
    return first.replace(day=begin), first.replace(day=end)


def _month_meant(named: str, today: date, text: str = "") -> date:
    """The first of the month that is named, else of the next one or of this one."""
    if found := words().find("any_month", named):
        return _next_date(today, _month(found), 1, past=31) or today.replace(day=1)
    this = today.replace(day=1)
    return _month_end(this) + timedelta(days=1) if words().find("next_month", text or named) else this


def _dates(text: str, local: datetime, day_first: bool) -> Days | None:
    find, today = words().find, local.date()
    if found := find("week_of", text):
        within = _dates(text[: found.start()] + text[found.end() :], local, day_first)
        if within is not None and within[0] == within[1]:
            return _week(within[0], 0)
    if found := find("iso", text):
        return _whole_day(_date(int(found["year"]), int(found["month"]), int(found["day"])))
    for name in ("day_month", "month_day"):
        if found := find(name, text):
            return _whole_day(_next_date(today, _month(found), int(found["day"])))
    if found := find("month_alone", text):
        first = _next_date(today, _month(found), 1, past=31)
        return (first, _month_end(first)) if first else None
    if found := find("numeric", text):
        one, two = int(found["first"]), int(found["second"])
        day, month = (one, two) if day_first else (two, one)
        return _whole_day(_next_date(today, *((month, day) if month <= 12 else (day, month))))
    for name in ("ordinal", "day_number"):
        if found := find(name, text):
            groups = found.groupdict()
            number = int(groups.get("day") or groups["dia"])
            if find("next_month", text):
                after = _month_end(today) + timedelta(days=1)
                return _whole_day(_date(after.year, after.month, number))
            return _whole_day(_next_day_of_month(today, number))
    if find("month_bare", text) and (found := find("any_month", text)):
        first = _next_date(today, _month(found), 1, past=31)
        return (first, _month_end(first)) if first else None
    return None


def _weeks(text: str, local: datetime, day_first: bool) -> Days | None:
    today, find = local.date(), words().find
    for part in words().week_parts:
        if part.pattern.search(text):
            monday = _week(today, 1 if find("next_week", text) or "next" in text or "proxima" in text else 0)[0]
            first, last = (monday + timedelta(days=day) for day in (part.first, part.last))
            return (max(first, today), last) if last >= today else _moved((first, last), weeks=1)
    weekday = weekday_in(text)
    if find("weekend", text):
        weeks = 2 if find("weekend_after", text) else 1 if find("next", text) else -1 if find("last", text) else 0
        if find("proximo", text) and today.weekday() >= SATURDAY:
            weeks = 1
        saturday = today + timedelta(days=5 - today.weekday(), weeks=weeks)
        return saturday, saturday + timedelta(days=1)
    if weekday is None:
        return _whole_weeks(text, today)
    day = today + timedelta(days=(weekday - today.weekday()) % 7)
    if find("before_last", text):
        return (day - timedelta(weeks=2),) * 2
    if find("last", text) or find("last_week", text):
        return (day - timedelta(weeks=1),) * 2
    if find("week_after", text) or find("after_next", text):
        return (_week(today, 2)[0] + timedelta(days=weekday),) * 2
    if find("next_week", text) or find("next", text):
        # "next thursday" and "thursday next week": the one in the week that starts on the coming Monday.
        return (_week(today, 1)[0] + timedelta(days=weekday),) * 2
    if day == today and (local.hour >= EVENING or find("proximo", text)):
        day += timedelta(weeks=1)
    return day, day


def _whole_weeks(text: str, today: date) -> Days | None:
    find = words().find
    for name, ahead in (("week_after", 2), ("next_week", 1), ("last_week", -1)):
        if find(name, text):
            return _week(today, ahead)
    if find("this_week", text):
        return today, _week(today, 0)[1]
    this = today.replace(day=1)
    after = _month_end(today) + timedelta(days=1)
    if find("next_month", text):
        return after, _month_end(after)
    if find("last_month", text):
        return (this - timedelta(days=1)).replace(day=1), this - timedelta(days=1)
    if find("this_month", text):
        return today, _month_end(today)
    if find("new_year", text):
        return date(today.year + 1, 1, 1), date(today.year + 1, 1, 31)
    if find("year_end", text):
        return date(today.year, 12, 15), date(today.year, 12, 31)
    if find("next_year", text):
        return date(today.year + 1, 1, 1), date(today.year + 1, 12, 31)
    return (today, date(today.year, 12, 31)) if find("this_year", text) else None


_READERS: tuple[Callable[[str, datetime, bool], Days | None], ...] = (
    _so_many, _relative, _months, _dates, _feasts, _weeks,
)  # fmt: skip


def _week(today: date, ahead: int) -> Days:
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=ahead)
    return monday, monday + timedelta(days=6)


def _moved(days: Days, *, weeks: int) -> Days:
    return days[0] + timedelta(weeks=weeks), days[1] + timedelta(weeks=weeks)


def _month(found: re.Match[str]) -> int:
    return next(number for number in range(1, 13) if found[f"m{number}"])


def _month_end(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _whole_day(day: date | None) -> Days | None:
    return (day, day) if day else None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _next_date(today: date, month: int, day: int, past: int = 60) -> date | None:
    """The nearest such date that is not long over: this year's, unless it is more than ``past`` days ago."""
    found = (_date(year, month, day) for year in (today.year, today.year + 1))
    return next((one for one in found if one and one >= today - timedelta(days=past)), None)


def _next_day_of_month(today: date, day: int) -> date | None:
    """ "the 14th": this month's if it is still to come, else the next month's that has one."""
    first = today.replace(day=1)
    for _ in range(3):
        if 1 <= day <= _month_end(first).day and first.replace(day=day) >= today:
            return first.replace(day=day)
        first = _month_end(first) + timedelta(days=1)
    return None
