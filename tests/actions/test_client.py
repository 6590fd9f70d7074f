"""The action server's one client: it gives replies or says plainly that there are none, and never what was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from actions import client
from actions.client import ApiClient, ApiError
from tests.harness import loops

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
QUESTION = {"text": "Quillfeather said it", "intent": "greet"}


def ask(handler: Handler) -> list[dict[str, Any]]:
    """Ask a server that answers with ``handler``."""

    async def run() -> list[dict[str, Any]]:
        app = web.Application()
        app.router.add_post("/assist/greet", handler)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        api = ApiClient(f"http://127.0.0.1:{port}/")
        try:
            return await api.ask("greet", "the-token", QUESTION)
        finally:
            await api.close()
            await runner.cleanup()

    return loops.run(run())


def test_the_replies_come_back_and_the_token_goes_along() -> None:
    async def handler(request: web.Request) -> web.Response:
        assert request.headers["X-Turn-Token"] == "the-token"
        assert await request.json() == QUESTION
        return web.json_response({"replies": [{"id": "greet.hello"}]})

    assert ask(handler) == [{"id": "greet.hello"}]


@pytest.mark.parametrize(
    "body", ["", "<html>", "[]", "null", '{"replies": 3}', '{"replies": ["x"]}', '{"replies": [{"args": {}}]}']
)
def test_an_answer_that_is_none_is_an_error_without_a_word_of_the_family(body: str) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(text=body, content_type="application/json")

    with pytest.raises(ApiError) as caught:
        ask(handler)
    assert "Quillfeather" not in str(caught.value) and "the-token" not in str(caught.value)


def test_a_refusal_is_an_error() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.json_response({"detail": "not found"}, status=404)

    with pytest.raises(ApiError, match="404"):
        ask(handler)


def test_an_api_that_does_not_answer_in_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TIMEOUT", 0.2)

    async def handler(_: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    with pytest.raises(ApiError, match="no answer"):
        ask(handler)


def test_an_api_that_is_not_there_is_an_error() -> None:
    async def run() -> None:
        api = ApiClient("http://127.0.0.1:9")
        try:
            await api.ask("greet", "the-token", QUESTION)
        finally:
            await api.close()

    with pytest.raises(ApiError):
        loops.run(run())


def test_whether_the_api_is_there_is_asked_of_its_address_and_not_of_its_taste() -> None:
    async def run() -> list[bool]:
        runner = web.AppRunner(web.Application())  # knows no address at all: 404
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        api = ApiClient(f"http://127.0.0.1:{runner.addresses[0][1]}")
        there = await api.reaches()
        await runner.cleanup()
        gone = await api.reaches()
        await api.close()
        return [there, gone]

    assert loops.run(run()) == [True, False]
