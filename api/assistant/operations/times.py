"""The times that a message names, against the appointments there are: which are on those days, and whether a day was
meant that none of them is on.

Promise: a time that was named is never dropped. Where it is not understood, or nothing is on it, the caller hears so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from api.appointments.models import Appointment
from api.appointments.when import Span, mentions, unclear
from api.assistant.operations.asking import Ask
from api.assistant.operations.words import says

#: A time of more days than this says where to look, and not which one is meant.
MOST_DAYS = 7


@dataclass(frozen=True)
class Times:
    """``unclear``: "school" or "day" where a time is named that cannot be known; "" otherwise."""

    spans: tuple[Span, ...]
    unclear: str

    @property
    def named(self) -> bool:
        return bool(self.spans or self.unclear)

    @property
    def start(self) -> datetime:
        return min(span.start for span in self.spans)

    @property
    def end(self) -> datetime:
        return max(span.end for span in self.spans)

    def hold(self, one: Appointment, now: datetime) -> bool:
        """Is it on then, and not over?"""
        return any(one.starts_at < span.end and one.ends_at > max(span.start, now) for span in self.spans)


def asked(ask: Ask) -> Times:
    """When somebody asks about: every time they name, with "after", "before" and the days between two."""
    return _times(ask, ranges=True)


def of_one(ask: Ask) -> Times:
    """The days that say which appointment is meant: not those before or after which it should be."""
    found = _times(ask, ranges=False)
    return Times(tuple(span for span in found.spans if span.exact and span.days < MOST_DAYS), found.unclear)


def on(times: Times, coming: Sequence[Appointment]) -> list[Appointment]:
    """Those that begin on one of the days."""
    return [one for one in coming if any(span.start <= one.starts_at < span.end for span in times.spans)]


def missed_by(ask: Ask, times: Times) -> bool:
    """A time was named that no appointment is on, and not as a better one ("can we do friday instead"): whatever else
    is taken for the one they mean may be the wrong one."""
    if ask.tapped or not times.named:
        return False
    return says(ask.words, "cannot_then") or not says(ask.words, "another_time")


def _times(ask: Ask, *, ranges: bool) -> Times:
    spans = mentions(ask.words, ask.turn.now, ask.turn.timezone, day_first=ask.pack.day_first, ranges=ranges)
    return Times(tuple(spans), "" if spans else unclear(ask.words))
