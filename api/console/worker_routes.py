"""The agency's workers, for its administrator: who is signed in, who left, who has a second factor and who must."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from api.access import accounts, sessions
from api.access import queries as access
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.console.layout import console_page
from api.database import reading, transaction

router = APIRouter(prefix="/console/workers", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]
HERE = "/console/workers"
#: Widest view first: these are asked for a second factor before the others.
ROLES = ("administrator", "manager", "duty", "worker")


@router.get("")
def show_workers(request: Request, me: Me) -> Response:
    """Everybody of the agency."""
    access.administers_or_404(me)
    with reading() as session:
        people = accounts.accounts(session, me.agency_id)
        required = access.agency_of(session, me).second_factor_roles
    return console_page(
        request, me, "console/workers.html", here="workers", people=people, required=required, roles=ROLES
    )


@router.post("/second-factor")
def require_second_factor(me: Me, role: Annotated[list[str] | None, Form()] = None) -> Response:
    """Which roles may do nothing before they have one; from the next page on that they ask for."""
    access.administers_or_404(me)
    with transaction() as session:
        accounts.require_second_factor(session, access.agency_of(session, me), role or [], me.id)
    return RedirectResponse(HERE, 303)


@router.post("/{worker_id}/sessions/end")
def end_sessions(me: Me, worker_id: uuid.UUID) -> Response:
    """Sign somebody out everywhere."""
    with transaction() as session:
        sessions.end_all(session, access.colleague_or_404(session, me, worker_id).id, me.id)
    return RedirectResponse(HERE, 303)


@router.post("/{worker_id}/second-factor/reset")
def reset_second_factor(me: Me, worker_id: uuid.UUID) -> Response:
    """For whoever lost theirs."""
    with transaction() as session:
        accounts.reset_second_factor(session, access.colleague_or_404(session, me, worker_id), me.id)
    return RedirectResponse(HERE, 303)


@router.post("/{worker_id}/provider/forget")
def forget_at_provider(me: Me, worker_id: uuid.UUID) -> Response:
    """For whoever has a new account at the agency's OpenID Connect provider."""
    with transaction() as session:
        accounts.forget_at_provider(session, access.colleague_or_404(session, me, worker_id), me.id)
    return RedirectResponse(HERE, 303)


@router.post("/{worker_id}/deactivate")
def deactivate(me: Me, worker_id: uuid.UUID) -> Response:
    """Somebody leaves. Nobody does that to themself: so there is always an administrator left."""
    with transaction() as session:
        colleague = access.colleague_or_404(session, me, worker_id)
        if colleague.id != me.id:
            accounts.set_active(session, colleague, False, me.id)
    return RedirectResponse(HERE, 303)


@router.post("/{worker_id}/reactivate")
def reactivate(me: Me, worker_id: uuid.UUID) -> Response:
    """Somebody comes back, with the password they had."""
    with transaction() as session:
        accounts.set_active(session, access.colleague_or_404(session, me, worker_id), True, me.id)
    return RedirectResponse(HERE, 303)
