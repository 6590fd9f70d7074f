"""/demo: the page with the phones, what its buttons do, and the simulated Twilio REST API. 404 outside demo mode."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, BackgroundTasks, Depends, Form, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.security import HTTPBasic, HTTPBasicCredentials

from api import clock
from api.access.guards import client_of, in_demo_mode, same_origin
from api.access.routes import with_session
from api.channels.webchat.routes import with_chat
from api.database import reading, transaction
from api.demo import queries, service
from api.jurisdiction.packs import pack
from api.messages.cleaning import storable
from api.pages import streams
from api.pages.headers import EXIT_URL
from api.pages.rendering import chosen_language, page
from api.settings import settings
from api.texts import render as render_text

router = APIRouter(prefix="/demo", include_in_schema=False, dependencies=[Depends(in_demo_mode), Depends(same_origin)])
twilio = APIRouter(prefix="/demo/twilio", include_in_schema=False, dependencies=[Depends(in_demo_mode)])
routers = [router, twilio]

#: Texts to tap, in the language of whoever holds the phone.
TRIES = ("next", "done", "service", "person", "danger")

basic = HTTPBasic(auto_error=False)


@router.get("")
def show(request: Request, family: str = "", worker: str = "") -> Response:
    """Everything side by side. ``family`` and ``worker`` are the numbers of the two phones on the screen."""
    language = chosen_language(request)
    with reading() as session:
        family_phones = queries.family_phones(session)
        worker_phones = queries.worker_phones(session)
        left = next((p for p in family_phones if p.number == family), family_phones[0])
        right = next((p for p in worker_phones if p.number == worker), worker_phones[0] if worker_phones else None)
        texts = {phone.number: queries.texts_on(session, phone.number) for phone in (left, right) if phone}
        workers = queries.workers(session)
        young_people = queries.young_people(session)
    with transaction() as session:
        service.see(session, list(texts))
    return page(
        request,
        "demo/demo.html",
        language=language,
        timezone=left.timezone,
        locale=pack(left.jurisdiction).locale(language),
        family_phones=family_phones,
        worker_phones=worker_phones,
        left=left,
        right=right,
        texts=texts,
        tries=[render_text(f"demo.try.{name}", left.language) for name in TRIES],
        reference=queries.reference_to_acknowledge(texts[right.number]) if right else "",
        workers=workers,
        young_people=young_people,
        now=clock.now(),
        moves=list(service.MOVES),
        our_number=settings().twilio_sender,
        longest=service.LONGEST_TEXT,
        stranger=queries.STRANGER,
    )


@router.post("/texts")
async def send_text(
    sender: Annotated[str, Form()] = "",
    body: Annotated[str, Form()] = "",
    family: Annotated[str, Form()] = "",
    worker: Annotated[str, Form()] = "",
) -> Response:
    """A phone sends a text: to our own webhook, as Twilio would bring it."""
    body = storable(body.strip())[: service.LONGEST_TEXT]
    phone = await run_in_threadpool(_phone, sender)
    if body and phone:
        was_out = await run_in_threadpool(service.is_out, sender)
        sid = await run_in_threadpool(service.keep_text, sender, settings().twilio_sender, body)
        taken = await service.deliver_to_us(sid, sender, body)
        await run_in_threadpool(service.settle_text, sid, "delivered" if taken else "refused")
        await run_in_threadpool(service.answer_as_carrier, sender, body, phone.language, was_out=was_out)
    return RedirectResponse(f"/demo?{urlencode({'family': family, 'worker': worker})}", 303)


def _phone(number: str) -> queries.Phone | None:
    with reading() as session:
        phones = [*queries.family_phones(session), *queries.worker_phones(session)]
    return next((phone for phone in phones if phone.number == number), None)


@router.post("/clock")
def move_clock(
    by: Annotated[str, Form()] = "", family: Annotated[str, Form()] = "", worker: Annotated[str, Form()] = ""
) -> Response:
    """Time goes by."""
    if by not in service.MOVES:
        raise HTTPException(400)
    service.move_clock(by)
    return RedirectResponse(f"/demo?{urlencode({'family': family, 'worker': worker})}", 303)


@router.post("/sign-in-as/{worker_id}")
def sign_in_as(worker_id: uuid.UUID) -> Response:
    """The console, as this worker."""
    signed_in = service.sign_in_as(worker_id)
    if signed_in is None:
        raise HTTPException(404)
    return with_session(RedirectResponse("/console", 303), signed_in)


@router.post("/chat-as/{person_id}")
def chat_as(request: Request, person_id: uuid.UUID) -> Response:
    """The web chat, as this person."""
    started = service.chat_as(person_id, client_of(request))
    if started is None:
        raise HTTPException(404)
    return with_chat(RedirectResponse("/chat/talk", 303), started)


@router.get("/left")
def left(request: Request) -> Response:
    """What "Exit this page" shows in the demo's frame, where the neutral page would refuse to appear."""
    return page(request, "demo/left.html", language=chosen_language(request), exit_url=EXIT_URL)


@router.get("/events")
def events() -> Response:
    """Server-sent ``changed`` events whenever something happens on a phone or to the clock."""
    return streams.stream(_events())


async def _events() -> AsyncIterator[str]:
    yield streams.RETRY
    async for topic in streams.changes({service.TOPIC}):
        yield streams.KEEP_ALIVE if topic is None else streams.event("changed", {})


def twilio_account(account: str, credentials: Annotated[HTTPBasicCredentials | None, Depends(basic)]) -> None:
    """The account's sid and one of its auth tokens, as basic authentication."""
    fits = (
        credentials is not None
        and account == settings().twilio_account == credentials.username
        and any(
            secrets.compare_digest(credentials.password.encode(), token.encode()) for token in settings().twilio_tokens
        )
    )
    if not fits:
        raise HTTPException(401, "Authenticate", {"WWW-Authenticate": 'Basic realm="Twilio API"'})


twilio_account.guard_name = "twilio_account"  # type: ignore[attr-defined]


@twilio.post("/2010-04-01/Accounts/{account}/Messages.json", dependencies=[Depends(twilio_account)])
def create_message(
    background: BackgroundTasks,
    To: Annotated[str, Form()],
    Body: Annotated[str, Form()] = "",
    From: Annotated[str, Form()] = "",
    StatusCallback: Annotated[str, Form()] = "",
) -> Response:
    """Take a text for a simulated phone; the status callbacks follow. 400 with Twilio's code for a phone that has
    texted STOP."""
    if service.is_out(To):
        return JSONResponse(service.OPTED_OUT, 400)
    if StatusCallback and not service.is_ours(StatusCallback):
        raise HTTPException(400, "StatusCallback is not an address of this installation")
    sender = From or settings().twilio_sender
    sid = service.keep_text(sender, To, Body)
    background.add_task(service.settle_text, sid, "delivered")
    if StatusCallback:
        background.add_task(service.call_back, sid, To, StatusCallback)
    return JSONResponse(service.message_resource(sid, sender, To, Body), 201)
