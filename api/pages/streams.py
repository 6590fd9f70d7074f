"""Server-sent events: the form they have, and how a stream follows what changes without missing any of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterable

from fastapi.responses import StreamingResponse

from api import live

KEEP_ALIVE = ": still here\n\n"
#: The browser waits so many milliseconds before it connects again.
RETRY = "retry: 2000\n\n"


def event(name: str, data: dict[str, object], event_id: str = "") -> str:
    """One event. ``event_id`` comes back as Last-Event-ID after a lost connection."""
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {name}\ndata: {json.dumps(data)}\n\n"


async def changes(topics: Iterable[str]) -> AsyncGenerator[str | None, None]:
    """Yield "" at once, when the watch is on (so that a first look misses nothing), then a topic (from a
    mapping: its name) whenever it changed, and None from time to time."""
    watching = live.watch(topics)
    upcoming = asyncio.ensure_future(_next(watching))
    try:
        await asyncio.sleep(0)  # let the watch begin
        yield ""
        while True:
            topic = await upcoming
            upcoming = asyncio.ensure_future(_next(watching))
            yield topic
    finally:
        upcoming.cancel()


async def _next(watching: AsyncIterator[str | None]) -> str | None:
    return await anext(watching)


def stream(events: AsyncIterator[str]) -> StreamingResponse:
    """The response that sends these events as they come, past any proxy's buffer."""
    return StreamingResponse(events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
