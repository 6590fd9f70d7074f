"""Reads about families for their workers: the list, one family with all that hangs on it, who somebody is.

``chosen`` takes the viewer and reads only what api.access lets them see; for the others the caller has checked that.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, and_, bindparam, exists, func, select
from sqlalchemy.orm import Session, aliased, selectinload

from api import clock
from api.access.models import Worker
from api.access.queries import Viewer, visible_families
from api.appointments import queries as appointments
from api.appointments.models import Appointment, ChangeRequest
from api.conferences import queries as conferences
from api.conferences.models import Conference
from api.escalations.models import Escalation
from api.families import contact
from api.families.models import ChatCode, ContactPoint, Family, FamilyWorker, Person
from api.messages.models import Conversation
from api.plans import queries as plans
from api.plans.models import Plan, PlanAction
from api.reminders import professionals
from api.reminders import queries as reminders
from api.reminders.queries import Told
from api.reviews import queries as reviews
from api.reviews.models import Review
from api.timescales import queries as timescales
from api.timescales.models import CaseEvent
from api.views import queries as views

#: What a list of families can be narrowed to.
ONLY = ("escalations", "to_verify", "to_go_over", "no_lead")
#: Appointments are shown from so long ago on.
LOOK_BACK = timedelta(days=30)
# The statements of a family's page are made once: making them costs as much as asking them.
_PEOPLE = (
    select(Person)
    .where(Person.family_id == bindparam("family"))
    .order_by(Person.born.nulls_last(), Person.first_name)
    .options(selectinload(Person.contact_points))
)
_CONVERSATIONS = (
    select(Conversation)
    .where(Conversation.person_id.in_(bindparam("people", expanding=True)))
    .order_by(Conversation.last_inbound_at.desc().nulls_last())
)
_CODES = select(ChatCode.person_id, ChatCode.expires_at).where(
    ChatCode.person_id.in_(bindparam("people", expanding=True)),
    ChatCode.used_at.is_(None),
    ChatCode.expires_at > bindparam("now"),
)
_APPOINTMENTS = appointments.of_family(bindparam("family"), after=bindparam("after"))
_WORKERS = (
    select(Worker, FamilyWorker.lead)
    .join(FamilyWorker, FamilyWorker.worker_id == Worker.id)
    .where(FamilyWorker.family_id == bindparam("family"))
    .order_by(FamilyWorker.lead.desc(), Worker.name)
)


@dataclass(frozen=True)
class Who:
    """The person at the other end, as the console names them. All empty for somebody unknown."""

    name: str = ""
    kind: str = ""
    family_id: uuid.UUID | None = None
    family_name: str = ""
    phone: str = ""
    timezone: str | None = None
    left: bool = False


@dataclass(frozen=True)
class FamilyRow:
    """A family in the list."""

    family: Family
    lead: str
    people: str
    to_verify: int
    escalations: int
    to_go_over: int  # people whose safe contact is to be gone over again


@dataclass(frozen=True)
class ChangeView:
    """A request to change an appointment that nobody has handled yet."""

    request: ChangeRequest
    appointment: Appointment
    by: str
    timezone: str | None = None  # theirs, where it is not the agency's


@dataclass(frozen=True)
class FamilyView:
    family: Family
    people: list[Person]
    workers: list[tuple[Worker, bool]]  # with whether they lead
    plans: list[plans.PlanView]
    appointments: list[Appointment]
    changes: list[ChangeView]
    conversations: dict[uuid.UUID, list[Conversation]]  # by person
    codes: dict[uuid.UUID, datetime]  # person → until when their unused chat code works
    dates: list[timescales.DateView]
    events: list[timescales.EventView]
    happened: dict[uuid.UUID, CaseEvent]  # appointment → whether it took place
    conferences: list[Conference]
    reviews: dict[uuid.UUID, list[Review]]  # by plan
    reminders: dict[tuple[uuid.UUID, uuid.UUID], list[Told]]  # (appointment, person) → what they were told, or will be
    professionals: dict[tuple[uuid.UUID, str], professionals.Told]  # (appointment, name in small letters) → the last
    moments: dict[uuid.UUID, list[str]]  # person → when they are reminded
    said: list[views.Said]
    due: set[uuid.UUID]  # whose safe contact is to be gone over again
    left: list[Person]  # who is of the family no more; ``people`` are the others
    to_ask: list[tuple[Person, ContactPoint]]  # who was not asked yet whether we may write to them there


def family_view(
    session: Session, family: Family, today: date, language: str = "en", viewer: Viewer | None = None
) -> FamilyView:
    """Everything about a family. ``today`` is the agency's; names of dates are in ``language``; what people said is
    in it as far as ``viewer`` may read it. The caller has checked that the viewer may see the family."""
    now = clock.now()
    everybody = list(session.scalars(_PEOPLE, {"family": family.id}))
    names: dict[uuid.UUID | None, str] = {person.id: person.first_name for person in everybody}
    zones = {person.id: person.timezone for person in everybody}
    people = [person for person in everybody if person.left_at is None]
    conversations: dict[uuid.UUID, list[Conversation]] = {}
    for conversation in session.scalars(_CONVERSATIONS, {"people": list(names)}):
        if conversation.person_id:
            conversations.setdefault(conversation.person_id, []).append(conversation)
    codes = session.execute(_CODES, {"people": list(names), "now": now}).all()
    events = timescales.events(session, family.id)
    shown = plans.of_family(session, family.id, today, names)
    return FamilyView(
        family=family,
        people=people,
        workers=workers_of(session, family.id),
        plans=shown,
        appointments=list(session.scalars(_APPOINTMENTS, {"family": family.id, "after": now - LOOK_BACK})),
        changes=[
            ChangeView(request, appointment, names.get(request.person_id, ""), zones.get(request.person_id))
            for request, appointment in appointments.open_changes(session, family.id)
        ],
        conversations=conversations,
        codes={row[0]: row[1] for row in codes},
        dates=timescales.of_family(session, family.id, today, language),
        events=events,
        happened=timescales.outcomes(events),
        conferences=conferences.of_family(session, family.id),
        said=views.of_family(session, viewer, family.id) if viewer else [],
        reviews={view.plan.id: reviews.of_plan(session, view.plan.id, withdrawn=True) for view in shown},
        reminders=reminders.by_place(session, family.id, after=now - LOOK_BACK),
        professionals=professionals.by_place(session, family.id, after=now - LOOK_BACK),
        due={person.id for person in people if contact.due(person, today)},
        moments={person.id: reminders.moments_of(person).split(",") for person in people},
        left=[person for person in everybody if person.left_at is not None],
        to_ask=contact.not_asked(session, people),
    )


def chosen(viewer: Viewer, *, only: str = "", lead: uuid.UUID | None = None, external_id: str = "") -> Select[Family]:
    """The families that the viewer may see: all, or ``only`` those of one of ONLY; that ``lead`` leads; of that id."""
    query = visible_families(viewer)
    if only == "escalations":
        query = query.where(exists().where(Escalation.family_id == Family.id, Escalation.state != "resolved"))
    elif only == "to_verify":
        reported = PlanAction.status == "reported_done"
        query = query.where(exists().where(Plan.family_id == Family.id, PlanAction.plan_id == Plan.id, reported))
    elif only == "to_go_over":
        query = query.where(exists().where(Person.family_id == Family.id, contact.is_due(clock.now().date())))
    elif only == "no_lead":
        query = query.where(~exists().where(FamilyWorker.family_id == Family.id, FamilyWorker.lead))
    if lead is not None:
        led = FamilyWorker.worker_id == lead, FamilyWorker.lead
        query = query.where(exists().where(FamilyWorker.family_id == Family.id, *led))
    return query.where(Family.external_id == external_id) if external_id else query


def families(session: Session, which: Select[Family], *, limit: int | None = None, offset: int = 0) -> list[FamilyRow]:
    """Those of the families (``chosen``), by name, with what waits for a worker; all of them unless ``limit``."""
    seen = which.subquery()
    family = aliased(Family, seen)
    lead = (
        select(Worker.name)
        .join(FamilyWorker, and_(FamilyWorker.worker_id == Worker.id, FamilyWorker.lead))
        .where(FamilyWorker.family_id == seen.c.id)
        .scalar_subquery()
    )
    people = (
        select(func.string_agg(Person.first_name, ", "))
        .where(Person.family_id == seen.c.id, Person.left_at.is_(None))
        .scalar_subquery()
    )
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
    to_go_over = (
        select(func.count()).where(Person.family_id == seen.c.id, contact.is_due(clock.now().date())).scalar_subquery()
    )
    rows = session.execute(
        select(family, lead, people, to_verify, waiting, to_go_over)
        .order_by(seen.c.name, seen.c.id)
        .limit(limit)
        .offset(offset)
    )
    return [FamilyRow(row[0], row[1] or "", row[2] or "", row[3], row[4], row[5]) for row in rows]


def lead_of(session: Session, family_id: uuid.UUID) -> Worker | None:
    """The family's own worker."""
    led = FamilyWorker.worker_id == Worker.id
    return session.scalar(
        select(Worker).join(FamilyWorker, led).where(FamilyWorker.family_id == family_id, FamilyWorker.lead)
    )


def workers_of(session: Session, family_id: uuid.UUID) -> list[tuple[Worker, bool]]:
    """Who works with the family, and whether they lead; the lead first."""
    return [(row[0], row[1]) for row in session.execute(_WORKERS, {"family": family_id})]


def count(session: Session, which: Select[Family]) -> int:
    """How many families those are (``chosen``)."""
    return session.scalar(select(func.count()).select_from(which.subquery())) or 0


def who_by_person(session: Session, ids: set[uuid.UUID]) -> dict[uuid.UUID, Who]:
    """Family members by id, as the console names them."""
    rows = session.execute(select(Person, Family).join(Family, Family.id == Person.family_id).where(Person.id.in_(ids)))
    return {
        person.id: Who(
            f"{person.first_name} {person.last_name}".strip(),
            person.kind,
            family.id,
            family.name,
            timezone=person.timezone,
            left=person.left_at is not None,
        )
        for person, family in rows
    }


def who_of(people: dict[uuid.UUID, Who], person_id: uuid.UUID | None, conversation: Conversation | None) -> Who:
    """The one of ``people`` with that id; for somebody unknown only the number that they write from."""
    if person_id in people:
        return people[person_id]
    return Who(phone=conversation.address if conversation and conversation.channel == "sms" else "")


def who(session: Session, conversation: Conversation) -> Who:
    """The person at the other end of a conversation."""
    people = who_by_person(session, {conversation.person_id} if conversation.person_id else set())
    return who_of(people, conversation.person_id, conversation)
