"""Writing plans: children, risks, actions with their history, and the core group.

Promise: what was reported, decided or changed in Hearthline since the last import is not undone by a file that says the
same again, and what a worker keeps off the family's page stays off it until a file says otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from api.access.models import Worker
from api.families.models import Family, Person
from api.imports import dates, made_here, plan_lines, said
from api.imports.said import Kept, LastFile
from api.imports.schemas import ActionIn, PlanIn
from api.imports.writer import Path, Writer
from api.plans import history
from api.plans.models import BY_WORKER, ActionEvent, Outcome, Plan, PlanAction

_OWNER = ("owner_person_id", "owner_name")
NOT_THEIRS = "has left this family here: the action stays whose it is here; say in the file who does it now"
NOBODY_S = "has left this family here and hears of nothing: give the action to somebody else"
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
        at = (*path, "plans", i)
        existing = known.get(plan.id)
        children = [people[key] for key in plan.children]
        names = sorted(child.first_name for child in children)
        kept = said.of_plan(writer.session, existing, names) if existing is not None else {}
        if existing is not None and "lines" not in kept:
            kept["lines"] = plan_lines.by_versions(writer.session, existing)
        last = LastFile(writer, at, kept.setdefault("own", {}))
        values = {"started_on": dates.local_day(plan.started_on, today)} | _named(plan, today)
        here = {name: getattr(existing, name) for name in values} if existing is not None else {}
        changed = last.anew(here, values)
        if changed.get("ended_on", "") is None:  # it goes on, so nothing says how it ended
            changed |= {"end_kind": "", "end_support": ""}
        row = writer.put("plans", existing, Plan, family_id=family.id, external_id=plan.id, **changed)
        writer.session.flush()
        _write_children(last, row, children)
        for part, given_lines in plan_lines.given_in(plan, today).items():
            plan_lines.write(last, row, part, given_lines, kept.setdefault("lines", {}))
        _write_outcomes(writer, row, plan, today, at, kept.setdefault("outcomes", {}))
        _write_actions(writer, row, plan, people, workers, zone, at, kept.setdefault("actions", {}))
        row.said = json.dumps(kept)
        history.keep_version(writer.session, row, None)


def _named(plan: PlanIn, today: date) -> dict[str, Any]:
    """Those of the plan's own fields that the file names; the others stay as they are here. An end or a review that it
    names as null is one that it takes back."""
    found = {
        name: dates.local_day(day, today) if day else None
        for name, day in (("review_on", plan.review_on), ("ended_on", plan.ended_on))
        if name in plan.model_fields_set
    }
    own = ("contingency", "visit_every_days", "family_may_see_contingency")
    return found | {
        name: value for name in own if name in plan.model_fields_set and (value := getattr(plan, name)) is not None
    }


def _write_children(last: LastFile, row: Plan, children: list[Person]) -> None:
    """Whom the plan is for: as the file says it, unless it says what the last one said and a worker has said otherwise
    since (a child who was born)."""
    place = (*last.path, "children")
    if not last.writer.says(place):
        return
    otherwise = last.otherwise("children", sorted(str(child.id) for child in children))
    if {child.id for child in row.children} == {child.id for child in children}:
        return
    if otherwise:
        row.children = children
    else:
        last.writer.note(place, said.STAY)


def _write_outcomes(writer: Writer, row: Plan, plan: PlanIn, today: date, path: Path, kept: Kept) -> None:
    if plan.outcomes is None:
        return
    known = {outcome.external_id: outcome for outcome in row.outcomes}
    for position, outcome in enumerate(plan.outcomes, start=1):
        existing = known.get(outcome.id)
        values = {
            "position": position,
            "title": outcome.title,
            "measure": outcome.measure,
            "by_on": dates.local_day(outcome.by_on, today) if outcome.by_on else None,
            **({} if outcome.state is None else {"state": outcome.state}),
        }
        here = {name: getattr(existing, name) for name in values} if existing is not None else {}
        last = LastFile(writer, (*path, "outcomes", position - 1), kept.setdefault(outcome.id, {}))
        changed = last.anew(here, values)
        writer.put("outcomes", existing, Outcome, plan_id=row.id, external_id=outcome.id, **changed)
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
    kept: Kept,
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
        here = {name: getattr(existing, name) for name in values} if existing is not None else {}
        last = LastFile(writer, (*path, "actions", n), kept.setdefault(action.id, {}))
        owners = {name: last.kept.get(name) for name in _OWNER}
        changed = last.anew(here, values, {"owner_person_id": "owner", "outcome_id": "outcome"})
        if changed.keys() & set(_OWNER):  # whose it is, is one thing
            changed |= {name: values[name] for name in _OWNER}
            if action.owner and people[action.owner].gone:
                _name_nobody_gone(last, existing, action, changed, owners)
        if existing is None or _status_is_the_agencys(existing, action):
            changed |= {"status": action.status, "blocked_reason": action.blocked_reason}
        written = writer.put("actions", existing, PlanAction, plan_id=row.id, external_id=action.id, **changed)
        writer.session.flush()
        if existing is None:
            _write_history(writer, written, action, people, workers, zone)


def _name_nobody_gone(
    last: LastFile, existing: PlanAction | None, action: ActionIn, changed: dict[str, Any], before: Kept
) -> None:
    """Somebody who has left the family is given no action that is another's here. A new one of theirs is written, for
    it is in the plan. ``before``: what files had said of its owner, which stands until they are back."""
    place = (*last.path, "owner")
    if existing is None:
        if action.status not in ("verified", "dropped"):
            last.writer.note(place, NOBODY_S)
    elif existing.owner_person_id != changed["owner_person_id"]:
        last.writer.note(place, NOT_THEIRS)
        for name in _OWNER:
            del changed[name]
        last.kept.update(before)


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
