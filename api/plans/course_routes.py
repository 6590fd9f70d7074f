"""When a plan began and ended, under /api/v1."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from sqlalchemy.orm import Session

from api.access import queries as access
from api.access.guards import Visitor, bearer_worker
from api.database import transaction
from api.plans import course, editing, history, queries
from api.plans.course_schemas import EndIn, GoOnIn, StartIn
from api.plans.models import Plan
from api.plans.routes import refusal
from api.plans.schemas import PlanOut
from api.rest.errors import WRITES
from api.rest.versions import STALE, IfMatch, refuse_stale, show_version

router = APIRouter(prefix="/api/v1", tags=["Plans"])

Me = Annotated[Visitor, Depends(bearer_worker)]


@router.put("/plans/{plan_id}/start", responses={**WRITES, **STALE})
def correct_plan_start(
    me: Me, plan_id: uuid.UUID, given: StartIn, response: Response, if_match: IfMatch = None
) -> PlanOut:
    """Put right on which day the plan began; a version with the reason is kept and the family's dates are worked out
    anew. 403 for whoever is neither a manager nor the family's own worker; 422 for a day before the conference that
    made it, or after a review, its end, or a day that was agreed for its next review. ``review_on`` follows before the
    first review, where it is what the rules of the place gave for the old beginning; else it stays."""
    return _done(
        me, plan_id, if_match, response,
        lambda session, plan: course.correct_start(
            session, plan, me.worker, given.started_on, given.why, today=me.today
        ),
    )  # fmt: skip


@router.post("/plans/{plan_id}/end", responses={**WRITES, **STALE})
def end_plan(me: Me, plan_id: uuid.UUID, given: EndIn, response: Response, if_match: IfMatch = None) -> PlanOut:
    """End a plan that no review ended; a version with the reason is kept, its dates stop, and the family reads that it
    ended and what help remains. 403 as of its start; 409 where it has ended, 422 for a day that has not come, before it
    began or before a review of it."""
    return _done(
        me, plan_id, if_match, response,
        lambda session, plan: course.end(session, plan, me.worker, today=me.today, **given.model_dump()),
    )  # fmt: skip


@router.post("/plans/{plan_id}/go-on", responses={**WRITES, **STALE})
def take_up_plan(me: Me, plan_id: uuid.UUID, given: GoOnIn, response: Response, if_match: IfMatch = None) -> PlanOut:
    """A plan that was ended by mistake goes on as it was; a version with the reason is kept. 403 as of its start; 409
    where it goes on, where a review ended it (correct that), where its conference was withdrawn, or where a child is on
    another plan by now."""
    return _done(
        me, plan_id, if_match, response, lambda session, plan: course.go_on(session, plan, me.worker, given.why)
    )  # fmt: skip


def _done(
    me: Visitor, plan_id: uuid.UUID, if_match: str | None, response: Response, do: Callable[[Session, Plan], None]
) -> PlanOut:
    with transaction() as session:
        plan = access.plan_or_404(session, me, plan_id)
        history.lock(session, plan)
        refuse_stale(if_match, plan.version)
        try:
            do(session, plan)
        except editing.CannotChange as error:
            raise refusal(error) from None
        view = queries.one_plan(session, plan, me.today)
        show_version(response, view.plan.version)
        return PlanOut.of(view)
