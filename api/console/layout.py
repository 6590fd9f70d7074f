"""What every console page has: who is signed in, how many escalations wait, local dates."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Executable, select

from api import texts
from api.access import openings
from api.access.guards import Visitor
from api.access.reach import Asker
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
    with reading() as session:
        counts = session.execute(_counting(Asker(me.id, me.agency_id, me.role), me.today)).one()
    response = page(
        request,
        template,
        language=me.language,
        status=status,
        timezone=me.timezone,
        locale=pack(me.jurisdiction).locale(me.language),
        me=me,
        here=here,
        **counts._mapping,
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


@lru_cache(maxsize=256)
def _counting(viewer: Asker, today: date) -> Executable:
    # Kept, because making it costs as much as asking it: nothing in it may be as of now (api.database.moment).
    counts = {
        "waiting": queries.counting_open(viewer),
        "pressing": timescales.counting_pressing(viewer, today),
        "opened": openings.counting_to_see(viewer),
        "news_waiting": colleagues.counting_to_see(viewer.id),
        "given_waiting": families.counting_news(viewer.id),
        "sent": evidence.counting_to_see(viewer),
    }
    return select(*(count.scalar_subquery().label(name) for name, count in counts.items()))
