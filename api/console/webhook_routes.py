"""Webhooks out, for the agency's administrator: where events go, which, and how that goes. The secret is shown once."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from api.access import queries as access
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.console.layout import console_page
from api.database import reading, transaction
from api.messages.cleaning import storable
from api.webhooks import events, queries, service

router = APIRouter(prefix="/console/webhooks", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]


@router.get("")
def show_webhooks(request: Request, me: Me) -> Response:
    """The agency's addresses, and the form for a new one."""
    access.administers_or_404(me)
    return _page(request, me)


@router.post("")
def add_webhook(
    request: Request,
    me: Me,
    url: Annotated[str, Form()] = "",
    kind: Annotated[list[str], Form()] = [],  # noqa: B006 (FastAPI copies it)
) -> Response:
    """Register one, and show its secret this once."""
    access.administers_or_404(me)
    given = storable(url).strip()
    try:
        with transaction() as session:
            _, secret = service.register(session, me.worker, given, kind)
    except service.CannotRegister as error:
        return _page(request, me, problem=f"webhooks.problem.{error.code}", status=400, url=given, kinds=kind)
    return _page(request, me, secret=secret)


@router.post("/{endpoint_id}/test")
def send_test(me: Me, endpoint_id: uuid.UUID) -> Response:
    """Send an event that says nothing, so that whoever sets it up sees it come."""
    with transaction() as session:
        events.queue(session, access.webhook_or_404(session, me, endpoint_id), events.TEST)
    return RedirectResponse("/console/webhooks", 303)


@router.post("/{endpoint_id}/switch")
def switch_webhook(me: Me, endpoint_id: uuid.UUID, to: Annotated[str, Form()] = "") -> Response:
    """Switch it off, or on again."""
    with transaction() as session:
        service.switch(session, access.webhook_or_404(session, me, endpoint_id), me.worker, on=to == "on")
    return RedirectResponse("/console/webhooks", 303)


@router.post("/{endpoint_id}/remove")
def remove_webhook(me: Me, endpoint_id: uuid.UUID) -> Response:
    """Nothing goes there any more."""
    with transaction() as session:
        service.remove(session, access.webhook_or_404(session, me, endpoint_id), me.worker)
    return RedirectResponse("/console/webhooks", 303)


def _page(
    request: Request,
    me: Visitor,
    *,
    problem: str = "",
    status: int = 200,
    secret: str = "",
    url: str = "",
    kinds: list[str] | None = None,
) -> Response:
    with reading() as session:
        rows = queries.of_agency(session, me.agency_id)
    return console_page(
        request, me, "console/webhooks.html", here="workers", status=status, rows=rows, all_kinds=service.KINDS,
        problem=problem, secret=secret, url=url, kinds=kinds or [],
    )  # fmt: skip
