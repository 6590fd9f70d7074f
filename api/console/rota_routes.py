"""The rota in the console: every worker sees it; managers and administrators change it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Annotated, TypedDict

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from api.access import queries as access
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.console.inputs import Given, an_id, clock_time, field, local_day, local_moment
from api.console.layout import console_page
from api.database import reading, transaction
from api.escalations import shifts
from api.escalations.rota import ROLES

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]
DAYS = 14
GAPS_AHEAD = timedelta(days=28)
HERE = "/console/rota"


@router.get("/rota")
def show_rota(request: Request, me: Me, first: str = "") -> Response:
    """Two weeks of it, and the gaps of four, in red."""
    return _page(request, me, first)


def _page(
    request: Request,
    me: Visitor,
    first: str = "",
    mistake: str = "",
    status: int = 200,
    *,
    refused: str = "",
    given: FormData | None = None,
) -> Response:
    """``refused``: which of the page's forms that was, and what was ``given`` in it: that one is filled again."""
    start = local_day(first) or me.today
    with reading() as session:
        context = {
            "days": shifts.days(session, access.agency_of(session, me), start, DAYS),
            "gaps": shifts.gaps_ahead(session, me.agency_id, GAPS_AHEAD),
            "changes": shifts.changes(session, me.agency_id),
            "people": shifts.people(session, me.agency_id),
        }
        mine, team = shifts.calendar_links(access.worker_of(session, me))
    return console_page(
        request,
        me,
        "console/rota.html",
        here="rota",
        status=status,
        **context,
        mine=mine,
        team=team,
        roles=ROLES,
        before=start - timedelta(days=DAYS),
        after=start + timedelta(days=DAYS),
        may_change=access.leads(me),
        mistake=mistake,
        refused=refused,
        given=given if given is not None else FormData(),
    )


@router.post("/rota/shifts")
def add_shifts(request: Request, me: Me, given: Given) -> Response:
    """Shifts for somebody, on one day or many."""
    ends = clock_time(field(given, "ends"))
    return _changed(
        request, me, given, "shift", lambda session: shifts.add_shifts(session, me.worker, ends=ends, **_shifts(given))
    )


@router.post("/rota/shifts/remove")
def remove_shifts(request: Request, me: Me, given: Given) -> Response:
    """Somebody's shifts of one day or many are taken back; those that have begun are not."""
    return _changed(
        request, me, given, "gone", lambda session: shifts.remove_shifts(session, me.worker, **_shifts(given))
    )


@router.post("/rota/changes")
def add_change(request: Request, me: Me, given: Given) -> Response:
    """A cover or leave."""
    kind = "leave" if field(given, "kind") == "leave" else "cover"
    return _changed(
        request,
        me,
        given,
        kind,
        lambda session: shifts.add_change(
            session,
            me.worker,
            kind=kind,
            who=an_id(field(given, "who")),
            starts=local_moment(field(given, "starts"), me.timezone),
            ends=local_moment(field(given, "ends"), me.timezone),
            role=field(given, "role"),
            instead_of=an_id(field(given, "instead_of")),
        ),
    )


def _changed(
    request: Request, me: Visitor, given: FormData, form: str, change: Callable[[Session], object]
) -> Response:
    """The rota with this change, or with what is wrong with it and the ``form`` that was sent; for who leads."""
    access.leads_or_404(me)
    try:
        with transaction() as session:
            change(session)
    except shifts.BadChange as problem:
        return _page(request, me, mistake=problem.mistake, status=400, refused=form, given=given)
    return RedirectResponse(HERE, 303)


class _Shifts(TypedDict):
    """Whose shifts, and which days, as both forms name them."""

    who: uuid.UUID | None
    role: str
    first: date | None
    last: date | None
    begins: time | None
    weekdays: frozenset[int]


def _shifts(given: Given) -> _Shifts:
    return {
        "who": an_id(field(given, "who")),
        "role": field(given, "role"),
        "first": local_day(field(given, "first")),
        "last": local_day(field(given, "last")),
        "begins": clock_time(field(given, "begins")),
        "weekdays": frozenset(n for n in range(7) if str(n) in given.getlist("day")),
    }


@router.post("/rota/changes/{change_id}/cancel")
def cancel_change(me: Me, change_id: uuid.UUID) -> Response:
    """Take a cover or leave back."""
    with transaction() as session:
        shifts.cancel(session, me.worker, access.rota_change_or_404(session, me, change_id))
    return RedirectResponse(HERE, 303)


@router.post("/rota/calendar")
def new_calendar(me: Me) -> Response:
    """New addresses for one's calendars: the old ones no longer work."""
    with transaction() as session:
        shifts.new_calendar_links(session, me.id)
    return RedirectResponse(f"{HERE}#calendar", 303)
