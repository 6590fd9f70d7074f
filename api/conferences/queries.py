"""Reads of conferences. The caller has checked that the viewer may see the family."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session, selectinload

from api.conferences.models import Conference, ConferenceAttendee, ConferenceChild
from api.families.models import Person
from api.plans import history
from api.plans.models import Plan
from api.reviews.models import Review
from api.timescales.models import CaseEvent

#: How the external ids of plans begin that conferences made.
MADE_BY = "conference-"
_WHOLE = (
    selectinload(Conference.children).selectinload(ConferenceChild.person),
    selectinload(Conference.attendees).selectinload(ConferenceAttendee.person),
    selectinload(Conference.dissents),
    selectinload(Conference.appointment),
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


def at_appointment(session: Session, appointment_id: uuid.UUID) -> Conference | None:
    """The conference that is that appointment."""
    return session.scalar(select(Conference).filter_by(appointment_id=appointment_id).limit(1))


def people(session: Session, family_id: uuid.UUID) -> dict[uuid.UUID, Person]:
    """The family's people by id."""
    return {person.id: person for person in session.scalars(select(Person).filter_by(family_id=family_id))}


def plan(session: Session, family_id: uuid.UUID, plan_id: uuid.UUID) -> Plan | None:
    """The family's plan of that id."""
    return session.scalar(select(Plan).filter_by(id=plan_id, family_id=family_id))


def made_by(conference_id: uuid.UUID) -> str:
    """The external id of the plan that a conference made."""
    return f"{MADE_BY}{conference_id}"


def own_plan(session: Session, conference: Conference) -> Plan | None:
    """The plan that was made by recording this conference; None where it made none, or only named one. One that a file
    has taken over has the file's id: somebody here made it, and of its conferences the last one before that did."""
    plan = session.scalar(select(Plan).filter_by(id=conference.plan_id))
    if plan is None or plan.external_id == made_by(conference.id):
        return plan
    first = history.first(session, plan.id)
    if plan.said == "" or first is None or first.made_by is None:
        return None
    before = select(Conference.id).where(
        Conference.plan_id == plan.id, Conference.kind != "review", Conference.created_at <= first.made_at
    )
    made = session.scalar(before.order_by(Conference.created_at.desc()).limit(1))
    return plan if made == conference.id else None


def has_review(session: Session, conference_id: uuid.UUID) -> bool:
    """Does a review that counts stand at this conference?"""
    found = select(Review.id).filter_by(conference_id=conference_id, withdrawn_at=None)
    return session.scalar(found.limit(1)) is not None


def others_of_plan(session: Session, plan_id: uuid.UUID, conference_id: uuid.UUID) -> bool:
    """Does anything else that counts hang on the plan: a review, another conference, something that was recorded?"""
    reviews = select(Review.id).where(Review.plan_id == plan_id, Review.withdrawn_at.is_(None))
    meetings = select(Conference.id).where(
        Conference.plan_id == plan_id, Conference.id != conference_id, Conference.status != "cancelled"
    )
    events = select(CaseEvent.id).where(CaseEvent.plan_id == plan_id, CaseEvent.withdrawn_at.is_(None))
    return bool(session.scalar(select(or_(reviews.exists(), meetings.exists(), events.exists()))))


def by_hand(session: Session, family_id: uuid.UUID, kind: str, held_on: date, plan_id: uuid.UUID) -> Conference | None:
    """The conference of that kind and day about that plan that somebody recorded here, be it withdrawn since; one that
    counts comes first."""
    found = select(Conference).where(
        Conference.family_id == family_id,
        Conference.kind == kind,
        Conference.held_on == held_on,
        Conference.plan_id == plan_id,
        or_(Conference.status == "held", Conference.withdrawn_at.is_not(None)),
        Conference.created_by.is_not(None),
    )
    return session.scalar(found.order_by(Conference.withdrawn_at.is_not(None)).limit(1))


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
