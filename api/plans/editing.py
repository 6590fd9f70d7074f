"""Changing a plan: all its parts at once, as the page or the program that changes it has them.

Promise: what is left out of risks, core group and contingencies goes; an outcome or an action that is left out is
dropped, never deleted, because reviews and reports hang on it. Each change keeps a version with who made it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.access.models import Worker
from api.audit import service as audit
from api.database import Base, notify
from api.families.models import Person
from api.plans import history
from api.plans.models import Contingency, CoreGroupMember, Outcome, Plan, PlanAction, Risk
from api.timescales import service as timescales

Row = TypeVar("Row", bound=Base)
Line = Mapping[str, Any]
OWN = ("contingency", "review_on", "visit_every_days")
FIELDS = {
    "risks": ("harm", "description", "level", "evidence", "lower_when", "kept_from_family"),
    "outcomes": ("title", "measure", "by_on"),
    "actions": ("title", "why", "kind", "measure", "evidence", "due_on", "owner_person_id", "owner_name", "outcome_id"),
    "core_group": ("name", "role", "organisation", "phone", "email", "responsibility"),
    "contingencies": ("trigger", "by_on", "response", "who", "kept_from_family"),
}


class CannotChange(ValueError):
    """It cannot be so; ``code`` names the words that say why (``rest.error.<code>``)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def change(
    session: Session, plan: Plan, worker: Worker, own: Line, parts: Mapping[str, Sequence[Line]], *, version: int | None
) -> None:
    """Give the plan these parts (those not named stay as they are). ``version`` is the one that was looked at.

    Raises CannotChange: it was changed meanwhile or has ended, a line of another plan, an owner of another family, a
    date before the plan began.
    """
    session.refresh(plan, with_for_update=True)
    if version is not None and version != plan.version:
        raise CannotChange("changed_meanwhile")
    if plan.ended_on is not None:
        raise CannotChange("plan_is_over")
    _check(session, plan, own, parts)
    history.begin(session, plan)
    for name in OWN:
        if name in own:
            setattr(plan, name, own[name])
    for part, model, rows in (("risks", Risk, plan.risks), ("contingencies", Contingency, plan.contingencies)):
        if part in parts:
            _put(session, plan, model, rows, parts[part], FIELDS[part], numbered=True)
    if "core_group" in parts:
        _put(session, plan, CoreGroupMember, plan.core_group, parts["core_group"], FIELDS["core_group"])
    if "outcomes" in parts:
        _put(session, plan, Outcome, plan.outcomes, parts["outcomes"], FIELDS["outcomes"], numbered=True, named=True)
    if "actions" in parts:
        _put(session, plan, PlanAction, plan.actions, parts["actions"], FIELDS["actions"], named=True)
    if history.keep_version(session, plan, worker.id) is not None:
        timescales.refresh(session, plan.family_id)
        audit.record(
            session,
            actor_kind="worker",
            actor_id=worker.id,
            verb="changed_plan",
            family_id=plan.family_id,
            object_id=plan.id,
            detail={"version": plan.version},
        )
        notify(session, f"agency:{worker.agency_id}")
        notify(session, f"family:{plan.family_id}")


def _check(session: Session, plan: Plan, own: Line, parts: Mapping[str, Sequence[Line]]) -> None:
    people = set(session.scalars(select(Person.id).filter_by(family_id=plan.family_id)))
    outcomes = {outcome.id for outcome in plan.outcomes}
    for action in parts.get("actions", ()):
        owner = action.get("owner_person_id")
        if owner is not None and owner not in people:
            raise CannotChange("owner_is_a_stranger")
        if owner is None and not action.get("owner_name"):
            raise CannotChange("owner_needed")
        if action.get("outcome_id") is not None and action["outcome_id"] not in outcomes:
            raise CannotChange("outcome_of_another_plan")
    days = [own.get("review_on")]
    days += [line.get("by_on") for part in ("outcomes", "contingencies") for line in parts.get(part, ())]
    was = {action.id: action.due_on for action in plan.actions}  # an older plan's action may have been due before
    for line in parts.get("actions", ()):
        if line.get("id") is None or line.get("due_on") != was.get(line["id"]):
            days.append(line.get("due_on"))
    if any(isinstance(day, date) and day < plan.started_on for day in days):
        raise CannotChange("date_before_plan")


def _put(
    session: Session,
    plan: Plan,
    model: type[Row],
    rows: Sequence[Row],
    wanted: Sequence[Line],
    names: Sequence[str],
    *,
    numbered: bool = False,
    named: bool = False,
) -> None:
    """Rows become the wanted lines: those with an id are changed, those without made, those left out go."""
    known = {row.id: row for row in rows}  # type: ignore[attr-defined]
    kept = set()
    for position, line in enumerate(wanted, start=1):
        key = line.get("id")
        if key is not None and (key not in known or key in kept):
            raise CannotChange("line_of_another_plan")
        values = {name: line[name] for name in names if name in line}
        if numbered:
            values["position"] = position
        row = known.get(key)
        if row is None:
            fixed: dict[str, Any] = {"id": uuid.uuid4(), "plan_id": plan.id}
            if named:
                fixed["external_id"] = str(fixed["id"])
            session.add(model(**fixed, **values))
            continue
        kept.add(key)
        for name, value in values.items():
            setattr(row, name, value)
    for key, row in known.items():
        if key in kept:
            continue
        if isinstance(row, Outcome):
            row.state = "dropped" if row.state == "open" else row.state
        elif isinstance(row, PlanAction):
            row.status = "dropped" if row.status != "verified" else row.status
        else:
            session.delete(row)
    session.flush()
