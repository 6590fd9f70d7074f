"""By when something is due: from what happened, the rules and the calendar to dates. Pure: no database, no clock.

The day of the start event is not counted: "within 10 working days" of a Monday without holidays is the Monday two
weeks on. Months end on the same day of the month, or on its last where it has none. A clock that runs is not started
again by a second start event. Working days are Monday to Friday without the bank holidays of the place
(the ``holidays`` library); a change of the law there comes with a newer release of it.
"""

from __future__ import annotations

import calendar
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

import holidays

from api.jurisdiction.clocks import Calendar, Clock, Span, Unit

State = Literal["done", "done_late", "late", "soon", "running"]
#: Years for which a date can be worked out.
FIRST_YEAR, LAST_YEAR = 1900, 2199
ONE_DAY = timedelta(days=1)


class CannotCount(ValueError):
    """A day so far away that nothing can be counted from it."""


#: What may lead to a plan.
CONFERENCE = "initial_conference"
#: The rule that a plan sets itself: how often the children are seen.
VISITS = "visits"


@dataclass(frozen=True)
class Event:
    """Something that happened. ``plan`` is None for what concerns every plan of the family. ``no_plan``: a conference
    that decided on none. ``until``: from that day on, what it began is of no use any more."""

    kind: str
    day: date
    plan: uuid.UUID | None = None
    no_plan: bool = False
    until: date | None = None


@dataclass(frozen=True)
class Due:
    """By when ``rule`` wants something after ``started_on``; ``done_on`` is when it was done, if it was."""

    rule: str
    plan: uuid.UUID | None
    started_on: date
    due_on: date
    warn_on: date
    done_on: date | None


@lru_cache(maxsize=1024)
def bank_holidays(place: Calendar, year: int) -> frozenset[date]:
    """The days of a year on which offices there are closed, those observed for another included."""
    return frozenset(holidays.country_holidays(place.country, subdiv=place.subdivision, years=year))


def is_working_day(day: date, place: Calendar) -> bool:
    """Monday to Friday, and no bank holiday there."""
    return day.weekday() < 5 and day not in bank_holidays(place, day.year)


def shifted(day: date, number: int, unit: Unit, place: Calendar) -> date:
    """The day that lies ``number`` units after ``day`` (before it where negative). Raises CannotCount."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise CannotCount(f"only days from {FIRST_YEAR} to {LAST_YEAR} can be counted from")
    if unit == "months":
        return _months(day, number)
    if unit != "working_days":
        return day + number * (7 if unit == "weeks" else 1) * ONE_DAY
    step = ONE_DAY if number > 0 else -ONE_DAY
    for _ in range(abs(number)):
        day += step
        while not is_working_day(day, place):
            day += step
    return day


def _months(day: date, number: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + number, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def dues(clocks: Mapping[str, Clock], events: Iterable[Event], place: Calendar) -> list[Due]:
    """Every date that the rules give for these events, done or not, the soonest due first. Raises CannotCount."""
    known = sorted(_led_to(events), key=lambda event: (event.day, event.plan is not None, str(event.plan), event.kind))
    found = [due for rule, clock in clocks.items() for due in _of_rule(rule, clock, known, place)]
    return sorted(found, key=lambda due: (due.due_on, due.rule, due.started_on, str(due.plan)))


def _led_to(events: Iterable[Event]) -> list[Event]:
    """The same events; a conference that names no plan is that of the one plan that began from it on and before the
    next conference. Where none began, the next conference ends what it began."""
    known = list(events)
    held = sorted({event.day for event in known if event.kind == CONFERENCE})
    nowhere = {event.day for event in known if event.kind == CONFERENCE and event.no_plan}
    began = {(event.day, event.plan) for event in known if event.kind == "plan_started"}

    def told(event: Event) -> Event:
        if event.kind != CONFERENCE or event.plan is not None:
            return event
        following = next((day for day in held if day > event.day), None)
        plans = {plan for day, plan in began if event.day <= day and (following is None or day < following)}
        if event.day in nowhere:  # an appointment that was recorded as held is the same conference
            return replace(event, no_plan=True, until=following)
        if plans:
            return replace(event, plan=next(iter(plans))) if len(plans) == 1 else event
        return replace(event, until=following)

    return [told(event) for event in known]


def _of_rule(rule: str, clock: Clock, events: Sequence[Event], place: Calendar) -> list[Due]:
    made: list[Due] = []
    for start in (event for event in events if event.kind in clock.start):
        if start.no_plan and clock.of_a_plan:
            continue
        if not any(_covers(due, start) for due in made):
            made += _from(rule, clock, start, events, place)
    return made


def _covers(due: Due, start: Event) -> bool:
    """Was this clock running already when the start event came?"""
    if not _together(due.plan, start.plan) or due.started_on > start.day:
        return False
    return due.done_on is None or due.done_on >= start.day


def _from(rule: str, clock: Clock, start: Event, events: Sequence[Event], place: Calendar) -> list[Due]:
    """The dates from one start event on, as far as they have come: all done but perhaps the last."""
    made: list[Due] = []
    counted = begin = start.day
    number = 1
    # What starts a clock does not stop it as well: the next core group after this one does.
    after = start.day if set(clock.start) & set(clock.done) else start.day - ONE_DAY
    while True:
        due_on = shifted(counted, clock.within.number * number, clock.within.unit, place)
        warn_on = shifted(due_on, -clock.warn.number, clock.warn.unit, place)
        earliest = shifted(due_on, -clock.earliest.number, clock.earliest.unit, place) if clock.earliest else date.min
        held = (e.day for e in _of(events, clock.done, start) if e.day > after and e.day >= earliest)
        done_on = next(held, None)
        ends = [e.day for e in _of(events, clock.stop, start) if _ends(e, start, counted)]
        stopped = min([*ends, *([start.until] if start.until else [])], default=None)
        if stopped is not None and (done_on is None or stopped < done_on):
            return made
        if clock.again != "from_last" or done_on != begin:  # done on the day it began: it begins anew that day
            made.append(Due(rule, start.plan, begin, due_on, warn_on, done_on))
        if done_on is None or clock.again == "no":
            return made
        if clock.again == "from_last":
            counted = begin = after = done_on
        else:  # what is done early, twice, is not done in the next period too
            number, begin, after = number + 1, due_on, max(done_on, due_on)


def _of(events: Iterable[Event], kinds: Iterable[str], start: Event) -> Iterator[Event]:
    return (event for event in events if event.kind in kinds and _together(event.plan, start.plan))


def _ends(event: Event, start: Event, counted: date) -> bool:
    """An ending stops what began before it, and what began on its own day for the same plan."""
    return event.day > counted or (event.day == counted and event.plan is not None and event.plan == start.plan)


def _together(one: uuid.UUID | None, other: uuid.UUID | None) -> bool:
    return one is None or other is None or one == other


def of_visits(plan: uuid.UUID, every_days: int, events: Iterable[Event], place: Calendar) -> list[Due]:
    """By when the children are to be seen, by what the plan itself says."""
    clock = Clock(
        name={},
        start=["plan_started"],
        done=["home_visit"],
        stop=["plan_ended"],
        within=Span(number=every_days, unit="days"),
        again="from_last",
        warn=Span(number=min(3, every_days), unit="days"),
        source="the plan",
        paragraph="how often the children are visited",
        last_verified=date.min,
        check=False,
    )
    return [due for due in dues({VISITS: clock}, events, place) if due.plan == plan]


def state(due_on: date, warn_on: date, done_on: date | None, today: date) -> State:
    """How a date stands: done, done late, late, soon (worth a warning), or running."""
    if done_on is not None:
        return "done" if done_on <= due_on else "done_late"
    if today > due_on:
        return "late"
    return "soon" if today >= warn_on else "running"
