"""What becomes of an outcome that was dropped: it comes back, as an action does."""

from __future__ import annotations

import uuid

from sqlalchemy.orm import Session

from api.access.models import Worker
from api.audit import service as audit
from api.database import notify
from api.plans import history, lines, queries
from api.plans.editing import CannotChange
from api.plans.models import Plan


def restore(session: Session, plan: Plan, outcome_id: uuid.UUID, worker: Worker) -> None:
    """A dropped outcome is of the plan again, and open; a version is kept. The caller has checked that the worker may
    see the family. Raises CannotChange: none of this plan, not dropped, the plan has ended or is full."""
    history.lock(session, plan)
    if plan.ended_on is not None:
        raise CannotChange("plan_is_over")
    outcome = next((one for one in plan.outcomes if one.id == outcome_id), None)
    if outcome is None:
        raise CannotChange("not_found")
    session.refresh(outcome, with_for_update=True)
    if outcome.state != "dropped":
        raise CannotChange("outcome_not_dropped")
    if len(queries.lines_of(plan)["outcomes"]) >= lines.MOST_LINES:
        raise CannotChange("too_many_lines")
    history.begin(session, plan)
    outcome.state = "open"
    history.keep_version(session, plan, worker.id)
    audit.record(
        session,
        actor_kind="worker",
        actor_id=worker.id,
        verb="restored_outcome",
        family_id=plan.family_id,
        object_id=plan.id,
    )
    notify(session, f"agency:{worker.agency_id}")
    notify(session, f"family:{plan.family_id}")
