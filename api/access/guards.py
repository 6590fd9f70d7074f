"""Who is at the door of a route. Every route depends on one of these; a test walks all routes and asks for it.

Each guard carries ``guard_name``. ``signed_in_worker`` and ``chat_session`` read a cookie, ``bearer_worker`` a header;
``public(reason)`` says, in words, why a route needs nobody. ``from_our_page`` (or, where nobody has a session yet,
``same_origin``) stands in front of everything that changes something and trusts a cookie.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from fastapi import HTTPException, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.datastructures import UploadFile

from api import clock, texts
from api.access import keys, queries, service, sessions
from api.access.models import Agency, Worker
from api.channels.webchat import queries as webchat
from api.channels.webchat.queries import Chat
from api.database import reading
from api.pages.rendering import chosen_language
from api.rest.errors import Refused
from api.settings import settings

WORKER_COOKIE = "hearthline_worker"
CHAT_COOKIE = "hearthline_chat"
FORM_FIELD = "form_token"
#: At most so many fields in a form: those of a plan with as many lines as it may have (api.plans.editing), and more.
MOST_FIELDS = 20_000
ACCOUNT = "/console/account"
BEARER = HTTPBearer(auto_error=False, description="A token of POST /api/v1/token, or an API key.")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class SignInNeeded(Exception):
    """Nobody is signed in: the page for that is next, and after it ``next_path``."""

    def __init__(self, next_path: str) -> None:
        self.next_path = next_path


class SecondFactorNeeded(SignInNeeded):
    """The agency wants a second factor of this role, and there is none: the page for that is next."""


class ChatEnded(Exception):
    """This browser has no live chat (any more)."""


@dataclass(frozen=True)
class Visitor:
    """A signed-in worker's request: who asks, where their agency is, and how they read."""

    worker: Worker
    agency_name: str
    jurisdiction: str
    timezone: str
    language: str
    form_token: str
    #: Which of their sessions this is.
    session_id: uuid.UUID | None = None

    @property
    def id(self) -> uuid.UUID:
        return self.worker.id

    @property
    def agency_id(self) -> uuid.UUID:
        return self.worker.agency_id

    @property
    def role(self) -> str:
        return self.worker.role

    @property
    def today(self) -> date:
        """The calendar day where the agency is."""
        return clock.now().astimezone(ZoneInfo(self.timezone)).date()


def signed_in_worker(request: Request) -> Visitor:
    """The worker whose session cookie this is. Raises SignInNeeded; SecondFactorNeeded everywhere but where one gets
    it."""
    token = request.cookies.get(WORKER_COOKIE, "")
    found = None
    if token:
        with reading() as session:
            found = queries.worker_of_session(session, service.token_hash(token))
    if found is None:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        raise SignInNeeded(path if request.method in SAFE_METHODS else "/console")
    if found.factor_missing and not _leads_to_a_factor(request.url.path):
        raise SecondFactorNeeded("/console")
    sessions.seen(found.session)
    agency = found.agency
    return Visitor(
        worker=found.worker,
        agency_name=agency.name,
        jurisdiction=agency.jurisdiction,
        timezone=agency.timezone,
        language=chosen_language(request, found.worker.language or agency.language),
        form_token=service.form_token(token),
        session_id=found.session.id,
    )


def _leads_to_a_factor(path: str) -> bool:
    """One's own account, and the way out."""
    return path == ACCOUNT or path.startswith(f"{ACCOUNT}/") or path == "/console/sign-out"


def bearer_worker(
    request: Request,
    given: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)],
) -> Visitor:
    """The worker for whom a program asks, by ``Authorization: Bearer`` and a token of ``POST /api/v1/token`` or an API
    key. A browser's cookie is no key here, so no page can ride on one. Raises Refused (401; 403 for a key that may only
    read)."""
    return caller(given.credentials if given is not None else "", request.method)


def caller(credentials: str, method: str) -> Visitor:
    """The same for what stood in the header. Raises Refused."""
    if keys.is_key(credentials):
        return _caller_with_key(credentials, method)
    found = None
    if credentials:
        with reading() as session:
            found = queries.worker_of_session(session, service.bearer_hash(credentials))
    if found is None:
        raise Refused(401, "token_needed", headers={"WWW-Authenticate": "Bearer"})
    if found.factor_missing:
        raise Refused(401, "second_factor_missing", headers={"WWW-Authenticate": "Bearer"})
    sessions.seen(found.session)
    return _program(found.worker, found.agency)


def _caller_with_key(credentials: str, method: str) -> Visitor:
    with reading() as session:
        found = keys.worker_of_key(session, credentials)
    if found is None:
        raise Refused(401, "token_needed", headers={"WWW-Authenticate": "Bearer"})
    worker, agency, key = found
    if method not in SAFE_METHODS and key.scope != "write":
        raise Refused(403, "scope_needed")
    keys.used(key)
    return _program(worker, agency)


def _program(worker: Worker, agency: Agency) -> Visitor:
    return Visitor(
        worker=worker,
        agency_name=agency.name,
        jurisdiction=agency.jurisdiction,
        timezone=agency.timezone,
        language=texts.supported(agency.language),
        form_token="",
    )


def chat_session(request: Request) -> Chat:
    """The live web chat whose session cookie this is. Raises ChatEnded."""
    token = request.cookies.get(CHAT_COOKIE, "")
    chat = None
    if token:
        with reading() as session:
            chat = webchat.live_chat(session, service.token_hash(token), service.form_token(token))
    if chat is None:
        raise ChatEnded
    return chat


def public(reason: str) -> Callable[[], None]:
    """A route that everybody may use, and why."""

    def allow() -> None:
        return None

    _mark(allow, "public")
    allow.reason = reason  # type: ignore[attr-defined]
    return allow


def in_demo_mode() -> None:
    """A route of the demo: not there in a real installation."""
    if not settings().demo:
        raise HTTPException(404)


def same_origin(request: Request) -> None:
    """Refuse (403) what another site's page makes a browser send."""
    if request.method not in SAFE_METHODS and not _from_here(request):
        raise HTTPException(403)


async def from_our_page(request: Request) -> None:
    """Refuse (403) what another site's page sends with our visitor's cookies: by the browser's word on where it comes
    from, and by the form token of the session. Without a session the route's own guard speaks."""
    if request.method in SAFE_METHODS:
        return
    same_origin(request)
    # Each area has its own cookie: a worker's form is not a chat's.
    name = CHAT_COOKIE if request.url.path.startswith("/chat") else WORKER_COOKIE
    token = request.cookies.get(name, "")
    if token:
        # Whoever reads the form after this gets it as it was read here.
        given = (await request.form(max_fields=MOST_FIELDS)).get(FORM_FIELD, "")
        if isinstance(given, UploadFile) or not service.form_token_fits(token, given):
            raise HTTPException(403)


def _from_here(request: Request) -> bool:
    """Every browser of the last years says ``Sec-Fetch-Site``; older ones at least an ``Origin``. (With
    ``Referrer-Policy: no-referrer`` a form's Origin is "null" even on our own pages: then the form token decides.)"""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin", "null")
    if origin == "null":
        return True
    return origin == settings().base_url or urlsplit(origin).netloc == request.headers.get("host", "")


def own_path(path: str, otherwise: str) -> str:
    """``path`` if it is a path of this site that a browser cannot take for another's, else ``otherwise``."""
    parts = urlsplit(path)
    odd = any(character in path for character in "\\\r\n\t\x00")
    if odd or parts.scheme or parts.netloc or not path.startswith("/console") or path.startswith("//"):
        return otherwise
    return quote(path, safe="/?=&%-._~+:")


def client_of(request: Request) -> str:
    """The browser's address, for counting tries (the proxy in front sets it; see README, "Behind a proxy")."""
    return request.client.host if request.client else "unknown"


def _mark(guard: Callable[..., object], name: str) -> None:
    guard.guard_name = name  # type: ignore[attr-defined]


_mark(signed_in_worker, "signed_in_worker")
_mark(bearer_worker, "bearer_worker")
_mark(chat_session, "chat_session")
_mark(in_demo_mode, "in_demo_mode")
