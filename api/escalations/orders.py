"""What a worker's text orders: ``ACK 12``, ``HANDOVER 12 AO``, ``CLOSE 12 reason``, however it is typed. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from api.escalations.rota import Member

_VERBS = {
    "ack": "ack", "acknowledge": "ack", "handover": "handover", "hand over": "handover", "pass": "handover",
    "close": "close", "resolve": "close",
}  # fmt: skip
_ORDER = re.compile(
    r"\s*(?P<verb>acknowledge|ack|hand ?over|pass|close|resolve)\W*#?\s*(?P<reference>\d{1,9})\b[\s.,:;-]*(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_RING = re.compile(r"\b(ring|ringing|call|calling|phone|phoning|llamo|llamar[eé]?)\b(?P<when>.*)", re.I | re.S)
_NOT = re.compile(r"\b(not|no|never|cant|cannot|wont|dont|can't|won't|don't)\b", re.IGNORECASE)
_CLOCK = re.compile(r"\b(?P<hour>[01]?\d|2[0-3])(?:[:.h](?P<minute>[0-5]\d))?\s*(?P<half>[ap])?\.?m?\.?(?!\w)", re.I)
_IN = re.compile(r"\b(?:in|en)\s+(?P<number>\d{1,3}|an|a|una|un|half an)\s*(?P<unit>m|h)", re.IGNORECASE)
#: A promise is for today: a time further away was meant otherwise, or mistyped.
FARTHEST_PROMISE = timedelta(hours=18)


@dataclass(frozen=True)
class Order:
    """``verb`` is ack, handover or close; ``rest`` what stands after the number."""

    verb: str
    reference: int
    rest: str


def order(body: str) -> Order | None:
    """The order in a worker's text, or None."""
    found = _ORDER.match(body)
    if not found:
        return None
    verb = _VERBS[found["verb"].lower()]
    return Order(verb, int(found["reference"]), found["rest"].strip())


def kept(body: str) -> str:
    """What is kept of a worker's text: of an order its verb and number only, for its words stand on the escalation and
    go with it; any other text as it is."""
    asked = order(body)
    return f"{asked.verb.upper()} {asked.reference}" if asked else body


def ring_by(words: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment by which the worker says to ring ("ring by 3", "call 15:30", "ring in 20 min"), in UTC; None where
    nothing of the kind is said, or it is said that they cannot. "3" is the next 3 o'clock, by night or by day."""
    found = _RING.search(words)
    if not found or _NOT.search(words):
        return None
    span = _IN.search(found["when"])
    if span:
        number = {"an": 1.0, "a": 1.0, "una": 1.0, "un": 1.0, "half an": 0.5}.get(span["number"].lower())
        amount = number if number is not None else float(span["number"])
        by = now + (timedelta(hours=amount) if span["unit"].lower() == "h" else timedelta(minutes=amount))
    else:
        clock = _CLOCK.search(found["when"])
        if not clock:
            return None
        by = min(moment for moment in _moments(clock, now, zone) if moment > now)
    return by if is_near(by, now) else None


def is_near(by: datetime, now: datetime) -> bool:
    """May a call by then be promised? The family hears the hour only, so it must be the next such hour and soon."""
    return now < by <= now + FARTHEST_PROMISE


def next_time(clock: time, now: datetime, zone: ZoneInfo) -> datetime:
    """The next moment of that local time, in UTC."""
    today = now.astimezone(zone).date()
    moments = [datetime.combine(today + timedelta(days=day), clock, tzinfo=zone) for day in (0, 1)]
    return next(moment.astimezone(now.tzinfo) for moment in moments if moment > now)


def _moments(clock: re.Match[str], now: datetime, zone: ZoneInfo) -> list[datetime]:
    """What a time of day can mean, today and tomorrow."""
    hour, minute = int(clock["hour"]), int(clock["minute"] or 0)
    half = (clock["half"] or "").lower()
    if half and hour <= 12:
        hours = [hour % 12 + (12 if half == "p" else 0)]
    elif 1 <= hour <= 12 and not clock["hour"].startswith("0"):
        hours = [hour % 12, hour % 12 + 12]
    else:
        hours = [hour]
    today = now.astimezone(zone).date()
    return [
        datetime.combine(today + timedelta(days=day), time(h, minute), tzinfo=zone).astimezone(now.tzinfo)
        for day in (0, 1)
        for h in hours
    ]


def named(words: str, members: Iterable[Member]) -> list[Member]:
    """Who is meant by a name, a part of it, initials or their id: everybody it fits; one alone if one fits exactly."""
    wanted = _plain(words)
    for filler in ("to ", "for "):
        wanted = wanted.removeprefix(filler)
    wanted = wanted.removesuffix(" please").strip()
    if not wanted:
        return []
    everybody = list(members)
    exact = [m for m in everybody if wanted in (_plain(m.key), _plain(m.name), _initials(m.name))]
    if exact:
        return exact
    parts = wanted.split()
    return [m for m in everybody if all(part in _plain(m.name).split() for part in parts)]


def _initials(name: str) -> str:
    return "".join(part[0] for part in _plain(name).split())


def _plain(words: str) -> str:
    """Lower case, without accents and signs."""
    folded = unicodedata.normalize("NFD", words.casefold())
    kept = "".join(character for character in folded if not unicodedata.combining(character))
    return " ".join(re.sub(r"[^\w\s-]", "", kept).replace("-", " ").split())
