"""What every console page has: who is signed in, how many escalations wait, local dates."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import select

from api import clock, texts
from api.access import openings
from api.access.guards import Visitor
from api.database import reading
from api.escalations import queries
from api.evidence import queries as evidence
from api.families import service as families
from api.jurisdiction.packs import pack
from api.pages.rendering import LANGUAGE_COOKIE, page
from api.reminders import colleagues
from api.settings import settings
from api.timescales import queries as timescales


def console_page(
    request: Request, me: Visitor, template: str, *, here: str, status: int = 200, **context: Any
) -> Response:
    """The page ``template`` for this worker; ``here`` is its part of the navigation."""
    counts = {
        "waiting": queries.counting_open(me),
        "pressing": timescales.counting_pressing(me, me.today),
        "opened": openings.counting_to_see(me),
        "news_waiting": colleagues.counting_to_see(me.id, clock.now()),
        "given_waiting": families.counting_news(me.id),
        "sent": evidence.counting_to_see(me),
    }
    with reading() as session:
        row = session.execute(select(*(count.scalar_subquery() for count in counts.values()))).one()
    response = page(
        request,
        template,
        language=me.language,
        status=status,
        timezone=me.timezone,
        locale=pack(me.jurisdiction).locale(me.language),
        me=me,
        here=here,
        **dict(zip(counts, row, strict=True)),
        has_text=texts.has,
        # The page that answers a form stands at no address: the same in another language would be another page.
        answer=request.method == "POST",
        **context,
    )
    if "language" in request.query_params:
        response.set_cookie(
            LANGUAGE_COOKIE, me.language, path="/console", httponly=True, samesite="lax", secure=settings().https
        )
    return response
