"""My plan: the family's own page of its plan, on screen and on paper, behind the same code as the web chat."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from api import clock
from api.access.guards import chat_session, from_our_page
from api.appointments import feeds
from api.audit import service as audit
from api.channels.webchat.queries import Chat
from api.channels.webchat.routes import exit_url
from api.database import transaction
from api.jurisdiction.packs import pack
from api.pages.rendering import page
from api.plans import own

router = APIRouter(prefix="/chat", include_in_schema=False, dependencies=[Depends(from_our_page)])

MyChat = Annotated[Chat, Depends(chat_session)]


@router.get("/plan")
def my_plan(request: Request, chat: MyChat) -> Response:
    """The plan as this person may see it. Whoever chats without a name has none: 404."""
    return _page(request, chat)


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


def _page(request: Request, chat: Chat, address: str = "") -> Response:
    if chat.person_id is None:
        raise HTTPException(404)
    today = clock.now().astimezone(ZoneInfo(chat.timezone)).date()
    with transaction() as session:
        mine = own.own_plan(session, chat.person_id, today)
        if mine is not None:
            audit.record(
                session,
                actor_kind="person",
                actor_id=chat.person_id,
                verb="viewed_own_plan",
                family_id=mine.plan.family_id,
                object_id=mine.plan.id,
            )
        feed = feeds.live(session, chat.person_id)
    place = pack(chat.jurisdiction)
    return page(
        request,
        "chat/plan.html",
        language=chat.language,
        timezone=chat.timezone,
        locale=place.locale(chat.language),
        chat=chat,
        one=mine,
        feed=feed,
        address=address,
        worker=place.word("worker", chat.language),
        plan_word=place.word("plan", chat.language),
        exit_url=exit_url(request),
    )
