"""Statutory dates in the console: those that are late or near, and recording what happened."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from api.access import queries as access
from api.access.guards import Visitor, from_our_page, own_path, signed_in_worker
from api.audit import service as audit
from api.console.family_routes import LONGEST_NOTE, family_page
from api.console.layout import console_page
from api.database import transaction
from api.messages.cleaning import storable
from api.timescales import queries, service
from api.timescales.schemas import EARLIEST

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]
MOST = 300


@router.get("/timescales")
def list_dates(request: Request, me: Me, show: str = "") -> Response:
    """Dates of the worker's families that are late or near; with ``show=late`` the late ones only."""
    only_late = show == "late"
    with transaction() as session:
        rows, total = queries.near_or_late(session, me, me.today, me.language, only_late=only_late, limit=MOST)
        seen = list(dict.fromkeys((row.family.id, row.family.id) for row in rows))
        audit.record_views(session, worker_id=me.id, verb="listed_family", seen=seen)
    return console_page(
        request,
        me,
        "console/timescales.html",
        here="timescales",
        late=[row for row in rows if row.date.state == "late"],
        soon=[row for row in rows if row.date.state != "late"],
        only_late=only_late,
        more=total - len(rows),
    )


@router.post("/families/{family_id}/events")
def record_event(
    request: Request,
    me: Me,
    family_id: uuid.UUID,
    kind: Annotated[str, Form()] = "",
    day: Annotated[str, Form()] = "",
    note: Annotated[str, Form()] = "",
) -> Response:
    """Something that happened in the case; the dates follow from it."""
    problem = ""
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        when = _day(day)
        if when is None:
            problem = "console.event.bad_day"
        elif kind not in queries.RECORDABLE:
            problem = "console.event.bad_kind"
        else:
            try:
                service.record(
                    session, family, me.worker,
                    kind=kind, day=when, today=me.today, note=storable(note)[:LONGEST_NOTE],
                )  # fmt: skip
            except service.CannotRecord as error:
                problem = f"rest.error.{error.code}"
    if problem:
        typed = {"kind": kind, "day": day, "note": storable(note)}
        return family_page(request, me, family_id, problem=problem, status=400, sent="event", **typed)
    return RedirectResponse(f"/console/families/{family_id}#dates", 303)


@router.post("/appointments/{appointment_id}/happened")
def record_appointment(
    request: Request,
    me: Me,
    appointment_id: uuid.UUID,
    outcome: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "",
) -> Response:
    """An appointment took place, or did not."""
    problem = ""
    with transaction() as session:
        appointment = access.appointment_or_404(session, me, appointment_id)
        family_id = appointment.family_id
        try:
            service.record_appointment(
                session,
                appointment,
                me.worker,
                outcome="missed" if outcome == "missed" else "held",
                timezone=me.timezone,
                today=me.today,
            )
        except service.CannotRecord as error:
            problem = f"rest.error.{error.code}"
    if problem:
        return family_page(request, me, family_id, problem=problem, status=409)
    return RedirectResponse(own_path(back, f"/console/families/{family_id}#appointments-title"), 303)


@router.post("/events/{event_id}/withdraw")
def withdraw_event(me: Me, event_id: uuid.UUID) -> Response:
    """What was recorded by mistake counts no more."""
    with transaction() as session:
        event = access.event_or_404(session, me, event_id)
        family_id = event.family_id
        service.withdraw(session, event, me.worker)
    return RedirectResponse(f"/console/families/{family_id}#dates", 303)


def _day(words: str) -> date | None:
    with suppress(ValueError):
        day = date.fromisoformat(words.strip())
        return day if day >= EARLIEST else None
    return None
