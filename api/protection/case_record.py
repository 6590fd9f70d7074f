"""Taking one person's name out of what workers wrote in a family's case record, which itself stays, and in their own
texts to the service."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from api.access.models import Opening
from api.appointments.models import Appointment, AppointmentSeries
from api.conferences.models import Conference, Dissent
from api.database import Base
from api.earlier.models import EarlierVersion
from api.escalations.models import Escalation
from api.evidence.models import Evidence
from api.families.models import Family, Person
from api.messages.models import Conversation, HandoverNote, InboundMessage
from api.plans.models import Contingency, Outcome, Plan, PlanAction, PlanVersion, Risk
from api.protection import whose
from api.reviews.models import ActionEffect, OutcomeProgress, Review, RiskFinding
from api.timescales.models import CaseEvent

#: Which columns hold a worker's own words, in the tables that hang on a family, on a plan, on a review.
_OF_FAMILY: tuple[tuple[type[Base], str], ...] = (
    (Plan, "contingency end_support"),
    (Conference, "chair assessment discussion decision_reason planning"),
    (CaseEvent, "note"),
    (Appointment, "place address bring travel"),
    (AppointmentSeries, "place address bring travel attendees said"),
    (Escalation, "outcome"),
    (Opening, "reason"),
    (HandoverNote, "words"),
    (Evidence, "removed_why"),
    (EarlierVersion, "reason content"),
)
_OF_PLAN: tuple[tuple[type[Base], str], ...] = (
    (Risk, "description evidence lower_when"),
    (Outcome, "title measure"),
    (Contingency, "trigger response who"),
    (PlanAction, "title why owner_name measure evidence also_called blocked_reason"),
    (PlanVersion, "changes content reason"),
    (Review, "changes reason support"),
)
_OF_REVIEW: tuple[tuple[type[Base], str], ...] = (
    (OutcomeProgress, "words"),
    (ActionEffect, "words"),
    (RiskFinding, "description words"),
)


def without_name(session: Session, person: Person, family: Family, instead: str) -> int:
    """Replace the name wherever the family's record has it, as it is spelt; returns in how many places.

    A first name alone is replaced unless a relative has the same; a surname alone stays, being the family's.
    """
    if person.erased_at is not None:
        return 0  # nobody knows the name any more
    relatives = session.scalars(
        select(Person.first_name).where(Person.family_id == family.id, Person.id != person.id)
    ).all()
    names = [f"{person.first_name} {person.last_name}".strip()]
    if person.first_name not in relatives:
        names.append(person.first_name)
    pattern = whose.name_pattern(names, re.NOFLAG)
    if pattern is None:
        return 0
    plans = select(Plan.id).where(Plan.family_id == family.id)
    reviews = select(Review.id).where(Review.plan_id.in_(plans))
    meetings = select(Conference.id).where(Conference.family_id == family.id)
    places = 0
    for tables, key, of in (
        (_OF_FAMILY, "family_id", [family.id]),
        (_OF_PLAN, "plan_id", plans),
        (_OF_REVIEW, "review_id", reviews),
        (((Dissent, "name words"),), "conference_id", meetings),
    ):
        for table, columns in tables:
            column: InstrumentedAttribute[object] = getattr(table, key)
            rows = session.scalars(select(table).where(column.in_(of))).all()
            places += _replace(rows, columns.split(), pattern, instead)
    # Of which family a worker's text was that was no order, it does not say: one name too many goes rather.
    texted = (
        select(InboundMessage)
        .join(Conversation)
        .where(Conversation.worker_id.is_not(None), Conversation.agency_id == family.agency_id)
    )
    return places + _replace(session.scalars(texted).all(), ["body"], pattern, instead)


def _replace(rows: Iterable[Base], columns: Iterable[str], pattern: re.Pattern[str], instead: str) -> int:
    places = 0
    for row in rows:
        for name in columns:
            before = getattr(row, name)
            after = whose.through(lambda words: pattern.sub(instead, words), before)
            if after != before:
                setattr(row, name, after)
                places += 1
    return places
