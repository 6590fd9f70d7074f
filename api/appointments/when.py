"""Which days somebody means: "thurs", "next week", "the 14th", "pasado mañana", "after school". Pure.

In: the words, the moment they were written, the zone of the agency, and which number comes first in "3/4". Out: a span
of local time, or None when no time is named. English and Spanish are understood whatever the person's language is; the
words are data (``data/words/times.yaml``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import yaml

from api.settings import DATA

#: On a Thursday from this local hour on, "thursday" means next week's: today's appointments are over.
EVENING = 18
_NUMBERS = {"a": 1, "one": 1, "two": 2, "three": 3, "un": 1, "una": 1, "dos": 2, "tres": 3}

Days = tuple[date, date]


@dataclass(frozen=True)
class Span:
    """From ``start`` up to, not including, ``end``; aware local times. ``days`` is how many days it touches."""

    start: datetime
    end: datetime

    @property
    def days(self) -> int:
        return max(1, (self.end - timedelta(microseconds=1)).date().toordinal() - self.start.date().toordinal() + 1)


@dataclass(frozen=True)
class _Words:
    """The compiled patterns of the data file."""

    weekdays: tuple[re.Pattern[str], ...]
    parts: tuple[tuple[re.Pattern[str], int, int], ...]
    named: dict[str, re.Pattern[str]]

    def find(self, name: str, text: str) -> re.Match[str] | None:
        return self.named[name].search(text)


@lru_cache(maxsize=1)
def _words() -> _Words:
    data = yaml.safe_load((DATA / "words" / "times.yaml").read_text(encoding="utf-8"))
    weekdays, months, parts = data.pop("weekdays"), data.pop("months"), data.pop("parts")
    month = "|".join(f"(?P<m{number}>{names})" for number, names in enumerate(months, start=1))
    day = "|".join([*weekdays, data["weekend"]])
    stands_for = {"{month}": month, "{day}": day, "{manana}": data.pop("manana")}
    filled = dict(data)
    for name, words in stands_for.items():
        filled = {key: pattern.replace(name, words) for key, pattern in filled.items()}
    between = filled.pop("between")
    named = {name: _whole_words(pattern) for name, pattern in filled.items()}
    named["between"] = re.compile(rf"[,;.!?]|\b(?:{between})\b")
    return _Words(
        weekdays=tuple(_whole_words(names) for names in weekdays),
        parts=tuple((_whole_words(part["words"]), part["from"], part["until"]) for part in parts),
        named=named,
    )


def _whole_words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b")


def folded(words: str) -> str:
    """Small letters without accents; what every pattern of data/words is written for."""
    letters = unicodedata.normalize("NFKD", words.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def mentions(words: str, now: datetime, zone: ZoneInfo, *, day_first: bool = True) -> list[Span]:
    """Every time that is named, clause by clause: "can we do friday instead of thursday" names two days."""
    clauses = [words, *_words().named["between"].split(folded(words))]
    found = [resolve(clause, now, zone, day_first=day_first) for clause in clauses if clause]
    return list(dict.fromkeys(span for span in found if span is not None))


def resolve(words: str, now: datetime, zone: ZoneInfo, *, day_first: bool = True) -> Span | None:
    """The time that ``words`` name, seen from ``now`` (aware); None when they name none or no date that exists."""
    text = folded(words)
    local = now.astimezone(zone)
    days = next((found for read in _READERS if (found := read(text, local, day_first)) is not None), None)
    part = next(((start, end) for pattern, start, end in _words().parts if pattern.search(text)), None)
    if days is None:
        if part is None or not _words().find("part_of_today", text):
            return None
        days = (local.date(), local.date())
    first, last = days
    if part and first == last:
        end = _at(first, zone, time(part[1])) if part[1] < 24 else _at(first + timedelta(days=1), zone)
        return Span(_at(first, zone, time(part[0])), end)
    return Span(_at(first, zone), _at(last + timedelta(days=1), zone))


def _at(day: date, zone: ZoneInfo, hour: time = time()) -> datetime:
    return datetime.combine(day, hour, tzinfo=zone)


def _relative(text: str, local: datetime, day_first: bool) -> Days | None:
    today, find = local.date(), _words().find
    for name, ahead in (("after_tomorrow", 2), ("yesterday", -1), ("tomorrow", 1), ("today", 0), ("fortnight", 14)):
        if find(name, text):
            return (today + timedelta(days=ahead),) * 2
    if found := find("in_days", text):
        count = _NUMBERS.get(found["n"]) or int(found["n"])
        return (today + timedelta(days=count),) * 2 if found["unit"][0] == "d" else _week(today, count)
    return None


def _dates(text: str, local: datetime, day_first: bool) -> Days | None:
    find, today = _words().find, local.date()
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
    if found := find("ordinal", text):
        return _whole_day(_next_day_of_month(today, int(found["day"] or found["dia"])))
    return None


def _weeks(text: str, local: datetime, day_first: bool) -> Days | None:
    today, find = local.date(), _words().find
    weekday = next((number for number, pattern in enumerate(_words().weekdays) if pattern.search(text)), None)
    if weekday is None and find("weekend", text):
        saturday = today + timedelta(days=5 - today.weekday(), weeks=1 if find("next", text) else 0)
        return saturday, saturday + timedelta(days=1)
    if weekday is None:
        return _whole_weeks(text, today)
    day = today + timedelta(days=(weekday - today.weekday()) % 7)
    if find("last", text) or find("last_week", text):
        return (day - timedelta(weeks=1),) * 2
    if find("next_week", text) or find("next", text):
        # "next thursday" and "thursday next week": the one in the week that starts on the coming Monday.
        return (_week(today, 1)[0] + timedelta(days=weekday),) * 2
    if day == today and local.hour >= EVENING:
        day += timedelta(weeks=1)
    return day, day


def _whole_weeks(text: str, today: date) -> Days | None:
    find = _words().find
    for name, ahead in (("week_after", 2), ("next_week", 1), ("last_week", -1)):
        if find(name, text):
            return _week(today, ahead)
    if find("this_week", text):
        return today, _week(today, 0)[1]
    if find("next_month", text):
        first = _month_end(today) + timedelta(days=1)
        return first, _month_end(first)
    return (today, _month_end(today)) if find("this_month", text) else None


_READERS: tuple[Callable[[str, datetime, bool], Days | None], ...] = (_relative, _dates, _weeks)


def _week(today: date, ahead: int) -> Days:
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=ahead)
    return monday, monday + timedelta(days=6)


def _month(found: re.Match[str]) -> int:
    return next(number for number in range(1, 13) if found[f"m{number}"])


def _month_end(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _whole_day(day: date | None) -> Days | None:
    return (day, day) if day else None


def _next_date(today: date, month: int, day: int, past: int = 60) -> date | None:
    """The nearest such date that is not long over: this year's, unless it is more than ``past`` days ago."""
    for year in (today.year, today.year + 1):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found >= today - timedelta(days=past):
            return found
    return None


def _next_day_of_month(today: date, day: int) -> date | None:
    """ "the 14th": this month's if it is still to come, else the next month's that has one."""
    first = today.replace(day=1)
    for _ in range(3):
        if 1 <= day <= _month_end(first).day and first.replace(day=day) >= today:
            return first.replace(day=day)
        first = _month_end(first) + timedelta(days=1)
    return None
