"""API keys, for the agency's administrator. A key is on the one answer that made it, and nowhere after."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from api.access import accounts, keys
from api.access import queries as access
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.console.inputs import an_id
from api.console.layout import console_page
from api.database import reading, transaction
from api.messages.cleaning import storable

router = APIRouter(prefix="/console/keys", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]
LONGEST_NAME = 100


@router.get("")
def show_keys(request: Request, me: Me) -> Response:
    """All keys of the agency, and the form for a new one."""
    access.administers_or_404(me)
    return _page(request, me)


@router.post("")
def make_key(
    request: Request,
    me: Me,
    name: Annotated[str, Form()] = "",
    worker: Annotated[str, Form()] = "",
    scope: Annotated[str, Form()] = "",
) -> Response:
    """Make one, and show it this once."""
    access.administers_or_404(me)
    what, whose = storable(name).strip()[:LONGEST_NAME], an_id(worker)
    if not what or whose is None or scope not in keys.SCOPES:
        typed = {"name": what, "worker": worker, "scope": scope}
        return _page(request, me, problem="account.keys.incomplete", status=400, given=typed)
    with transaction() as session:
        plain = keys.make(session, access.colleague_or_404(session, me, whose), what, scope, me.id)
    return _page(request, me, plain=plain)


@router.post("/{key_id}/revoke")
def revoke_key(me: Me, key_id: uuid.UUID) -> Response:
    """It works no longer, from the next request on."""
    with transaction() as session:
        keys.revoke(session, access.key_or_404(session, me, key_id), me.id)
    return RedirectResponse("/console/keys", 303)


def _page(
    request: Request,
    me: Visitor,
    *,
    problem: str = "",
    status: int = 200,
    plain: str = "",
    given: dict[str, str] | None = None,
) -> Response:
    with reading() as session:
        rows = keys.keys(session, me.agency_id)
        people = [one.worker for one in accounts.accounts(session, me.agency_id) if one.worker.active]
    return console_page(
        request, me, "console/keys.html", here="workers", status=status,
        rows=rows, people=people, scopes=keys.SCOPES, problem=problem, plain=plain, given=given or {},
    )  # fmt: skip
