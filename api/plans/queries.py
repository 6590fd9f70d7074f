"""Reads about plans and actions: from the point of view of one family member, and a whole family's for its workers."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.interfaces import ORMOption

from api.access import queries as access
from api.appointments.models import REVIEWS, Appointment, Attendee
from api.families.models import Person
from api.plans.models import (
    WITHDRAWN,
    ActionEvent,
    Contingency,
    CoreGroupMember,
    Outcome,
    Plan,
    PlanAction,
    Risk,
    plan_children,
)

#: Statuses in which an action still waits for its owner.
WAITING = ("open", "blocked")
#: What waits for a worker comes first.
ORDER = {"reported_done": 0, "blocked": 1, "open": 2, "verified": 3, "dropped": 4}
# A family's plans, and each sort of their parts; made once, because making them costs as much as asking them. (By
# ``selectinload``, which makes them each time, a family's page takes a tenth longer.)
_THEIRS = Plan.family_id == bindparam("family")
_OF_FAMILY = select(Plan).where(_THEIRS).order_by(Plan.ended_on.nulls_first(), Plan.started_on.desc())
_CHILDREN = (
    select(plan_children.c.plan_id, Person)
    .join(Plan, Plan.id == plan_children.c.plan_id)
    .join(Person, Person.id == plan_children.c.person_id)
    .where(_THEIRS)
)
_PARTS: dict[str, Select[Any]] = {
    "risks": select(Risk).join(Plan).where(_THEIRS).order_by(Risk.position),
    "core_group": select(CoreGroupMember).join(Plan).where(_THEIRS).order_by(CoreGroupMember.name),
    "outcomes": select(Outcome).join(Plan).where(_THEIRS).order_by(Outcome.position),
    "contingencies": select(Contingency).join(Plan).where(_THEIRS).order_by(Contingency.position),
    "actions": select(PlanAction).join(Plan).where(_THEIRS).order_by(PlanAction.due_on),
}
_EVENTS = select(ActionEvent).join(PlanAction).join(Plan).where(_THEIRS).order_by(ActionEvent.at)


@dataclass(frozen=True)
class History:
    """One thing that happened to an action, and who did it."""

    event: ActionEvent
    by: str


@dataclass(frozen=True)
class ActionView:
    """An action with whose it is and what happened to it."""

    action: PlanAction
    owner: str
    overdue: bool
    history: list[History]


@dataclass(frozen=True)
class PlanView:
    """A plan with its actions, what waits for a worker first."""

    plan: Plan
    actions: list[ActionView]


def of_family(
    session: Session, family_id: uuid.UUID, today: date, names: Mapping[uuid.UUID | None, str] | None = None
) -> list[PlanView]:
    """All plans of a family, the one that goes on first. ``today`` is the agency's: an open or blocked action that was
    due before it is overdue. ``names``: the family's first names by person, where the caller has them. The caller has
    checked that the viewer may see the family."""
    plans = _whole(session, family_id)
    if names is None:
        people = session.execute(select(Person.id, Person.first_name).where(Person.family_id == family_id))
        names = {row.id: row.first_name for row in people}
    workers = access.worker_names(session, [e.worker_id for p in plans for a in p.actions for e in a.events])

    def by(event: ActionEvent) -> str:
        return workers.get(event.worker_id, "") if event.worker_id else names.get(event.person_id, "")

    def view(action: PlanAction) -> ActionView:
        owner = names.get(action.owner_person_id, "") if action.owner_person_id else action.owner_name
        overdue = action.status in WAITING and action.due_on is not None and action.due_on < today
        return ActionView(action, owner, overdue, [History(event, by(event)) for event in action.events])

    return [
        PlanView(plan, [view(a) for a in sorted(plan.actions, key=lambda a: (ORDER[a.status], str(a.due_on or "~")))])
        for plan in plans
    ]


def _whole(session: Session, family_id: uuid.UUID) -> Sequence[Plan]:
    """The family's plans with all their parts read."""
    family = {"family": family_id}
    plans = session.scalars(_OF_FAMILY, family).all()
    if not plans:
        return plans
    children = [(row[0], row[1]) for row in session.execute(_CHILDREN, family)]
    _attach(plans, "children", children)
    for name, query in _PARTS.items():
        _attach(plans, name, [(one.plan_id, one) for one in session.scalars(query, family)])
    events = [(event.action_id, event) for event in session.scalars(_EVENTS, family)]
    _attach([action for plan in plans for action in plan.actions], "events", events)
    return plans


def _attach(owners: Sequence[Plan | PlanAction], name: str, parts: Iterable[tuple[uuid.UUID, Any]]) -> None:
    """Give each owner its own of the parts, as the database has them; what belongs to an owner that came after these
    were read is left out."""
    of: dict[uuid.UUID, list[Any]] = {owner.id: [] for owner in owners}
    for owner_id, part in parts:
        if owner_id in of:
            of[owner_id].append(part)
    for owner in owners:
        set_committed_value(owner, name, of[owner.id])


def one_action(session: Session, family_id: uuid.UUID, action_id: uuid.UUID, today: date) -> ActionView:
    """An action of the family as it is in this transaction, with its history. The caller knows that it is there."""
    session.flush()
    session.expire_all()
    plans = of_family(session, family_id, today)
    return next(view for plan in plans for view in plan.actions if view.action.id == action_id)


def one_plan(session: Session, plan: Plan, today: date) -> PlanView:
    """The plan as it is in this transaction. The caller has checked that the viewer may see it."""
    session.flush()
    session.expire_all()
    return next(view for view in of_family(session, plan.family_id, today) if view.plan.id == plan.id)


def lines_of(plan: Plan) -> dict[str, Sequence[Any]]:
    """The lines of each part of the plan as it is: all but what was dropped."""
    return {
        "risks": plan.risks,
        "outcomes": [one for one in plan.outcomes if one.state != "dropped"],
        "actions": [one for one in plan.actions if one.status != "dropped"],
        "core_group": plan.core_group,
        "contingencies": plan.contingencies,
    }


def own_actions(
    session: Session, person_id: uuid.UUID, *, statuses: Sequence[str] = WAITING, today: date | None = None
) -> Sequence[PlanAction]:
    """The person's own actions on plans that go on (or have not ended by ``today``), the most pressing first."""
    query = (
        select(PlanAction)
        .join(Plan, Plan.id == PlanAction.plan_id)
        .where(PlanAction.owner_person_id == person_id, PlanAction.status.in_(statuses))
    )
    query = query.where(Plan.ended_on.is_(None) | (Plan.ended_on >= today) if today else Plan.ended_on.is_(None))
    # (Their titles are sealed: SQL cannot put them in order.)
    return sorted(session.scalars(query), key=lambda one: (one.due_on or date.max, one.title.casefold(), one.id))


def own_action(session: Session, person_id: uuid.UUID, action_id: uuid.UUID) -> PlanAction | None:
    """The person's own action of that id, locked for this transaction; None for anybody else's."""
    return session.scalar(select(PlanAction).filter_by(id=action_id, owner_person_id=person_id).with_for_update())


def current_plans(session: Session, family_id: uuid.UUID, *load: ORMOption) -> list[Plan]:
    """The family's plans that go on, the newest first. ``load``: what of them to read along with them."""
    found = select(Plan).filter_by(family_id=family_id, ended_on=None).options(*load)
    return list(session.scalars(found.order_by(Plan.started_on.desc(), Plan.id)))


def on_a_plan_that_goes_on(
    session: Session, children: Collection[uuid.UUID], *, besides: uuid.UUID | None = None
) -> bool:
    """Is one of these children on a plan that goes on (another than ``besides``)? A child is never on two."""
    running = select(plan_children.c.person_id).join(Plan, Plan.id == plan_children.c.plan_id)
    running = running.where(plan_children.c.person_id.in_(children), Plan.ended_on.is_(None))
    running = running.where(Plan.id != besides) if besides else running
    return bool(children) and session.scalar(running.limit(1)) is not None


def last_ended_plan(session: Session, family_id: uuid.UUID, *, real: bool = False) -> Plan | None:
    """The family's plan that ended last, or None. ``real``: none that was recorded by mistake and withdrawn."""
    over = select(Plan).where(Plan.family_id == family_id, Plan.ended_on.is_not(None))
    if real:
        over = over.where(Plan.end_kind != WITHDRAWN)
    return session.scalar(over.order_by(Plan.ended_on.desc()).limit(1))


def review_meeting(session: Session, person_id: uuid.UUID, now: datetime) -> Appointment | None:
    """The next review at which the person is expected, or None."""
    expected = select(Attendee.appointment_id).where(Attendee.person_id == person_id)
    return session.scalar(
        select(Appointment)
        .where(
            Appointment.id.in_(expected),
            Appointment.kind.in_(REVIEWS),
            Appointment.status == "scheduled",
            Appointment.starts_at > now - timedelta(hours=1),
        )
        .order_by(Appointment.starts_at)
        .limit(1)
    )


def report(session: Session, event_id: uuid.UUID, person_id: uuid.UUID) -> ActionEvent | None:
    """The person's own report of that id, or None."""
    return session.scalar(select(ActionEvent).filter_by(id=event_id, person_id=person_id))


def visits_every(session: Session, family_id: uuid.UUID) -> int | None:
    """Every how many days children are to be visited, at most, as the family's plans that go on say."""
    return min(
        (one.visit_every_days for one in current_plans(session, family_id) if one.visit_every_days), default=None
    )
