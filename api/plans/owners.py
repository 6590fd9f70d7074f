"""Whose an action is, where that is a professional: a name, which may be nobody's.

A name that neither the plan's core group nor a worker here has is taken (somebody new may not be in the group yet), but
said beside the field: who is misspelt there is not found by whoever looks for what is theirs.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.access.models import Worker
from api.appointments.attendance import named
from api.families.models import Family
from api.plans.models import Plan


def nobodys(session: Session, plan: Plan, names: Iterable[str], *, besides: Iterable[str] = ()) -> set[str]:
    """Which of these names neither the plan's core group, nor an active worker of the agency has. ``besides``: names
    that count as the group's, being typed into it just now."""
    agency = session.get_one(Family, plan.family_id).agency_id
    workers = session.scalars(select(Worker.name).where(Worker.agency_id == agency, Worker.active))
    known = {named(name) for name in (*besides, *workers, *(member.name for member in plan.core_group))}
    return {name for name in names if named(name) and named(name) not in known}
