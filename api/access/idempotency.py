"""``Idempotency-Key`` on the writes of /api/v1: the same key and request, the same answer, and nothing is done twice.

An ASGI layer round the routes. Who asks is settled first, by the same guard, so an answer is only repeated to the
worker it was for. A request that was refused (4xx) did nothing and frees its key; one that failed on our side (5xx)
may have done something, so its key stays open and says so. The answer is kept before it is sent.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import answers, guards
from api.rest import errors as rest

TOKEN = "/api/v1/token"  # noqa: S105 (an address): a token is shown once, and never kept
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


class Idempotent:
    """The layer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in guards.SAFE_METHODS or not rest.covers(scope["path"]):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        key = headers.get("idempotency-key")
        if key is None or scope["path"] == TOKEN:
            await self.app(scope, receive, send)
            return
        kind, _, credentials = headers.get("authorization", "").partition(" ")
        try:
            me = await run_in_threadpool(
                guards.caller, credentials if kind.lower() == "bearer" else "", scope["method"]
            )
        except rest.Refused as refused:
            await rest.of_exception(refused)(scope, receive, send)
            return
        if not _KEY.fullmatch(key):
            await rest.answer(422, "idempotency_key_odd")(scope, receive, send)
            return
        body = await _whole(receive)
        address = quote(scope["path"]).encode() + b"?" + scope["query_string"]
        asked = answers.request_hash(scope["method"], address, body)
        claim = await run_in_threadpool(answers.claim, me.id, key, asked)
        if claim.kind == "other":
            await rest.answer(422, "idempotency_key_used")(scope, receive, send)
        elif claim.kind == "open":
            await rest.answer(409, "idempotency_key_open")(scope, receive, send)
        elif claim.kind == "same":
            await _again(claim, send)
        else:
            await self._first(claim, body, scope, receive, send)

    async def _first(self, claim: answers.Claim, body: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        held: list[Message] = []
        waiting = [body]

        async def given() -> Message:
            if waiting:
                return {"type": "http.request", "body": waiting.pop(), "more_body": False}
            return await receive()

        async def hold(message: Message) -> None:
            held.append(message)

        await self.app(scope, given, hold)  # what it raises leaves the key open: nobody knows what was done
        status = next((message["status"] for message in held if message["type"] == "http.response.start"), 500)
        if 200 <= status < 300:
            said = b"".join(message.get("body", b"") for message in held if message["type"] == "http.response.body")
            await run_in_threadpool(answers.keep, claim, status, said.decode())
        elif status < 500:
            await run_in_threadpool(answers.release, claim)
        for message in held:
            await send(message)


async def _whole(receive: Receive) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)
    return b"".join(parts)


async def _again(claim: answers.Claim, send: Send) -> None:
    said = claim.body.encode()
    headers = [(b"content-length", str(len(said)).encode()), (b"idempotency-replayed", b"true")]
    if said:
        headers.append((b"content-type", b"application/json"))
    await send({"type": "http.response.start", "status": claim.status, "headers": headers})
    await send({"type": "http.response.body", "body": said})
