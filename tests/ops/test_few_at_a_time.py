"""Pages for workers are made a few at a time; what else is asked for, and what goes on being sent, holds up nobody."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from api.ops.few_at_a_time import FewAtATime
from tests.harness import loops


class Pages:
    """An application that makes a page when it may, then goes on sending until it may end."""

    def __init__(self) -> None:
        self.at_work = self.most = self.begun = 0
        self.may_answer, self.may_end = asyncio.Event(), asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        await self.may_answer.wait()
        self.at_work -= 1
        if scope["path"].endswith("broken"):
            raise ValueError
        await send({"type": "http.response.start", "status": 200, "headers": []})
        self.begun += 1
        await self.may_end.wait()
        await send({"type": "http.response.body", "body": b""})


async def ask(app: FewAtATime, path: str = "/console/families", method: str = "GET") -> None:
    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(_message: Message) -> None:
        pass

    scope: dict[str, Any] = {"type": "http", "method": method, "path": path}
    await app(scope, receive, send)


async def until(true: Any) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0)  # the others' turn


def test_no_more_are_made_at_once_and_all_of_them_are_made() -> None:
    async def check() -> None:
        pages = Pages()
        app = FewAtATime(pages, "/console", at_once=2)
        asked = [asyncio.create_task(ask(app)) for _ in range(6)]
        await until(lambda: pages.at_work == 2)
        pages.may_answer.set()
        # None has ended: an answer that is still being sent holds up nobody.
        await until(lambda: pages.begun == 6)
        assert pages.most == 2
        pages.may_end.set()
        await asyncio.gather(*asked)

    loops.run(check())


def test_what_is_no_page_of_a_worker_does_not_wait_for_one() -> None:
    async def check() -> None:
        pages = Pages()
        app = FewAtATime(pages, "/console", at_once=1)
        asked = [asyncio.create_task(ask(app)) for _ in range(2)]
        await until(lambda: pages.at_work == 1)
        asked += [
            asyncio.create_task(ask(app, "/channels/twilio/sms", "POST")),
            asyncio.create_task(ask(app, "/console/families", "POST")),
            asyncio.create_task(ask(app, "/chat/talk")),
        ]
        await until(lambda: pages.at_work == 4)
        pages.may_answer.set()
        pages.may_end.set()
        await asyncio.gather(*asked)

    loops.run(check())


def test_a_page_that_fails_makes_room_for_the_next() -> None:
    async def check() -> None:
        pages = Pages()
        app = FewAtATime(pages, "/console", at_once=1)
        pages.may_answer.set()
        pages.may_end.set()
        failed = await asyncio.gather(*(ask(app, "/console/broken") for _ in range(3)), return_exceptions=True)
        assert [type(one) for one in failed] == [ValueError] * 3
        await ask(app)
        assert pages.begun == 1

    loops.run(check())
