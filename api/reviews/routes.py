"""Reviews of a plan under /api/v1."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.access import queries as access
from api.access.guards import Visitor, bearer_worker
from api.audit import service as audit
from api.database import transaction
from api.earlier import queries as earlier
from api.earlier.schemas import EarlierOut
from api.rest.errors import READS, WRITES, Refused
from api.rest.schemas import Page, Paging, Part
from api.rest.versions import STALE, IfMatch, refuse_stale, show_version
from api.reviews import content, correcting, queries, service
from api.reviews.schemas import CorrectionIn, PreparationOut, ReviewIn, ReviewOut, WithdrawalIn

router = APIRouter(prefix="/api/v1", tags=["Reviews"])

Me = Annotated[Visitor, Depends(bearer_worker)]
CONFLICTS = ("review_exists", "plan_has_ended", "review_was_withdrawn")


class Listed(Part):
    """Which reviews."""

    withdrawn: bool = False


@router.get("/plans/{plan_id}/reviews", responses=READS)
def list_reviews(me: Me, plan_id: uuid.UUID, asked: Annotated[Listed, Query()], response: Response) -> list[ReviewOut]:
    """The plan's reviews, the newest first; those that were withdrawn only with ``withdrawn``."""
    with transaction() as session:
        plan = access.plan_or_404(session, me, plan_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_reviews", family_id=plan.family_id, object_id=plan.id)
        found = queries.of_plan(session, plan.id, withdrawn=asked.withdrawn)
        return [ReviewOut.of(row) for row in asked.of(found, response)]


@router.get("/reviews/{review_id}", responses=READS)
def show_review(me: Me, review_id: uuid.UUID, response: Response) -> ReviewOut:
    """One review, withdrawn or not."""
    with transaction() as session:
        plan, review = queries.seen(session, me, review_id)
        return _shown(ReviewOut.of(review, queries.limit_of(session, plan, review)), response)


@router.get("/reviews/{review_id}/versions", responses=READS)
def list_review_versions(me: Me, review_id: uuid.UUID, asked: Annotated[Paging, Query()]) -> Page[EarlierOut]:
    """What the review said before each correction, who corrected it, when and why; the newest first."""
    with transaction() as session:
        plan, review = queries.seen(session, me, review_id)
        told = content.history(session, plan, review, limit=asked.per_page, offset=asked.offset)
        return Page.at(asked, [EarlierOut.of(one) for one in told], earlier.count(session, review.id))


@router.get("/plans/{plan_id}/review-preparation", responses=READS)
def prepare_review(me: Me, plan_id: uuid.UUID) -> PreparationOut:
    """What the next review needs: progress since last time, visits made and missed, actions by status, views."""
    with transaction() as session:
        plan = access.plan_or_404(session, me, plan_id)
        audit.record_view(session, worker_id=me.id, verb="prepared_review", family_id=plan.family_id, object_id=plan.id)
        return PreparationOut.of(queries.prepare(session, me, plan, me.today, me.language))


@router.post("/plans/{plan_id}/reviews", status_code=201, responses=WRITES)
def record_review(me: Me, plan_id: uuid.UUID, given: ReviewIn, response: Response) -> ReviewOut:
    """Record a review: progress on every open outcome, what helped, how risks stand, what changed, what is
    next.

    422 where it cannot be so (before the conference that made the plan, an outcome nobody looked at, an action of which
    it does not say whether it helped), 409 where the
    plan has ended or has a review on that day. A next review after the day that the rules of the place want is taken,
    with a warning.
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
            raise _refusal(error) from None
        return _shown(ReviewOut.of(made, queries.limit_of(session, plan, made)), response)


@router.put("/reviews/{review_id}", responses={**WRITES, **STALE})
def correct_review(
    me: Me, review_id: uuid.UUID, given: CorrectionIn, response: Response, if_match: IfMatch = None
) -> ReviewOut:
    """Correct a review that was recorded wrongly: the body takes the place of what it said, which is kept. What it did
    to the plan is done anew: a plan that it ended by mistake goes on.

    403 for whoever is neither a manager nor the family's own worker; else as recording one.
    """
    with transaction() as session:
        plan, review = queries.seen(session, me, review_id)
        correcting.lock(session, plan, review)
        refuse_stale(if_match, review.version)
        try:
            correcting.correct(session, plan, review, me.worker, given.findings(), given.why, today=me.today)
        except service.CannotReview as error:
            raise _refusal(error) from None
        return _shown(ReviewOut.of(review, queries.limit_of(session, plan, review)), response)


@router.post("/reviews/{review_id}/withdraw", responses={**WRITES, **STALE})
def withdraw_review(
    me: Me, review_id: uuid.UUID, given: WithdrawalIn, response: Response, if_match: IfMatch = None
) -> ReviewOut:
    """A review that was recorded by mistake counts no more; what it did to the plan is taken back. 403 for whoever is
    neither a manager nor the family's own worker, 409 where it was withdrawn before."""
    with transaction() as session:
        plan, review = queries.seen(session, me, review_id)
        correcting.lock(session, plan, review)
        refuse_stale(if_match, review.version)
        try:
            correcting.withdraw(session, plan, review, me.worker, given.why)
        except service.CannotReview as error:
            raise _refusal(error) from None
        return _shown(ReviewOut.of(review, queries.limit_of(session, plan, review)), response)


def _shown(one: ReviewOut, response: Response) -> ReviewOut:
    show_version(response, one.version)
    return one


def _refusal(error: service.CannotReview) -> Refused:
    if error.code == "lead_or_manager":
        return Refused(403, error.code)
    return Refused(409 if error.code in CONFLICTS else 422, error.code)
