"""What people and programs read when something is wrong: plain words on pages, JSON for programs, never a traceback.

Promise: no answer repeats what was sent (a 422 names the fields, not their values), and nothing is logged but the kind
of error and the route's pattern.
"""

from __future__ import annotations

import logging
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from api import texts
from api.access.guards import CHAT_COOKIE, ChatEnded, SignInNeeded
from api.pages.rendering import chosen_language, page

log = logging.getLogger(__name__)

#: Paths where a person reads the answer; everywhere else a program does.
PAGES = ("/chat", "/console", "/demo")


def install(app: FastAPI) -> None:
    """Give the application its error answers."""
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(SignInNeeded, _sign_in_needed)
    app.add_exception_handler(ChatEnded, _chat_ended)
    app.add_exception_handler(Exception, _unexpected)


def wants_page(request: Request) -> bool:
    """Does a person read the answer (a browser's navigation), or a program or script?"""
    path = request.url.path
    on_page = path == "/" or any(path == area or path.startswith(f"{area}/") for area in PAGES)
    return on_page and "application/json" not in request.headers.get("accept", "")


def answer(request: Request, status: int) -> Response:
    """The error ``status``, as a page or as JSON."""
    known = status if texts.has(f"pages.error.{status}") else (400 if status < 500 else 500)
    if not wants_page(request):
        return JSONResponse({"detail": texts.render(f"pages.error.{known}", "en")}, status)
    return page(request, "error.html", language=chosen_language(request), status=status, error=known)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if wants_page(request):
        return answer(request, error.status_code)
    headers = dict(error.headers or {})
    return JSONResponse({"detail": error.detail}, error.status_code, headers=headers)


async def _invalid(request: Request, error: Exception) -> Response:
    """422 with the places and the kinds of mistake; what was sent is not repeated."""
    assert isinstance(error, RequestValidationError)
    if wants_page(request):
        # An address that cannot be (an id that is not one) is simply not there; a form that cannot be is a mistake.
        in_path = any(mistake["loc"][0] == "path" for mistake in error.errors())
        return answer(request, 404 if in_path else 400)
    detail = [{"loc": mistake["loc"], "msg": mistake["msg"], "type": mistake["type"]} for mistake in error.errors()]
    return JSONResponse({"detail": detail}, 422)


async def _sign_in_needed(request: Request, error: Exception) -> Response:
    assert isinstance(error, SignInNeeded)
    if not wants_page(request) or "text/event-stream" in request.headers.get("accept", ""):
        return JSONResponse({"detail": texts.render("pages.error.401", "en")}, 401)
    return RedirectResponse(f"/console/sign-in?{urlencode({'next': error.next_path})}", 303)


async def _chat_ended(request: Request, error: Exception) -> Response:
    if not wants_page(request) or "text/event-stream" in request.headers.get("accept", ""):
        return JSONResponse({"detail": "ended"}, 410)
    response = RedirectResponse("/chat?ended=1", 303)
    response.delete_cookie(CHAT_COOKIE, path="/chat")
    return response


async def _unexpected(request: Request, error: Exception) -> Response:
    route = getattr(request.scope.get("route"), "path", "?")
    log.error("%s on %s %s", type(error).__name__, request.method, route)
    return answer(request, 500)
