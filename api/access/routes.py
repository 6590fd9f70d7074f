"""Signing in to the console and out of it; tokens for programs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Security
from fastapi.responses import RedirectResponse, Response
from fastapi.security import HTTPAuthorizationCredentials

from api.access import accounts, keys, service, sessions, staff
from api.access.guards import (
    BEARER,
    WORKER_COOKIE,
    SignInNeeded,
    Visitor,
    bearer_worker,
    client_of,
    from_our_page,
    own_path,
    public,
    same_origin,
    signed_in_worker,
)
from api.access.schemas import Credentials, TokenOut
from api.messages.cleaning import storable
from api.pages.rendering import chosen_language, page
from api.rest.errors import DECIDES, Refused, documented
from api.settings import settings

HOME = "/console"
doors = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(same_origin)])
router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(from_our_page)])
routers = [doors, router]
api = APIRouter(prefix="/api/v1", tags=["Token"])

DOOR = Depends(public("signing in is for those who are not yet"))
#: What the way by the agency's provider may end in, but a session: console.provider.<one of these>.
PROBLEMS = ("cancelled", "over", "unreachable", "failed", "stranger")


@doors.get("/sign-in", dependencies=[DOOR])
def sign_in_page(request: Request, next: str = HOME, problem: str = "", way: str = "", note: str = "") -> Response:
    """The ways to sign in; somebody who is signed in goes on. ``way=password`` shows the form for passwords also where
    only administrators have one."""
    try:
        signed_in_worker(request)
    except SignInNeeded:
        said = "console.sign_in.too_many_tries" if problem == "too_many_tries" else ""
        if problem in PROBLEMS:
            said = f"console.provider.{problem}"
        return _form(request, own_path(next, HOME), said, password=way == "password", done=note == "password")
    return RedirectResponse(own_path(next, HOME), 303)


@doors.post("/sign-in", dependencies=[DOOR])
def sign_in(
    request: Request,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = HOME,
) -> Response:
    """Check e-mail and password; the answer is the same whatever was wrong."""
    next_path = own_path(next, HOME)
    try:
        signed_in = service.sign_in(
            email[:320],
            password[:1024],
            client_of(request),
            request.cookies.get(WORKER_COOKIE, ""),
            browser_of(request),
        )
    except service.TooManyTries:
        return _form(request, next_path, "console.sign_in.too_many_tries", 429)
    if signed_in is None:
        return _form(request, next_path, "console.sign_in.wrong", 400)
    if isinstance(signed_in, service.SecondStep):
        return code_form(request, next_path, signed_in.ticket)
    return with_session(RedirectResponse(next_path, 303), signed_in)


@doors.post("/sign-in/code", dependencies=[DOOR])
def sign_in_code(
    request: Request,
    ticket: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = HOME,
) -> Response:
    """The second step: a code of the authenticator, or a recovery code."""
    next_path = own_path(next, HOME)
    try:
        signed_in = service.second_step(
            ticket[:200], code[:40], client_of(request), request.cookies.get(WORKER_COOKIE, ""), browser_of(request)
        )
    except service.TooManyTries:
        return _form(request, next_path, "console.sign_in.too_many_tries", 429)
    except LookupError:
        return _form(request, next_path, "account.step.over", 400)
    if signed_in is None:
        return code_form(request, next_path, ticket[:200], "account.step.wrong", 400)
    return with_session(RedirectResponse(next_path, 303), signed_in)


@doors.get("/first-password", dependencies=[DOOR])
def first_password(request: Request) -> Response:
    """Where a worker sets a password with a code of their manager's."""
    return _first_password(request)


@doors.post("/first-password", dependencies=[DOOR])
def set_first_password(
    request: Request,
    email: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Set it; then sign in with it. The answer is the same whatever was wrong with address or code."""
    if password != again:
        return _first_password(request, "account.entry.differs", 400, email)
    try:
        done = staff.set_password_with(email[:320], code[:40], password[:1024], client_of(request))
    except accounts.TooShort:
        return _first_password(request, "account.problem.short", 400, email)
    except service.TooManyTries:
        return _first_password(request, "console.sign_in.too_many_tries", 429, email)
    if not done:
        return _first_password(request, "account.entry.wrong", 400, email)
    return RedirectResponse("/console/sign-in?note=password&way=password", 303)


@router.post("/sign-out")
def sign_out(request: Request, visitor: Annotated[Visitor, Depends(signed_in_worker)]) -> Response:
    """End the session, here and in the database."""
    service.sign_out(request.cookies.get(WORKER_COOKIE, ""))
    response = RedirectResponse("/console/sign-in", 303)
    response.delete_cookie(WORKER_COOKIE, path="/", httponly=True, samesite="lax", secure=settings().https)
    return response


@api.post(
    "/token",
    status_code=201,
    dependencies=[DOOR, Depends(same_origin)],
    responses=documented(400, 401, 403, 413, 422, 429),
)
def give_token(request: Request, given: Credentials) -> TokenOut:
    """Get a token: a worker's e-mail address and password for twelve hours' access to what that worker may see.

    A worker with a second factor gives a code of it as well; each code works once.
    After eight wrong tries for one address, or thirty from one place, none is looked at for a quarter of an hour.
    """
    try:
        found = service.give_bearer_token(given.email, given.password, client_of(request), given.code)
    except service.CodeNeeded:
        raise Refused(401, "code_needed", headers={"WWW-Authenticate": "Bearer"}) from None
    except service.TooManyTries:
        wait = str(int(service.WINDOW.total_seconds()))
        raise Refused(429, "too_many_tries", headers={"Retry-After": wait}) from None
    if found is None:
        raise Refused(401, "wrong_sign_in", headers={"WWW-Authenticate": "Bearer"})
    return TokenOut(token=found.token, expires_at=found.expires_at)


@api.delete("/token", status_code=204, dependencies=[Depends(bearer_worker)], responses=DECIDES)
def take_back_token(given: Annotated[HTTPAuthorizationCredentials, Security(BEARER)]) -> None:
    """Take back the token that this request carries: it works no longer. An API key is revoked in the console."""
    if keys.is_key(given.credentials):
        raise Refused(401, "token_needed", headers={"WWW-Authenticate": "Bearer"})
    service.take_back_bearer_token(given.credentials)


def with_session(response: Response, signed_in: service.SignedIn) -> Response:
    """The response with the session's cookie. Lax: the link in a worker's text message must find them signed in."""
    response.set_cookie(
        WORKER_COOKIE,
        signed_in.token,
        max_age=int(service.SESSION_LIFE.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings().https,
    )
    return response


def browser_of(request: Request) -> str:
    """The family of the browser that asks, for the list of sessions."""
    return sessions.browser_family(request.headers.get("user-agent", ""))


def code_form(request: Request, next_path: str, ticket: str, problem: str = "", status: int = 200) -> Response:
    """The page that asks for a code of the second factor."""
    return page(
        request,
        "console/sign_in_code.html",
        language=chosen_language(request),
        status=status,
        next_path=next_path,
        ticket=ticket,
        problem=problem,
        alone=True,
    )


def _first_password(request: Request, problem: str = "", status: int = 200, email: str = "") -> Response:
    return page(
        request,
        "console/first_password.html",
        language=chosen_language(request),
        status=status,
        problem=problem,
        email=storable(email[:320]),
        shortest=service.SHORTEST_PASSWORD,
        alone=True,
    )


def _form(
    request: Request,
    next_path: str,
    problem: str = "",
    status: int = 200,
    *,
    password: bool = False,
    done: bool = False,
) -> Response:
    only = settings().oidc_only
    return page(
        request,
        "console/sign_in.html",
        language=chosen_language(request),
        status=status,
        next_path=next_path,
        problem=problem,
        provider=settings().oidc_name,
        only=only,
        password=password or status != 200 or not only,
        done=done,
        alone=True,
    )
