"""What every console page has: who is signed in, how many escalations wait, local dates."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import Response

from api import clock, texts
from api.access import openings
from api.access.guards import Visitor
from api.database import reading
from api.escalations import queries
from api.evidence import queries as evidence
from api.jurisdiction.packs import pack
from api.pages.rendering import LANGUAGE_COOKIE, page
from api.reminders import colleagues
from api.settings import settings
from api.timescales import queries as timescales


def console_page(
    request: Request, me: Visitor, template: str, *, here: str, status: int = 200, **context: Any
) -> Response:
    """The page ``template`` for this worker; ``here`` is its part of the navigation."""
    with reading() as session:
        waiting = queries.open_count(session, me)
        pressing = timescales.pressing(session, me, me.today)
        opened = openings.count_to_see(session, me)
        news = colleagues.count_to_see(session, me.id, clock.now())
        sent = evidence.count_to_see(session, me)
    response = page(
        request,
        template,
        language=me.language,
        status=status,
        timezone=me.timezone,
        locale=pack(me.jurisdiction).locale(me.language),
        me=me,
        here=here,
        waiting=waiting,
        pressing=pressing,
        opened=opened,
        news_waiting=news,
        sent=sent,
        has_text=texts.has,
        **context,
    )
    if "language" in request.query_params:
        response.set_cookie(
            LANGUAGE_COOKIE, me.language, path="/console", httponly=True, samesite="lax", secure=settings().https
        )
    return response
