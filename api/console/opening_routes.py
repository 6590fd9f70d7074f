"""Opening a family that is not one's own, for an hour and with a reason; and who did."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from api.access import openings, service
from api.access import queries as access
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.console.layout import console_page
from api.database import reading, transaction
from api.messages.cleaning import storable

router = APIRouter(prefix="/console/openings", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]
HERE = "/console/openings"


@router.get("")
def show_openings(request: Request, me: Me) -> Response:
    """Who opened what, as far as it is this worker's to know; the form, for whom the families are not all open."""
    return _page(request, me)


@router.post("")
def open_family(
    request: Request, me: Me, family: Annotated[str, Form()] = "", reason: Annotated[str, Form()] = ""
) -> Response:
    """Open a family for an hour. What cannot be found is not told from what is not there."""
    with reading() as session:
        if not access.may_open(session, me):
            raise access.NotVisible
    given, why = storable(family)[:200], storable(reason)
    try:
        found = openings.open_family(me, given, why)
    except openings.NoReason:
        return _page(request, me, problem="account.opened.no_reason", status=400, family=given, reason=why)
    except openings.NoSuchFamily:
        return _page(request, me, problem="account.opened.not_found", status=400, family=given, reason=why)
    except service.TooManyTries:
        return _page(request, me, problem="console.sign_in.too_many_tries", status=429, family=given, reason=why)
    return RedirectResponse(f"/console/families/{found}", 303)


@router.post("/{opening_id}/seen")
def mark_seen(me: Me, opening_id: uuid.UUID) -> Response:
    """One of the family's workers knows of it now."""
    with transaction() as session:
        openings.mark_seen(session, me, access.opening_to_see_or_404(session, me, opening_id))
    return RedirectResponse(HERE, 303)


def _page(request: Request, me: Visitor, *, problem: str = "", status: int = 200, **given: str) -> Response:
    with reading() as session:
        rows, opens = openings.openings(session, me), access.may_open(session, me)
    return console_page(
        request, me, "console/openings.html", here="openings", status=status, rows=rows, opens=opens, problem=problem,
        given=given, shortest=openings.SHORTEST_REASON, longest=openings.LONGEST_REASON,
    )  # fmt: skip
