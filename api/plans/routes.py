"""Plans under /api/v1: read and change them. (``action_routes``: their actions; ``course_routes``: begin and end.)"""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.access import queries as access
from api.access.guards import Visitor, bearer_worker
from api.audit import service as audit
from api.database import transaction
from api.plans import editing, history, making, outcomes, queries
from api.plans.change_schemas import PlanChange, PlanGiven
from api.plans.schemas import PlanOut, VersionOut
from api.rest.errors import DECIDES, READS, WRITES, Refused
from api.rest.schemas import Part
from api.rest.versions import STALE, IfMatch, refuse_stale, show_version

router = APIRouter(prefix="/api/v1", tags=["Plans"])

Me = Annotated[Visitor, Depends(bearer_worker)]
#: Not what was sent is wrong, but how things stand.
CONFLICTS = (
    "plan_is_over", "plan_exists", "plan_has_not_ended", "review_ended_plan", "conference_was_withdrawn",
    "outcome_not_dropped",
)  # fmt: skip


@router.post("/families/{family_id}/plans", status_code=201, responses=WRITES)
def make_plan(me: Me, family_id: uuid.UUID, given: PlanGiven, response: Response) -> PlanOut:
    """Make a plan, where a plan is agreed with the family (Ohio's case plans). Where a conference makes it: 422, record
    the conference instead.

    422 for a child who is not of the family or is on a plan that goes on, a day that has not come, a review before it;
    409 where the family has a plan with this external id.
    """
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        values = given.model_dump() | {"external_id": given.external_id or ""}
        try:
            made = making.make(session, family, me.worker, me.jurisdiction, today=me.today, **values)
        except editing.CannotChange as error:
            raise refusal(error) from None
        show_version(response, made.version)
        return PlanOut.of(queries.one_plan(session, made, me.today))


@router.get("/plans/{plan_id}", responses=READS)
def show_plan(me: Me, plan_id: uuid.UUID, response: Response) -> PlanOut:
    """One plan with all its parts but its actions, which have an address of their own."""
    with transaction() as session:
        plan = access.plan_or_404(session, me, plan_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_plan", family_id=plan.family_id, object_id=plan.id)
        show_version(response, plan.version)
        return PlanOut.of(queries.one_plan(session, plan, me.today))


@router.patch("/plans/{plan_id}", responses={**WRITES, **STALE})
def change_plan(me: Me, plan_id: uuid.UUID, given: PlanChange, response: Response, if_match: IfMatch = None) -> PlanOut:
    """Change the plan's parts; what changed, and who changed it, is kept as a version. Of a line that is sent with its
    `id` only what is sent changes.

    422 where it cannot be so (an action owned by a stranger, a date before the plan began), 409 where the plan has
    ended.
    """
    with transaction() as session:
        plan = access.plan_or_404(session, me, plan_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_plan", family_id=plan.family_id, object_id=plan.id)
        history.lock(session, plan)
        refuse_stale(if_match, plan.version)
        try:
            editing.change(session, plan, me.worker, given.own(), given.parts(), version=None)
        except editing.CannotChange as error:
            raise refusal(error) from None
        view = queries.one_plan(session, plan, me.today)
        show_version(response, view.plan.version)
        return PlanOut.of(view)


@router.post("/plans/{plan_id}/outcomes/{outcome_id}/restore", responses={**DECIDES, **STALE})
def restore_outcome(
    me: Me, plan_id: uuid.UUID, outcome_id: uuid.UUID, response: Response, if_match: IfMatch = None
) -> PlanOut:
    """A dropped outcome is of the plan again, and open; a version is kept. `If-Match` is the plan's. 404 where it is
    none of this plan, 409 if it is not dropped, or the plan has ended."""
    with transaction() as session:
        plan = access.plan_or_404(session, me, plan_id)
        history.lock(session, plan)
        refuse_stale(if_match, plan.version)
        try:
            outcomes.restore(session, plan, outcome_id, me.worker)
        except editing.CannotChange as error:
            raise refusal(error) from None
        view = queries.one_plan(session, plan, me.today)
        show_version(response, view.plan.version)
        return PlanOut.of(view)


@router.get("/plans/{plan_id}/versions", responses=READS)
def list_versions(me: Me, plan_id: uuid.UUID, asked: Annotated[Part, Query()], response: Response) -> list[VersionOut]:
    """What changed in the plan, when, by whom and at which review, the newest first."""
    with transaction() as session:
        plan = access.plan_or_404(session, me, plan_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_plan", family_id=plan.family_id, object_id=plan.id)
        kept = asked.of(history.of_plan(session, plan.id), response)
        names = access.worker_names(session, [one.made_by for one in kept])
        return [
            VersionOut(
                number=one.number,
                made_at=one.made_at,
                made_by=names.get(one.made_by, ""),
                review_id=one.review_id,
                reason=one.reason,
                changes=one.changes,
            )
            for one in kept
        ]


def refusal(error: editing.CannotChange) -> Refused:
    """What cannot be changed, as an answer."""
    special = {"not_found": 404, "lead_or_manager": 403, **dict.fromkeys(CONFLICTS, 409)}
    return Refused(special.get(error.code, 422), error.code)
