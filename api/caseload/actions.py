"""Actions of all families that somebody may see, the soonest due first."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from api.access.queries import Viewer, visible_families, worker_names
from api.families.models import Family, Person
from api.plans.models import Plan, PlanAction
from api.plans.queries import WAITING, ActionView, History


def actions(
    session: Session,
    viewer: Viewer,
    today: date,
    *,
    status: str | None = None,
    overdue: bool | None = None,
    limit: int,
    offset: int,
) -> tuple[list[tuple[ActionView, uuid.UUID, str]], int]:
    """Actions with their family's id and name, and how many there are in all: of one ``status``; only those that are
    ``overdue`` (they wait, and were due before ``today``), or only the others."""
    late = PlanAction.status.in_(WAITING) & (PlanAction.due_on < today)
    query = (
        select(PlanAction, Family.id, Family.name)
        .join(Plan, Plan.id == PlanAction.plan_id)
        .join(Family, Family.id == Plan.family_id)
        .where(Family.id.in_(visible_families(viewer).with_only_columns(Family.id)))
    )
    if status is not None:
        query = query.where(PlanAction.status == status)
    if overdue is not None:
        query = query.where(late if overdue else func.coalesce(late, False).is_(False))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = session.execute(
        query.options(selectinload(PlanAction.events))
        .order_by(PlanAction.due_on.nulls_last(), PlanAction.id)
        .limit(limit)
        .offset(offset)
    ).all()
    events = [event for row in rows for event in row[0].events]
    workers = worker_names(session, [event.worker_id for event in events])
    wanted = {i for row in rows for i in (row[0].owner_person_id, *(event.person_id for event in row[0].events)) if i}
    named = session.execute(select(Person.id, Person.first_name).where(Person.id.in_(wanted)))
    people = {row.id: row.first_name for row in named}

    def view(action: PlanAction) -> ActionView:
        owner = people.get(action.owner_person_id, "") if action.owner_person_id else action.owner_name
        is_late = action.status in WAITING and action.due_on is not None and action.due_on < today
        history = [
            History(one, workers.get(one.worker_id, "") if one.worker_id else people.get(one.person_id or one.id, ""))
            for one in action.events
        ]
        return ActionView(action, owner, is_late, history)

    return [(view(row[0]), row[1], row[2]) for row in rows], total
