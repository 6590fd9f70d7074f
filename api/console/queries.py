"""What the console shows: escalations with who was told and who is next, conversations, families.

Every function takes the viewer and reads only what api.access lets them see.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from api import clock
from api.access.models import Worker
from api.access.queries import Viewer, visible_conversations, visible_escalations, visible_families
from api.escalations.ladder import step_at
from api.escalations.models import Escalation, Notification
from api.escalations.queries import workers_in_role
from api.families.models import Family, FamilyWorker, Person
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from api.plans.models import Plan, PlanAction

MOST_ESCALATIONS = 200
MOST_CONVERSATIONS = 200


@dataclass(frozen=True)
class Who:
    """The person at the other end, as the console names them. All empty for somebody unknown."""

    name: str = ""
    kind: str = ""
    family_id: uuid.UUID | None = None
    family_name: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Told:
    """One telling: a worker (or nobody, with the ``problem``) in a role, at a time."""

    name: str
    role: str
    at: datetime
    problem: str


@dataclass(frozen=True)
class Card:
    """An escalation as the console shows it."""

    escalation: Escalation
    who: Who
    channel: str
    told: list[Told]
    next_roles: list[str]
    next_names: list[str]
    acknowledged_by: str
    resolved_by: str


@dataclass(frozen=True)
class Row:
    """A conversation in the list. ``unanswered`` and ``undelivered`` count what a human must look at."""

    conversation: Conversation
    who: Who
    unanswered: int
    undelivered: int
    taken_over_by: str
    last_words: str


@dataclass(frozen=True)
class FamilyRow:
    """A family in the list."""

    family: Family
    lead: str
    people: str
    to_verify: int
    escalations: int


def cards(session: Session, viewer: Viewer, *, resolved: bool = False) -> list[Card]:
    """The unresolved escalations that the viewer may see, the most pressing first; or the newest resolved ones."""
    query = visible_escalations(viewer)
    if resolved:
        query = query.where(Escalation.state == "resolved").order_by(Escalation.resolved_at.desc()).limit(50)
    else:
        state = case({"open": 0, "acknowledged": 1}, value=Escalation.state)
        priority = case({"emergency": 0, "urgent": 1, "routine": 2}, value=Escalation.priority)
        query = query.where(Escalation.state != "resolved")
        query = query.order_by(state, priority, Escalation.opened_at.desc()).limit(MOST_ESCALATIONS)
    return make_cards(session, session.scalars(query).all())


def cards_of_conversation(session: Session, viewer: Viewer, conversation_id: uuid.UUID) -> list[Card]:
    """The unresolved escalations of one conversation, newest first."""
    query = visible_escalations(viewer).where(
        Escalation.conversation_id == conversation_id, Escalation.state != "resolved"
    )
    return make_cards(session, session.scalars(query.order_by(Escalation.id.desc())).all())


def open_count(session: Session, viewer: Viewer) -> int:
    """How many escalations wait for an acknowledgement."""
    waiting = visible_escalations(viewer).where(Escalation.state == "open").subquery()
    return session.scalar(select(func.count()).select_from(waiting)) or 0


def make_cards(session: Session, escalations: Sequence[Escalation]) -> list[Card]:
    """Escalations (already allowed) with what surrounds them, in a fixed number of queries but for who is next."""
    ids = [escalation.id for escalation in escalations]
    people = who_by_person(session, {e.person_id for e in escalations if e.person_id})
    conversations = {
        conversation.id: conversation
        for conversation in session.scalars(
            select(Conversation).where(Conversation.id.in_([e.conversation_id for e in escalations]))
        )
    }
    told: dict[int, list[Told]] = {escalation_id: [] for escalation_id in ids}
    for notification, name in session.execute(
        select(Notification, Worker.name)
        .outerjoin(Worker, Worker.id == Notification.worker_id)
        .where(Notification.escalation_id.in_(ids))
        .order_by(Notification.at, Notification.rung)
    ):
        told[notification.escalation_id].append(
            Told(name or "", notification.role, notification.at, notification.problem)
        )
    names = _worker_names(session, [e.acknowledged_by for e in escalations] + [e.resolved_by for e in escalations])
    now = clock.now()
    made = []
    for escalation in escalations:
        conversation = conversations.get(escalation.conversation_id) if escalation.conversation_id else None
        roles = list(step_at(escalation.priority, escalation.rung).roles) if escalation.state == "open" else []
        following = {
            worker.name
            for role in roles
            for worker in workers_in_role(session, escalation, role, escalation.next_rung_at or now)
        }
        made.append(
            Card(
                escalation=escalation,
                who=_who(people, escalation.person_id, conversation),
                channel=conversation.channel if conversation else "",
                told=told[escalation.id],
                next_roles=roles,
                next_names=sorted(following),
                acknowledged_by=names.get(escalation.acknowledged_by, ""),
                resolved_by=names.get(escalation.resolved_by, ""),
            )
        )
    return made


def _worker_names(session: Session, ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID | None, str]:
    wanted = {worker_id for worker_id in ids if worker_id}
    return {row.id: row.name for row in session.execute(select(Worker.id, Worker.name).where(Worker.id.in_(wanted)))}


def worker_name(session: Session, worker_id: uuid.UUID | None) -> str:
    """A worker's name; empty for nobody."""
    return _worker_names(session, [worker_id]).get(worker_id, "")


def who_by_person(session: Session, ids: set[uuid.UUID]) -> dict[uuid.UUID, Who]:
    """Family members by id, as the console names them."""
    rows = session.execute(select(Person, Family).join(Family, Family.id == Person.family_id).where(Person.id.in_(ids)))
    return {
        person.id: Who(f"{person.first_name} {person.last_name}".strip(), person.kind, family.id, family.name)
        for person, family in rows
    }


def _who(people: dict[uuid.UUID, Who], person_id: uuid.UUID | None, conversation: Conversation | None) -> Who:
    if person_id in people:
        return people[person_id]
    return Who(phone=conversation.address if conversation and conversation.channel == "sms" else "")


def who(session: Session, conversation: Conversation) -> Who:
    """The person at the other end of a conversation."""
    people = who_by_person(session, {conversation.person_id} if conversation.person_id else set())
    return _who(people, conversation.person_id, conversation)


def conversations(session: Session, viewer: Viewer) -> list[Row]:
    """The conversations that the viewer may see: those that need a human first, then the newest."""
    seen = visible_conversations(viewer).subquery()
    conversation = aliased(Conversation, seen)
    unanswered = (
        select(func.count())
        .where(InboundMessage.conversation_id == seen.c.id, InboundMessage.state == "unanswered")
        .scalar_subquery()
    )
    undelivered = (
        select(func.count())
        .where(
            OutboundMessage.conversation_id == seen.c.id,
            OutboundMessage.state.in_(("failed", "uncertain")),
            OutboundMessage.seen_at.is_(None),
        )
        .scalar_subquery()
    )
    last_words = (
        select(InboundMessage.body)
        .where(InboundMessage.conversation_id == seen.c.id)
        .order_by(InboundMessage.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    said_something = or_(
        exists().where(InboundMessage.conversation_id == seen.c.id),
        exists().where(OutboundMessage.conversation_id == seen.c.id),
    )
    rows = session.execute(
        select(conversation, unanswered, undelivered, last_words, Worker.name)
        .outerjoin(Worker, Worker.id == seen.c.taken_over_by)
        .where(said_something)
        .order_by(
            case((or_(unanswered > 0, undelivered > 0), 0), else_=1),
            func.coalesce(seen.c.last_inbound_at, seen.c.created_at).desc(),
        )
        .limit(MOST_CONVERSATIONS)
    ).all()
    people = who_by_person(session, {row[0].person_id for row in rows if row[0].person_id})
    return [
        Row(found, _who(people, found.person_id, found), waiting, lost, name or "", words or "")
        for found, waiting, lost, words, name in rows
    ]


def families(session: Session, viewer: Viewer) -> list[FamilyRow]:
    """The families that the viewer may see, by name, with what waits for a worker."""
    seen = visible_families(viewer).subquery()
    family = aliased(Family, seen)
    lead = (
        select(Worker.name)
        .join(FamilyWorker, and_(FamilyWorker.worker_id == Worker.id, FamilyWorker.lead))
        .where(FamilyWorker.family_id == seen.c.id)
        .scalar_subquery()
    )
    people = select(func.string_agg(Person.first_name, ", ")).where(Person.family_id == seen.c.id).scalar_subquery()
    to_verify = (
        select(func.count())
        .select_from(PlanAction)
        .join(Plan, Plan.id == PlanAction.plan_id)
        .where(Plan.family_id == seen.c.id, PlanAction.status == "reported_done")
        .scalar_subquery()
    )
    waiting = (
        select(func.count()).where(Escalation.family_id == seen.c.id, Escalation.state != "resolved").scalar_subquery()
    )
    rows = session.execute(select(family, lead, people, to_verify, waiting).order_by(seen.c.name))
    return [FamilyRow(row[0], row[1] or "", row[2] or "", row[3], row[4]) for row in rows]
