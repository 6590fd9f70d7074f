"""A family member's own view of their plan: what is theirs to see, and nothing that would put somebody at risk.

Promise: what workers keep off the family's page is not in it; nor are other family members' actions, what others said
unless they let the family read it, or, for a young person, the words about what adults are worried about.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from api.access.queries import Viewer
from api.families.models import Person
from api.plans import queries
from api.plans.models import Contingency, CoreGroupMember, Outcome, Plan, PlanAction, Risk
from api.reviews import queries as reviews
from api.reviews.models import Review
from api.views import queries as views
from api.views.queries import Said


@dataclass(frozen=True)
class OwnPlan:
    """``progress``: outcome → how far the last review saw it. ``theirs`` are the professionals' actions."""

    person: Person
    plan: Plan
    children: list[str]
    risks: list[Risk]
    outcomes: list[Outcome]
    progress: dict[uuid.UUID, str]
    mine: list[PlanAction]
    theirs: list[PlanAction]
    group: list[CoreGroupMember]
    contingencies: list[Contingency]
    last: Review | None
    said: list[Said]
    today: date
    #: Something that was said is not in it, because the worker who looks may not read it.
    left_out: bool = False


def own_plan(session: Session, person_id: uuid.UUID, today: date, *, reader: Viewer | None = None) -> OwnPlan | None:
    """The person's plan that goes on, as they may see it; None where there is none, or they were erased
    or have left the family. ``reader``: a worker who looks at it for them, and reads nothing that was not said to
    them."""
    person = session.get(Person, person_id)
    if person is None or person.erased_at is not None or person.left_at is not None:
        return None
    plan = queries.current_plan(session, person.family_id)
    if plan is None:
        return None
    grown = person.kind in ("parent", "carer")
    found = reviews.of_plan(session, plan.id)
    last = found[0] if found else None
    waiting = [action for action in plan.actions if action.status != "dropped"]
    said = views.for_person(session, person)
    open_to = said
    if reader is not None:
        may_read = {one.view.id for one in views.of_family(session, reader, person.family_id)}
        open_to = [one for one in said if one.view.id in may_read]
    return OwnPlan(
        person=person,
        plan=plan,
        children=[child.first_name for child in plan.children] if person.may_name_children or not grown else [],
        risks=[risk for risk in plan.risks if grown and not risk.kept_from_family],
        outcomes=[outcome for outcome in plan.outcomes if outcome.state != "dropped"],
        progress={one.outcome_id: one.progress for one in last.progress} if last else {},
        mine=[action for action in waiting if action.owner_person_id == person.id],
        theirs=[action for action in waiting if action.owner_person_id is None],
        group=list(plan.core_group),
        contingencies=[one for one in plan.contingencies if grown and not one.kept_from_family],
        last=last,
        said=open_to,
        today=today,
        left_out=len(open_to) < len(said),
    )
