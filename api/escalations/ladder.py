"""The ladder: who is told of an escalation next, and how long to wait for them. Pure; the steps are data.

The ladders for every priority stand in ``data/ladders.yaml``; an agency's own, for a team or a time of day, go before
them (``Rule``). After the last step the ladder starts again from the top, for ever: only a human's acknowledgement
ends it. What ``telling`` says is what the worker process does and what a rehearsal shows: there is no other way.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from api.escalations.rota import ROLES, Member, Rota, away, on_call
from api.settings import DATA

PRIORITIES = ("routine", "urgent", "emergency")
#: Whom a step can tell, beside ``worker:<key>``, one person by their id in the agency's own system.
TARGETS = ("lead", "duty", "manager", "team", "everyone")
PERSON = "worker:"
#: How a step can tell them.
CHANNELS = ("sms", "email", "push")
BY_TEXT = ("sms",)
MOST_STEPS = 8


@dataclass(frozen=True)
class Hours:
    """The hours of ISO weekdays in which a step may tell, in the agency's local time."""

    days: frozenset[int]
    begins: time
    ends: time

    def soonest(self, local: datetime) -> datetime:
        """``local`` itself, or when they next begin."""
        for ahead in range(8):
            day = local + timedelta(days=ahead)
            begins = day.replace(hour=self.begins.hour, minute=self.begins.minute, second=0, microsecond=0)
            ends = day.replace(hour=self.ends.hour, minute=self.ends.minute, second=0, microsecond=0)
            if day.isoweekday() in self.days and local < ends:
                return max(local, begins)
        raise ValueError("hours on no day")


@dataclass(frozen=True)
class Step:
    """Tell everyone in ``targets`` by these channels, then wait. ``when``: only in the hours of that name (``hours``);
    "" at any time."""

    targets: tuple[str, ...]
    wait: timedelta
    channels: tuple[str, ...] = BY_TEXT
    when: str = ""

    def soonest(self, at: datetime, zone: ZoneInfo) -> datetime:
        """``at`` if it may tell then, else when it next may. (Hours that the file has no more bind nobody: better told
        at night than never.)"""
        if self.when not in hours():
            return at
        local = at.astimezone(zone)
        soonest = hours()[self.when].soonest(local)
        return at if soonest == local else soonest.astimezone(UTC)


@dataclass(frozen=True)
class Rule:
    """An agency's own ladder, for a priority: for one team or (empty) all, on these days or (empty) every day, between
    these local hours or (None) always. Hours that end no later than they begin go past midnight, and belong to the day
    on which they begin."""

    priority: str
    steps: tuple[Step, ...]
    team: str = ""
    days: frozenset[int] = frozenset()
    begins: time | None = None
    ends: time | None = None

    def fits(self, case: Case, local: datetime) -> bool:
        """Does it hold for this escalation at this local time?"""
        if self.priority != case.priority or (self.team and self.team != case.team):
            return False
        day, now = local.weekday(), local.time()
        if self.begins is not None and self.ends is not None:
            if self.begins < self.ends:
                inside = self.begins <= now < self.ends
            else:
                inside = now >= self.begins or now < self.ends
                day = day if now >= self.begins else (day - 1) % 7
            if not inside:
                return False
        return not self.days or day in self.days


@dataclass(frozen=True)
class Case:
    """What the ladder has to know of an escalation: its priority, and the family's own worker and team."""

    priority: str
    lead: uuid.UUID | None = None
    team: str = ""


@dataclass(frozen=True)
class Told:
    """One telling: ``member`` as ``role`` by these channels, or nobody. ``problem`` says why they are not reached:
    nobody, away, no_phone, no_email, no_browser, no_way (none of several)."""

    role: str
    member: Member | None
    problem: str = ""
    channels: tuple[str, ...] = BY_TEXT


@dataclass(frozen=True)
class Telling:
    """What happens when a rung is due: the rungs told in this one moment (those that reach nobody are passed over at
    once; none, where all steps wait for their hours), how long to wait after that, the step that is told then, and of
    which ladder it is (``begun``, as ``telling`` takes it)."""

    rungs: tuple[tuple[Told, ...], ...]
    wait: timedelta
    next_step: int
    begun: str = ""


@lru_cache(maxsize=1)
def ladders() -> dict[str, tuple[Step, ...]]:
    """Priority → steps, as the file has them."""
    data = _file()
    return {priority: steps_of(data[priority]) for priority in ("emergency", "urgent", "routine")}


@lru_cache(maxsize=1)
def hours() -> dict[str, Hours]:
    """The hours that a step can be bound to, by name, as the file has them."""
    return {
        name: Hours(frozenset(map(int, one["days"])), time.fromisoformat(one["from"]), time.fromisoformat(one["until"]))
        for name, one in _file()["hours"].items()
    }


def _file() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((DATA / "ladders.yaml").read_text(encoding="utf-8"))
    return data


def steps_of(data: Sequence[dict[str, object]]) -> tuple[Step, ...]:
    """Steps from the form that they are kept in: ``{"tell": [...], "wait_minutes": n, "by": [...], "when": name}``; by
    text and at any time where nothing says otherwise."""

    def words(value: object) -> tuple[str, ...]:
        return tuple(map(str, value)) if isinstance(value, list | tuple) else ()

    return tuple(
        Step(
            words(step["tell"]),
            timedelta(minutes=int(str(step["wait_minutes"]))),
            words(step.get("by")) or BY_TEXT,
            str(step.get("when") or ""),
        )
        for step in data
    )


def steps_for(rules: Sequence[Rule], case: Case, local: datetime) -> tuple[Step, ...]:
    """The ladder that holds for an escalation at a local time: the first rule that fits, else the file's."""
    return next((rule.steps for rule in rules if rule.fits(case, local)), ladders()[case.priority])


def mark_of(steps: tuple[Step, ...]) -> str:
    """What a ladder is known by: two of the same steps are the same."""
    return hashlib.sha256(repr(steps).encode()).hexdigest()[:16]


def who(target: str, case: Case, rota: Rota, at: datetime, channels: tuple[str, ...] = BY_TEXT) -> tuple[Told, ...]:
    """Whom a step's target means at a moment; one entry that says why where it means nobody."""
    found: tuple[Member, ...]
    if target in ("duty", "manager"):
        found = on_call(rota, target, at)
    elif target == "everyone":
        found = _everyone(rota, at)
    elif target == "team":
        found = tuple(member for member in _everyone(rota, at) if case.team and member.team == case.team)
    else:
        named = next((m for m in rota.members.values() if target == f"{PERSON}{m.key}"), None)
        member = rota.members.get(case.lead) if target == "lead" and case.lead else named
        if member is not None and away(rota, member.id, at):
            return (Told(_role(target), member, "away"),)
        found = (member,) if member else ()
    if not found:
        return (Told(_role(target), None, "nobody"),)
    return tuple(_told(_role(target), member, channels) for member in found)


#: What somebody lacks whom a step tells in one way only.
_MISSING = {"sms": "no_phone", "email": "no_email", "push": "no_browser"}


def _told(role: str, member: Member, channels: tuple[str, ...]) -> Told:
    has = {"sms": member.has_phone, "email": member.has_email, "push": member.has_browser}
    reached = tuple(channel for channel in channels if has[channel])
    missing = "no_way" if len(channels) > 1 else _MISSING.get(channels[0], "no_way") if channels else "no_way"
    return Told(role, member, "" if reached else missing, reached)


def _role(target: str) -> str:
    return "named" if target.startswith(PERSON) else target


def _everyone(rota: Rota, at: datetime) -> tuple[Member, ...]:
    members = (member for member in rota.members.values() if not away(rota, member.id, at))
    return tuple(sorted(members, key=lambda member: (member.name, member.id)))


def _once(told: Sequence[Told]) -> tuple[Told, ...]:
    """Nobody is told twice by one rung."""
    seen: set[uuid.UUID] = set()
    kept = []
    for one in told:
        if one.member is None or one.member.id not in seen:
            kept.append(one)
            seen |= {one.member.id} if one.member else set()
    return tuple(kept)


def telling(
    rules: Sequence[Rule], rota: Rota, zone: ZoneInfo, case: Case, step: int, now: datetime, begun: str = ""
) -> Telling:
    """What happens at ``now`` to an escalation that stands at ``step`` of the ladder ``begun`` ("": of the one that
    holds now).

    If no rung of the ladder has anybody who can be reached, everyone of the agency is told, by all channels, those on
    leave too: an empty rota must not swallow a cry for help. Where a rota is empty that a step of an emergency's ladder
    names, the next step is told with it, though somebody else of it is reached, and so on until somebody on a rota is
    told (or everyone); where no rota has anybody, so is everyone else. Where a step waits for its hours,
    nobody is told in its place but by the steps whose hours it is; it is told as soon as they come.

    A ladder that takes another's place (its hours begin, a manager changes it) begins at its first step. Where ladders
    change again before that one is through, all its steps up to the one where the escalation stands are told together:
    none is passed over, and whoever keeps changing ladders keeps nobody waiting for the later steps.
    """
    steps = steps_for(rules, case, now.astimezone(zone))
    before, mark = begun.split() if step else [], mark_of(steps)
    if not before or before[-1] == mark:
        said = _climb(steps, rota, zone, case, step if step < len(steps) else 0, now, 1)
        through = said.next_step == 0
        return replace(said, begun=" ".join([mark] if through else before or [mark]))
    both = f"{before[-1]} {mark}"
    if len(before) == 1:
        said = _climb(steps, rota, zone, case, 0, now, 1)
        return replace(said, begun=both if said.next_step else mark)
    said = _climb(steps, rota, zone, case, 0, now, min(step + 1, len(steps)))
    return replace(said, next_step=min(step + 1, MOST_STEPS), begun=both)


def _climb(
    steps: Sequence[Step], rota: Rota, zone: ZoneInfo, case: Case, step: int, now: datetime, fewest: int
) -> Telling:
    """From ``step`` on, at least so many steps, until one tells somebody and, in an emergency, somebody of each rota
    that it names; nobody asleep is relied on where a rota was empty."""
    rungs: list[tuple[Told, ...]] = []
    tried: list[timedelta] = []
    waiting = reached = None
    for passed in range(len(steps)):
        here = steps[(step + passed) % len(steps)]
        if here.soonest(now, zone) != now:
            waiting = passed if waiting is None else waiting
            continue
        tried.append(here.wait)
        told = _once([one for target in here.targets for one in who(target, case, rota, now, here.channels)])
        rungs.append(told)
        if any(not one.problem for one in told):
            reached = here
            unwatched = case.priority == "emergency" and (_lacks_a_rota(told) or _nobody_on_watch(rota, rungs, now))
            if passed + 1 >= fewest and not unwatched:
                break
    if reached is not None:
        if case.priority == "emergency" and _nobody_on_watch(rota, rungs, now) and (others := _others(rota, rungs)):
            rungs.append(others)
        then = _until_any(steps, now + reached.wait, zone)
        # What waited for its hours comes next if they have come by then; else the steps after this one.
        late = waiting is not None and steps[(step + waiting) % len(steps)].soonest(then, zone) == then
        after = waiting if waiting is not None and late else passed + 1
        return Telling(tuple(rungs), then - now, (step + after) % len(steps))
    if waiting is not None:
        opening = [one.soonest(now, zone) for one in steps]
        again = min([now + wait for wait in tried] + [at for at in opening if at > now])
        return Telling(tuple(rungs), _until_any(steps, again, zone) - now, (step + waiting) % len(steps))
    rungs.append(everybody(rota, "everyone"))
    return Telling(tuple(rungs), min(here.wait for here in steps), step % len(steps))


def _lacks_a_rota(told: Sequence[Told]) -> bool:
    """Does a step name a rota of which it reaches nobody?"""
    problems = {role: [one.problem for one in told if one.role == role] for role in ROLES}
    return any(found and all(found) for found in problems.values())


def _nobody_on_watch(rota: Rota, rungs: Sequence[Sequence[Told]], now: datetime) -> bool:
    """Was a rota empty, and nobody reached so far who is on any? Whoever else was told may be asleep."""
    on_watch = {member.id for role in ROLES for member in on_call(rota, role, now)}
    reached = [one for rung in rungs for one in rung if one.member and not one.problem]
    watched = any(one.role == "everyone" or (one.member and one.member.id in on_watch) for one in reached)
    return not watched and any(map(_lacks_a_rota, rungs))


def _others(rota: Rota, rungs: Sequence[Sequence[Told]]) -> tuple[Told, ...]:
    """Everybody whom these rungs did not tell."""
    told = {one.member.id for rung in rungs for one in rung if one.member and not one.problem}
    return tuple(one for one in everybody(rota, "everyone") if one.member and one.member.id not in told)


def _until_any(steps: Sequence[Step], at: datetime, zone: ZoneInfo) -> datetime:
    """``at`` if any of the steps may tell then, else when the first of them may."""
    return min(step.soonest(at, zone) for step in steps)


def everybody(rota: Rota, role: str) -> tuple[Told, ...]:
    """All who work there, by all channels, those on leave too."""
    everyone = sorted(rota.members.values(), key=lambda member: (member.name, member.id))
    return tuple(_told(role, member, CHANNELS) for member in everyone)


def rehearse(
    rules: Sequence[Rule], rota: Rota, zone: ZoneInfo, case: Case, start: datetime, until: datetime
) -> Iterator[tuple[datetime, Telling]]:
    """Every telling of an escalation that opens at ``start`` and that nobody acknowledges, up to ``until``."""
    at, step, begun = start, 0, ""
    while at < until:
        said = telling(rules, rota, zone, case, step, at, begun)
        if said.rungs:
            yield at, said
        at, step, begun = at + said.wait, said.next_step, said.begun
