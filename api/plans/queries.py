"""Reads about plans and actions, from the point of view of one family member."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.appointments.models import Appointment, Attendee
from api.plans.models import ActionEvent, Plan, PlanAction

#: Statuses in which an action still waits for its owner.
WAITING = ("open", "blocked")


def own_actions(
    session: Session, person_id: uuid.UUID, *, statuses: Sequence[str] = WAITING, today: date | None = None
) -> Sequence[PlanAction]:
    """The person's own actions on plans that go on (or have not ended by ``today``), the most pressing first."""
    query = (
        select(PlanAction)
        .join(Plan, Plan.id == PlanAction.plan_id)
        .where(PlanAction.owner_person_id == person_id, PlanAction.status.in_(statuses))
        .order_by(PlanAction.due_on.asc().nulls_last(), PlanAction.title, PlanAction.id)
    )
    query = query.where(Plan.ended_on.is_(None) | (Plan.ended_on >= today) if today else Plan.ended_on.is_(None))
    return session.scalars(query).all()


def own_action(session: Session, person_id: uuid.UUID, action_id: uuid.UUID) -> PlanAction | None:
    """The person's own action of that id, locked for this transaction; None for anybody else's."""
    return session.scalar(select(PlanAction).filter_by(id=action_id, owner_person_id=person_id).with_for_update())


def current_plan(session: Session, family_id: uuid.UUID) -> Plan | None:
    """The family's plan that goes on, or None."""
    return session.scalar(
        select(Plan).filter_by(family_id=family_id, ended_on=None).order_by(Plan.started_on.desc()).limit(1)
    )


def last_ended_plan(session: Session, family_id: uuid.UUID) -> Plan | None:
    """The family's plan that ended last, or None."""
    return session.scalar(
        select(Plan)
        .where(Plan.family_id == family_id, Plan.ended_on.is_not(None))
        .order_by(Plan.ended_on.desc())
        .limit(1)
    )


def review_meeting(session: Session, person_id: uuid.UUID, now: datetime) -> Appointment | None:
    """The next review conference at which the person is expected, or None."""
    expected = select(Attendee.appointment_id).where(Attendee.person_id == person_id)
    return session.scalar(
        select(Appointment)
        .where(
            Appointment.id.in_(expected),
            Appointment.kind == "review_conference",
            Appointment.status == "scheduled",
            Appointment.starts_at > now - timedelta(hours=1),
        )
        .order_by(Appointment.starts_at)
        .limit(1)
    )


def report(session: Session, event_id: uuid.UUID, person_id: uuid.UUID) -> ActionEvent | None:
    """The person's own report of that id, or None."""
    return session.scalar(select(ActionEvent).filter_by(id=event_id, person_id=person_id))
