"""One box to find a family, a person or an escalation. What is looked for comes by form: no name is in an address."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from api.access import queries as access
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.audit import service as audit
from api.caseload import search
from api.console.layout import console_page
from api.database import transaction
from api.jurisdiction.packs import pack
from api.messages.cleaning import storable

router = APIRouter(prefix="/console/search", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]


@router.get("")
def show_search(request: Request, me: Me) -> Response:
    """The page without anything found: what can be looked for."""
    return _page(request, me, "", None)


@router.post("")
def look(request: Request, me: Me, sought: Annotated[str, Form()] = "") -> Response:
    """What fits, of what this worker may see."""
    typed = storable(sought).strip()[: search.LONGEST]
    wanted = search.wanted(typed, pack(me.jurisdiction).country)
    with transaction() as session:
        found = search.search(session, me, wanted) if typed else []
        shown = list(dict.fromkeys((one.family_id, one.family_id) for one in found if one.family_id))
        if shown:
            audit.record_views(session, worker_id=me.id, verb="listed_family", seen=shown)
        if typed:
            audit.record(
                session, actor_kind="worker", actor_id=me.id, verb="searched", detail={"found": len(found)}
            )  # fmt: skip
    return _page(request, me, typed, found)


def _page(request: Request, me: Visitor, sought: str, found: list[search.Found] | None) -> Response:
    with transaction() as session:
        opens = access.may_open(session, me)
    return console_page(
        request, me, "console/search.html", here="search", sought=sought, found=found, most=search.MOST, opens=opens
    )
