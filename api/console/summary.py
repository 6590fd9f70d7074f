"""What whoever takes an alarm on should know at a glance: who, which children, what was said, what the plan says that
matters now, who was last in touch, what has been tried. Put together from what is recorded; nothing is worked out
beyond that, and nothing invented.

Only for whoever may see the family. Who was told of an alarm without that sees what the ladder shows them, and the
words of the conversation while the alarm is not closed (api.access): no plan, no people, no earlier alarms.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ScalarSelect, case, func, or_, select
from sqlalchemy.orm import Session, selectinload

from api import clock
from api.access.models import Worker
from api.access.queries import Viewer, visible_conversations, visible_families
from api.appointments.models import Appointment
from api.audit import service as audit
from api.escalations.models import Escalation, Notification
from api.families.models import GROWN, Family, FamilyWorker, Person
from api.messages import queries as messages
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from api.plans.models import Plan
from api.plans.queries import current_plans
from api.timescales.models import CaseEvent

#: So many of their last messages are shown, from so long before the alarm on.
MOST_SAID, SAID_BEFORE = 8, timedelta(hours=24)
#: Earlier alarms: so many, not older than this.
MOST_EARLIER, EARLIER = 3, timedelta(days=180)


@dataclass(frozen=True)
class Said:
    """Words of theirs, as they were written."""

    at: datetime
    words: str


@dataclass(frozen=True)
class About:
    """What is known of the family."""

    lead: str
    people: Sequence[Person]  # the children first
    plans: Sequence[Plan]  # that go on, the newest first
    last_visit: date | None
    last_appointment: Appointment | None
    next_appointment: Appointment | None
    earlier: Sequence[Escalation]


@dataclass(frozen=True)
class Summary:
    """``about`` None: this worker may not see the family, or nobody knows who writes. The rest is of this alarm."""

    about: About | None
    writer: Person | None  # who it is about, with their numbers: how to reach them, and who else reads it
    family_id: uuid.UUID | None
    said: Sequence[Said]
    told: int
    not_reached: int
    written: int
    last_written: datetime | None
    notes: Sequence[messages.Note]


def of(session: Session, viewer: Viewer, escalation: Escalation, *, with_words: bool = True) -> Summary:
    """The summary for this worker, who may see the escalation. That they looked at the family is recorded.

    ``with_words`` False: where the conversation and its notes stand on the same page anyway."""
    there = escalation.conversation_id
    told = select(func.count()).where(Notification.escalation_id == escalation.id)
    written = (
        OutboundMessage.conversation_id == there,
        OutboundMessage.written_by.is_not(None),
        OutboundMessage.created_at >= escalation.opened_at,
    )
    facts = session.execute(
        select(
            visible_conversations(viewer).where(Conversation.id == there).exists().label("reads"),
            visible_families(viewer).where(Family.id == escalation.family_id).exists().label("sees"),
            _lead(escalation.family_id).label("lead"),
            _visit(escalation.family_id).label("visit"),
            told.where(Notification.problem == "").scalar_subquery().label("told"),
            told.where(Notification.problem != "").scalar_subquery().label("not_reached"),
            select(func.count()).where(*written).scalar_subquery().label("written"),
            select(func.max(OutboundMessage.created_at)).where(*written).scalar_subquery().label("last_written"),
        )
    ).one()
    about = None
    if facts.sees and escalation.family_id is not None:
        about = _about(session, viewer, escalation, escalation.family_id, facts.lead or "", facts.visit)
    words = with_words and facts.reads and there is not None
    return Summary(
        about=about,
        writer=next((one for one in about.people if one.id == escalation.person_id), None) if about else None,
        family_id=escalation.family_id,
        said=_said(session, there, escalation) if words and there else [],
        told=facts.told,
        not_reached=facts.not_reached,
        written=facts.written,
        last_written=facts.last_written,
        notes=messages.notes(session, there, escalation.opened_at) if words and there else [],
    )


def writer(session: Session, viewer: Viewer, person_id: uuid.UUID | None) -> Person | None:
    """Who is at the other end, with their numbers and safe contact: only for a worker who may see the family."""
    return session.scalar(
        select(Person)
        .where(Person.id == person_id, Person.erased_at.is_(None))
        .where(visible_families(viewer).where(Family.id == Person.family_id).exists())
        .options(selectinload(Person.contact_points))
    )


def _lead(family_id: uuid.UUID | None) -> ScalarSelect[str]:
    return (
        select(Worker.name)
        .join(FamilyWorker, FamilyWorker.worker_id == Worker.id)
        .where(FamilyWorker.family_id == family_id, FamilyWorker.lead)
        .limit(1)
        .scalar_subquery()
    )


def _visit(family_id: uuid.UUID | None) -> ScalarSelect[date]:
    held = (CaseEvent.kind == "home_visit", CaseEvent.outcome == "held", CaseEvent.withdrawn_at.is_(None))
    return select(func.max(CaseEvent.day)).where(CaseEvent.family_id == family_id, *held).scalar_subquery()


def _said(session: Session, conversation_id: uuid.UUID, escalation: Escalation) -> list[Said]:
    """Their last words, oldest first. (A closed alarm's are those up to its end.)"""
    query = (
        select(InboundMessage.received_at, InboundMessage.body)
        .where(
            InboundMessage.conversation_id == conversation_id,
            InboundMessage.received_at >= escalation.opened_at - SAID_BEFORE,
        )
        .order_by(InboundMessage.seq.desc())
        .limit(MOST_SAID)
    )
    if escalation.resolved_at is not None:
        query = query.where(InboundMessage.received_at <= escalation.resolved_at)
    return [Said(at, words) for at, words in reversed(session.execute(query).all()) if words]


def _about(
    session: Session, viewer: Viewer, escalation: Escalation, family_id: uuid.UUID, lead: str, visit: date | None
) -> About:
    now = clock.now()
    audit.record_view(
        session, worker_id=viewer.id, verb="viewed_summary", family_id=family_id, object_id=f"{escalation.id}"
    )
    people = session.scalars(
        select(Person)
        .where(Person.family_id == family_id, Person.left_at.is_(None), Person.erased_at.is_(None))
        .order_by(case((Person.kind.in_(GROWN), 1), else_=0), Person.born.nulls_last(), Person.first_name)
        .options(selectinload(Person.contact_points))
    ).all()
    parts = (selectinload(part) for part in (Plan.risks, Plan.contingencies, Plan.children))
    plans = current_plans(session, family_id, *parts)
    kept = select(Appointment.id).where(Appointment.family_id == family_id, Appointment.status == "scheduled")
    last = kept.where(Appointment.ends_at <= now).order_by(Appointment.starts_at.desc()).limit(1)
    following = kept.where(Appointment.ends_at > now).order_by(Appointment.starts_at).limit(1)
    both = session.scalars(
        select(Appointment).where(
            or_(Appointment.id == last.scalar_subquery(), Appointment.id == following.scalar_subquery())
        )
    ).all()
    return About(
        lead=lead,
        people=people,
        plans=plans,
        last_visit=visit,
        last_appointment=next((one for one in both if one.ends_at <= now), None),
        next_appointment=next((one for one in both if one.ends_at > now), None),
        earlier=session.scalars(
            select(Escalation)
            .where(
                Escalation.family_id == family_id,
                Escalation.id != escalation.id,
                Escalation.opened_at > now - EARLIER,
                Escalation.kind != "opted_out",
            )
            .order_by(Escalation.opened_at.desc())
            .limit(MOST_EARLIER)
        ).all(),
    )
