"""A calendar file (iCalendar, RFC 5545) for calendar programs to fetch again and again. Pure.

Made with the ``icalendar`` library: lines, escapes and types are its business. All times are in UTC, so no file has to
define a zone and no clock change can get one wrong. What may not stand in a text at all is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import icalendar

#: How soon a program is asked to look again.
LOOK_AGAIN = timedelta(hours=1)


@dataclass(frozen=True)
class Event:
    """Something in a calendar. ``uid`` stays the same while it is the same thing; ``sequence`` grows with each change.

    ``busy``: it takes the reader's own time. A cancelled one stays in the file and says so: what is merely left out
    some programs keep.
    """

    uid: str
    starts: datetime
    ends: datetime
    summary: str
    location: str = ""
    description: str = ""
    url: str = ""
    sequence: int = 0
    cancelled: bool = False
    busy: bool = False


def calendar(name: str, events: Iterable[Event], made_at: datetime, *, maker: str) -> str:
    """The whole file. ``maker`` is what it says to come from."""
    file = icalendar.Calendar()
    file.add("prodid", f"-//{_text(maker)}//EN")
    file.add("version", "2.0")
    file.add("calscale", "GREGORIAN")
    file.add("method", "PUBLISH")
    file.add("x-wr-calname", icalendar.vText(_text(name)))
    file.add("refresh-interval", icalendar.vDuration(LOOK_AGAIN), parameters={"VALUE": "DURATION"})
    file.add("x-published-ttl", icalendar.vDuration(LOOK_AGAIN))
    for event in events:
        file.add_component(_component(event, made_at))
    whole: bytes = file.to_ical()
    return whole.decode("utf-8")


def _component(event: Event, made_at: datetime) -> icalendar.Event:
    made = icalendar.Event()
    made.add("uid", event.uid)
    made.add("dtstamp", made_at.astimezone(UTC))
    made.add("dtstart", event.starts.astimezone(UTC))
    made.add("dtend", event.ends.astimezone(UTC))
    made.add("summary", _text(event.summary))
    for name, words in (("location", event.location), ("description", event.description)):
        if words:
            made.add(name, _text(words))
    if event.url:
        made.add("url", "".join(_text(event.url).split()))
    made.add("sequence", event.sequence)
    made.add("status", "CANCELLED" if event.cancelled else "CONFIRMED")
    made.add("transp", "OPAQUE" if event.busy and not event.cancelled else "TRANSPARENT")
    return made


def _text(words: str) -> str:
    """Without control characters and halves of characters, which no file of text may hold."""
    lines = words.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "ignore").decode("utf-8")
    return "".join(one for one in lines if one in "\t\n" or (one >= " " and not "\x7f" <= one <= "\x9f"))
