"""Changing a plan: all its parts at once, as the page or the program that changes it has them.

Promise: what is left out of risks, core group and contingencies goes; an outcome or an action that is left out is
dropped, never deleted, because reviews and reports hang on it. Of a line that is known only what is given changes, and
what is kept off the family's page does not come onto it by silence. Each change keeps a version with who made it.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.audit import service as audit
from api.coded import Coded
from api.database import Base, notify
from api.families.models import Person
from api.plans import history, lines, queries
from api.plans.models import (
    ActionEvent,
    Contingency,
    CoreGroupMember,
    Outcome,
    Plan,
    PlanAction,
    Risk,
)
from api.timescales import service as timescales

Row = TypeVar("Row", bound=Base)
Line = Mapping[str, Any]
OWN = ("contingency", "family_may_see_contingency", "review_on", "visit_every_days")
FIELDS = {
    "risks": ("harm", "description", "level", "evidence", "lower_when", "kept_from_family"),
    "outcomes": ("title", "measure", "by_on"),
    "actions": ("title", "why", "kind", "measure", "evidence", "due_on", "owner_person_id", "owner_name", "outcome_id"),
    "core_group": ("name", "role", "organisation", "phone", "email", "responsibility"),
    "contingencies": ("trigger", "by_on", "response", "who", "kept_from_family"),
}

MODELS: dict[str, type[Any]] = {
    "risks": Risk,
    "contingencies": Contingency,
    "core_group": CoreGroupMember,
    "outcomes": Outcome,
    "actions": PlanAction,
}
#: What an action says of somebody or something else.
_TIES = ("owner_person_id", "owner_name", "outcome_id")
NUMBERED = (Risk, Contingency, Outcome)


class CannotChange(Coded):
    """It cannot be so; ``code`` names the words that say why (``rest.error.<code>``)."""


def change(
    session: Session, plan: Plan, worker: Worker, own: Line, parts: Mapping[str, Sequence[Line]], *, version: int | None
) -> None:
    """Give the plan these parts (those not named stay as they are); ``own`` may have its ``children`` by id.
    ``version`` is the one that was looked at.

    Raises CannotChange: it was changed meanwhile or has ended, a line of another plan, an owner of another family, a
    date before the plan began, too many lines, a child who cannot be on it.
    """
    session.refresh(plan, with_for_update=True)
    if version is not None and version != plan.version:
        raise CannotChange("changed_meanwhile")
    if plan.ended_on is not None:
        raise CannotChange("plan_is_over")
    parts = {part: _whole(plan, part, given) for part, given in parts.items()}
    _check(session, plan, own, parts)
    history.begin(session, plan)
    for name in OWN:
        if name in own:
            setattr(plan, name, own[name])
    if "children" in own:
        plan.children = children_of(session, plan, own["children"])
    for part, model in MODELS.items():
        if part in parts:
            left_out = _put(session, plan, model, getattr(plan, part), parts[part], FIELDS[part])
            _take_out(session, left_out, worker)
    session.flush()
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


def add_action(session: Session, plan: Plan, worker: Worker, line: Line) -> PlanAction:
    """One action more. Raises CannotChange."""
    history.lock(session, plan)
    known = {action.id for action in plan.actions}
    change(session, plan, worker, {}, {"actions": [*_as_they_are(plan), line]}, version=None)
    return next(action for action in plan.actions if action.id not in known)


def change_action(session: Session, action: PlanAction, worker: Worker, given: Line) -> None:
    """What is given of one action changes. Raises CannotChange."""
    plan = session.get_one(Plan, action.plan_id)
    history.lock(session, plan)
    others = _as_they_are(plan, action.id)
    change(session, plan, worker, {}, {"actions": [*others, {**given, "id": action.id}]}, version=None)


def _as_they_are(plan: Plan, without: uuid.UUID | None = None) -> list[Line]:
    return [{"id": one.id} for one in plan.actions if one.id != without and one.status != "dropped"]


def _whole(plan: Plan, part: str, given: Sequence[Line]) -> list[dict[str, Any]]:
    """The lines with all that they hold: what a known line does not say is as it stands."""
    rows = {row.id: row for row in getattr(plan, part)}
    whole = []
    for line in given:
        made = dict(line)
        if part == "actions":  # whose it is, is one thing
            if made.get("owner_person_id") is not None:
                made.setdefault("owner_name", "")
            elif made.get("owner_name"):
                made.setdefault("owner_person_id", None)
        row = rows.get(made.get("id"))
        whole.append({**({name: getattr(row, name) for name in FIELDS[part]} if row is not None else {}), **made})
    if lines.FLAG in FIELDS[part]:
        named = {line.get("id") for line in whole}
        going = [row for key, row in rows.items() if key not in named]
        new = [line for line in whole if line.get("id") is None]
        lines.keep_hidden(going, new, lines.pair(part, going, new))
    return whole


def _check(session: Session, plan: Plan, own: Line, parts: Mapping[str, Sequence[Line]]) -> None:
    if any(len(given) > lines.MOST_LINES for given in parts.values()):
        raise CannotChange("too_many_lines")
    people = {one.id: one for one in session.scalars(select(Person).filter_by(family_id=plan.family_id))}
    outcomes = {outcome.id for outcome in plan.outcomes}
    known = {action.id: action for action in plan.actions}
    for line in parts.get("actions", ()):
        before = known.get(line["id"]) if line.get("id") is not None else None
        if before is not None and all(line[name] == getattr(before, name) for name in _TIES):
            continue  # whose it was, and what for, was right once
        owner = line.get("owner_person_id")
        if owner is not None and owner not in people:
            raise CannotChange("owner_is_a_stranger")
        if owner is not None and people[owner].gone and (before is None or before.owner_person_id != owner):
            raise CannotChange("owner_has_left")
        if owner is None and not line.get("owner_name"):
            raise CannotChange("owner_needed")
        if line.get("outcome_id") is not None and line["outcome_id"] not in outcomes:
            raise CannotChange("outcome_of_another_plan")
    days = [own.get("review_on")]
    for part, name in (("outcomes", "by_on"), ("contingencies", "by_on"), ("actions", "due_on")):
        was = {row.id: getattr(row, name) for row in getattr(plan, part)}  # what is older than the plan may stay so
        days += [line.get(name) for line in parts.get(part, ()) if line.get(name) != was.get(line.get("id"))]
    if any(isinstance(day, date) and day < plan.started_on for day in days):
        raise CannotChange("date_before_plan")


def _put(
    session: Session, plan: Plan, model: type[Row], rows: Sequence[Row], wanted: Sequence[Line], names: Sequence[str]
) -> list[Row]:
    """Rows become the wanted lines: those with an id are changed, those without made. Returns those left out."""
    known = {row.id: row for row in rows}  # type: ignore[attr-defined]
    kept = set()
    for position, line in enumerate(wanted, start=1):
        key = line.get("id")
        if key is not None and (key not in known or key in kept):
            raise CannotChange("line_of_another_plan")
        values = {name: line[name] for name in names if name in line}
        if model in NUMBERED:
            values["position"] = position
        row = known.get(key)
        if row is None:
            fixed: dict[str, Any] = {"id": uuid.uuid4(), "plan_id": plan.id}
            if model in (Outcome, PlanAction):
                fixed["external_id"] = str(fixed["id"])
            session.add(model(**fixed, **values))
            continue
        kept.add(key)
        for name, value in values.items():
            setattr(row, name, value)
    return [row for key, row in known.items() if key not in kept]


def _take_out(session: Session, rows: Sequence[Base], worker: Worker) -> None:
    for row in rows:
        if isinstance(row, Outcome):
            row.state = "dropped" if row.state == "open" else row.state
        elif isinstance(row, PlanAction):
            session.refresh(row, attribute_names=["status"], with_for_update=True)  # it may be reported just now
            if row.status in ("verified", "dropped"):
                continue
            session.add(
                ActionEvent(
                    action_id=row.id, kind="dropped", at=clock.now(), worker_id=worker.id, status_before=row.status
                )
            )
            row.status, row.blocked_reason = "dropped", ""
        else:
            session.delete(row)


def children_of(session: Session, plan: Plan, wanted: Collection[uuid.UUID]) -> list[Person]:
    """The children whom the plan is to be for. Raises CannotChange: none, not a child of this family, one who has left
    it, or one who is on another plan that goes on. Whoever is on the plan already may stay."""
    if not wanted:
        raise CannotChange("children_needed")
    found = session.scalars(select(Person).where(Person.family_id == plan.family_id, Person.id.in_(wanted))).all()
    new = {child.id for child in found} - {child.id for child in plan.children}
    if len(found) != len(set(wanted)) or any(child.grown or child.gone for child in found if child.id in new):
        raise CannotChange("child_is_a_stranger")
    if queries.on_a_plan_that_goes_on(session, new, besides=plan.id):
        raise CannotChange("child_has_plan")
    return sorted(found, key=lambda child: child.first_name)
