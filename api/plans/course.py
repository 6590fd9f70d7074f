"""When a plan began and when it ended: put right, ended without a review, and taken up again.

Promise: the family's own worker or a manager does it, says why, and a version with that reason is kept; the family's
dates are worked out anew in the same transaction. What a review or a conference decided is put right there.
"""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from api.access import leading
from api.access.models import Worker
from api.audit import service as audit
from api.conferences import queries as conferences
from api.database import notify
from api.plans import history, queries, versions
from api.plans.editing import CannotChange
from api.plans.models import WITHDRAWN, Plan, PlanVersion
from api.reviews.models import Review
from api.timescales import queries as deadlines
from api.timescales import service as timescales


def correct_start(session: Session, plan: Plan, worker: Worker, started_on: date, why: str, *, today: date) -> None:
    """The plan began on another day than was recorded. ``today`` is the agency's. Before its first review the day on
    which it is looked at again follows, where it is the one that the rules of the place gave for the old beginning; a
    day that somebody agreed on stays.

    Raises CannotChange: not theirs to put right, no reason, a day that has not come, before the conference that made
    it, or after a review, its end, or a day that was agreed for looking at it again.
    """
    _begin(session, plan, worker, why)
    if started_on > today:
        raise CannotChange("event_in_the_future")
    conference = conferences.made_plan(session, plan.id)
    if conference is not None and started_on < conference.held_on:
        raise CannotChange("plan_before_conference")
    first, _ = _reviewed(session, plan)
    if first is not None and started_on >= first:
        raise CannotChange("review_before_conference")
    follows = first is None and plan.review_on is not None and plan.review_on == _first_review_by(session, plan)
    agreed = None if follows else plan.review_on
    if any(day is not None and day < started_on for day in (plan.ended_on, agreed)):
        raise CannotChange("date_before_plan")
    plan.started_on = started_on
    if follows:
        plan.review_on = _first_review_by(session, plan)
    _end(session, plan, worker, why, "corrected_plan_start")


def end(
    session: Session, plan: Plan, worker: Worker, *, ended_on: date, kind: str, why: str, support: str, today: date
) -> None:
    """The plan ended without a review: ``kind`` is one of END_KINDS, ``support`` what help remains for the family.

    Raises CannotChange: not theirs to end, no reason, no word on support, ended already, a day that has not come,
    before it began or before a review of it.
    """
    _begin(session, plan, worker, why)
    if plan.ended_on is not None:
        raise CannotChange("plan_is_over")
    if not support.strip():
        raise CannotChange("support_needed")
    if ended_on > today:
        raise CannotChange("event_in_the_future")
    _, last = _reviewed(session, plan)
    if ended_on < (last or plan.started_on):
        raise CannotChange("end_before_review" if last else "date_before_plan")
    plan.ended_on, plan.review_on = ended_on, None
    plan.end_kind, plan.end_support = kind, support.strip()
    _end(session, plan, worker, why, "ended_plan")


def go_on(session: Session, plan: Plan, worker: Worker, why: str) -> None:
    """The plan has not ended after all: it is as it was before its end was recorded.

    Raises CannotChange: not theirs, no reason, it goes on, a review ended it, its conference was withdrawn, or a child
    is on another plan by now.
    """
    _begin(session, plan, worker, why)
    if plan.ended_on is None:
        raise CannotChange("plan_has_not_ended")
    if plan.end_kind == WITHDRAWN:
        raise CannotChange("conference_was_withdrawn")
    if session.scalar(_counting(plan).where(Review.next_step == "discontinue").limit(1)) is not None:
        raise CannotChange("review_ended_plan")
    children = [child.id for child in plan.children]
    if queries.on_a_plan_that_goes_on(session, children, besides=plan.id):
        raise CannotChange("child_has_plan")
    plan.ended_on, plan.end_kind, plan.end_support = None, "", ""
    plan.review_on = _review_before_the_end(session, plan)
    _end(session, plan, worker, why, "took_up_plan")


def _begin(session: Session, plan: Plan, worker: Worker, why: str) -> None:
    if not leading.may_put_right(session, worker, plan.family_id):
        raise CannotChange("lead_or_manager")
    history.lock(session, plan)
    if not why.strip():
        raise CannotChange("why_needed")
    history.begin(session, plan)


def _end(session: Session, plan: Plan, worker: Worker, why: str, verb: str) -> None:
    if history.keep_version(session, plan, worker.id, reason=why.strip()) is None:
        return  # it says what it said
    timescales.refresh(session, plan.family_id)
    audit.record(
        session,
        actor_kind="worker",
        actor_id=worker.id,
        verb=verb,
        family_id=plan.family_id,
        object_id=plan.id,
        detail={"version": plan.version, "kind": plan.end_kind},
    )
    notify(session, f"agency:{worker.agency_id}")
    notify(session, f"family:{plan.family_id}")


def _counting(plan: Plan) -> Select[uuid.UUID]:
    """The plan's reviews that count, by id."""
    return select(Review.id).where(Review.plan_id == plan.id, Review.withdrawn_at.is_(None))


def _reviewed(session: Session, plan: Plan) -> tuple[date | None, date | None]:
    """The days of the plan's first and last review that count."""
    days = _counting(plan).with_only_columns(func.min(Review.held_on), func.max(Review.held_on))
    first, last = session.execute(days).one()
    return first, last


def _first_review_by(session: Session, plan: Plan) -> date | None:
    """By when the rules of the place wanted the plan looked at again on the day on which it began, as a conference
    works it out for its new plan; None without such a rule."""
    since = conferences.first_day(session, plan)
    return deadlines.review_by(session, plan.family_id, plan.id, since=since, until=plan.started_on)


def _review_before_the_end(session: Session, plan: Plan) -> date | None:
    """When the plan was to be looked at again, as its newest version from before its end says."""
    kept = session.scalars(select(PlanVersion).filter_by(plan_id=plan.id).order_by(PlanVersion.number.desc()))
    own = (one.content.get(versions.OWN, {}) for one in kept)
    said = next((one.get("review_on") for one in own if not one.get("ended_on")), None)
    return date.fromisoformat(said) if said else None
