"""The rota: who is on call at a moment, and when nobody is. Pure; the caller brings the shifts (queries.world).

A shift counts from its first moment up to, not including, its last. Whoever is on leave, or no longer works here, is
not on call whatever the shifts say; a cover puts one worker in another's place, or beside those on shift.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

#: The roles that shifts have, and that must never be empty.
ROLES = ("duty", "manager")


@dataclass(frozen=True)
class Member:
    """Somebody who works for the agency now. ``key`` is their id in the agency's own system."""

    id: uuid.UUID
    name: str
    key: str = ""
    team: str = ""
    has_phone: bool = True
    #: They have an e-mail address, and e-mail is set up.
    has_email: bool = False
    #: They have turned notifications on in a browser, and these are set up.
    has_browser: bool = False

    @property
    def ways(self) -> tuple[str, ...]:
        """How they hear of what is given to them by hand: by text; without a phone, by all that they have."""
        if self.has_phone:
            return ("sms",)
        return tuple(way for way, has in (("email", self.has_email), ("push", self.has_browser)) if has)


@dataclass(frozen=True)
class Turn:
    """A shift, or (with ``cover``) a change to the rota: this worker in this role, perhaps in another's place."""

    worker: uuid.UUID
    role: str
    starts: datetime
    ends: datetime
    instead_of: uuid.UUID | None = None

    def holds(self, at: datetime) -> bool:
        return self.starts <= at < self.ends


@dataclass(frozen=True)
class Leave:
    """This worker is away."""

    worker: uuid.UUID
    starts: datetime
    ends: datetime

    def holds(self, at: datetime) -> bool:
        return self.starts <= at < self.ends


@dataclass(frozen=True)
class Rota:
    """An agency's people and their times, as far as they were read."""

    members: Mapping[uuid.UUID, Member]
    shifts: tuple[Turn, ...] = ()
    covers: tuple[Turn, ...] = ()
    leaves: tuple[Leave, ...] = ()


@dataclass(frozen=True)
class Span:
    """In ``role``, from ``starts`` to ``ends``, these are on call; a gap where there is nobody."""

    role: str
    starts: datetime
    ends: datetime
    workers: tuple[Member, ...]

    @property
    def is_gap(self) -> bool:
        return not self.workers


def away(rota: Rota, worker: uuid.UUID, at: datetime) -> bool:
    """Is the worker on leave?"""
    return any(leave.worker == worker and leave.holds(at) for leave in rota.leaves)


def on_call(rota: Rota, role: str, at: datetime) -> tuple[Member, ...]:
    """Everyone on call in the role at that moment, by name."""
    covers = [cover for cover in rota.covers if cover.role == role and cover.holds(at)]
    replaced = {cover.instead_of for cover in covers if cover.instead_of is not None}
    there = {shift.worker for shift in rota.shifts if shift.role == role and shift.holds(at)} - replaced
    there |= {cover.worker for cover in covers}
    found = [rota.members[worker] for worker in there if worker in rota.members and not away(rota, worker, at)]
    return tuple(sorted(found, key=lambda member: (member.name, member.id)))


def spans(rota: Rota, role: str, starts: datetime, ends: datetime) -> Iterator[Span]:
    """The time from ``starts`` to ``ends`` without a hole: who is on call in the role, in order."""
    turns = (turn for turn in (*rota.shifts, *rota.covers) if turn.role == role)
    times = [(turn.starts, turn.ends) for turn in turns] + [(leave.starts, leave.ends) for leave in rota.leaves]
    moments = sorted({starts, ends, *(moment for pair in times for moment in pair if starts < moment < ends)})
    current: Span | None = None
    for begins, until in pairwise(moments):
        workers = on_call(rota, role, begins)
        if current is not None and current.workers == workers:
            current = Span(role, current.starts, until, workers)
            continue
        if current is not None:
            yield current
        current = Span(role, begins, until, workers)
    if current is not None:
        yield current


def gaps(rota: Rota, starts: datetime, ends: datetime) -> list[Span]:
    """When nobody is on call, in either role, in order of time."""
    empty = [span for role in ROLES for span in spans(rota, role, starts, ends) if span.is_gap]
    return sorted(empty, key=lambda span: (span.starts, span.role))


def next_in(rota: Rota, role: str, at: datetime, within: timedelta) -> tuple[Member, ...]:
    """Who comes on call in the role next, after those on call now, at most ``within`` from now."""
    now = set(on_call(rota, role, at))
    for span in spans(rota, role, at, at + within):
        coming = tuple(member for member in span.workers if member not in now)
        if coming:
            return coming
    return ()
