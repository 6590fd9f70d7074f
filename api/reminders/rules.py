"""When somebody is reminded. Pure: takes ``now``, knows neither database nor clock.

Days before an appointment are counted on the calendar of the place (three days before Monday 10:00 is Friday 10:00,
also over a night in which the clocks change); hours are real hours. What falls outside a person's safe hours moves to
the nearest allowed time that is still ``LEAD`` before the appointment: back to ``LAST_CALL`` before the hours end, or
on to when they begin again, whichever is nearer; as near: back. Where there is none, nothing is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

#: A reminder comes at least so long before the appointment.
LEAD = timedelta(minutes=30)
#: So long before the safe hours end is the last moment that a text is moved to: it needs time to arrive.
LAST_CALL = timedelta(minutes=15)
#: Nobody is reminded of what was booked so short a time before.
JUST_BOOKED = timedelta(hours=1)
#: Two reminders of one appointment closer than this would be one too many.
TOGETHER = timedelta(hours=1)
#: A moment that passed so recently is still sent when plans are made anew.
LATE = timedelta(minutes=15)
#: The furthest that a moment can lie before its appointment.
FURTHEST = timedelta(days=14)
MOST_MOMENTS = 5
#: News of a change, where a reminder has its moment.
NEWS = ("moved", "cancelled", "restored", "added", "removed")
_MOMENT = re.compile(r"([1-9]\d?)([dh])")


@dataclass(frozen=True)
class Moment:
    """So many days ("d") or hours ("h") before."""

    count: int
    unit: str

    @property
    def code(self) -> str:
        return f"{self.count}{self.unit}"

    @property
    def length(self) -> timedelta:
        return timedelta(days=self.count) if self.unit == "d" else timedelta(hours=self.count)

    def before(self, starts_at: datetime, zone: ZoneInfo) -> datetime:
        """The moment before ``starts_at``, UTC."""
        if self.unit == "h":
            return starts_at.astimezone(UTC) - self.length
        local = starts_at.astimezone(zone)
        return _utc(local.date() - self.length, local.time(), zone)


def parse(words: str) -> tuple[Moment, ...]:
    """The moments in "3d,1d,2h", the furthest first; none in "". Raises ValueError for what is none, or too many."""
    found = set()
    for word in filter(None, (part.strip() for part in words.split(","))):
        match = _MOMENT.fullmatch(word)
        if match is None:
            raise ValueError("a moment is a number and d or h, such as 3d or 2h")
        moment = Moment(int(match[1]), match[2])
        if moment.length > FURTHEST:
            raise ValueError(f"a moment is at most {FURTHEST.days} days before")
        found.add(moment)
    if len(found) > MOST_MOMENTS:
        raise ValueError(f"at most {MOST_MOMENTS} moments")
    return tuple(sorted(found, key=lambda moment: moment.length, reverse=True))


def each(kinds: Mapping[str, str]) -> dict[str, str]:
    """The moments of each kind as they are stored. Raises ValueError for what is no moment, or too many."""
    return {kind: written(parse(moments)) for kind, moments in sorted(kinds.items())}


def written(moments: Sequence[Moment]) -> str:
    """The moments as they are stored: "3d,1d,2h"."""
    return ",".join(moment.code for moment in moments)


@dataclass(frozen=True)
class Hours:
    """A person's safe hours, local to ``zone``: from ``start`` until, not including, ``end``. From a later hour until
    an earlier one they go over midnight; the same hour twice is the whole day. ``days``: ISO weekdays (1 is Monday)
    on which they begin."""

    start: time
    end: time
    zone: ZoneInfo
    days: str = "1234567"

    def around(self, moment: datetime) -> tuple[tuple[datetime, datetime], ...]:
        """The spans of safe time near a moment, in order: at least one before and one after, if there are any."""
        return _spans(self, moment.astimezone(self.zone).date())

    def span(self, moment: datetime) -> tuple[datetime, datetime] | None:
        """The span of safe time that the moment lies in; None outside."""
        return next(((start, end) for start, end in self.around(moment) if start <= moment < end), None)

    def nearest(self, wanted: datetime, *, earliest: datetime, latest: datetime) -> datetime | None:
        """The allowed time nearest to ``wanted``, not before ``earliest`` and not after ``latest``; None: there is
        none."""
        if self.span(wanted) is not None:
            return wanted if earliest <= wanted <= latest else None
        spans = self.around(wanted)
        back = [max(start, end - LAST_CALL) for start, end in spans if end <= wanted][-1:]
        on = [start for start, _ in spans if start > wanted][:1]
        fitting = [one for one in (*back, *on) if earliest <= one <= latest]
        return min(fitting, key=lambda one: (abs(one - wanted), one), default=None)

    def soonest(self, now: datetime, *, latest: datetime) -> datetime | None:
        """Now, if it is allowed, else when the safe hours begin again; None where that is after ``latest``."""
        if self.span(now) is not None:
            return now if now <= latest else None
        return next((start for start, _ in self.around(now) if now < start <= latest), None)


@lru_cache(maxsize=4096)
def _spans(hours: Hours, today: date) -> tuple[tuple[datetime, datetime], ...]:
    near = 2 if len(hours.days) == 7 else 8
    found = []
    for ahead in range(-near, near + 1):
        first = today + timedelta(days=ahead)
        if str(first.isoweekday()) in hours.days:
            last = first if hours.start < hours.end else first + timedelta(days=1)
            found.append((_utc(first, hours.start, hours.zone), _utc(last, hours.end, hours.zone)))
    return tuple(found)


@dataclass(frozen=True)
class Planned:
    """A moment of one appointment for one person: when it is due, or why it is not sent (``reason``)."""

    moment: Moment
    due_at: datetime
    reason: str = ""


def plan(starts_at: datetime, moments: Sequence[Moment], hours: Hours, now: datetime, *, fresh: bool) -> list[Planned]:
    """Each moment, the nearest to the appointment first.

    ``fresh``: the appointment is new or has a new time, so who is expected has just heard of it: what would follow
    within ``JUST_BOOKED`` is left out.
    """
    earliest = now + JUST_BOOKED if fresh else now - LATE
    made: list[Planned] = []
    kept: list[datetime] = []
    for moment in sorted(moments, key=lambda one: one.length):
        wanted = moment.before(starts_at, hours.zone)
        if wanted < earliest:
            made.append(Planned(moment, wanted, "just_booked" if fresh else "passed"))
            continue
        due = hours.nearest(wanted, earliest=earliest, latest=starts_at - LEAD)
        if due is None:
            made.append(Planned(moment, wanted, "no_safe_time"))
        elif any(abs(due - other) < TOGETHER for other in kept):
            made.append(Planned(moment, due, "together"))
        else:
            kept.append(due)
            made.append(Planned(moment, due))
    return made


@dataclass(frozen=True)
class Facts:
    """What is so when a text is due. ``told_of`` is the time that it would tell of, ``starts_at`` the appointment's own
    by now; ``superseded``: a later reminder of the same appointment is due as well (nothing ran for a while)."""

    moment: str
    told_of: datetime
    starts_at: datetime
    ends_at: datetime
    status: str
    expected: bool
    answer: str
    wanted: bool
    superseded: bool
    reach: str
    hours: Hours

    @property
    def notice(self) -> bool:
        """Is it news of a change rather than a reminder?"""
        return self.moment in NEWS


@dataclass(frozen=True)
class Verdict:
    """Send it, until ``not_after``; or ``wait_until``; or leave it, for this ``reason``."""

    reason: str = ""
    wait_until: datetime | None = None
    not_after: datetime | None = None


def decide(facts: Facts, now: datetime) -> Verdict:
    """What becomes of a text that is due."""
    reason = _unwanted(facts, now)
    if reason:
        return Verdict(reason)
    last = facts.ends_at if facts.notice and facts.moment != "removed" else facts.told_of
    span, midnight = _today(facts.hours, now)
    if span is None:
        later = facts.hours.soonest(now, latest=last if facts.notice else last - LEAD)
        return Verdict("no_safe_time") if later is None else Verdict(wait_until=later)
    if facts.reach != "ok":
        return Verdict(facts.reach)
    return Verdict(not_after=min(span[1], midnight, last))  # "tomorrow at ten" is true until midnight


@lru_cache(maxsize=1024)
def _today(hours: Hours, now: datetime) -> tuple[tuple[datetime, datetime] | None, datetime]:
    """The span of safe time that it is, and when the day ends: the same for all who share these hours."""
    return hours.span(now), _utc(now.astimezone(hours.zone).date() + timedelta(days=1), time(), hours.zone)


def _unwanted(facts: Facts, now: datetime) -> str:
    if facts.moment == "removed":  # whatever became of the appointment: it is not theirs any more
        return "changed_again" if facts.expected else "too_late" if now >= facts.told_of else ""
    if not facts.expected:
        return "not_expected"
    if facts.moment == "cancelled":
        if facts.status != "cancelled" or facts.told_of != facts.starts_at:
            return "changed_again"
        return "too_late" if now >= facts.ends_at else ""
    if facts.status == "cancelled":
        return "cancelled"
    if facts.told_of != facts.starts_at:
        return "moved"
    if facts.notice:
        return "too_late" if now >= facts.ends_at else ""
    if not facts.wanted:
        return "not_wanted"
    if facts.answer == "cannot_come":
        return "cannot_come"
    if facts.superseded:
        return "superseded"
    return "too_late" if now > facts.starts_at - LEAD / 2 else ""


def free_number(taken: set[int]) -> int:
    """The first of two numbers in a row that stand for nothing yet."""
    first = 1
    while first in taken or first + 1 in taken:
        first += 2
    return first


def _utc(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """A local time as UTC. One that the clocks leave out is an hour later, one that comes twice is the first."""
    return datetime.combine(day, hour.replace(fold=0), tzinfo=zone).astimezone(UTC)
