"""Pages for workers are made a few at a time, so that a rush for them slows nothing else down.

A page costs tens of milliseconds of one processor, whoever waits for it. Made sixteen at a time each takes sixteen
times as long, on as many threads and database connections, and texts that come in wait among them. So the rest wait
here, in order, holding neither.
"""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: More than one, because a page waits for the database now and then.
AT_ONCE = 2


class FewAtATime:
    """ASGI middleware: of GETs below ``path`` no more than ``at_once`` are worked at; one counts until its answer
    begins, so neither a live page nor a slow reader holds up others."""

    def __init__(self, app: ASGIApp, path: str, at_once: int = AT_ONCE) -> None:
        self.app = app
        self.path = path
        self.at_once = at_once
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(self.path):
            await self.app(scope, receive, send)
            return
        turns = self._turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self.at_once))
        await turns.acquire()
        working = True

        async def begun(message: Message) -> None:
            nonlocal working
            if working:
                working = False
                turns.release()
            await send(message)

        try:
            await self.app(scope, receive, begun)
        finally:
            if working:
                turns.release()
