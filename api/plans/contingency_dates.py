"""The days of contingencies (if something is not so by then, something else happens): which come near, which passed.

Nobody says of a contingency that it was done: its day passes, and whoever reads of it changes the plan, or acts.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from sqlalchemy import Select, and_, func, or_, select

from api.plans.models import Contingency, Plan

#: So many days before its day a contingency is spoken of.
AHEAD = timedelta(days=5)
State = Literal["none", "coming", "passed"]


@dataclass(frozen=True)
class Step:
    """A contingency, and whether its day comes near or has passed ("none": neither, or it has no day)."""

    contingency: Contingency
    state: State


def state(by_on: date | None, today: date) -> State:
    """How that day stands."""
    if by_on is None or by_on > today + AHEAD:
        return "none"
    return "passed" if by_on < today else "coming"


def of_plan(plan: Plan, today: date) -> list[Step]:
    """The plan's contingencies as they stand."""
    return [Step(one, state(one.by_on, today)) for one in plan.contingencies]


def counting(families: Select[uuid.UUID], today: date, since: date | None) -> Select[int, int]:
    """The query that counts, in plans of these families that go on, the contingencies whose day is near or has passed
    since that day, and those of them that came so since then (``since`` None: all that are near)."""
    begin = since or today
    near = and_(Contingency.by_on >= today, Contingency.by_on <= today + AHEAD)
    passed = and_(Contingency.by_on < today, Contingency.by_on >= begin)
    came_near = near if since is None else and_(near, Contingency.by_on > since + AHEAD)
    return (
        select(func.count(Contingency.id), func.count(Contingency.id).filter(or_(came_near, passed)))
        .join(Plan, Plan.id == Contingency.plan_id)
        .where(Plan.ended_on.is_(None), Plan.family_id.in_(families), or_(near, passed))
    )
