"""Recording a review: progress, what helped, how risks stand, what changed, and what comes next for the plan.

Promise: the review, the conference it was held at, the plan's new state and its version are one transaction. A plan
that is discontinued ends on the day of the review.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.audit import service as audit
from api.coded import Coded
from api.conferences import booking
from api.conferences import content as meetings
from api.conferences import queries as conferences
from api.conferences.models import Conference, ConferenceChild
from api.database import notify
from api.plans import history
from api.plans.models import WITHDRAWN, Plan
from api.reviews import queries
from api.reviews.models import ActionEffect, OutcomeProgress, Review, RiskFinding
from api.timescales import queries as deadlines
from api.timescales import service as timescales
from api.webhooks import events as webhooks


class CannotReview(Coded):
    """It cannot be so; ``code`` names the words that say why (``rest.error.<code>``)."""


@dataclass(frozen=True)
class RiskThen:
    """How a risk stood at a review of before, as a file tells it. ``risk_id`` None: it is no more on the plan;
    ``description``: as it was described then."""

    risk_id: uuid.UUID | None
    description: str
    change: str
    words: str


@dataclass(frozen=True)
class Findings:
    """What a review found. ``progress``, ``effects`` and ``risks``: outcome, action or risk → what was found, and in
    which words; ``risks`` None: nothing is said of them so, but an import may say all of it in ``risks_then``."""

    held_on: date
    next_step: str
    reason: str = ""
    changes: str = ""
    support: str = ""
    next_review_on: date | None = None
    conference_id: uuid.UUID | None = None
    progress: dict[uuid.UUID, tuple[str, str]] = field(default_factory=dict)
    effects: dict[uuid.UUID, tuple[str, str]] = field(default_factory=dict)
    risks: dict[uuid.UUID, tuple[str, str]] | None = None
    risks_then: Sequence[RiskThen] | None = None


def record(
    session: Session,
    plan: Plan,
    worker: Worker | None,
    found: Findings,
    *,
    today: date,
    external_id: str = "",
    at_conference: bool = True,
    whole: bool = True,
) -> Review:
    """Record a review of a plan that the worker may see (None: an import). ``at_conference``: it was held at a review
    conference, which is recorded with it where there is none yet. Without ``whole`` (an import, which says itself what
    the plan is) progress and effects may be missing and the plan's own dates stay.

    Raises CannotReview: before the conference, in the future, on an ended plan, with an outcome nobody looked at, or an
    action of which it does not say whether it helped.
    """
    session.execute(select(Plan.id).filter_by(id=plan.id).with_for_update())  # two at once: one is the first
    check(session, plan, found, today, whole=whole)
    history.begin(session, plan)
    if external_id and queries.by_external_id(session, plan.id, external_id) is not None:
        raise CannotReview("review_exists")
    made = Review(
        id=uuid.uuid4(),
        plan_id=plan.id,
        external_id=external_id or str(uuid.uuid4()),
        held_on=found.held_on,
        changes=found.changes,
        next_step=found.next_step,
        reason=found.reason,
        support=found.support,
        next_review_on=found.next_review_on,
        recorded_by=worker.id if worker else None,
        recorded_at=clock.now(),
        version=1,
    )
    say(made, plan, found)
    if at_conference or found.conference_id:
        made.conference_id = _conference(session, plan, worker, found, made.id).id
    session.add(made)
    session.flush()
    if whole:
        move_on(session, plan, found)
    history.keep_version(session, plan, worker.id if worker else None, review_id=made.id)
    timescales.refresh(session, plan.family_id)
    if worker is not None:
        audit.record(
            session,
            actor_kind="worker",
            actor_id=worker.id,
            verb="recorded_review",
            family_id=plan.family_id,
            object_id=made.id,
            detail={"next_step": made.next_step},
        )
        tell_programs(session, plan, made, "recorded")
        notify(session, f"agency:{worker.agency_id}")
    return made


def tell_programs(session: Session, plan: Plan, review: Review, what: str) -> None:
    """The agency's own system hears of it: ``what`` is recorded, corrected or withdrawn."""
    webhooks.tell(
        session,
        "review.recorded",
        family_id=plan.family_id,
        plan_id=plan.id,
        review_id=review.id,
        conference_id=review.conference_id,
        what=what,
    )


def check(
    session: Session,
    plan: Plan,
    found: Findings,
    today: date,
    *,
    whole: bool,
    instead_of: Review | None = None,
) -> None:
    """Raises CannotReview where the plan cannot have such a review. ``instead_of``: the one that it takes the place
    of."""
    if found.held_on > today:
        raise CannotReview("event_in_the_future")
    if found.held_on <= conferences.first_day(session, plan):
        raise CannotReview("review_before_conference")
    if plan.ended_on is not None and (found.held_on > plan.ended_on or plan.end_kind == WITHDRAWN):
        raise CannotReview("plan_has_ended")
    others = select(Review.id).filter_by(plan_id=plan.id, held_on=found.held_on, withdrawn_at=None)
    if session.scalar(others.where(Review.id != instead_of.id) if instead_of else others) is not None:
        raise CannotReview("review_exists")
    if found.next_review_on is not None and found.next_review_on <= found.held_on:
        raise CannotReview("next_review_before_this_one")
    if found.next_step == "discontinue" and not found.support.strip():
        raise CannotReview("support_needed")
    open_ones = {outcome.id for outcome in plan.outcomes if outcome.state == "open"}
    if set(found.progress) - {outcome.id for outcome in plan.outcomes}:
        raise CannotReview("outcome_of_another_plan")
    if whole and open_ones - set(found.progress):
        raise CannotReview("progress_on_every_outcome")
    if set(found.effects) - {action.id for action in plan.actions}:
        raise CannotReview("action_of_another_plan")
    if whole and {action.id for action in plan.actions if action.status != "dropped"} - set(found.effects):
        raise CannotReview("effect_of_every_action")
    if set(found.risks or ()) - {risk.id for risk in plan.risks}:
        raise CannotReview("risk_of_another_plan")


def say(review: Review, plan: Plan, found: Findings) -> None:
    """Let the review say what was found of each outcome, action and risk. What it said of a risk that is no more on the
    plan stays."""
    review.progress = [OutcomeProgress(outcome_id=key, progress=p, words=w) for key, (p, w) in found.progress.items()]
    review.effects = [ActionEffect(action_id=key, effect=e, words=w) for key, (e, w) in found.effects.items()]
    review.not_assessed = []
    before = {one.risk_id: one for one in review.risks if one.risk_id is not None}
    if found.risks_then is not None:
        review.risks = [_stood(before, n, one) for n, one in enumerate(found.risks_then, start=1)]
    if found.risks is None:
        return
    there = [one for one in review.risks if one.risk_id is None]
    for risk in plan.risks:
        if risk.id in found.risks:
            one = before.get(risk.id) or RiskFinding(risk_id=risk.id)
            one.position, one.description = risk.position, risk.description
            one.change, one.words = found.risks[risk.id]
            there.append(one)
    review.risks = there


def _stood(before: dict[uuid.UUID, RiskFinding], position: int, said: RiskThen) -> RiskFinding:
    one = (before.get(said.risk_id) if said.risk_id else None) or RiskFinding(risk_id=said.risk_id)
    one.position, one.description, one.change, one.words = position, said.description, said.change, said.words
    return one


def own_conference(review_id: uuid.UUID) -> str:
    """The external id of a conference that was recorded with this review."""
    return f"review-{review_id}"


def _conference(
    session: Session, plan: Plan, worker: Worker | None, found: Findings, review_id: uuid.UUID
) -> Conference:
    if found.conference_id is None:
        row = session.scalar(
            select(Conference)
            .filter_by(plan_id=plan.id, kind="review", held_on=found.held_on, withdrawn_at=None)
            .limit(1)
        )
    else:
        row = session.scalar(select(Conference).filter_by(id=found.conference_id, plan_id=plan.id, kind="review"))
        if row is None or row.status == "cancelled":
            raise CannotReview("conference_of_another_plan")
        if row.held_on > found.held_on:
            raise CannotReview("review_before_its_conference")
    known = row is not None
    if row is None:
        row = Conference(
            id=uuid.uuid4(),
            family_id=plan.family_id,
            plan_id=plan.id,
            external_id=own_conference(review_id),
            kind="review",
            created_by=worker.id if worker else None,
            created_at=clock.now(),
            version=0,
            children=[ConferenceChild(person_id=child.id, harms=[]) for child in plan.children],
        )
        session.add(row)
    if row.status == "held":  # it was recorded before its review: both must say the same
        if row.decision != found.next_step:
            raise CannotReview("decision_differs")
        return row
    before = meetings.content_of(row) if known else {}
    row.status, row.held_on, row.decision, row.decision_reason = "held", found.held_on, found.next_step, found.reason
    row.version += 1
    session.flush()
    booking.over(session, row, worker)
    if known:
        meetings.keep(session, row, before, worker.id if worker else None)
    return row


def move_on(session: Session, plan: Plan, found: Findings) -> None:
    """What the review means for the plan itself: it ends, or it is looked at again on the day that was agreed, else by
    the day that the rules of the place say."""
    for outcome in plan.outcomes:
        if found.progress.get(outcome.id, ("", ""))[0] == "achieved":
            outcome.state = "achieved"
    newer = plan.review_on is None or plan.review_on <= found.held_on or found.next_review_on is not None
    if found.next_step == "discontinue":
        plan.ended_on, plan.review_on = plan.ended_on or found.held_on, None
    elif newer:
        by_rule = deadlines.review_by(session, plan.family_id, plan.id, after=found.held_on)
        plan.review_on = found.next_review_on or by_rule
