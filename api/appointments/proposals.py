"""Other times for somebody who cannot come: within working hours, when nobody expected is elsewhere, in time. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from api.jurisdiction.clocks import Calendar
from api.timescales.due import is_working_day

#: So many are proposed, none of them sooner than this (people arrange themselves), none later than that.
COUNT = 3
NOTICE = timedelta(hours=24)
FURTHEST = timedelta(days=42)
STEP = timedelta(minutes=30)
#: Two on one day are so far apart: who cannot at ten cannot at half past ten.
APART = timedelta(hours=2)


@dataclass(frozen=True, order=True)
class Slot:
    """A time that could be offered."""

    starts_at: datetime
    ends_at: datetime

    def touches(self, other: Slot) -> bool:
        """Is any moment in both?"""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


@dataclass(frozen=True)
class Working:
    """When a worker can be met: local times, ISO weekdays ("12345"), no bank holiday of the place."""

    begin: time
    end: time
    days: str
    zone: ZoneInfo
    place: Calendar

    def on(self, day: date) -> Slot | None:
        """Their hours of that day, or None."""
        if str(day.isoweekday()) not in self.days or (day.weekday() < 5 and not is_working_day(day, self.place)):
            return None
        begin, end = (datetime.combine(day, at, tzinfo=self.zone).astimezone(UTC) for at in (self.begin, self.end))
        return Slot(begin, end) if begin < end else None

    def next(self, now: datetime) -> datetime:
        """``now`` if they work then, else when they next begin."""
        today = now.astimezone(self.zone).date()
        for ahead in range(15):
            hours = self.on(today + timedelta(days=ahead))
            if hours is not None and now < hours.ends_at:
                return max(now, hours.starts_at)
        return now


def propose(
    was: Slot, busy: Sequence[Slot], working: Working, now: datetime, *, until: date | None = None
) -> list[Slot]:
    """Up to three other times as long as ``was``, on different days where there are enough, at the hour nearest to it;
    none after ``until``. ``busy``: when anybody expected is taken, ``was`` itself among them."""
    today = now.astimezone(working.zone).date()
    last = min(until or date.max, today + FURTHEST)
    days = [today + timedelta(days=n) for n in range((last - today).days + 1)]
    found: list[Slot] = []
    for _ in range(COUNT):  # a second one a day only where there are not days enough
        for day in days:
            if len(found) == COUNT:
                return sorted(found)
            fits = [slot for slot in _free(day, was, busy, working, now) if all(_apart(slot, one) for one in found)]
            if fits:
                found.append(min(fits, key=lambda slot: (_off(slot, was, working.zone), slot)))
    return sorted(found)


def _free(day: date, was: Slot, busy: Sequence[Slot], working: Working, now: datetime) -> Iterator[Slot]:
    hours = working.on(day)
    length = was.ends_at - was.starts_at
    starts_at = hours.starts_at if hours else now
    while hours and starts_at + length <= hours.ends_at:
        slot = Slot(starts_at, starts_at + length)
        if starts_at >= now + NOTICE and not any(slot.touches(other) for other in busy):
            yield slot
        starts_at += STEP


def _apart(slot: Slot, other: Slot) -> bool:
    return not slot.touches(other) and abs(slot.starts_at - other.starts_at) >= APART


def _off(slot: Slot, was: Slot, zone: ZoneInfo) -> timedelta:
    """How far the hour is from the one that was."""
    one, other = (at.starts_at.astimezone(zone) for at in (slot, was))
    return abs(timedelta(hours=one.hour - other.hour, minutes=one.minute - other.minute))
