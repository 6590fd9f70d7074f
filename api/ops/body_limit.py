"""No request body is larger than the limit, whatever its Content-Length says: counted while it comes in."""

from __future__ import annotations

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.rest import errors as rest


class BodyTooLarge(Exception):
    """More bytes than the limit have come in."""


class BodyLimit:
    """ASGI middleware: answers 413 and reads no further once a body passes ``limit`` bytes."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self.limit:
            await self._refuse(scope, receive, send)
            return
        seen = 0
        started = False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.limit:
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
                await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        if rest.covers(scope["path"]):
            await rest.answer(413)(scope, receive, send)
            return
        text = f"This message is too large. At most {self.limit // 1024} KB can be taken at once.\n"
        await PlainTextResponse(text, status_code=413)(scope, receive, send)
