"""A family member's own view of their plan: what is theirs to see, and nothing that would put somebody at risk.

Promise: what workers keep off the family's page is not in it; nor are other family members' actions, what others said
unless they let the family read it, or, for a young person, the words about what adults are worried about.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from api import clock
from api.access.queries import Viewer
from api.appointments import queries as appointments
from api.appointments.models import Appointment
from api.families.models import Person
from api.plans import history, queries, versions
from api.plans.models import WITHDRAWN, Contingency, CoreGroupMember, Outcome, Plan, PlanAction, Risk
from api.plans.versions import Change
from api.reviews import queries as reviews
from api.reviews.models import Review
from api.sealed import or_nothing
from api.views import queries as views
from api.views.queries import Said

#: So many of the next appointments are on the page.
MOST_COMING = 5
#: What a family reads of a line of the plan.
READ = frozenset({"title", "measure", "by_on", "why", "due_on", "owner_name", "trigger", "response"})


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
    #: What the plan says of that in general; "" where it is not theirs to see.
    contingency: str
    last: Review | None
    said: list[Said]
    today: date
    #: What is new or was changed since the last review, of what they may see.
    changed: list[Change]
    #: Their own next appointments.
    coming: Sequence[Appointment]
    #: Something that was said is not in it, because the worker who looks may not read it.
    left_out: bool = False


@dataclass(frozen=True)
class Ended:
    """A plan that has ended, and the help that remains ("" where nobody said). ``taken_back``: it was recorded by
    mistake; ``before`` is then the day on which the last plan that counts ended, if there was one, and the help is of
    that plan."""

    on: date
    support: str
    taken_back: bool = False
    before: date | None = None


def ended(session: Session, person_id: uuid.UUID) -> Ended | None:
    """The family's last plan, where none goes on, for a grown-up who was part of it; else None."""
    person = session.get(Person, person_id)
    if person is None or person.erased_at is not None or person.left_at is not None:
        return None
    plan = queries.last_ended_plan(session, person.family_id)
    if plan is None or plan.ended_on is None or not person.grown:
        return None
    if plan.end_kind != WITHDRAWN:
        return Ended(on=plan.ended_on, support=_help_after(session, plan))
    real = queries.last_ended_plan(session, person.family_id, real=True)
    return Ended(
        on=plan.ended_on,
        support=_help_after(session, real) if real else "",
        taken_back=True,
        before=real.ended_on if real else None,
    )


def _help_after(session: Session, plan: Plan) -> str:
    """What help the family still has after this plan, as the review or whoever ended it said; "" where nobody did."""
    found = reviews.of_plan(session, plan.id)
    last = found[0] if found and found[0].next_step == "discontinue" else None
    return or_nothing(last.support if last else plan.end_support)


def own_plans(session: Session, person_id: uuid.UUID, today: date, *, reader: Viewer | None = None) -> list[OwnPlan]:
    """The family's plans that go on, the newest first, as the person may see them; none where they were erased or have
    left the family. ``reader``: a worker who looks at it for them, and reads nothing that was not said to them."""
    person = session.get(Person, person_id)
    if person is None or person.erased_at is not None or person.left_at is not None:
        return []
    found = queries.current_plans(session, person.family_id)
    return [_seen_by(session, person, plan, today, reader) for plan in found]


def _seen_by(session: Session, person: Person, plan: Plan, today: date, reader: Viewer | None) -> OwnPlan:
    grown = person.grown  # they read what adults are worried about
    found = reviews.of_plan(session, plan.id)
    last = found[0] if found else None
    waiting = [action for action in plan.actions if action.status != "dropped"]
    said = views.for_person(session, person)
    open_to = said
    if reader is not None:
        may_read = {one.view.id for one in views.of_family(session, reader, person.family_id)}
        open_to = [one for one in said if one.view.id in may_read]
    mine = [action for action in waiting if action.owner_person_id == person.id]
    theirs = [action for action in waiting if action.owner_person_id is None]
    outcomes = [outcome for outcome in plan.outcomes if outcome.state != "dropped"]
    contingencies = [one for one in plan.contingencies if grown and not one.kept_from_family]
    seen = {str(action.id) for action in (*mine, *theirs)}
    seen |= {str(outcome.id) for outcome in outcomes} | {str(one.id) for one in contingencies}
    return OwnPlan(
        person=person,
        plan=plan,
        children=[child.first_name for child in plan.children] if person.may_name_children or not grown else [],
        risks=[risk for risk in plan.risks if grown and not risk.kept_from_family],
        outcomes=outcomes,
        progress={one.outcome_id: one.progress for one in last.progress} if last else {},
        mine=mine,
        theirs=theirs,
        group=list(plan.core_group),
        contingencies=contingencies,
        contingency=or_nothing(plan.contingency).strip() if grown and plan.family_may_see_contingency else "",
        last=last,
        said=open_to,
        changed=_changed(session, plan, last, seen) if last else [],
        coming=appointments.own(session, person.id, after=clock.now(), limit=MOST_COMING),
        today=today,
        left_out=len(open_to) < len(said),
    )


def _changed(session: Session, plan: Plan, last: Review, seen: set[str]) -> list[Change]:
    """Line by line, by what the family reads of it; what was kept from them at the review is new to them."""
    then = history.at_review(session, plan.id, last.id)
    if then is None:
        return []

    def read(content: Mapping[str, Any]) -> dict[str, Any]:
        return {
            part: {
                key: {name: value for name, value in line.items() if name in READ}
                for key, line in content.get(part, {}).items()
                if key in seen and not line.get("kept_from_family")
            }
            for part in ("outcomes", "actions", "contingencies")
        }

    return versions.compare(read(then.content), read(history.content_of(plan)))
