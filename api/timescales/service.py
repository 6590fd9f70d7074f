"""Recording what happened in a case, and working out the dates that follow from it.

Promise: whoever records or withdraws an event, or changes a plan's days, gets the dates worked out anew in the same
transaction. When a pack or the calendar changes, the tick (api.timescales.jobs) does it for every family.
"""

from __future__ import annotations

import uuid
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.appointments.models import Appointment
from api.audit import service as audit
from api.coded import Coded
from api.database import notify
from api.families.models import Family
from api.jurisdiction.packs import pack
from api.plans.models import Plan
from api.timescales import due, queries
from api.timescales.models import CaseEvent, Deadline, TimescaleState


class CannotRecord(Coded):
    """The event cannot be; ``code`` names the words that say why (``rest.error.<code>``)."""


def record(
    session: Session,
    family: Family,
    worker: Worker,
    *,
    kind: str,
    day: date,
    today: date,
    plan_id: uuid.UUID | None = None,
    outcome: str = "held",
    note: str = "",
    external_id: str = "",
) -> CaseEvent:
    """Record an event of a family that the worker may see. ``today`` is the agency's: nothing has happened after it.

    Raises CannotRecord: in the future, before the plan, another family's plan, or an external id that is taken.
    """
    _refuse_the_future(day, today)
    session.execute(select(Family.id).filter_by(id=family.id).with_for_update())  # two at once: one is the first
    if kind in ("plan_started", "plan_ended"):
        raise CannotRecord("event_is_the_plans")
    if plan_id is not None:
        plan = session.scalar(select(Plan).filter_by(id=plan_id, family_id=family.id))
        if plan is None:
            raise CannotRecord("plan_of_another_family")
        if kind == "review_conference" and day < plan.started_on:
            raise CannotRecord("review_before_conference")
    if external_id and queries.event(session, family.id, external_id) is not None:
        raise CannotRecord("event_exists")
    made = CaseEvent(
        id=uuid.uuid4(),
        family_id=family.id,
        plan_id=plan_id,
        external_id=external_id or str(uuid.uuid4()),
        kind=kind,
        day=day,
        outcome=outcome,
        note=note,
        recorded_by=worker.id,
        recorded_at=clock.now(),
    )
    return _keep(session, family, worker, made)


def record_appointment(
    session: Session,
    appointment: Appointment,
    worker: Worker,
    *,
    outcome: str,
    timezone: str,
    today: date,
    note: str = "",
) -> CaseEvent:
    """Record that an appointment took place (``held``) or did not (``missed``), on its day in the agency's
    ``timezone``.

    Raises CannotRecord: in the future, cancelled, or recorded before.
    """
    day = appointment.starts_at.astimezone(ZoneInfo(timezone)).date()
    _refuse_the_future(day, today)
    if appointment.status == "cancelled":
        raise CannotRecord("appointment_is_cancelled")
    session.execute(select(Family.id).filter_by(id=appointment.family_id).with_for_update())
    if queries.of_appointment(session, appointment.id) is not None:
        raise CannotRecord("event_exists")
    family = session.get_one(Family, appointment.family_id)
    made = CaseEvent(
        id=uuid.uuid4(),
        family_id=family.id,
        external_id=str(uuid.uuid4()),
        kind=queries.EVENT_OF.get(appointment.kind, "other"),
        day=day,
        outcome=outcome,
        appointment_id=appointment.id,
        note=note,
        recorded_by=worker.id,
        recorded_at=clock.now(),
    )
    return _keep(session, family, worker, made)


def withdraw(session: Session, event: CaseEvent, worker: Worker) -> None:
    """The event was recorded by mistake: it stays in the history, and counts no more. Twice is once."""
    if event.withdrawn_at is not None:
        return
    event.withdrawn_at, event.withdrawn_by = clock.now(), worker.id
    session.flush()
    refresh(session, event.family_id)
    _tell(session, worker, "withdrew_event", event)


def refresh(session: Session, family_id: uuid.UUID) -> None:
    """Work out the family's dates anew, in the caller's transaction. What has not changed keeps its row."""
    session.flush()
    place = pack(queries.jurisdiction_of(session, family_id))
    facts = [fact for fact in queries.facts(session, family_id) if due.FIRST_YEAR <= fact.day.year <= due.LAST_YEAR]
    found = due.dues(place.clocks, facts, place.calendar)
    for plan_id, every in queries.visiting(session, family_id):
        found += due.of_visits(plan_id, every, facts, place.calendar)
    wanted = {(d.rule, d.plan, d.started_on): d for d in found}
    for row in session.scalars(select(Deadline).where(Deadline.family_id == family_id)).all():
        same = wanted.pop((row.rule, row.plan_id, row.started_on), None)
        if same is None:
            session.delete(row)
            continue
        if row.due_on != same.due_on:
            row.warned_at = None
        row.due_on, row.warn_on, row.done_on = same.due_on, same.warn_on, same.done_on
    for one in wanted.values():
        session.add(
            Deadline(
                family_id=family_id,
                plan_id=one.plan,
                rule=one.rule,
                started_on=one.started_on,
                due_on=one.due_on,
                warn_on=one.warn_on,
                done_on=one.done_on,
            )
        )
    state = session.get(TimescaleState, family_id)
    if state is None:
        state = TimescaleState(family_id=family_id, rules="", refreshed_at=clock.now())
        session.add(state)
    state.rules, state.refreshed_at = place.rules, clock.now()
    session.flush()


def _refuse_the_future(day: date, today: date) -> None:
    if day > today:
        raise CannotRecord("event_in_the_future")


def _keep(session: Session, family: Family, worker: Worker, made: CaseEvent) -> CaseEvent:
    session.add(made)
    session.flush()
    refresh(session, family.id)
    _tell(session, worker, "recorded_event", made)
    return made


def _tell(session: Session, worker: Worker, verb: str, event: CaseEvent) -> None:
    audit.record(
        session,
        actor_kind="worker",
        actor_id=worker.id,
        verb=verb,
        family_id=event.family_id,
        object_id=event.id,
        detail={"kind": event.kind, "outcome": event.outcome},
    )
    notify(session, f"agency:{worker.agency_id}")
