"""A new plan, where the family and its worker agree on one. Elsewhere a conference makes it (api.conferences).

Promise: a child is on one plan that goes on, not on two; who made it stands in its first version.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.access.models import Worker
from api.audit import service as audit
from api.database import notify
from api.families.models import Family
from api.jurisdiction.packs import pack
from api.plans import history
from api.plans.editing import CannotChange, children_of
from api.plans.models import Plan
from api.timescales import service as timescales


def by_hand(jurisdiction: str) -> bool:
    """Is a plan made there without a conference?"""
    return pack(jurisdiction).plan_begins == "agreement"


def make(
    session: Session,
    family: Family,
    worker: Worker,
    jurisdiction: str,
    *,
    started_on: date,
    children: Collection[uuid.UUID],
    today: date,
    external_id: str = "",
    review_on: date | None = None,
    **own: Any,
) -> Plan:
    """The family's new plan; its parts come after it. ``today`` is the agency's; ``own``: its other fields.

    Raises CannotChange: a conference makes plans there, an id that is taken, a day that has not come, a review before
    it, children of another family or none, or who are on a plan.
    """
    if not by_hand(jurisdiction):
        raise CannotChange("plan_by_conference")
    session.execute(select(Family.id).filter_by(id=family.id).with_for_update())  # two at once: one is the first
    if external_id and session.scalar(select(Plan.id).filter_by(family_id=family.id, external_id=external_id)):
        raise CannotChange("plan_exists")
    if started_on > today:
        raise CannotChange("event_in_the_future")
    if review_on is not None and review_on < started_on:
        raise CannotChange("date_before_plan")
    made = Plan(id=uuid.uuid4(), family_id=family.id, started_on=started_on, review_on=review_on, **own)
    made.external_id = external_id or str(made.id)
    made.children = children_of(session, made, children)
    session.add(made)
    history.keep_version(session, made, worker.id)
    timescales.refresh(session, family.id)
    audit.record(
        session,
        actor_kind="worker",
        actor_id=worker.id,
        verb="made_plan",
        family_id=family.id,
        object_id=made.id,
    )
    notify(session, f"agency:{worker.agency_id}")
    notify(session, f"family:{family.id}")
    return made
