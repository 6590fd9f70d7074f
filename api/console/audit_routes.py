"""Who did what, for managers: of one family, and of the whole agency by worker and day."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.access import queries as access
from api.access import trail
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.audit import queries, service
from api.console.inputs import PER_PAGE, a_page, an_id, local_day
from api.console.layout import console_page
from api.database import transaction

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]


@router.get("/audit")
def show_trail(
    request: Request, me: Me, worker: str = "", day: str | None = None, only: str = "", page: str = ""
) -> Response:
    """The agency's trail: of today, unless another ``day`` (or none: "") is asked for, and of one ``worker``."""
    trail.audits_or_404(me)
    whose, number = an_id(worker), a_page(page)
    when = me.today if day is None else local_day(day)
    with transaction() as session:
        about = whose or when or ""
        service.record_view(session, worker_id=me.id, verb="viewed_audit_trail", family_id=None, object_id=about)
        which = queries.chosen(me, worker_id=whose, day=when, timezone=me.timezone, only=only)
        rows, total = queries.entries(session, which, limit=PER_PAGE, offset=(number - 1) * PER_PAGE)
        workers = queries.workers(session, me)
    return console_page(
        request, me, "console/history.html", here="audit", family=None, rows=rows, total=total, number=number,
        per_page=PER_PAGE, only=only if only in queries.ONLY else "", choices=queries.ONLY, workers=workers,
        worker=whose, chosen_day=when.isoformat() if when else "",
    )  # fmt: skip


@router.get("/families/{family_id}/history")
def show_history(request: Request, me: Me, family_id: uuid.UUID, only: str = "", page: str = "") -> Response:
    """A family's trail: who looked at it, who changed what."""
    trail.audits_or_404(me)
    number = a_page(page)
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        service.record_view(
            session, worker_id=me.id, verb="viewed_history", family_id=family.id, object_id=family.id
        )  # fmt: skip
        which = queries.chosen(me, family_id=family.id, only=only)
        rows, total = queries.entries(session, which, limit=PER_PAGE, offset=(number - 1) * PER_PAGE)
    return console_page(
        request, me, "console/history.html", here="audit", family=family, rows=rows, total=total, number=number,
        per_page=PER_PAGE, only=only if only in queries.ONLY else "", choices=queries.ONLY, workers=[], worker=None,
        chosen_day="",
    )  # fmt: skip
