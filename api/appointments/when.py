"""Which days somebody means: "thurs", "next week", "after the 14th", "pasado mañana", "lunes o martes". Pure.

In: the words, the moment they were written, the zone of the agency, and which number comes first in "3/4". Out: spans
of local time, none where no time is named. English and Spanish are understood whatever the person's language is; the
words are data (``data/words/times.yaml``). A time that is named and cannot be known is never another one: ``unclear``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from api.appointments.named_days import Days, days_behind, days_of, weekday_behind, weekday_in
from api.appointments.time_words import folded, plain, words

__all__ = ["OPEN", "Span", "folded", "mentions", "resolve", "unclear"]

#: How far "after thursday" reaches.
OPEN = timedelta(days=120)


@dataclass(frozen=True)
class Span:
    """From ``start`` up to, not including, ``end``; aware local times. ``days`` is how many days it touches.

    ``exact`` False: the words name a day before or after which something is, and not the days themselves.
    """

    start: datetime
    end: datetime
    exact: bool = True

    @property
    def days(self) -> int:
        return max(1, (self.end - timedelta(microseconds=1)).date().toordinal() - self.start.date().toordinal() + 1)


@dataclass(frozen=True)
class _Seen:
    """From when and how the words are read."""

    local: datetime
    zone: ZoneInfo
    day_first: bool

    def days(self, text: str) -> Days | None:
        return days_of(text, self.local, self.day_first)

    def span(self, first: date, last: date, *, exact: bool = True) -> Span | None:
        start, end = _at(first, self.zone), _at(last + timedelta(days=1), self.zone)
        return Span(start, end, exact) if start < end else None


def mentions(words_: str, now: datetime, zone: ZoneInfo, *, day_first: bool = True, ranges: bool = True) -> list[Span]:
    """Every time that is named, in the order of the words: "can we do friday instead of thursday" names two days.

    ``ranges`` False: "from monday to friday" is a move from one day to another, and not the days between.
    """
    seen = _Seen(now.astimezone(zone), zone, day_first)
    text = _without(words_)
    found: list[Span | None] = []
    if ranges:
        text, found = _ranges(text, seen)
    clauses = _clauses(text)
    for clause in clauses:
        found.append(_behind(clause, found, seen) or _read(clause, seen, ranges=ranges))
    if not any(found) and len(clauses) > 1:
        found = [_read(text, seen, ranges=ranges)]
    return list(dict.fromkeys(span for span in found if span is not None))


def resolve(words_: str, now: datetime, zone: ZoneInfo, *, day_first: bool = True) -> Span | None:
    """The first time that the words name, seen from ``now`` (aware); None when they name none or no date that
    exists."""
    return next(iter(mentions(words_, now, zone, day_first=day_first)), None)


def unclear(words_: str) -> str:
    """ "school" where the words name a time of the school year, "day" for another one that cannot be known or was not
    understood, "" for none. Only meant for words in which ``mentions`` finds nothing."""
    text = words().named["why"].sub(" ", plain(words_))
    if words().find("school", text):
        return "school"
    return "day" if words().find("own_days", text) or words().find("vague", text) else ""


def _without(words_: str) -> str:
    """The words made plain, without times that cannot be known and what hangs on them ("the week after half term"),
    without how long something has been so, and without the days that are not wanted."""
    text = plain(words_)
    for name in ("behind_school", "behind_own", "since", "taken_back", "except"):
        text = words().named[name].sub(" ", text)
    return text


def _behind(clause: str, found: list[Span | None], seen: _Seen) -> Span | None:
    """What the clause counts from the time that was named before it, if it does."""
    before = next((span for span in reversed(found) if span is not None and span.exact), None)
    days = days_behind(clause, (before.end - timedelta(microseconds=1)).date()) if before is not None else None
    return _with_part(clause, days, seen) if days is not None else None


def _ranges(text: str, seen: _Seen) -> tuple[str, list[Span | None]]:
    """The spans from one day to another, and the text without them."""
    spans: list[Span | None] = []
    for name in ("between_two", "from_to"):
        while (found := words().find(name, text)) is not None:
            span = _range(found["one"], found["two"], text, seen)
            if span is None:
                break
            spans.append(span)
            text = f"{text[: found.start()]} , {text[found.end() :]}"
    return text, spans


def _range(one: str, two: str, text: str, seen: _Seen) -> Span | None:
    if "now" in one.split():
        one = "today"
    if re.fullmatch(r"(?:el |the |dia )*\d{1,2}(?:st|nd|rd|th)?", one) and (month := words().find("any_month", two)):
        one = f"{one.split()[-1]} {month[0]}"
    if words().find("next_week", text):
        one, two = (f"{part} next week" if weekday_in(part) is not None else part for part in (one, two))
    first, last = seen.days(one), seen.days(two)
    if first is None or last is None:
        return None
    end = last[1]
    while end < first[0] and (weekday_in(two) is not None or "today" not in two):
        end += timedelta(weeks=1)
        if end - last[1] > timedelta(weeks=5):
            return None
    return seen.span(first[0], end)


def _clauses(text: str) -> list[str]:
    """The text cut where one time ends and another begins; "tuesday and thursday next week" is two of next week."""
    clauses = [clause.strip() for clause in words().named["between"].split(text) if clause and clause.strip()]
    for modifier in ("week_after", "next_week", "last_week"):
        with_it = [clause for clause in clauses if words().find(modifier, clause)]
        if len(with_it) == 1 and (weekday_in(with_it[0]) is not None or len(clauses) > 2):
            found = words().find(modifier, with_it[0])
            return [_shared(clause, with_it[0], found[0] if found else "", clauses) for clause in clauses]
    return _with_months(clauses)


def _shared(clause: str, with_it: str, modifier: str, clauses: list[str]) -> str:
    """The clause with the week that another one names: a weekday behind that one, or earlier in the same week."""
    weekday, other = weekday_in(clause), weekday_in(with_it)
    if weekday is None or _has_its_own(clause):
        return "" if clause == modifier else clause
    behind = clauses.index(clause) > clauses.index(with_it)
    return f"{clause} {modifier}" if behind or (other is not None and weekday < other) else clause


def _with_months(clauses: list[str]) -> list[str]:
    """ "the 3rd and the 5th of december" are both in December."""
    for place in range(len(clauses) - 2, -1, -1):
        following = words().find("any_month", clauses[place + 1])
        number = re.search(r"(?:\b(?:el|the|dia|on) )?\b\d{1,2}(?:st|nd|rd|th)?$", clauses[place])
        if following and number and re.search(rf"\d\w* (?:of |de )?{following[0]}\b", clauses[place + 1]):
            clauses[place] = f"{clauses[place]} {following[0]}"
    return clauses


def _has_its_own(clause: str) -> bool:
    names = (
        "week_after",
        "next_week",
        "last_week",
        "this_week",
        "next",
        "proximo",
        "then_day",
        "last",
        "after_next",
        "weeks_on",
        "day_weeks",
    )
    return any(words().find(name, clause) for name in names)


def _read(clause: str, seen: _Seen, *, ranges: bool) -> Span | None:
    """What one clause names, with "after", "before" and the parts of a day."""
    if (found := words().find("week_after_day", clause)) and (days := seen.days(clause[found.end() :])):
        return seen.span(days[1] + timedelta(days=1), days[1] + timedelta(days=7))
    if (found := words().find("day_after", clause)) and (days := seen.days(clause[found.end() :])):
        weekday = weekday_in(found["day"])
        if weekday is not None:
            return _with_part(clause, (weekday_behind(weekday, days[1]),) * 2, seen)
    for name in ("after", "from", "before", "until"):
        found = words().find(name, clause)
        if found is None:
            continue
        if not ranges and name in ("from", "until"):
            break
        head, tail = clause[: found.start()], clause[found.end() :]
        if weekday_in(tail) is not None and words().find("next_week", head):
            tail += " next week"
        days = seen.days(tail)
        if days is None:
            continue
        if name == "before" and days[0] <= seen.local.date() and weekday_in(tail) is not None:
            days = (days[0] + timedelta(weeks=1), days[1] + timedelta(weeks=1))
        span = _open(name, days, seen)
        around = seen.days(head)
        within = seen.span(*around) if around else None
        return _both(within, span) if within and span else span
    days = seen.days(clause)
    if days is not None and days[0] == days[1] and ranges and words().find("onwards", clause):
        return _open("from", days, seen)
    return _with_part(clause, days, seen)


def _open(name: str, days: Days, seen: _Seen) -> Span | None:
    today = seen.local.date()
    first, last = days
    if name == "after":
        return seen.span(last + timedelta(days=1), last + OPEN, exact=False)
    if name == "from":
        return seen.span(first, last + OPEN, exact=False)
    return seen.span(today, last if name == "until" else first - timedelta(days=1), exact=False)


def _both(around: Span, span: Span) -> Span:
    """What both name; where they do not meet, the wider one that was named by itself."""
    start, end = max(around.start, span.start), min(around.end, span.end)
    return Span(start, end, span.exact) if start < end else around


def _with_part(clause: str, days: Days | None, seen: _Seen) -> Span | None:
    part = next(((start, end) for pattern, start, end in words().parts if pattern.search(clause)), None)
    if days is None:
        if part is None or not words().find("part_of_today", clause):
            return None
        days = (seen.local.date(), seen.local.date())
    first, last = days
    if part and first == last:
        end = _at(first, seen.zone, time(part[1])) if part[1] < 24 else _at(first + timedelta(days=1), seen.zone)
        return Span(_at(first, seen.zone, time(part[0])), end)
    return seen.span(first, last)


def _at(day: date, zone: ZoneInfo, hour: time = time()) -> datetime:
    return datetime.combine(day, hour, tzinfo=zone)
