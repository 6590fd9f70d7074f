"""Writing plans: children, risks, actions with their history, and the core group.

Promise: what was reported or decided in Hearthline since the last import is not undone by the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import select

from api.access.models import Worker
from api.families.models import Family, Person
from api.imports import dates
from api.imports.schemas import ActionIn, PlanIn
from api.imports.writer import Writer
from api.plans.models import ActionEvent, CoreGroupMember, Plan, PlanAction, Risk


def write_plans(
    writer: Writer,
    family: Family,
    given: Sequence[PlanIn],
    people: dict[str, Person],
    workers: dict[str, Worker],
    zone: ZoneInfo,
) -> None:
    """Write them; ``people`` and ``workers`` by external id, ``zone`` the agency's."""
    today = writer.now.astimezone(zone).date()
    known = {plan.external_id: plan for plan in writer.session.scalars(select(Plan).where(Plan.family_id == family.id))}
    for plan in given:
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
        )
        writer.session.flush()
        children = [people[key] for key in plan.children]
        if {child.id for child in row.children} != {child.id for child in children}:
            row.children = children
        _write_risks(writer, row, plan)
        _write_core_group(writer, row, plan)
        _write_actions(writer, row, plan, people, workers, zone)


def _write_risks(writer: Writer, row: Plan, plan: PlanIn) -> None:
    given = [(n, risk.harm, risk.description) for n, risk in enumerate(plan.risks, start=1)]
    if [(risk.position, risk.harm, risk.description) for risk in row.risks] == given:
        return
    for risk in list(row.risks):
        writer.session.delete(risk)
    writer.session.flush()
    for position, harm, description in given:
        writer.session.add(Risk(plan_id=row.id, position=position, harm=harm, description=description))
    writer.session.flush()
    writer.session.expire(row, ["risks"])


def _write_core_group(writer: Writer, row: Plan, plan: PlanIn) -> None:
    given = [(member.name, member.role, member.organisation, member.phone or "") for member in plan.core_group]
    if sorted((m.name, m.role, m.organisation, m.phone) for m in row.core_group) == sorted(given):
        return
    for member in list(row.core_group):
        writer.session.delete(member)
    writer.session.flush()
    for name, role, organisation, phone in given:
        writer.session.add(
            CoreGroupMember(plan_id=row.id, name=name, role=role, organisation=organisation, phone=phone)
        )
    writer.session.flush()
    writer.session.expire(row, ["core_group"])


def _write_actions(
    writer: Writer,
    row: Plan,
    plan: PlanIn,
    people: dict[str, Person],
    workers: dict[str, Worker],
    zone: ZoneInfo,
) -> None:
    today = writer.now.astimezone(zone).date()
    known = {
        action.external_id: action
        for action in writer.session.scalars(select(PlanAction).where(PlanAction.plan_id == row.id))
    }
    for action in plan.actions:
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
    decided_here = existing.events[-1].kind in ("verified", "reopened")
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
        status = {"reported_blocked": "blocked", "reopened": "open"}.get(event.kind, event.kind)
