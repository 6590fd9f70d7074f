"""What people said, under /api/v1."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.access import queries as access
from api.access.guards import Visitor, bearer_worker
from api.audit import service as audit
from api.database import transaction
from api.rest.errors import DECIDES, READS, WRITES, Refused
from api.rest.schemas import Part
from api.views import queries, service
from api.views.schemas import ViewIn, ViewOut

router = APIRouter(prefix="/api/v1", tags=["Views"])

Me = Annotated[Visitor, Depends(bearer_worker)]


@router.get("/families/{family_id}/views", responses=READS)
def list_views(me: Me, family_id: uuid.UUID, asked: Annotated[Part, Query()], response: Response) -> list[ViewOut]:
    """What the family's children and parents have said, as far as they let this worker read it; the newest first."""
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_views", family_id=family.id, object_id=family.id)
        return [ViewOut.of(said) for said in asked.of(queries.of_family(session, me, family.id), response)]


@router.post("/families/{family_id}/views", status_code=201, responses=WRITES)
def record_view(me: Me, family_id: uuid.UUID, given: ViewIn) -> ViewOut:
    """Write down what somebody of the family said, in their words. Without a choice it is for their own worker only."""
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        values = given.model_dump(exclude={"external_id"})
        try:
            made = service.record(
                session, family, me.worker, today=me.today, external_id=given.external_id or "", **values
            )
        except service.CannotKeep as error:
            raise Refused(409 if error.code == "view_exists" else 422, error.code) from None
        name = access.person_or_404(session, me, made.person_id).first_name
        return ViewOut.of(queries.Said(made, name, ""))


@router.post("/views/{view_id}/withdraw", responses=DECIDES)
def withdraw_view(me: Me, view_id: uuid.UUID) -> ViewOut:
    """The person has taken it back: nobody reads it any more."""
    with transaction() as session:
        view = access.view_or_404(session, me, view_id)
        service.withdraw(session, view, me.worker)
        name = access.person_or_404(session, me, view.person_id).first_name
        return ViewOut.of(queries.Said(view, name, ""))
