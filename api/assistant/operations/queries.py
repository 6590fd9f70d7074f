"""Reads that several operations need: the family's children, its own worker, who stands in."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api.access.models import Worker
from api.escalations.models import REACHED, Escalation, Notification, Shift
from api.families.models import GROWN, ContactPoint, FamilyWorker, Person

# Made once, because making it costs as much as asking it.
_CHILDREN = (
    select(Person)
    .where(Person.family_id == bindparam("family"), Person.kind.not_in(GROWN), Person.left_at.is_(None))
    .order_by(Person.born.asc().nulls_last(), Person.first_name)
)


def children(session: Session, family_id: uuid.UUID) -> Sequence[Person]:
    """The family's children and young people, eldest first."""
    return session.scalars(_CHILDREN, {"family": family_id}).all()


def lead_worker(session: Session, family_id: uuid.UUID) -> Worker | None:
    """The family's own worker, if there is one who still works here."""
    return session.scalar(
        select(Worker)
        .join(FamilyWorker, FamilyWorker.worker_id == Worker.id)
        .where(FamilyWorker.family_id == family_id, FamilyWorker.lead, Worker.active)
    )


def on_duty(session: Session, agency_id: uuid.UUID, now: datetime) -> Worker | None:
    """Who is the agency's duty worker at this moment, if anybody."""
    return session.scalar(
        select(Worker)
        .join(Shift, Shift.worker_id == Worker.id)
        .where(
            Shift.agency_id == agency_id,
            Shift.role == "duty",
            Shift.starts_at <= now,
            Shift.ends_at > now,
            Worker.active,
        )
        .order_by(Worker.name)
        .limit(1)
    )


def escalation_of(session: Session, message_id: uuid.UUID) -> Escalation | None:
    """The escalation that this message opened, if it did."""
    return session.scalar(select(Escalation).filter_by(message_id=message_id))


def was_told(session: Session, escalation: Escalation, since: datetime) -> Worker | None:
    """A worker who was told of the escalation, ``since`` a message before anybody told earlier, and of these the
    family's own one first; None if nobody could be."""
    return session.scalar(
        select(Worker)
        .join(Notification, Notification.worker_id == Worker.id)
        .where(Notification.escalation_id == escalation.id, REACHED)
        .order_by((Notification.at < since), (Notification.role != "lead"), Notification.at)
        .limit(1)
    )


def contact_points(session: Session, address: str) -> Sequence[ContactPoint]:
    """The live contact points with this address: of everybody who writes from it."""
    return session.scalars(
        select(ContactPoint).where(ContactPoint.address == address, ContactPoint.state != "quarantined")
    ).all()
