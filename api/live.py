"""Live pages: one LISTEN connection a process, fanned out to every open page; none while no page is open.

``database.notify(session, topic)`` wakes the watchers of that topic when its transaction commits. A notification says
only *that* something changed; the page then reads what it may see.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping

import psycopg

from api.database import PAGES, libpq_url

log = logging.getLogger(__name__)

KEEP_ALIVE = 15.0
RECONNECT = 1.0
#: So often it looks whether anybody still watches.
LOOK = 30.0


class Waiting:
    """What one watcher has yet to be told: each of its names once, because the page then reads everything that is new
    of it; but each, because a page may do one thing about one and another about another."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._told: dict[str, None] = {}  # in the order in which they came
        self._some = asyncio.Event()

    def add(self, topic: str) -> None:
        """This topic changed."""
        self._told[self._names[topic]] = None
        self._some.set()

    async def next(self) -> str:
        """The name that has waited longest, as soon as there is one."""
        await self._some.wait()
        name = next(iter(self._told))
        del self._told[name]
        if not self._told:
            self._some.clear()
        return name


class Hub:
    """Hands each notification to those who watch its topic."""

    def __init__(self) -> None:
        self._watchers: dict[str, set[Waiting]] = {}
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
                    await connection.execute(f"LISTEN {PAGES}")
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
        for waiting in self._watchers.get(topic, ()):
            waiting.add(topic)

    def _wake_all(self) -> None:
        for topic in list(self._watchers):
            self._wake(topic)

    async def watch(self, topics: Iterable[str]) -> AsyncIterator[str | None]:
        """Yield a topic whenever it changed, and None every 15 s so that the page's connection stays open. From a
        mapping its value is yielded: topics with one name are one thing to the page."""
        names = topics if isinstance(topics, Mapping) else {topic: topic for topic in topics}
        waiting = Waiting(names)
        topics = set(names)
        for topic in topics:
            self._watchers.setdefault(topic, set()).add(waiting)
        self._wanted.set()
        try:
            while True:
                try:
                    yield await asyncio.wait_for(waiting.next(), KEEP_ALIVE)
                except TimeoutError:
                    yield None
        finally:
            for topic in topics:
                self._watchers[topic].discard(waiting)
                if not self._watchers[topic]:
                    del self._watchers[topic]


hub = Hub()
watch = hub.watch
