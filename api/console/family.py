"""The family page's data: people, plan, actions with their history, appointments with answers, change requests."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from api import clock
from api.access.models import Worker
from api.appointments.models import Appointment, Attendee, ChangeRequest
from api.families.models import ChatCode, Family, FamilyWorker, Person
from api.messages.models import Conversation
from api.plans.models import ActionEvent, Plan, PlanAction

#: Appointments are shown from so long ago on.
LOOK_BACK = timedelta(days=30)
#: What waits for a worker comes first.
ORDER = {"reported_done": 0, "blocked": 1, "open": 2, "verified": 3, "dropped": 4}


@dataclass(frozen=True)
class History:
    """One thing that happened to an action, and who did it."""

    event: ActionEvent
    by: str


@dataclass(frozen=True)
class ActionView:
    """An action with whose it is and what happened to it."""

    action: PlanAction
    owner: str
    overdue: bool
    history: list[History]


@dataclass(frozen=True)
class PlanView:
    plan: Plan
    actions: list[ActionView]


@dataclass(frozen=True)
class ChangeView:
    """A request to change an appointment that nobody has handled yet."""

    request: ChangeRequest
    appointment: Appointment
    by: str


@dataclass(frozen=True)
class FamilyView:
    family: Family
    people: list[Person]
    workers: list[tuple[Worker, bool]]  # with whether they lead
    plans: list[PlanView]
    appointments: list[Appointment]
    changes: list[ChangeView]
    conversations: dict[uuid.UUID, list[Conversation]]  # by person
    codes: dict[uuid.UUID, datetime]  # person → until when their unused chat code works


def family_view(session: Session, family: Family) -> FamilyView:
    """Everything on the family's page. The caller has checked that the viewer may see the family."""
    now = clock.now()
    people = list(
        session.scalars(
            select(Person)
            .where(Person.family_id == family.id)
            .order_by(Person.born.nulls_last(), Person.first_name)
            .options(selectinload(Person.contact_points))
        )
    )
    names = {person.id: person.first_name for person in people}
    workers = session.execute(
        select(Worker, FamilyWorker.lead)
        .join(FamilyWorker, FamilyWorker.worker_id == Worker.id)
        .where(FamilyWorker.family_id == family.id)
        .order_by(FamilyWorker.lead.desc(), Worker.name)
    ).all()
    appointments = session.scalars(
        select(Appointment)
        .where(Appointment.family_id == family.id, Appointment.ends_at > now - LOOK_BACK)
        .order_by(Appointment.starts_at)
        .options(selectinload(Appointment.attendees).selectinload(Attendee.person))
    ).all()
    changes = session.execute(
        select(ChangeRequest, Appointment)
        .join(Appointment, Appointment.id == ChangeRequest.appointment_id)
        .where(Appointment.family_id == family.id, ChangeRequest.handled_at.is_(None))
        .order_by(ChangeRequest.created_at)
    ).all()
    conversations: dict[uuid.UUID, list[Conversation]] = {}
    for conversation in session.scalars(
        select(Conversation)
        .where(Conversation.person_id.in_(names))
        .order_by(Conversation.last_inbound_at.desc().nulls_last())
    ):
        if conversation.person_id:
            conversations.setdefault(conversation.person_id, []).append(conversation)
    codes = session.execute(
        select(ChatCode.person_id, ChatCode.expires_at).where(
            ChatCode.person_id.in_(names), ChatCode.used_at.is_(None), ChatCode.expires_at > now
        )
    ).all()
    return FamilyView(
        family=family,
        people=people,
        workers=[(row[0], row[1]) for row in workers],
        plans=_plans(session, family.id, names),
        appointments=list(appointments),
        changes=[ChangeView(row[0], row[1], names.get(row[0].person_id, "")) for row in changes],
        conversations=conversations,
        codes={row[0]: row[1] for row in codes},
    )


def _plans(session: Session, family_id: uuid.UUID, names: dict[uuid.UUID, str]) -> list[PlanView]:
    plans = session.scalars(
        select(Plan)
        .where(Plan.family_id == family_id)
        .order_by(Plan.ended_on.nulls_first(), Plan.started_on.desc())
        .options(
            selectinload(Plan.children),
            selectinload(Plan.risks),
            selectinload(Plan.core_group),
            selectinload(Plan.actions).selectinload(PlanAction.events),
        )
    ).all()
    worker_ids = {e.worker_id for plan in plans for action in plan.actions for e in action.events if e.worker_id}
    workers = {
        row.id: row.name for row in session.execute(select(Worker.id, Worker.name).where(Worker.id.in_(worker_ids)))
    }
    today = clock.now().date()

    def by(event: ActionEvent) -> str:
        if event.worker_id:
            return str(workers.get(event.worker_id, ""))
        return names.get(event.person_id, "") if event.person_id else ""

    def view(action: PlanAction) -> ActionView:
        owner = names.get(action.owner_person_id, "") if action.owner_person_id else action.owner_name
        overdue = action.status in ("open", "blocked") and action.due_on is not None and action.due_on < today
        return ActionView(action, owner, overdue, [History(event, by(event)) for event in action.events])

    return [
        PlanView(plan, [view(a) for a in sorted(plan.actions, key=lambda a: (ORDER[a.status], str(a.due_on or "~")))])
        for plan in plans
    ]
