"""What time it is. Everything that happens *at a time* asks here, so that tests and the demo can move the clock.

``now()`` is always in UTC and aware. In production it is the machine's clock; where ``HEARTHLINE_CLOCK_FILE`` is set
(demo mode, tests) the number of seconds in that file is added, for all processes that share the file.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from api.settings import settings


def _offset(path: Path | None) -> timedelta:
    if path is None:
        return timedelta()
    try:
        found = path.stat()
        return _read(path, (found.st_mtime_ns, found.st_ino, found.st_size))
    except (FileNotFoundError, ValueError):
        return timedelta()


@lru_cache(maxsize=1)
def _read(path: Path, _version: tuple[int, int, int]) -> timedelta:
    """What the file says, read once as long as it is the same: the time is asked for some hundred times a page."""
    return timedelta(seconds=float(path.read_text() or 0))


def now() -> datetime:
    """The present moment, UTC."""
    return datetime.now(UTC) + _offset(settings().clock_file)


def move(by: timedelta) -> datetime:
    """Move the clock of all processes that share the file forward (or back) and return the new time.

    Raises RuntimeError where the clock is not movable (production).
    """
    path = settings().clock_file
    if path is None:
        raise RuntimeError("the clock can only be moved in demo mode and in tests (HEARTHLINE_CLOCK_FILE)")
    seconds = (_offset(path) + by).total_seconds()
    fresh = path.with_suffix(".new")
    fresh.write_text(str(seconds))
    fresh.replace(path)
    return now()
