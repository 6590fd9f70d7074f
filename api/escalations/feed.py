"""A calendar as RFC 5545 writes it (iCalendar), as much of it as a rota needs. Pure.

Written by hand, because no library for it is among the dependencies: times are in UTC, so there are no time zones to
define and nothing that a clock change could get wrong; lines are folded at 75 octets, text is escaped (3.1, 3.3.11).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

LONGEST_LINE = 75


@dataclass(frozen=True)
class Event:
    """Something in a calendar. ``uid`` stays the same while it is the same thing."""

    uid: str
    starts: datetime
    ends: datetime
    summary: str


def calendar(name: str, events: Iterable[Event], made_at: datetime) -> str:
    """The whole file."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Hearthline//Rota//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ]
    for event in events:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_text(event.uid)}",
            f"DTSTAMP:{_utc(made_at)}",
            f"DTSTART:{_utc(event.starts)}",
            f"DTEND:{_utc(event.ends)}",
            f"SUMMARY:{_text(event.summary)}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(words: str) -> str:
    """Escaped; what may not stand in a file of text at all is left out."""
    for sign, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n"), ("\r", "\\n")):
        words = words.replace(sign, escaped)
    return "".join(character for character in words if character == "\t" or (character >= " " and character != "\x7f"))


def _folded(line: str) -> Iterator[str]:
    """The line in pieces of at most 75 octets, no character cut; every piece but the first begins with a space."""
    piece, room = "", LONGEST_LINE
    for character in line:
        size = len(character.encode("utf-8", "replace"))
        if size > room:
            yield piece
            piece, room = " ", LONGEST_LINE - 1
        piece += character
        room -= size
    yield piece
