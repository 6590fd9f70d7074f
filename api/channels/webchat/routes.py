"""The web chat's pages and its stream. All of it works without JavaScript but the live updates.

Leaving is the one thing that must always work: it needs neither a live session nor a fresh page.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse, Response

from api import texts
from api.access.guards import CHAT_COOKIE, ChatEnded, chat_session, client_of, from_our_page, public, same_origin
from api.access.service import TooManyTries, form_token, token_hash
from api.channels.webchat import queries, service
from api.channels.webchat.queries import Chat, ChatLine, ChatState
from api.database import reading
from api.jurisdiction.packs import pack
from api.messages import inbox
from api.pages import streams
from api.pages.headers import EXIT_URL
from api.pages.rendering import chosen_language, page, render
from api.presence import queries as presence
from api.presence import wording
from api.presence.schemas import number, yes_or_no
from api.presence.wording import Sentences
from api.settings import settings

#: The ways in and out, which no page's age must block; and what is done inside, with the session's form token.
doors = APIRouter(prefix="/chat", include_in_schema=False, dependencies=[Depends(same_origin)])
router = APIRouter(prefix="/chat", include_in_schema=False, dependencies=[Depends(from_our_page)])
routers = [doors, router]

MyChat = Annotated[Chat, Depends(chat_session)]
FIRST_PAGE = Depends(public("the first page: it shows nothing about anybody"))
LEAVE = Depends(public("leaving must work from every page, with or without a session"))
MESSAGE_ID = re.compile(r"^[A-Za-z0-9-]{8,64}$")
#: What a chat shows of a problem: the ?problem= values and the texts they stand for.
PROBLEMS = ("empty", "long")


@doors.get("", dependencies=[FIRST_PAGE])
def first_page(request: Request) -> Response:
    """What this is, who sees what, and the two ways in."""
    token = request.cookies.get(CHAT_COOKIE, "")
    if token:
        with reading() as session:
            if queries.live_chat(session, token_hash(token), form_token(token)):
                return RedirectResponse("/chat/talk", 303)
    return _first_page(request)


def _first_page(request: Request, problem: str = "", status: int = 200) -> Response:
    language = chosen_language(request)
    with reading() as session:
        agencies = [
            {"id": str(agency.id), "name": agency.name, "emergency": pack(agency.jurisdiction).emergency_number}
            for agency in queries.agencies(session)
        ]
    return page(
        request,
        "chat/first.html",
        language=language,
        status=status,
        agencies=agencies,
        problem=problem,
        ended="ended" in request.query_params,
        exit_url=exit_url(request),
    )


@doors.post("/start", dependencies=[Depends(public("starting a chat without a name is for everybody"))])
def start(request: Request, agency: Annotated[str, Form()] = "", language: Annotated[str, Form()] = "") -> Response:
    """Begin without a name."""
    try:
        started = service.start_without_name(uuid.UUID(agency), language or chosen_language(request))
    except (ValueError, service.UnknownAgency):
        return _first_page(request, "chat.first.choose_area", 400)
    return _enter(request, started)


@doors.post("/code", dependencies=[Depends(public("a one-time code is its own proof; tries are limited"))])
def enter_with_code(request: Request, code: Annotated[str, Form()] = "") -> Response:
    """Begin as oneself, with the code that a worker gave."""
    try:
        started = service.start_with_code(code, client_of(request))
    except TooManyTries:
        return _first_page(request, "chat.first.too_many_tries", 429)
    except service.UnknownCode:
        return _first_page(request, "chat.first.unknown_code", 400)
    return _enter(request, started)


def _enter(request: Request, started: service.Started) -> Response:
    service.leave(request.cookies.get(CHAT_COOKIE, ""))  # one browser, one chat
    return with_chat(RedirectResponse("/chat/talk", 303), started)


def with_chat(response: Response, started: service.Started) -> Response:
    """The response with the chat's cookie: no max-age, so the browser forgets it when it closes; the server sooner."""
    response.set_cookie(
        CHAT_COOKIE, started.token, path="/chat", httponly=True, samesite="strict", secure=settings().https
    )
    return response


@router.get("/talk")
def talk(request: Request, chat: MyChat, problem: str = "") -> Response:
    """The conversation."""
    service.keep_open(chat.conversation_id)
    with reading() as session:
        lines = queries.lines(session, chat.conversation_id)
        state = queries.state(session, chat.conversation_id)
        here = wording.for_person(session, chat)
    return page(
        request,
        "chat/talk.html",
        language=chat.language,
        timezone=chat.timezone,
        locale=pack(chat.jurisdiction).locale(chat.language),
        chat=chat,
        lines=lines,
        state=state,
        here=here,
        seen=lines[-1].sequence if lines else 0,
        message_id=uuid.uuid4(),
        emergency=pack(chat.jurisdiction).emergency_number,
        problem=problem if problem in PROBLEMS else "",
        longest=service.LONGEST_MESSAGE,
        exit_url=exit_url(request),
    )


@router.post("/messages")
def send(
    request: Request,
    chat: MyChat,
    body: Annotated[str, Form()] = "",
    message_id: Annotated[str, Form()] = "",
) -> Response:
    """Accept one message, once for each ``message_id`` that the page gave it. Answered after the commit."""
    problem = "empty" if not body.strip() else "long" if len(body) > service.LONGEST_MESSAGE else ""
    if problem or not MESSAGE_ID.match(message_id):
        return _sent(request, 400, {"error": problem or "message_id"}, f"/chat/talk?problem={problem}")
    try:
        accepted = inbox.accept(
            channel="web",
            external_id=message_id,
            address="",
            body=body,
            conversation_id=chat.conversation_id,
        )
    except LookupError as error:
        raise ChatEnded from error
    service.keep_open(chat.conversation_id, wrote=True)
    return _sent(request, 200, {"key": f"m-{message_id}", "duplicate": accepted.duplicate}, "/chat/talk#latest")


@router.post("/here")
def say_here(chat: MyChat, writing: Annotated[str, Form()] = "", seen: Annotated[str, Form()] = "") -> Response:
    """The page's word that somebody writes (``yes``, ``no``), and which message of a worker's was on the screen.

    It does not keep the chat open: only a message does.
    """
    service.here(chat.conversation_id, writing=yes_or_no(writing), seen=number(seen))
    return Response(status_code=204)


def _sent(request: Request, status: int, answer: dict[str, object], back_to: str) -> Response:
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse(answer, status)
    return RedirectResponse(back_to, 303)


@router.get("/events")
def events(request: Request, chat: MyChat, seen: str = "") -> Response:
    """Server-sent events: ``line`` (with an id, so that a lost connection goes on where it was), ``state``,
    ``presence`` and ``ended``.

    A line may come twice after a reconnect, with the same key; it is never left out.
    """
    given = request.headers.get("last-event-id", "") or seen
    return streams.stream(_events(chat, number(given)))


async def _events(chat: Chat, seen: int) -> AsyncIterator[str]:
    sent: set[str] = set()
    last_state: ChatState | None = None
    yield streams.RETRY
    last_here: Sentences = {}
    topics = dict.fromkeys((f"conversation:{chat.conversation_id}", presence.topic(chat.conversation_id)), "changed")
    async for topic in streams.changes(topics):
        lines, state, here = await run_in_threadpool(_look, chat, seen)
        for line in lines:
            seen = max(seen, line.sequence)
            if line.key not in sent:
                sent.add(line.key)
                yield streams.event("line", {"key": line.key, "html": _line_html(chat, line)}, str(seen))
        if state.ended:
            yield streams.event("ended", {})
            return
        if state != last_state:
            last_state = state
            yield streams.event("state", {"waiting": state.waiting, "worker": state.worker})
        if here != last_here or here["writing"]:
            last_here = here
            yield streams.event("presence", here)
        if topic is None:
            yield streams.KEEP_ALIVE


def _look(chat: Chat, seen: int) -> tuple[list[ChatLine], ChatState, Sentences]:
    with reading() as session:
        return (
            queries.lines(session, chat.conversation_id, seen),
            queries.state(session, chat.conversation_id),
            wording.for_person(session, chat),
        )


def _line_html(chat: Chat, line: ChatLine) -> str:
    return render(
        "chat/line.html",
        language=chat.language,
        timezone=chat.timezone,
        locale=pack(chat.jurisdiction).locale(chat.language),
        line=line,
        choices=True,
    )


@router.get("/state")
def state(chat: MyChat) -> Response:
    """Is the chat still on? For a page whose stream broke (410 when it is over)."""
    with reading() as session:
        now = queries.state(session, chat.conversation_id)
    return JSONResponse({"waiting": now.waiting, "worker": now.worker})


@router.post("/language")
def change_language(chat: MyChat, language: Annotated[str, Form()] = texts.FALLBACK) -> Response:
    """Go on in another language."""
    service.change_language(chat.conversation_id, language)
    return RedirectResponse("/chat/talk", 303)


@router.post("/end")
def end(request: Request, chat: MyChat) -> Response:
    """End the chat and go back to the first page."""
    service.leave(request.cookies.get(CHAT_COOKIE, ""))
    return _forget(RedirectResponse("/chat?ended=1", 303))


@doors.post("/exit", dependencies=[LEAVE])
def leave_quickly(request: Request, quiet: Annotated[str, Form()] = "") -> Response:
    """Exit this page: the session ends, the browser goes somewhere neutral (``quiet``: its script sees to that)."""
    service.leave(request.cookies.get(CHAT_COOKIE, ""))
    if quiet:
        return _forget(Response(status_code=204))
    return _forget(RedirectResponse(exit_url(request), 303))


def _forget(response: Response) -> Response:
    response.delete_cookie(CHAT_COOKIE, path="/chat", httponly=True, samesite="strict", secure=settings().https)
    return response


def exit_url(request: Request) -> str:
    """Where "Exit this page" leads. In the demo's frame a page that says so, because the neutral one refuses frames."""
    framed = request.headers.get("sec-fetch-dest") == "iframe"
    return "/demo/left" if framed and settings().demo else EXIT_URL
