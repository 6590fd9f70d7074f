"""No request body is larger than the limit, whatever its Content-Length says: counted while it comes in."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.pages import errors
from api.rest import errors as rest

#: So many times the limit is read and dropped where files are sent.
MOST_DROPPED = 4


class BodyTooLarge(Exception):
    """More bytes than the limit have come in."""


class BodyLimit:
    """ASGI middleware: answers 413 and keeps nothing more once a body passes ``limit`` bytes; for paths that begin with
    one of ``larger``, its limit. There a person's browser sends files: the rest (up to some times the limit) is read
    and dropped, because a browser that may not finish shows no answer."""

    def __init__(self, app: ASGIApp, limit: int, larger: Mapping[str, int] | None = None) -> None:
        self.app = app
        self.limit = limit
        self.larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = next((most for path, most in self.larger.items() if scope["path"].startswith(path)), self.limit)
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > limit:
            await self._refuse(scope, receive, send, limit)
            return
        seen = 0
        started = ended = False

        async def counted() -> Message:
            nonlocal seen, ended
            message = await receive()
            seen += len(message.get("body", b""))
            ended = not message.get("more_body", False)
            if seen > limit:
                raise BodyTooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, counted, noted)
        except BodyTooLarge:
            if not started:
                await self._refuse(scope, receive, send, limit, ended=ended)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, limit: int, *, ended: bool = False) -> None:
        if limit != self.limit and not rest.covers(scope["path"]):
            if not ended:
                await _drop(receive, MOST_DROPPED * limit)
            await errors.answer(Request(scope, receive), 413)(scope, receive, send)
            return
        if rest.covers(scope["path"]):
            await rest.answer(413)(scope, receive, send)
            return
        text = f"This message is too large. At most {limit // 1024} KB can be taken at once.\n"
        await PlainTextResponse(text, status_code=413)(scope, receive, send)


async def _drop(receive: Receive, most: int) -> None:
    """Read what is still coming, keep none of it."""
    while most > 0:
        message = await receive()
        most -= len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body", False):
            return
