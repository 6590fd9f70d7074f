"""A family's actions under /api/v1: read them, and decide on what was reported."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.access import queries as access
from api.access.guards import Visitor, bearer_worker
from api.audit import service as audit
from api.database import transaction
from api.plans import queries, service
from api.plans.schemas import ActionList, ActionOut, Reopening
from api.rest.errors import READS, WRITES, Refused, documented
from api.rest.schemas import Page

router = APIRouter(prefix="/api/v1", tags=["Actions"])

Me = Annotated[Visitor, Depends(bearer_worker)]


@router.get("/families/{family_id}/actions", responses=READS)
def list_actions(me: Me, family_id: uuid.UUID, asked: Annotated[ActionList, Query()]) -> Page[ActionOut]:
    """The actions of all the family's plans: of the plan that goes on first, and what waits for a worker first."""
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_actions", family_id=family.id, object_id=family.id)
        found = [action for plan in queries.of_family(session, family.id, me.today) for action in plan.actions]
        found = [one for one in found if asked.status in (None, one.action.status)]
        items = [ActionOut.of(one) for one in found[asked.offset : asked.offset + asked.per_page]]
    return Page(items=items, page=asked.page, per_page=asked.per_page, total=len(found))


@router.post("/actions/{action_id}/verify", responses={**READS, **documented(409)})
def verify_action(me: Me, action_id: uuid.UUID) -> ActionOut:
    """An action that somebody reported is really done. 409 if it is not (or no longer) reported."""
    with transaction() as session:
        action, family_id = access.action_or_404(session, me, action_id)
        try:
            service.verify(session, action, family_id, me.worker)
        except service.NotReported:
            raise Refused(409, "action_not_reported") from None
        return ActionOut.of(queries.one_action(session, family_id, action_id, me.today))


@router.post("/actions/{action_id}/reopen", responses=WRITES)
def reopen_action(me: Me, action_id: uuid.UUID, given: Reopening | None = None) -> ActionOut:
    """An action that was reported, verified or blocked is open after all. 409 if it is open or dropped."""
    with transaction() as session:
        action, family_id = access.action_or_404(session, me, action_id)
        try:
            service.reopen(session, action, family_id, me.worker, given.note if given else "")
        except service.NotReported:
            raise Refused(409, "action_not_reported") from None
        return ActionOut.of(queries.one_action(session, family_id, action_id, me.today))
