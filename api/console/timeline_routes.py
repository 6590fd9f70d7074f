"""What happened in a family's case, on a page of its own: by kind, by pages, or all at once to print."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.access import queries as access
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.audit import service as audit
from api.caseload import timeline
from api.console.inputs import PER_PAGE, a_page
from api.console.layout import console_page
from api.database import transaction

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]
#: Lines on the page that is made to be printed.
PRINTED = 500


@router.get("/families/{family_id}/timeline")
def show_timeline(
    request: Request, me: Me, family_id: uuid.UUID, only: str = "", page: str = "", whole: str = ""
) -> Response:
    """The family's timeline; ``only`` one of timeline.KINDS; ``whole``: for printing."""
    only = only if only in timeline.KINDS else ""
    number, most = (1, PRINTED) if whole else (a_page(page), PER_PAGE)
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_timeline", family_id=family.id, object_id=family.id)
        lines, total = timeline.timeline(
            session, me, family.id, me.timezone, kinds=(only,) if only else timeline.KINDS, limit=most,
            offset=(number - 1) * most,
        )  # fmt: skip
    return console_page(
        request, me, "console/timeline.html", here="families", family=family, lines=lines, total=total, number=number,
        per_page=most, only=only, choices=timeline.KINDS,
    )  # fmt: skip
