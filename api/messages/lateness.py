"""How long a text that did not go out is still tried, and when it would come stupidly late. Pure: takes what it needs.

A day for what is as true tomorrow as today. An hour for what is said into a moment: the reply to danger (later it may
meet the wrong reader, and a worker has been told), and an alarm to one worker (each rung sends its own; a heap of old
ones after an outage would bury the new). An answer that says "today" or "tomorrow" does not go on another day.
Reminders, and e-mails to professionals about a meeting, have their own rule beside this (``api.reminders``: never after
it is of use).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from api import texts

#: Why a text was given up that would have come too late (``OutboundMessage.error``).
TOO_LATE = "too_late"
#: Waits double from the first to the longest: an outage that ends is noticed within minutes, even at night.
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=15)
#: A phone that is off is asked for less often: each try costs money.
LONGEST_FOR_A_PHONE = timedelta(hours=1)
A_DAY = timedelta(days=1)
A_MOMENT = timedelta(hours=1)


def given_up_at(kind: str, begun: datetime, *, alarm: bool) -> datetime:
    """Until when a text is tried that was first tried (or, never tried, written) then. ``alarm``: it tells a worker of
    an escalation."""
    return begun + (A_MOMENT if kind == "safety" or alarm else A_DAY)


def next_try(tries: int, now: datetime, last: datetime, *, phone_off: bool) -> datetime | None:
    """When to try again after so many tries, the last time just at ``last``; None when that has been."""
    if now >= last:
        return None
    longest = LONGEST_FOR_A_PHONE if phone_off else LONGEST_WAIT
    doubled = FIRST_WAIT * int(2 ** min(max(tries - 1, 0), 20))
    return min(now + min(doubled, longest), last)


@lru_cache(maxsize=1)
def _days() -> tuple[str, ...]:
    """How each language begins to say "today" and "tomorrow"."""
    return tuple(
        entries[name].split("{")[0].strip().casefold()
        for entries in texts.catalogues().values()
        for name in ("when.today", "when.tomorrow")
    )


def of_another_day(body: str, written: datetime, now: datetime, zone: ZoneInfo) -> bool:
    """Does it speak of its day, and is that over where the reader is?"""
    if written.astimezone(zone).date() == now.astimezone(zone).date():
        return False
    said = body.casefold()
    return any(day in said for day in _days())
