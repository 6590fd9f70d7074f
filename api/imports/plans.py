"""Writing plans: children, risks, actions with their history, and the core group.

Promise: what was reported or decided in Hearthline since the last import is not undone by the next one, and what a
worker keeps off the family's page stays off it until a file says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from api.access.models import Worker
from api.families.models import Family, Person
from api.imports import dates, made_here
from api.imports.schemas import ActionIn, PlanIn
from api.imports.writer import Path, Writer
from api.plans import history, lines
from api.plans.models import BY_WORKER, ActionEvent, Contingency, CoreGroupMember, Outcome, Plan, PlanAction, Risk

#: The status after an event that is not called as the status is.
_AFTER = {"reported_blocked": "blocked"} | dict.fromkeys(("reopened", "undone", "unblocked", "restored"), "open")


def write_plans(
    writer: Writer,
    family: Family,
    given: Sequence[PlanIn],
    people: dict[str, Person],
    workers: dict[str, Worker],
    zone: ZoneInfo,
    path: Path,
) -> None:
    """Write them; ``people`` and ``workers`` by external id, ``zone`` the agency's, ``path`` where the family stands in
    the file."""
    today = writer.now.astimezone(zone).date()
    known = {plan.external_id: plan for plan in writer.session.scalars(select(Plan).where(Plan.family_id == family.id))}
    made_here.take_over(writer, known, given, people, today, path)
    for i, plan in enumerate(given):
        row = writer.put(
            "plans",
            known.get(plan.id),
            Plan,
            family_id=family.id,
            external_id=plan.id,
            started_on=dates.local_day(plan.started_on, today),
            review_on=dates.local_day(plan.review_on, today) if plan.review_on else None,
            ended_on=dates.local_day(plan.ended_on, today) if plan.ended_on else None,
            contingency=plan.contingency,
            **_said(plan, "visit_every_days", "family_may_see_contingency"),
        )
        writer.session.flush()
        _write_children(writer, row, [people[key] for key in plan.children], (*path, "plans", i, "children"))
        at = (*path, "plans", i)
        _write_risks(writer, row, plan, at)
        _write_core_group(writer, row, plan, at)
        _write_outcomes(writer, row, plan, today)
        _write_contingencies(writer, row, plan, today, at)
        _write_actions(writer, row, plan, people, workers, zone, at)
        history.keep_version(writer.session, row, None)


def _said(plan: PlanIn, *names: str) -> dict[str, Any]:
    """Those of the fields that the file speaks of; the others stay as they are here."""
    return {name: value for name in names if (value := getattr(plan, name)) is not None}


def _write_children(writer: Writer, row: Plan, children: list[Person], path: Path) -> None:
    """Whom the plan is for: as the file says it, unless it says what the last one said and a worker has said otherwise
    since (a child who was born)."""
    if {child.id for child in row.children} == {child.id for child in children}:
        return
    said = history.newest(writer.session, row.id, imported=True)
    now = history.newest(writer.session, row.id)
    names = sorted(child.first_name for child in children)
    if said is not None and said is not now and said.content["plan"].get("children") == names:
        writer.note(path, "were changed here since your last file, and stay as they are here")
        return
    row.children = children


def _write_risks(writer: Writer, row: Plan, plan: PlanIn, path: Path) -> None:
    if plan.risks is None:
        return
    given = [{"position": n, **risk.model_dump()} for n, risk in enumerate(plan.risks, start=1)]
    _replace(writer, row, "risks", Risk, row.risks, given, path)


def _write_core_group(writer: Writer, row: Plan, plan: PlanIn, path: Path) -> None:
    if plan.core_group is None:
        return
    given = [{**member.model_dump(), "phone": member.phone or ""} for member in plan.core_group]
    _replace(writer, row, "core_group", CoreGroupMember, row.core_group, given, path)


def _write_contingencies(writer: Writer, row: Plan, plan: PlanIn, today: date, path: Path) -> None:
    if plan.contingencies is None:
        return
    given = [
        {"position": n, **one.model_dump(), "by_on": dates.local_day(one.by_on, today) if one.by_on else None}
        for n, one in enumerate(plan.contingencies, start=1)
    ]
    _replace(writer, row, "contingencies", Contingency, row.contingencies, given, path)


def _replace(
    writer: Writer,
    row: Plan,
    part: str,
    model: type[Any],
    rows: Sequence[Any],
    given: Sequence[dict[str, Any]],
    path: Path,
) -> None:
    """The lines of a part become the file's; one that stays keeps its row, wherever it stands in the file."""
    pairs = lines.pair(part, rows, given)
    if lines.FLAG in model.__table__.columns:
        for n in lines.keep_hidden(rows, given, pairs):
            writer.note(
                (*path, part, n), "is kept from the family, as a line that it may stand for was; say `kept_from_family`"
            )
    for existing, values in zip(pairs, given, strict=True):
        if existing is None:
            writer.session.add(model(plan_id=row.id, **values))
            continue
        for name, value in values.items():
            if getattr(existing, name) != value:
                setattr(existing, name, value)
    for existing in list(rows):
        if not any(existing is one for one in pairs):
            writer.session.delete(existing)
    writer.session.flush()
    writer.session.expire(row, [part])


def _write_outcomes(writer: Writer, row: Plan, plan: PlanIn, today: date) -> None:
    if plan.outcomes is None:
        return
    known = {outcome.external_id: outcome for outcome in row.outcomes}
    for position, outcome in enumerate(plan.outcomes, start=1):
        writer.put(
            "outcomes",
            known.get(outcome.id),
            Outcome,
            plan_id=row.id,
            external_id=outcome.id,
            position=position,
            title=outcome.title,
            measure=outcome.measure,
            by_on=dates.local_day(outcome.by_on, today) if outcome.by_on else None,
            **({} if outcome.state is None else {"state": outcome.state}),
        )
    writer.session.flush()
    writer.session.expire(row, ["outcomes"])


def _write_actions(
    writer: Writer,
    row: Plan,
    plan: PlanIn,
    people: dict[str, Person],
    workers: dict[str, Worker],
    zone: ZoneInfo,
    path: Path,
) -> None:
    today = writer.now.astimezone(zone).date()
    known = {
        action.external_id: action
        for action in writer.session.scalars(select(PlanAction).where(PlanAction.plan_id == row.id))
    }
    outcomes = {outcome.external_id: outcome.id for outcome in row.outcomes}
    for n, action in enumerate(plan.actions):
        if action.outcome and action.outcome not in outcomes:
            writer.refuse((*path, "actions", n, "outcome"), "names no outcome of this plan; add it or mend the id")
            continue
        existing = known.get(action.id)
        values = {
            "plan_id": row.id,
            "external_id": action.id,
            "title": action.title,
            "why": action.why,
            "owner_person_id": people[action.owner].id if action.owner else None,
            "owner_name": action.owner_name,
            "due_on": dates.local_day(action.due_on, today) if action.due_on else None,
            "also_called": list(action.also_called),
            "kind": action.kind,
            "measure": action.measure,
            "evidence": action.evidence,
            "outcome_id": outcomes[action.outcome] if action.outcome else None,
        }
        if existing is None or _status_is_the_agencys(existing, action):
            values |= {"status": action.status, "blocked_reason": action.blocked_reason}
        written = writer.put("actions", existing, PlanAction, **values)
        writer.session.flush()
        if existing is None:
            _write_history(writer, written, action, people, workers, zone)


def _status_is_the_agencys(existing: PlanAction, action: ActionIn) -> bool:
    """May the file set the status? Not once something has happened to the action here, but for one case: the agency's
    own system has closed (verified, dropped) what a family had reported. A worker's decision here stands."""
    if not existing.events:
        return True
    decided_here = existing.events[-1].kind in BY_WORKER
    return action.status in ("verified", "dropped") and not decided_here


def _write_history(
    writer: Writer,
    written: PlanAction,
    action: ActionIn,
    people: dict[str, Person],
    workers: dict[str, Worker],
    zone: ZoneInfo,
) -> None:
    status = "open"
    for event in action.history:
        writer.put(
            "action events",
            None,
            ActionEvent,
            action_id=written.id,
            kind=event.kind,
            at=dates.moment(event.at, writer.now, zone),
            person_id=people[event.person].id if event.person else None,
            worker_id=workers[event.worker].id if event.worker else None,
            words=event.words,
            status_before=status,
        )
        status = _AFTER.get(event.kind, event.kind)
