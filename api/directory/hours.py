"""When a service is open, from its schedules. Pure: takes the local moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from api import texts
from api.directory.models import Schedule

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class Hours:
    """One rule: open on ``days`` (0 is Monday) from ``opens`` to ``closes``, "09:30" in local time."""

    days: tuple[int, ...]
    opens: str
    closes: str

    @property
    def always(self) -> bool:
        return len(self.days) == 7 and self.opens == "00:00" and self.closes == "23:59"


def read(schedules: Iterable[Schedule]) -> tuple[Hours, ...]:
    """The rules that are whole; what is only described in words is left to the phone."""
    rules = [
        Hours(
            days=tuple(DAYS.index(day) for day in schedule.byday.split(",") if day in DAYS),
            opens=schedule.opens_at,
            closes=schedule.closes_at,
        )
        for schedule in schedules
        if schedule.byday and schedule.opens_at and schedule.closes_at
    ]
    return tuple(sorted(rules, key=lambda rule: (rule.days, rule.opens)))


def today(rules: Iterable[Hours], at: datetime) -> Hours | None:
    """The rule by which it is open today and not yet closed, where ``at`` is the local moment; None when it is not."""
    clock = at.strftime("%H:%M")
    fitting = [rule for rule in rules if at.weekday() in rule.days and clock < rule.closes]
    return min(fitting, key=lambda rule: rule.opens, default=None)


def is_open(rules: Iterable[Hours], at: datetime) -> bool:
    """Is it open at that local moment?"""
    clock = at.strftime("%H:%M")
    return any(at.weekday() in rule.days and rule.opens <= clock < rule.closes for rule in rules)


def words(rules: tuple[Hours, ...], at: datetime | None, *, language: str, clock: int, most: int = 2) -> str:
    """ "Today 10:00-13:00", else "Tue, Fri 10am-1pm", "Any time", or that one must ring. ``clock``: 12 or 24."""
    if not rules:
        return texts.render("services.ring_first", language)
    if any(rule.always for rule in rules):
        return texts.render("services.any_time", language)
    now = today(rules, at) if at else None
    if now:
        return texts.render("services.open_today", language, hours=_span(now, clock))
    shown = [f"{_days(rule.days, language)} {_span(rule, clock)}" for rule in rules[:most]]
    return ", ".join(shown)


def _days(days: tuple[int, ...], language: str) -> str:
    if len(days) == 7:
        return texts.render("services.every_day", language)
    names = [texts.render(f"services.day.{DAYS[day].lower()}", language) for day in days]
    in_a_row = len(days) > 2 and days == tuple(range(days[0], days[0] + len(days)))
    return f"{names[0]}-{names[-1]}" if in_a_row else ",".join(names)


def _span(rule: Hours, clock: int) -> str:
    return f"{_time(rule.opens, clock)}-{_time(rule.closes, clock)}"


def _time(words_: str, clock: int) -> str:
    if clock == 24:
        return words_
    hour, minute = (int(part) for part in words_.split(":"))
    return f"{hour % 12 or 12}{f':{minute:02}' if minute else ''}{'am' if hour < 12 else 'pm'}"
