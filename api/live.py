"""Live pages: one LISTEN connection a process, fanned out to every open page; none while no page is open.

``database.notify(session, topic)`` wakes the watchers of that topic when its transaction commits. A notification says
only *that* something changed; the page then reads what it may see.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable

import psycopg

from api.database import libpq_url

log = logging.getLogger(__name__)

KEEP_ALIVE = 15.0
RECONNECT = 1.0
#: So often it looks whether anybody still watches.
LOOK = 30.0
CHANNEL = "hearthline"


class Hub:
    """Hands each notification to the queues of those who watch its topic."""

    def __init__(self) -> None:
        self._watchers: dict[str, set[asyncio.Queue[str]]] = {}
        self._wanted = asyncio.Event()

    async def run(self) -> None:
        """Listen whenever somebody watches, for ever; after a lost connection every watcher is woken, because something
        may have been missed."""
        self._wanted = asyncio.Event()  # of this loop: where the application is started again, it is another
        if self._watchers:
            self._wanted.set()
        while True:
            await self._wanted.wait()
            try:
                async with await psycopg.AsyncConnection.connect(libpq_url(), autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self._wake_all()
                    while self._watchers:
                        async for notification in connection.notifies(timeout=LOOK):
                            self._wake(notification.payload)
                    self._wanted.clear()
                continue
            except psycopg.Error as error:
                log.warning("live updates: the database connection was lost (%s); trying again", type(error).__name__)
            await asyncio.sleep(RECONNECT)

    def _wake(self, topic: str) -> None:
        for queue in self._watchers.get(topic, ()):
            if queue.empty():  # one wake-up is enough: the page reads everything that is new
                queue.put_nowait(topic)

    def _wake_all(self) -> None:
        for topic in list(self._watchers):
            self._wake(topic)

    async def watch(self, topics: Iterable[str]) -> AsyncIterator[str | None]:
        """Yield a topic whenever it changed, and None every 15 s so that the page's connection stays open."""
        queue: asyncio.Queue[str] = asyncio.Queue()
        topics = set(topics)
        for topic in topics:
            self._watchers.setdefault(topic, set()).add(queue)
        self._wanted.set()
        try:
            while True:
                try:
                    yield await asyncio.wait_for(queue.get(), KEEP_ALIVE)
                except TimeoutError:
                    yield None
        finally:
            for topic in topics:
                self._watchers[topic].discard(queue)
                if not self._watchers[topic]:
                    del self._watchers[topic]


hub = Hub()
watch = hub.watch
