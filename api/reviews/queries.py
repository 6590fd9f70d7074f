"""Reads of reviews, and what a review needs to be prepared.

The caller has checked that the viewer may see the family.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, selectinload

from api.access import queries as access
from api.access.queries import Viewer, worker_names
from api.appointments.models import Appointment
from api.audit import service as audit
from api.conferences.models import Conference
from api.families.models import Family, Person
from api.plans import contingency_dates, history
from api.plans import queries as plans
from api.plans.models import Outcome, Plan, PlanAction
from api.plans.versions import Change
from api.reviews.models import ActionEffect, OutcomeProgress, Review, RiskFinding
from api.timescales import queries as timescales
from api.timescales.due import Event
from api.views import queries as views
from api.views.models import StatedView
from api.views.queries import Said

#: The order in which a review looks at actions.
STATUSES = ("verified", "reported_done", "blocked", "overdue", "open", "dropped")
#: What is counted of the time between: appointments of every kind, as the events that they are.
MEETINGS = tuple(timescales.EVENT_OF.values())
# Of a plan; made once, because making them costs as much as asking them.
_OF_PLAN = (
    select(Review)
    .where(Review.plan_id == bindparam("plan"))
    .order_by(Review.held_on.desc(), Review.recorded_at.desc())
    .options(selectinload(Review.progress), selectinload(Review.effects), selectinload(Review.risks))
)
_THAT_COUNT = _OF_PLAN.where(Review.withdrawn_at.is_(None))


@dataclass(frozen=True)
class OutcomeView:
    """An outcome, and how far it had come at the last review ("" where no review has said)."""

    outcome: Outcome
    before: str
    before_words: str


@dataclass(frozen=True)
class Preparation:
    """All that a review needs on one page. ``since`` is the last review, or the day on which the plan began;
    ``effects`` and ``risks``: what that review said of actions and risks; ``next_by``: by when the rules want the one
    after this, if it is held today; ``unheard``: whose views are missing."""

    family: Family
    plan: plans.PlanView
    since: date
    last: Review | None
    outcomes: list[OutcomeView]
    actions: dict[str, list[plans.ActionView]]
    held: list[timescales.EventView]
    missed: list[timescales.EventView]
    unrecorded: list[Appointment]
    changes: list[Change]
    views: list[Said]
    dates: list[timescales.DateView]
    effects: dict[uuid.UUID, ActionEffect]
    risks: dict[uuid.UUID | None, RiskFinding]
    next_by: date | None
    unheard: list[Person]
    steps: list[contingency_dates.Step]

    @property
    def by_kind(self) -> list[tuple[str, list[timescales.EventView], list[timescales.EventView]]]:
        """What was held and what was missed, kind by kind; those that the rules count come first."""
        sorted_out = (
            (
                kind,
                [one for one in self.held if one.event.kind == kind],
                [o for o in self.missed if o.event.kind == kind],
            )
            for kind in MEETINGS
        )
        return [(kind, held, missed) for kind, held, missed in sorted_out if held or missed]


def of_plan(session: Session, plan_id: uuid.UUID, *, withdrawn: bool = False) -> list[Review]:
    """The plan's reviews, the newest first; with ``withdrawn`` those too that count no more."""
    return list(session.scalars(_OF_PLAN if withdrawn else _THAT_COUNT, {"plan": plan_id}))


def by_external_id(session: Session, plan_id: uuid.UUID, external_id: str) -> Review | None:
    """The plan's review with that id of the agency's own system."""
    return session.scalar(select(Review).filter_by(plan_id=plan_id, external_id=external_id))


def seen(session: Session, viewer: Viewer, review_id: uuid.UUID) -> tuple[Plan, Review]:
    """The review, withdrawn or not, and its plan, if this worker may see the family; that they looked is recorded.
    Raises NotVisible (404)."""
    plan_id = session.scalar(select(Review.plan_id).filter_by(id=review_id))
    plan = access.plan_or_404(session, viewer, plan_id or uuid.uuid4())
    audit.record_view(session, worker_id=viewer.id, verb="viewed_review", family_id=plan.family_id, object_id=review_id)
    return plan, session.get_one(Review, review_id)


def limit_of(session: Session, plan: Plan, review: Review) -> date | None:
    """By when, after this review, the rules of the place wanted the next one; None where none runs, or it is late
    already."""
    if review.withdrawn_at is not None:
        return None
    return timescales.review_by(session, plan.family_id, plan.id, until=review.held_on, after=review.held_on)


def limit_from(session: Session, plan: Plan, day: date) -> date | None:
    """By when the rules of the place want the next review, if this one is held on that day at a review conference;
    None where none runs, or it is late already."""
    held = [Event(kind, day, plan.id) for kind in ("review_conference", "case_review")]
    return timescales.review_by(session, plan.family_id, plan.id, held, until=day, after=day)


@dataclass(frozen=True)
class Recorded:
    """All of a recorded review, to be read. ``progress`` and ``effects``: what was looked at, with what was found;
    ``missing``: actions of which it did not say whether they helped; ``limit``: by when the rules wanted the next."""

    family: Family
    children: list[str]
    progress: list[tuple[Outcome, OutcomeProgress | None]]
    effects: list[tuple[PlanAction, ActionEffect]]
    missing: list[PlanAction]
    conference: Conference | None
    by: str
    limit: date | None


def recorded(session: Session, plan: Plan, review: Review) -> Recorded:
    """The review with what its lines are about."""
    progress = {one.outcome_id: one for one in review.progress}
    effects = {one.action_id: one for one in review.effects}
    return Recorded(
        family=session.get_one(Family, plan.family_id),
        children=[child.first_name for child in plan.children],
        progress=[(one, progress.get(one.id)) for one in plan.outcomes if one.id in progress or one.state == "open"],
        effects=[(one, effects[one.id]) for one in plan.actions if one.id in effects],
        missing=[one for one in plan.actions if str(one.id) in review.not_assessed],
        conference=session.get(Conference, review.conference_id) if review.conference_id else None,
        by=names(session, [review]).get(review.recorded_by, ""),
        limit=limit_of(session, plan, review),
    )


def names(session: Session, reviews: list[Review]) -> dict[uuid.UUID | None, str]:
    """Who recorded them."""
    return worker_names(session, [review.recorded_by for review in reviews])


def prepare(session: Session, viewer: Viewer, plan: Plan, today: date, language: str = "en") -> Preparation:
    """What has happened since the last review, from everything that is recorded. ``today`` is the agency's."""
    view = next(one for one in plans.of_family(session, plan.family_id, today) if one.plan.id == plan.id)
    reviews = of_plan(session, plan.id)
    last = reviews[0] if reviews else None
    since = last.held_on if last else plan.started_on
    said = {p.outcome_id: p for p in last.progress} if last else {}
    actions: dict[str, list[plans.ActionView]] = {status: [] for status in STATUSES}
    for action in view.actions:
        actions["overdue" if action.overdue and action.action.status == "open" else action.action.status].append(action)
    events = [
        one
        for one in timescales.events(session, plan.family_id)
        if since <= one.event.day <= today
        and one.event.withdrawn_at is None
        and one.event.kind in MEETINGS
        and one.event.plan_id in (None, plan.id)
    ]
    return Preparation(
        family=session.get_one(Family, plan.family_id),
        plan=view,
        since=since,
        last=last,
        outcomes=[
            OutcomeView(one, said[one.id].progress, said[one.id].words) if one.id in said else OutcomeView(one, "", "")
            for one in plan.outcomes
        ],
        actions=actions,
        held=[one for one in events if one.event.outcome == "held"],
        missed=[one for one in events if one.event.outcome == "missed"],
        unrecorded=timescales.unrecorded(session, plan.family_id, since, today),
        changes=history.since(session, plan, last.id if last else None),
        views=views.of_family(session, viewer, plan.family_id, since),
        dates=[d for d in timescales.of_family(session, plan.family_id, today, language) if d.deadline.done_on is None],
        effects={one.action_id: one for one in last.effects} if last else {},
        risks={one.risk_id: one for one in last.risks} if last else {},
        next_by=limit_from(session, plan, today) if plan.ended_on is None else None,
        unheard=_unheard(session, plan, since),
        steps=contingency_dates.of_plan(plan, today),
    )


def _unheard(session: Session, plan: Plan, since: date) -> list[Person]:
    """Children of the plan and parents of the family of whom nothing was written down since, whoever may read it."""
    heard = select(StatedView.person_id).where(
        StatedView.family_id == plan.family_id, StatedView.given_on >= since, StatedView.withdrawn_at.is_(None)
    )
    people = session.scalars(
        select(Person)
        .where(
            Person.family_id == plan.family_id,
            Person.left_at.is_(None),
            Person.erased_at.is_(None),
            Person.id.not_in(heard),
        )
        .order_by(Person.born.nulls_last(), Person.first_name)
    )
    children = {child.id for child in plan.children}
    return [one for one in people if not children or one.id in children or one.grown]
