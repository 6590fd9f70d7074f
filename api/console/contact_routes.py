"""Safe contact in the console: how a person is written to, their way in with a PIN."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api import clock
from api.access import queries as access
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.audit import service as audit
from api.console.layout import console_page
from api.database import transaction
from api.families import contact, identity

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]


@router.get("/people/{person_id}/contact")
def show_contact(request: Request, me: Me, person_id: uuid.UUID) -> Response:
    """How this person is written to, and how they get in."""
    return _page(request, me, person_id)


@router.post("/people/{person_id}/pin-code")
def give_pin_code(request: Request, me: Me, person_id: uuid.UUID) -> Response:
    """A new way in: shown once, on this answer only. Whatever PIN there was works no longer."""
    with transaction() as session:
        person = access.person_or_404(session, me, person_id)
        if person.kind == "child":
            raise access.NotVisible
        code = identity.give_code(session, person, me.id, clock.now())
    return _page(request, me, person_id, code=code)


def _page(request: Request, me: Visitor, person_id: uuid.UUID, *, code: str = "") -> Response:
    with transaction() as session:
        person = access.person_or_404(session, me, person_id)
        if person.kind == "child":
            raise access.NotVisible
        family = access.family_or_404(session, me, person.family_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_contact", family_id=family.id, object_id=person.id)
        view = contact.view(session, person)
    return console_page(
        request, me, "console/contact.html", here="families", family=family, person=person, view=view, code=code
    )
