"""Which days somebody means: "thurs", "next week", "the 14th", "pasado mañana", "after school". Pure.

In: the words, the moment they were written, the zone of the agency, and which number comes first in "3/4". Out: a span
of local time, or None when no time is named. English and Spanish are understood whatever the person's language is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

#: On a Thursday from this local hour on, "thursday" means next week's: today's appointments are over.
EVENING = 18


@dataclass(frozen=True)
class Span:
    """From ``start`` up to, not including, ``end``; aware local times. ``days`` is how many days it touches."""

    start: datetime
    end: datetime

    @property
    def days(self) -> int:
        return max(1, (self.end - timedelta(microseconds=1)).date().toordinal() - self.start.date().toordinal() + 1)


_WEEKDAYS = [
    r"mon(?:day)?s?|lunes",
    r"tue?s?(?:day)?s?|martes",
    r"we(?:d|ds|nsday|nesday|dnesday|dnsday|nds)s?|miercoles",
    r"th(?:u|ur|urs|ursday|rusday|ursdy)s?|jueves",
    r"fri(?:day|dy)?s?|viernes",
    r"(?<!been )(?<!was )(?<!just )(?<!i )(?<!am )(?<!im )(?<!is )(?<!are )(?<!were )sat(?:urday|erday)?s?|saturdays?|sabados?",
    r"sun(?:day)?s?|domingos?",
]
_WEEKDAY = [re.compile(rf"\b(?:{names})\b") for names in _WEEKDAYS]
_MONTHS = [
    r"jan(?:uary)?|enero",
    r"feb(?:ruary|uary)?|febrero",
    r"mar(?:ch)?|marzo",
    r"apr(?:il)?|abril",
    r"may|mayo",
    r"june?|junio",
    r"july?|julio",
    r"aug(?:ust)?|agosto",
    r"sept?(?:ember)?|sep?tiembre",
    r"oct(?:ober)?|octubre",
    r"nov(?:ember)?|noviembre",
    r"dec(?:ember)?|dic(?:iembre)?",
]
_MONTH = "|".join(f"(?P<m{number}>{names})" for number, names in enumerate(_MONTHS, start=1))
_DAY_MONTH = re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:\s+(?:of|de))?\s+(?:{_MONTH})\b")
_MONTH_DAY = re.compile(rf"\b(?:{_MONTH})\s+(?:the\s+)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b")
_NUMERIC = re.compile(r"\b(?P<first>\d{1,2})[/.](?P<second>\d{1,2})(?:[/.](?P<year>\d{2,4}))?\b(?!\s*(?:am|pm|o'?clock))")
_ORDINAL = re.compile(r"\b(?P<day>\d{1,2})(?:st|nd|rd|th)\b|\b(?:el|dia)\s+(?:dia\s+)?(?P<dia>\d{1,2})\b(?!\s*(?:[:/]|de la|am|pm))")

_PARTS: list[tuple[re.Pattern[str], int, int]] = [
    (re.compile(r"\b(?:after school|despues de (?:la escuela|clase|el cole)|al salir de(?:l cole| clase))\b"), 15, 18),
    (re.compile(r"\b(?:morning|mornin|in the am|por la manana|de la manana|en la manana)\b"), 0, 12),
    (re.compile(r"\b(?:afternoon|aft|arvo|por la tarde|de la tarde|en la tarde|esta tarde)\b"), 12, 18),
    (re.compile(r"\b(?:evening|tonight|2nite|tonite|night|esta noche|por la noche|de la noche)\b"), 17, 24),
]

_TODAY = re.compile(r"\b(?:today|2day|tday|tonight|tonite|2nite|this (?:morning|afternoon|evening|aft)|hoy|esta (?:tarde|noche|manana))\b")
_AFTER_TOMORROW = re.compile(r"\b(?:(?:the )?day after (?:tomorrow|tomoz|tmrw)|pasado manana)\b")
_TOMORROW = re.compile(r"\b(?:tomorrow|tomorow|tommorow|tommorrow|tomo|tomoz|tomoro|tmrw|tmr|tmoz|2moro|2morrow|2mrw)\b|(?<!por la )(?<!de la )(?<!en la )(?<!esta )(?<!pasado )\bmanana\b")
_YESTERDAY = re.compile(r"\b(?:yesterday|yday|yesterdays|ayer)\b")
_WEEKEND = re.compile(r"\b(?:weekend|wkend|wknd|fin de semana|finde)\b")
_LAST_WEEK = re.compile(r"\b(?:last week|la semana pasada)\b")
_WEEK_AFTER = re.compile(r"\b(?:week after next|dentro de dos semanas|in two weeks|in 2 weeks)\b")
_NEXT_WEEK = re.compile(r"\b(?:next (?:week|wk)|following week|la semana que viene|proxima semana|semana proxima|la otra semana|semana entrante)\b")
_THIS_WEEK = re.compile(r"\b(?:(?:this|the) (?:week|wk)|esta semana|rest of the week)\b")
_NEXT_MONTH = re.compile(r"\b(?:next month|el mes que viene|proximo mes|mes proximo|mes entrante)\b")
_THIS_MONTH = re.compile(r"\b(?:this month|este mes)\b")
_MONTH_ALONE = re.compile(rf"\b(?:in|for|during|until|till|til|en|para|hasta)\s+(?:{_MONTH})\b(?!\s+\d)")
_IN_DAYS = re.compile(r"\b(?:in|en|dentro de) (?P<n>\d{1,2}|a|one|two|three|un|una|dos|tres) (?P<unit>days?|weeks?|dias?|semanas?)\b")
_FORTNIGHT = re.compile(r"\b(?:in a fortnight|in 2 wks)\b")
_ANY_DAY = "|".join([*_WEEKDAYS, "weekend|wkend|wknd|fin de semana|finde"])
_NEXT = re.compile(rf"\b(?:next|nxt|following|proxim[oa])\s+(?:{_ANY_DAY})\b|\b(?:{_ANY_DAY})\s+(?:next|que viene|proximo)\b")
_LAST = re.compile(rf"\blast\s+(?:{_ANY_DAY})\b|\b(?:{_ANY_DAY})\s+pasado\b")
_NUMBERS = {"a": 1, "one": 1, "two": 2, "three": 3, "un": 1, "una": 1, "dos": 2, "tres": 3}


def folded(words: str) -> str:
    """Small letters without accents; what every pattern here is written for."""
    letters = unicodedata.normalize("NFKD", words.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


_CLAUSE = re.compile(r"[,;.!?]|\b(?:instead of|rather than|instead|not|but|or|to|en vez de|en lugar de|pero|sino|para|al)\b")


def mentions(words: str, now: datetime, zone: ZoneInfo, *, day_first: bool = True) -> list[Span]:
    """Every time that is named, clause by clause: "can we do friday instead of thursday" names two days."""
    clauses = [words, *_CLAUSE.split(folded(words))]
    found = [resolve(clause, now, zone, day_first=day_first) for clause in clauses]
    return list(dict.fromkeys(span for span in found if span is not None))


def resolve(words: str, now: datetime, zone: ZoneInfo, *, day_first: bool = True) -> Span | None:
    """The time that ``words`` name, seen from ``now`` (aware); None when they name none or no date that exists."""
    text = folded(words)
    local = now.astimezone(zone)
    days = next((found for read in _READERS if (found := read(text, local, day_first)) is not None), None)
    part = next(((start, end) for pattern, start, end in _PARTS if pattern.search(text)), None)
    if days is None:
        if part is None or not re.search(r"\b(?:this|esta|after school|tonight)\b", text):
            return None
        days = (local.date(), local.date())
    first, last = days
    if part and first == last:
        return _span(first, time(part[0]), zone, hours=part[1] - part[0])
    return Span(_at(first, zone), _at(last + timedelta(days=1), zone))


Days = tuple[date, date]


def _at(day: date, zone: ZoneInfo, hour: time = time()) -> datetime:
    return datetime.combine(day, hour, tzinfo=zone)


def _span(day: date, start: time, zone: ZoneInfo, *, hours: int) -> Span:
    end_hour = start.hour + hours
    end = _at(day + timedelta(days=1), zone) if end_hour >= 24 else _at(day, zone, time(end_hour))
    return Span(_at(day, zone, start), end)


def _relative(text: str, local: datetime, day_first: bool) -> Days | None:
    today = local.date()
    if _AFTER_TOMORROW.search(text):
        return (today + timedelta(days=2),) * 2
    if _YESTERDAY.search(text):
        return (today - timedelta(days=1),) * 2
    if _TOMORROW.search(text):
        return (today + timedelta(days=1),) * 2
    if _TODAY.search(text):
        return today, today
    if _FORTNIGHT.search(text):
        return (today + timedelta(days=14),) * 2
    if found := _IN_DAYS.search(text):
        count = _NUMBERS.get(found["n"]) or int(found["n"])
        if found["unit"][0] == "d":
            return (today + timedelta(days=count),) * 2
        return _week(today, count)
    return None


def _dates(text: str, local: datetime, day_first: bool) -> Days | None:
    for pattern in (_DAY_MONTH, _MONTH_DAY):
        if found := pattern.search(text):
            month = next(number for number in range(1, 13) if found[f"m{number}"])
            return _whole_day(_next_date(local.date(), month, int(found["day"])))
    if found := _MONTH_ALONE.search(text):
        first = _next_date(local.date(), next(number for number in range(1, 13) if found[f"m{number}"]), 1)
        return (first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)) if first else None
    if found := _NUMERIC.search(text):
        one, two = int(found["first"]), int(found["second"])
        day, month = (one, two) if day_first else (two, one)
        if month > 12:
            day, month = month, day
        return _whole_day(_next_date(local.date(), month, day))
    if found := _ORDINAL.search(text):
        return _whole_day(_next_day_of_month(local.date(), int(found["day"] or found["dia"])))
    return None


def _weeks(text: str, local: datetime, day_first: bool) -> Days | None:
    today = local.date()
    weekday = next((number for number, pattern in enumerate(_WEEKDAY) if pattern.search(text)), None)
    if weekday is None and _WEEKEND.search(text):
        ahead = 1 if _NEXT.search(text) and today.weekday() < 5 else 0
        saturday = today + timedelta(days=(5 - today.weekday()) if today.weekday() < 6 else -1)
        saturday += timedelta(weeks=ahead or (1 if _NEXT.search(text) else 0))
        return saturday, saturday + timedelta(days=1)
    if weekday is None:
        return _whole_weeks(text, today)
    day = today + timedelta(days=(weekday - today.weekday()) % 7)
    if _LAST.search(text):
        return (day - timedelta(weeks=1),) * 2
    if _NEXT_WEEK.search(text) or _NEXT.search(text):
        # "next thursday" and "thursday next week": the one in the week that starts on the coming Monday.
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=1)
        return (monday + timedelta(days=weekday),) * 2
    if day == today and local.hour >= EVENING:
        day += timedelta(weeks=1)
    return day, day


def _whole_weeks(text: str, today: date) -> Days | None:
    if _WEEK_AFTER.search(text):
        return _week(today, 2)
    if _NEXT_WEEK.search(text):
        return _week(today, 1)
    if _LAST_WEEK.search(text):
        return _week(today, -1)
    if _THIS_WEEK.search(text):
        return today, _week(today, 0)[1]
    if _NEXT_MONTH.search(text):
        first = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
        return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    if _THIS_MONTH.search(text):
        return today, (today.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return None


_READERS: tuple[Callable[[str, datetime, bool], Days | None], ...] = (_relative, _dates, _weeks)


def _week(today: date, ahead: int) -> Days:
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=ahead)
    return monday, monday + timedelta(days=6)


def _whole_day(day: date | None) -> Days | None:
    return (day, day) if day else None


def _next_date(today: date, month: int, day: int) -> date | None:
    """The nearest such date that is not long over: this year's, unless it is more than 60 days past."""
    for year in (today.year, today.year + 1):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found >= today - timedelta(days=60):
            return found
    return None


def _next_day_of_month(today: date, day: int) -> date | None:
    """ "the 14th": this month's if it is still to come, else the next month that has one."""
    for ahead in range(0, 3):
        first = (today.replace(day=1) + timedelta(days=32 * ahead)).replace(day=1)
        try:
            found = first.replace(day=day)
        except ValueError:
            continue
        if found >= today:
            return found
    return None
