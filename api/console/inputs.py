"""What a form sends, read: local times, times of day, ids; what is none of these is None."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import UTC, date, datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from starlette.datastructures import FormData

#: Lines on a page of a long list, and how many pages an address may ask for.
PER_PAGE = 50
MOST_PAGES = 100_000


async def form(request: Request) -> FormData:
    """The form as it was sent: which fields it has is up to who fills it in."""
    return await request.form()


Given = Annotated[FormData, Depends(form)]


def local_moment(words: str, timezone: str) -> datetime | None:
    """The moment of a ``datetime-local`` input, in UTC. A time that a clock change skips is taken as if it had not."""
    with suppress(ValueError):
        given = datetime.fromisoformat(words)
        if 2000 < given.year < 2200:
            return given.replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)
    return None


def a_moment(words: str) -> datetime | None:
    """A moment with its zone, as a page of ours wrote it into a form."""
    with suppress(ValueError):
        given = datetime.fromisoformat(words)
        if given.tzinfo is not None and 2000 < given.year < 2200:
            return given.astimezone(UTC)
    return None


def local_day(words: str) -> date | None:
    """The day of a ``date`` input."""
    with suppress(ValueError):
        given = date.fromisoformat(words)
        if 2000 < given.year < 2200:
            return given
    return None


def clock_time(words: str) -> time | None:
    """The time of a ``time`` input."""
    with suppress(ValueError):
        return time.fromisoformat(words).replace(tzinfo=None)
    return None


def an_id(words: str) -> uuid.UUID | None:
    """An id that a select sends."""
    with suppress(ValueError):
        return uuid.UUID(words)
    return None


def field(given: FormData, name: str) -> str:
    """One field's words, or ""."""
    value = given.get(name, "")
    return value if isinstance(value, str) else ""


def a_page(words: str) -> int:
    """Which page of a list an address asks for, from 1; the first where that cannot be read."""
    return min(max(int(words), 1), MOST_PAGES) if words.isascii() and words.isdigit() and len(words) < 7 else 1
