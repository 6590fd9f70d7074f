"""Reads of reviews, and what a review needs to be prepared.

The caller has checked that the viewer may see the family.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from api.access.queries import Viewer, worker_names
from api.appointments.models import Appointment
from api.families.models import Family
from api.plans import history
from api.plans import queries as plans
from api.plans.models import Outcome, Plan
from api.plans.versions import Change
from api.reviews.models import Review
from api.timescales import queries as timescales
from api.views import queries as views
from api.views.queries import Said

#: The order in which a review looks at actions.
STATUSES = ("verified", "reported_done", "blocked", "overdue", "open", "dropped")
#: What is counted of the time between: appointments of every kind, as the events that they are.
MEETINGS = tuple(timescales.EVENT_OF.values())


@dataclass(frozen=True)
class OutcomeView:
    """An outcome, and how far it had come at the last review ("" where no review has said)."""

    outcome: Outcome
    before: str
    before_words: str


@dataclass(frozen=True)
class Preparation:
    """All that a review needs on one page. ``since`` is the last review, or the day on which the plan began."""

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


def of_plan(session: Session, plan_id: uuid.UUID) -> list[Review]:
    """The plan's reviews, the newest first."""
    query = select(Review).filter_by(plan_id=plan_id).order_by(Review.held_on.desc())
    return list(session.scalars(query.options(selectinload(Review.progress), selectinload(Review.effects))))


def by_external_id(session: Session, plan_id: uuid.UUID, external_id: str) -> Review | None:
    """The plan's review with that id of the agency's own system."""
    return session.scalar(select(Review).filter_by(plan_id=plan_id, external_id=external_id))


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
    )
