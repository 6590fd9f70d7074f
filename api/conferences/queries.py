"""Reads of conferences. The caller has checked that the viewer may see the family."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, selectinload

from api.conferences.models import Conference, ConferenceAttendee, ConferenceChild
from api.families.models import Person
from api.plans.models import Plan

_WHOLE = (
    selectinload(Conference.children).selectinload(ConferenceChild.person),
    selectinload(Conference.attendees).selectinload(ConferenceAttendee.person),
    selectinload(Conference.dissents),
)
_OF_FAMILY = (
    select(Conference)
    .where(Conference.family_id == bindparam("family"))
    .order_by(Conference.held_on.desc(), Conference.id)
    .options(*_WHOLE)
)


def of_family(session: Session, family_id: uuid.UUID) -> list[Conference]:
    """All conferences of a family, the newest first."""
    return list(session.scalars(_OF_FAMILY, {"family": family_id}))


def by_external_id(session: Session, family_id: uuid.UUID, external_id: str) -> Conference | None:
    """The family's conference with that id of the agency's own system."""
    return session.scalar(select(Conference).filter_by(family_id=family_id, external_id=external_id))


def people(session: Session, family_id: uuid.UUID) -> dict[uuid.UUID, Person]:
    """The family's people by id."""
    return {person.id: person for person in session.scalars(select(Person).filter_by(family_id=family_id))}


def plan(session: Session, family_id: uuid.UUID, plan_id: uuid.UUID) -> Plan | None:
    """The family's plan of that id."""
    return session.scalar(select(Plan).filter_by(id=plan_id, family_id=family_id))


def made_plan(session: Session, plan_id: uuid.UUID) -> Conference | None:
    """The conference that made the plan, if it is recorded."""
    return session.scalar(
        select(Conference)
        .where(Conference.plan_id == plan_id, Conference.kind != "review", Conference.status == "held")
        .order_by(Conference.held_on)
        .limit(1)
    )


def first_day(session: Session, plan: Plan) -> date:
    """The day of the conference that made the plan; where none is recorded, the day on which the plan began."""
    conference = made_plan(session, plan.id)
    return conference.held_on if conference else plan.started_on
