"""My plan: the family's own page of its plan, on screen and on paper, behind the same code as the web chat."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Annotated
from zoneinfo import ZoneInfo

from anyio import to_thread
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from api import clock
from api.access.guards import chat_session, from_our_page, same_origin
from api.access.service import TooManyTries
from api.appointments import feeds
from api.appointments.wording import kind_words
from api.audit import service as audit
from api.channels.webchat.queries import Chat
from api.channels.webchat.routes import exit_url
from api.conferences import own as conferences
from api.database import transaction
from api.evidence import routes as files
from api.evidence import service as evidence
from api.evidence.cleaning import Refused
from api.jurisdiction.packs import pack
from api.pages.rendering import page
from api.plans import own
from api.settings import settings

router = APIRouter(prefix="/chat", include_in_schema=False, dependencies=[Depends(from_our_page)])

MyChat = Annotated[Chat, Depends(chat_session)]
#: Where files may be sent, which are larger than messages.
UPLOAD = "/chat/plan/evidence"


async def _who_may_send(request: Request, chat: MyChat) -> None:
    """Nothing of what may be large is read before it is known that somebody with a plan here sends it (404), and then
    with few parts."""
    if chat.person_id is None:
        raise HTTPException(404)
    await request.form(max_files=files.MOST_FIELDS, max_fields=files.MOST_FIELDS)


#: In this order: ``from_our_page`` reads the form, too.
uploads = APIRouter(
    prefix="/chat",
    include_in_schema=False,
    dependencies=[Depends(same_origin), Depends(_who_may_send), Depends(from_our_page)],
)
routers = (router, uploads)


@router.get("/plan")
def my_plan(request: Request, chat: MyChat) -> Response:
    """The plan as this person may see it. Whoever chats without a name has none: 404."""
    return _page(request, chat)


@uploads.post("/plan/evidence")
async def send_evidence(request: Request, chat: MyChat) -> Response:
    """A photo or document from the person who chats, of an action of theirs or of nothing in particular."""
    if chat.person_id is None:
        raise HTTPException(404)
    form = await request.form()  # read already
    problem = ""
    try:
        action = str(form.get("action") or "")
        work = partial(
            evidence.receive_from, chat.person_id, files.files_of(form), uuid.UUID(action) if action else None
        )
        await to_thread.run_sync(work, limiter=files.AT_ONCE)
    except Refused as refused:
        problem = f"upload.refused.{refused.code}"
    except TooManyTries:
        raise HTTPException(429) from None
    except (evidence.Gone, ValueError):
        raise HTTPException(404) from None
    finally:
        await form.close()
    if problem:
        return await run_in_threadpool(_page, request, chat, problem=problem)
    return RedirectResponse("/chat/plan?sent=1#send", 303)


@router.post("/plan/calendar")
def make_calendar(request: Request, chat: MyChat) -> Response:
    """A private address of one's own appointments. Shown once, on this answer only."""
    with transaction() as session:
        person = feeds.owner(session, chat.person_id)
        if person is None:
            raise HTTPException(404)
        address = feeds.make(session, person)
    return _page(request, chat, address)


@router.post("/plan/calendar/end")
def end_calendar(chat: MyChat) -> Response:
    """The address works no longer."""
    with transaction() as session:
        person = feeds.owner(session, chat.person_id)
        if person is None:
            raise HTTPException(404)
        feeds.revoke(session, person)
    return RedirectResponse("/chat/plan#calendar", 303)


def _page(request: Request, chat: Chat, address: str = "", problem: str = "") -> Response:
    if chat.person_id is None:
        raise HTTPException(404)
    today = clock.now().astimezone(ZoneInfo(chat.timezone)).date()
    with transaction() as session:
        mine = own.own_plans(session, chat.person_id, today)
        ended = None if mine else own.ended(session, chat.person_id)
        met = conferences.of_person(session, chat.person_id, today)
        for one in mine:
            audit.record(
                session,
                actor_kind="person",
                actor_id=chat.person_id,
                verb="viewed_own_plan",
                family_id=one.plan.family_id,
                object_id=one.plan.id,
            )
        feed = feeds.live(session, chat.person_id)
    place = pack(chat.jurisdiction)
    return page(
        request,
        "chat/plan.html",
        language=chat.language,
        status=400 if problem else 200,
        problem=problem,
        sent="sent" in request.query_params and not problem,
        accept=files.ACCEPT,
        megabytes=settings().evidence_limit // 1024**2,
        files=evidence.MOST_FILES,
        timezone=chat.timezone,
        locale=place.locale(chat.language),
        chat=chat,
        plans=mine,
        ended=ended,
        met=met,
        kind_words=kind_words(place, chat.language),
        feed=feed,
        address=address,
        worker=place.word("worker", chat.language),
        plan_word=place.word("plan", chat.language),
        exit_url=exit_url(request),
    )
