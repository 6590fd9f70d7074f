"""The status page: whether the parts are well, what waits, gaps ahead; for managers, how long things took."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api import clock
from api.access import queries as access
from api.access.guards import Visitor, signed_in_worker
from api.console.layout import console_page
from api.database import reading
from api.escalations import shifts, times
from api.ops.health import health
from api.ops.queries import measure
from api.ops.watch import warnings
from api.settings import settings

router = APIRouter(prefix="/console", include_in_schema=False)

Me = Annotated[Visitor, Depends(signed_in_worker)]
LOOKS_BACK = timedelta(days=28)
GAPS_AHEAD = timedelta(days=7)


@router.get("/status")
def show_status(request: Request, me: Me) -> Response:
    """How the installation stands, and the agency's own figures for whoever leads it."""
    now = clock.now()
    _, report = health.report()
    with reading() as session:
        down = tuple(name for name, how in report["parts"].items() if how != "ok")
        state = replace(measure(session, now), down=down)
        gaps = len(shifts.gaps_ahead(session, me.agency_id, GAPS_AHEAD))
        figures = times.times(session, me.agency_id, now - LOOKS_BACK) if access.leads(me) else None
    queues = (
        ("turns", state.turns, now - state.oldest_turn),
        ("deliveries", state.deliveries, now - state.oldest_delivery),
        ("ladder", state.rungs, now - state.oldest_rung),
        ("takeovers", state.takeovers, now - state.oldest_takeover),
        ("calls", state.calls, now - state.oldest_call),
        ("held", state.held, now - state.oldest_held),
        ("reminders", state.reminders, now - state.oldest_reminder),
    )
    return console_page(
        request,
        me,
        "console/status.html",
        here="status",
        parts=report["parts"],
        state=state,
        queues=queues,
        warnings=warnings(state),
        gaps=gaps,
        watched=bool(settings().heartbeat_url),
        figures=figures,
        charts=[(what, times.bars(figures, what)) for what in ("ack", "close")] if figures else [],
        now=now,
    )
