"""Reads about appointments.

Those for family members take the person who asks: nobody sees an appointment they are not expected at. ``of_family``,
``changes`` and ``open_changes`` are for workers, and the caller has checked that the viewer may see the family.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, func, select
from sqlalchemy.orm import Session, selectinload

from api.appointments.models import Appointment, AppointmentSeries, Attendee, ChangeRequest

#: A request, and the appointment that it is about.
Asked = tuple[ChangeRequest, Appointment]
#: Of a family; made once, because making it costs as much as asking it.
_OPEN_CHANGES = (
    select(ChangeRequest, Appointment)
    .join(Appointment, Appointment.id == ChangeRequest.appointment_id)
    .where(Appointment.family_id == bindparam("family"), ChangeRequest.handled_at.is_(None))
    .order_by(ChangeRequest.created_at)
)


def own(
    session: Session,
    person_id: uuid.UUID,
    *,
    after: datetime,
    before: datetime | None = None,
    status: str | None = "scheduled",
    limit: int = 30,
) -> Sequence[Appointment]:
    """The person's appointments that end after ``after`` and start before ``before``, soonest first, with attendees.

    ``status`` None: cancelled ones too.
    """
    values = {"person": person_id, "after": after, "before": before, "status": status, "limit": limit}
    wanted = {name: value for name, value in values.items() if value is not None}
    return session.scalars(_own(until=before is not None, one_status=status is not None), wanted).all()


@lru_cache
def _own(*, until: bool, one_status: bool) -> Select[Appointment]:
    # Kept, because making it costs as much as asking it.
    expected = select(Attendee.appointment_id).where(Attendee.person_id == bindparam("person"))
    query = (
        select(Appointment)
        .where(Appointment.id.in_(expected), Appointment.ends_at > bindparam("after"))
        .options(selectinload(Appointment.attendees).selectinload(Attendee.person))
        .order_by(Appointment.starts_at, Appointment.id)
        .limit(bindparam("limit"))
    )
    if until:
        query = query.where(Appointment.starts_at < bindparam("before"))
    return query.where(Appointment.status == bindparam("status")) if one_status else query


def last_before(session: Session, person_id: uuid.UUID, moment: datetime) -> Appointment | None:
    """The person's most recent appointment that is over at ``moment``, or None."""
    expected = select(Attendee.appointment_id).where(Attendee.person_id == person_id)
    return session.scalar(
        select(Appointment)
        .where(Appointment.id.in_(expected), Appointment.ends_at <= moment, Appointment.status == "scheduled")
        .options(selectinload(Appointment.attendees).selectinload(Attendee.person))
        .order_by(Appointment.starts_at.desc())
        .limit(1)
    )


def attendance(session: Session, appointment_id: uuid.UUID, person_id: uuid.UUID) -> Attendee | None:
    """The person's own place at the appointment, locked for this transaction; None where they are not expected."""
    return session.scalar(
        select(Attendee).filter_by(appointment_id=appointment_id, person_id=person_id).with_for_update()
    )


def of_family(
    family_id: uuid.UUID | BindParameter[Any],
    *,
    after: datetime | BindParameter[Any] | None = None,
    before: datetime | None = None,
) -> Select[Appointment]:
    """The family's appointments, cancelled ones too, that end after ``after`` and start before ``before``, soonest
    first, with attendees."""
    query = (
        select(Appointment)
        .where(Appointment.family_id == family_id)
        .options(selectinload(Appointment.attendees).selectinload(Attendee.person))
        .order_by(Appointment.starts_at, Appointment.id)
    )
    if after is not None:
        query = query.where(Appointment.ends_at > after)
    if before is not None:
        query = query.where(Appointment.starts_at < before)
    return query


def open_changes(session: Session, family_id: uuid.UUID) -> list[Asked]:
    """What the family asked to have changed and nobody has handled yet, oldest first."""
    return [(row[0], row[1]) for row in session.execute(_OPEN_CHANGES, {"family": family_id})]


def changes(session: Session, family_id: uuid.UUID, *, only_open: bool = False) -> Sequence[Asked]:
    """What the family asked to have changed, the newest first, each with its appointment; ``only_open``: what nobody
    has handled yet."""
    found = select(ChangeRequest, Appointment).join(Appointment, Appointment.id == ChangeRequest.appointment_id)
    found = found.where(Appointment.family_id == family_id)
    if only_open:
        found = found.where(ChangeRequest.handled_at.is_(None))
    rows = session.execute(found.order_by(ChangeRequest.created_at.desc(), ChangeRequest.id))
    return [(row[0], row[1]) for row in rows]


def with_external_id(session: Session, family_id: uuid.UUID, external_id: str) -> Appointment | None:
    """The family's appointment of that id in the agency's own system, or None."""
    return session.scalar(select(Appointment).filter_by(family_id=family_id, external_id=external_id))


def count(session: Session, found: Select[Appointment]) -> int:
    """How many appointments that has."""
    return session.scalar(select(func.count()).select_from(found.order_by(None).subquery())) or 0


def series_of_family(session: Session, family_id: uuid.UUID) -> Sequence[AppointmentSeries]:
    """The family's series, the newest first, those that are over too."""
    found = select(AppointmentSeries).where(AppointmentSeries.family_id == family_id)
    return session.scalars(found.order_by(AppointmentSeries.created_at.desc(), AppointmentSeries.id)).all()


def of_series(session: Session, series_id: uuid.UUID) -> Sequence[Appointment]:
    """The appointments of a series that are to take place, in order, with attendees."""
    return session.scalars(
        select(Appointment)
        .where(Appointment.series_id == series_id, Appointment.status == "scheduled")
        .options(selectinload(Appointment.attendees).selectinload(Attendee.person))
        .order_by(Appointment.starts_at)
    ).all()
