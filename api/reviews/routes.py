"""Reviews of a plan under /api/v1."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends

from api.access import queries as access
from api.access.guards import Visitor, bearer_worker
from api.audit import service as audit
from api.database import transaction
from api.rest.errors import READS, WRITES, Refused
from api.reviews import queries, service
from api.reviews.schemas import PreparationOut, ReviewIn, ReviewOut

router = APIRouter(prefix="/api/v1", tags=["Reviews"])

Me = Annotated[Visitor, Depends(bearer_worker)]
CONFLICTS = ("review_exists", "plan_has_ended")


@router.get("/plans/{plan_id}/reviews", responses=READS)
def list_reviews(me: Me, plan_id: uuid.UUID) -> list[ReviewOut]:
    """The plan's reviews, the newest first."""
    with transaction() as session:
        plan = access.plan_or_404(session, me, plan_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_reviews", family_id=plan.family_id, object_id=plan.id)
        return [ReviewOut.of(row) for row in queries.of_plan(session, plan.id)]


@router.get("/plans/{plan_id}/review-preparation", responses=READS)
def prepare_review(me: Me, plan_id: uuid.UUID) -> PreparationOut:
    """What the next review needs: progress since last time, visits made and missed, actions by status, views."""
    with transaction() as session:
        plan = access.plan_or_404(session, me, plan_id)
        audit.record_view(session, worker_id=me.id, verb="prepared_review", family_id=plan.family_id, object_id=plan.id)
        return PreparationOut.of(queries.prepare(session, me, plan, me.today, me.language))


@router.post("/plans/{plan_id}/reviews", status_code=201, responses=WRITES)
def record_review(me: Me, plan_id: uuid.UUID, given: ReviewIn) -> ReviewOut:
    """Record a review: progress on every open outcome, what helped, what changed, what is next.

    422 where it cannot be so (before the conference that made the plan, an outcome nobody looked at), 409 where the
    plan has ended or has a review on that day.
    """
    with transaction() as session:
        plan = access.plan_or_404(session, me, plan_id)
        try:
            made = service.record(
                session,
                plan,
                me.worker,
                given.findings(),
                today=me.today,
                external_id=given.external_id or "",
                at_conference=given.at_conference,
            )
        except service.CannotReview as error:
            raise Refused(409 if error.code in CONFLICTS else 422, error.code) from None
        return ReviewOut.of(made)
