"""What people and programs read when something is wrong: plain words on pages, JSON for programs, never a traceback.

Promise: no answer repeats what was sent (a 422 names the fields, not their values), but for one: who was signed out
while writing gets the words back. Nothing is logged but the kind of error and the route's pattern.
"""

from __future__ import annotations

import logging
import traceback
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import texts
from api.access.guards import (
    ACCOUNT,
    CHAT_COOKIE,
    FORM_FIELD,
    MOST_FIELDS,
    ChatEnded,
    SecondFactorNeeded,
    SignInNeeded,
)
from api.escalations.queries import NoAgency
from api.jurisdiction import packs
from api.pages.rendering import chosen_language, country_name, page
from api.rest import errors as rest
from api.settings import settings

log = logging.getLogger(__name__)

#: Seconds until somebody may have set the service up: whoever sends something tries again then.
SET_UP_SOON = 60
#: Paths where a person reads the answer; everywhere else a program does.
PAGES = ("/chat", "/console", "/demo", "/a", "/u", "/e")


class Problem(BaseModel):
    """What a program reads outside ``/api/v1`` when something is wrong (for OpenAPI)."""

    detail: str


def install(app: FastAPI) -> None:
    """Give the application its error answers."""
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(SignInNeeded, _sign_in_needed)
    app.add_exception_handler(ChatEnded, _chat_ended)
    app.add_exception_handler(NoAgency, _not_set_up)


class CatchAll:
    """Turns what nobody expected into a plain 500. An ASGI layer inside the security headers, so that they are on it
    too. The log has the kind and the place of the error; its message may quote somebody, so it is left out."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watch_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch_start)
        except Exception as error:
            route = getattr(scope.get("route"), "path", "?")
            places = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-4:]]
            log.error("%s on %s %s at %s", type(error).__name__, scope["method"], route, " > ".join(places))
            if not started:
                await answer(Request(scope, receive), 500)(scope, receive, send)


def wants_page(request: Request) -> bool:
    """Does a person read the answer (a browser's navigation), or a program or script?"""
    path = request.url.path
    on_page = path == "/" or any(path == area or path.startswith(f"{area}/") for area in PAGES)
    return on_page and "application/json" not in request.headers.get("accept", "")


def answer(request: Request, status: int) -> Response:
    """The error ``status``, as a page or as JSON."""
    known = status if texts.has(f"pages.error.{status}") else (400 if status < 500 else 500)
    if rest.covers(request.url.path):
        return rest.answer(status)
    if not wants_page(request):
        return JSONResponse({"detail": texts.render(f"pages.error.{known}", "en")}, status)
    return page(request, "error.html", language=chosen_language(request), status=status, error=known)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if rest.covers(request.url.path):
        return rest.of_exception(error)
    if wants_page(request):
        return answer(request, error.status_code)
    headers = dict(error.headers or {})
    return JSONResponse({"detail": error.detail}, error.status_code, headers=headers)


async def _invalid(request: Request, error: Exception) -> Response:
    """422 with the places and the kinds of mistake; what was sent is not repeated."""
    assert isinstance(error, RequestValidationError)
    if rest.covers(request.url.path):
        return rest.of_mistakes(error.errors())
    if wants_page(request):
        # An address that cannot be (an id that is not one) is simply not there; a form that cannot be is a mistake.
        in_path = any(mistake["loc"][0] == "path" for mistake in error.errors())
        return answer(request, 404 if in_path else 400)
    detail = [{"loc": mistake["loc"], "msg": mistake["msg"], "type": mistake["type"]} for mistake in error.errors()]
    return JSONResponse({"detail": detail}, 422)


async def _not_set_up(request: Request, error: Exception) -> Response:
    """503 while nobody is here who could look after anybody: whoever came learns whom to call instead."""
    log.error("%s (asked for: %s %s)", error, request.method, getattr(request.scope.get("route"), "path", "?"))
    headers = {"Retry-After": str(SET_UP_SOON)}
    if not wants_page(request):
        return JSONResponse({"detail": "Hearthline is not set up here yet; nothing was stored"}, 503, headers)
    language = chosen_language(request)
    calls: dict[str, set[str]] = {}
    for name in packs.names():
        pack = packs.pack(name)
        calls.setdefault(pack.emergency_number, set()).add(country_name(language, pack.country))
    return page(request, "not_set_up.html", language=language, status=503, headers=headers, calls=calls)


async def _sign_in_needed(request: Request, error: Exception) -> Response:
    assert isinstance(error, SignInNeeded)
    if not wants_page(request) or "text/event-stream" in request.headers.get("accept", ""):
        return JSONResponse({"detail": texts.render("pages.error.401", "en")}, 401)
    if isinstance(error, SecondFactorNeeded):
        return RedirectResponse(f"{ACCOUNT}?note=needed", 303)
    if words := await _words_sent(request):
        language = chosen_language(request)
        return page(request, "console/signed_out.html", language=language, status=401, words=words, alone=True)
    return RedirectResponse(f"/console/sign-in?{urlencode({'next': error.next_path})}", 303)


async def _words_sent(request: Request) -> list[str]:
    """What somebody took the trouble to write in the form that was sent: whatever has at least two words, and is no
    password."""
    if request.method != "POST":
        return []
    try:
        given = await request.form(max_fields=MOST_FIELDS)
    except (HTTPException, ClientDisconnect, RuntimeError):  # no form, its sender is gone, or it was read already
        return []
    return [
        value
        for name, value in given.multi_items()
        if isinstance(value, str) and len(value.split()) > 1 and name != FORM_FIELD and "password" not in name
    ]


async def _chat_ended(request: Request, error: Exception) -> Response:
    if not wants_page(request) or "text/event-stream" in request.headers.get("accept", ""):
        return JSONResponse({"detail": "ended"}, 410)
    response = RedirectResponse("/chat?ended=1", 303)
    response.delete_cookie(CHAT_COOKIE, path="/chat", httponly=True, samesite="strict", secure=settings().https)
    return response
