"""The day of whoever is signed in: what their families need, the most urgent first, and where each thing is done."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api import clock
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.access.reach import AGENCY_WIDE
from api.audit import service as audit
from api.caseload import today
from api.console.inputs import PER_PAGE, a_page, an_id
from api.console.layout import console_page
from api.database import transaction
from api.escalations import shifts
from api.timescales.queries import rule_name

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]
#: How the lines look: a life may hang on the first; the second are late.
ALARMING = ("emergency", "urgent", "held", "unanswered", "undelivered", "date_late", "contingency")
LATE = ("routine", "taken", "change", "overdue", "blocked", "not_reminded", "to_verify")
MEETINGS = ("today", "tomorrow", "unrecorded", "change")
DATES = ("date_late", "date_soon")


@router.get("/today")
def show_today(request: Request, me: Me, what: str = "", lead: str = "", page: str = "") -> Response:
    """What needs doing; ``what`` one of today.WHAT, ``lead`` a worker's families only (for whoever sees all)."""
    wanted = (what,) if what in today.WHAT else today.WHAT
    all_of = me.role in AGENCY_WIDE
    led, number = (an_id(lead) if all_of else None), a_page(page)
    with transaction() as session:
        lines, total = today.to_do(
            session, me, clock.now(), me.timezone, of=led, what=wanted, limit=PER_PAGE, offset=(number - 1) * PER_PAGE
        )
        seen = list(dict.fromkeys((line.family_id, line.family_id) for line in lines if line.family_id))
        if seen:
            audit.record_views(session, worker_id=me.id, verb="listed_family", seen=seen)
        workers = shifts.people(session, me.agency_id) if all_of else []
    return console_page(
        request, me, "console/today.html", here="today", lines=lines, total=total, number=number, per_page=PER_PAGE,
        what_asked=what if what in today.WHAT else "", choices=today.WHAT, lead=led, workers=workers,
        alarming=ALARMING, late=LATE, meetings=MEETINGS, dates=DATES, place=place,
        rule=lambda rule: rule_name(rule, me.jurisdiction, me.language),
    )  # fmt: skip


def place(line: today.Line) -> str:
    """The page where it is done."""
    family = f"/console/families/{line.family_id}"
    match line.what:
        case "emergency" | "urgent" | "held" | "routine" | "taken":
            return f"/console/e/{line.object_id}"
        case "unanswered" | "undelivered":
            return f"/console/conversations/{line.object_id}"
        case "today" | "tomorrow" | "unrecorded":
            return f"{family}#appointment-{line.object_id}"
        case "overdue" | "blocked" | "to_verify":
            return f"{family}#action-{line.object_id}"
        case "not_reminded":
            return f"{family}#person-{line.object_id}"
        case "safe_contact":
            return f"/console/people/{line.object_id}/contact"
        case "change":
            return f"{family}#changes"
        case "contingency":
            return f"{family}#plans"
        case _:
            return f"{family}#dates"
