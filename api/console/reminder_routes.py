"""Reminders in the console: what a worker notes down of when somebody wants them."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import RedirectResponse, Response

from api.access import queries as access
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.appointments.service import KINDS
from api.database import transaction
from api.reminders import queries, rules, service

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]
#: What the form offers; what somebody chose otherwise in conversation stays among it.
OFFERED = ("7d", "3d", "1d", "2h")


@router.post("/people/{person_id}/reminders")
def choose_reminders(
    me: Me,
    person_id: uuid.UUID,
    moment: Annotated[list[str] | None, Form()] = None,
    kind: Annotated[str, Form(max_length=40)] = "",
    do: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Remind this person at the ticked moments only; at none if none is ticked. With a ``kind``: of appointments of
    that kind; ``do`` "usual": of these as of all others."""
    with transaction() as session:
        person = access.person_or_404(session, me, person_id)
        known = {*OFFERED, *(one.code for one in rules.parse(queries.moments_of(person)))}
        ticked = [one for one in moment or [] if one in known]
        chosen = None if do == "usual" and kind else ",".join(ticked[: rules.MOST_MOMENTS])
        if kind in KINDS:
            service.choose_for_kinds(session, person, [kind], chosen, worker=me.worker)
        elif not kind:
            service.choose(session, person, chosen, worker=me.worker)
    return RedirectResponse(f"/console/families/{person.family_id}#person-{person_id}", 303)
