"""My plan on paper: a worker prints it for somebody who does not read it on a screen, as that person may see it.

Promise: what is on it is what the person's own page shows (api.plans.own), less what they said to somebody else than
whoever prints it. Looking at it is in the audit trail.
"""

from __future__ import annotations

import uuid
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api import clock, texts
from api.access import queries as access
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.appointments.wording import kind_words
from api.audit import service as audit
from api.conferences import own as conferences
from api.database import transaction
from api.families import contact
from api.jurisdiction.packs import pack
from api.pages.rendering import page
from api.plans import own

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]


@router.get("/people/{person_id}/plan")
def print_plan(request: Request, me: Me, person_id: uuid.UUID) -> Response:
    """The person's own plan, in their language and local time, to be printed. Children have no such page (404)."""
    with transaction() as session:
        person = contact.written_to(access.person_or_404(session, me, person_id))
        audit.record_view(
            session, worker_id=me.id, verb="viewed_own_plan_of", family_id=person.family_id, object_id=person.id
        )
        timezone = person.timezone or me.timezone
        today = clock.now().astimezone(ZoneInfo(timezone)).date()
        theirs = own.own_plans(session, person.id, today, reader=me)
        ended = None if theirs else own.ended(session, person.id)
        met = conferences.of_person(session, person.id, today)
        language = texts.supported(person.language)
    place = pack(me.jurisdiction)
    notes = {
        "language": me.language,
        "back": texts.render("console.print.back", me.language),
        "paper": texts.render("console.print.paper", me.language, name=person.first_name),
        "left_out": texts.render("console.print.left_out", me.language) if any(one.left_out for one in theirs) else "",
    }
    return page(
        request,
        "console/own_plan.html",
        language=language,
        timezone=timezone,
        locale=place.locale(language),
        plans=theirs,
        ended=ended,
        met=met,
        kind_words=kind_words(place, language),
        notes=notes,
        family_id=person.family_id,
        person_id=person.id,
        worker=place.word("worker", language),
        plan_word=place.word("plan", language),
    )
