"""Reads about statutory clocks: a family's dates and events, and all dates that are near or late, for who may see them.

``near_or_late`` and ``counting_pressing`` take the viewer and read only what api.access lets them see; for the others
the caller has checked that.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from api import texts
from api.access.models import Agency, Worker
from api.access.queries import Viewer, visible_families, worker_names
from api.appointments.models import Appointment
from api.conferences.models import Conference
from api.families.models import Family, FamilyWorker
from api.jurisdiction.clocks import EVENTS, MEETINGS
from api.jurisdiction.packs import pack
from api.plans.models import WITHDRAWN, Plan
from api.reviews.models import Review
from api.timescales import due
from api.timescales.due import Event, State
from api.timescales.models import CaseEvent, Deadline, TimescaleState

#: Which event an appointment of that kind is, once it was held.
APPOINTMENT_EVENTS = {
    "initial_conference": "initial_conference",
    "review_conference": "review_conference",
    "core_group": "core_group",
    "home_visit": "home_visit",
    "administrative_review": "administrative_review",
}
#: The same of every kind of appointment: those that no rule counts are events of their own name.
EVENT_OF = {**APPOINTMENT_EVENTS, **{kind: kind for kind in MEETINGS}}
#: What it is to look at a plan again.
REVIEWS = {"review_conference", "case_review"}
#: What a worker can record; where a plan begins and ends stands in the plan itself.
RECORDABLE = (*(kind for kind in EVENTS if kind not in ("plan_started", "plan_ended")), *MEETINGS)
# Of a family; made once, because making them costs as much as asking them.
_EVENTS = (
    select(CaseEvent)
    .where(CaseEvent.family_id == bindparam("family"))
    .order_by(CaseEvent.day.desc(), CaseEvent.recorded_at.desc(), CaseEvent.id)
)
_DATES = (
    select(Deadline, Agency.jurisdiction, Agency.timezone)
    .join(Family, Family.id == Deadline.family_id)
    .join(Agency, Agency.id == Family.agency_id)
    .where(Deadline.family_id == bindparam("family"))
)


@dataclass(frozen=True)
class DateView:
    """A date that the rules give. ``planned_on``: when a meeting that would do is booked for, if one is."""

    deadline: Deadline
    name: str
    state: State
    planned_on: date | None
    source: str

    @property
    def planned_too_late(self) -> bool:
        """Is the booked meeting after the date?"""
        return self.planned_on is not None and self.planned_on > self.deadline.due_on


@dataclass(frozen=True)
class DateRow:
    """The same in a list over families."""

    family: Family
    lead: str
    date: DateView


@dataclass(frozen=True)
class EventView:
    """Something that happened, and who recorded it."""

    event: CaseEvent
    by: str


def facts(session: Session, family_id: uuid.UUID) -> list[Event]:
    """All that the family's clocks start and stop with: recorded events, conferences, reviews, and where plans begin
    and end, each as what it counts as there. A plan whose conference was withdrawn began no clock."""
    place = pack(jurisdiction_of(session, family_id))
    recorded = session.scalars(
        select(CaseEvent).where(
            CaseEvent.family_id == family_id, CaseEvent.withdrawn_at.is_(None), CaseEvent.outcome == "held"
        )
    )
    found = [Event(place.counted(event.kind), event.day, event.plan_id) for event in recorded]
    conferences = select(Conference).where(Conference.family_id == family_id, Conference.status == "held")
    for conference in session.scalars(conferences):
        kind = "review_conference" if conference.kind == "review" else "initial_conference"
        no_plan = conference.decision == "no_plan"
        found.append(Event(place.counted(kind), conference.held_on, conference.plan_id, no_plan=no_plan))
    reviews = select(Review).join(Plan, Plan.id == Review.plan_id)
    reviews = reviews.where(Plan.family_id == family_id, Review.withdrawn_at.is_(None))
    found += [Event("case_review", review.held_on, review.plan_id) for review in session.scalars(reviews)]
    for plan in session.scalars(select(Plan).where(Plan.family_id == family_id, Plan.end_kind != WITHDRAWN)):
        found.append(Event("plan_started", plan.started_on, plan.id))
        if plan.ended_on is not None:
            found.append(Event("plan_ended", plan.ended_on, plan.id))
    return found


def review_by(
    session: Session,
    family_id: uuid.UUID,
    plan_id: uuid.UUID,
    more: Sequence[Event] = (),
    *,
    since: date | None = None,
    until: date | None = None,
    after: date | None = None,
) -> date | None:
    """By when the rules of the place want the plan looked at again, as things stand (``more``: with these events too;
    ``since``: with none of before that day; ``until``: as they stood at its end); None where no such rule runs, or
    where it was due by the day ``after`` already (a review held then sets no next one in its own past)."""
    session.flush()
    place = pack(jurisdiction_of(session, family_id))
    first, last = since or date(due.FIRST_YEAR, 1, 1), until or date(due.LAST_YEAR, 12, 31)
    known = [one for one in [*facts(session, family_id), *more] if first <= one.day <= last]
    clocks = {rule: one for rule, one in place.clocks.items() if REVIEWS & set(one.done)}
    waiting = [one for one in due.dues(clocks, known, place.calendar) if one.done_on is None]
    limit = min((one.due_on for one in waiting if one.plan in (None, plan_id)), default=None)
    return None if limit is not None and after is not None and limit <= after else limit


def visiting(session: Session, family_id: uuid.UUID) -> list[tuple[uuid.UUID, int]]:
    """The family's plans that say how often the children are visited, in days."""
    rows = session.execute(
        select(Plan.id, Plan.visit_every_days).where(Plan.family_id == family_id, Plan.visit_every_days.is_not(None))
    )
    return [(plan_id, every) for plan_id, every in rows if every]


def of_family(session: Session, family_id: uuid.UUID, today: date, language: str = "en") -> list[DateView]:
    """The family's dates: those not done, soonest first, then those that were done, the latest first."""
    rows = session.execute(_DATES, {"family": family_id}).all()
    if not rows:
        return []
    booked = _booked(session, [family_id], today, ZoneInfo(rows[0][2])).get(family_id, [])
    views = [_view(row, jurisdiction, today, language, booked) for row, jurisdiction, _ in rows]
    waiting = sorted((v for v in views if v.deadline.done_on is None), key=lambda v: v.deadline.due_on)
    past = sorted((v for v in views if v.deadline.done_on), key=lambda v: v.deadline.due_on, reverse=True)
    return waiting + past


def near_or_late(
    session: Session,
    viewer: Viewer,
    today: date,
    language: str = "en",
    *,
    only_late: bool = False,
    limit: int = 100,
    offset: int = 0,
) -> tuple[list[DateRow], int]:
    """Dates of the families that the viewer may see that are late, or near enough for a warning; the longest overdue
    first. Returns them with how many there are in all."""
    families = visible_families(viewer).subquery()
    reached = Deadline.due_on < today if only_late else or_(Deadline.due_on < today, Deadline.warn_on <= today)
    query = (
        select(Deadline, Family, Worker.name, Agency.jurisdiction, Agency.timezone)
        .join(families, families.c.id == Deadline.family_id)
        .join(Family, Family.id == Deadline.family_id)
        .join(Agency, Agency.id == Family.agency_id)
        .outerjoin(FamilyWorker, and_(FamilyWorker.family_id == Family.id, FamilyWorker.lead))
        .outerjoin(Worker, Worker.id == FamilyWorker.worker_id)
        .where(Deadline.done_on.is_(None), reached)
    )
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = session.execute(query.order_by(Deadline.due_on, Family.name, Deadline.id).limit(limit).offset(offset)).all()
    zones = {row[1].id: ZoneInfo(row[4]) for row in rows}
    booked: dict[uuid.UUID, list[tuple[str, date]]] = {}
    for zone in set(zones.values()):
        booked |= _booked(session, [family for family, there in zones.items() if there == zone], today, zone)
    return [
        DateRow(row[1], row[2] or "", _view(row[0], row[3], today, language, booked.get(row[1].id, []))) for row in rows
    ], total


def due_by(session: Session, family_id: uuid.UUID, kind: str, today: date) -> date | None:
    """The first date to come that an appointment of that kind would meet; None where none waits for one."""
    place = pack(jurisdiction_of(session, family_id))
    event = place.counted(APPOINTMENT_EVENTS.get(kind, ""))
    waiting = select(Deadline).where(
        Deadline.family_id == family_id, Deadline.done_on.is_(None), Deadline.due_on >= today
    )
    for row in session.scalars(waiting.order_by(Deadline.due_on)):
        clock = place.clocks.get(row.rule)
        if event in (clock.done if clock else ["home_visit"]):
            return row.due_on
    return None


def counting_pressing(viewer: Viewer, today: date) -> Select[int]:
    """The query that counts the dates of the viewer's families that are near or late."""
    return select(func.count(Deadline.id)).where(
        Deadline.family_id.in_(visible_families(viewer).with_only_columns(Family.id)),
        Deadline.done_on.is_(None),
        Deadline.warn_on <= today,
    )


def events(session: Session, family_id: uuid.UUID) -> list[EventView]:
    """What was recorded of the family's case, the newest first, withdrawn ones too."""
    rows = session.scalars(_EVENTS, {"family": family_id}).all()
    names = worker_names(session, [row.recorded_by for row in rows])
    return [EventView(row, names.get(row.recorded_by, "")) for row in rows]


def outcomes(events: Iterable[EventView]) -> dict[uuid.UUID, CaseEvent]:
    """What these say of appointments: appointment → held or missed."""
    rows = (one.event for one in events)
    return {row.appointment_id: row for row in rows if row.appointment_id and row.withdrawn_at is None}


def event(session: Session, family_id: uuid.UUID, external_id: str) -> CaseEvent | None:
    """The family's event with that id of the agency's own system."""
    return session.scalar(select(CaseEvent).filter_by(family_id=family_id, external_id=external_id))


def of_appointment(session: Session, appointment_id: uuid.UUID) -> CaseEvent | None:
    """What was recorded of an appointment, unless it was withdrawn."""
    return session.scalar(select(CaseEvent).filter_by(appointment_id=appointment_id, withdrawn_at=None))


def jurisdiction_of(session: Session, family_id: uuid.UUID) -> str:
    """The name of the pack of the family's agency."""
    return _place(session, family_id)[0]


def zone_of(session: Session, family_id: uuid.UUID) -> ZoneInfo:
    """Where the family's agency is: its days are those of the case."""
    return _place(session, family_id)[1]


def unrecorded(session: Session, family_id: uuid.UUID, since: date, before: date) -> list[Appointment]:
    """Appointments of every kind from the day ``since`` on and before the day ``before`` (both where the agency is), of
    which nobody has said whether they took place; the oldest first."""
    zone = zone_of(session, family_id)
    told = select(CaseEvent.id).where(CaseEvent.appointment_id == Appointment.id, CaseEvent.withdrawn_at.is_(None))
    return list(
        session.scalars(
            select(Appointment)
            .where(
                Appointment.family_id == family_id,
                Appointment.status == "scheduled",
                Appointment.starts_at >= datetime.combine(since, time(), tzinfo=zone),
                Appointment.starts_at < datetime.combine(before, time(), tzinfo=zone),
                ~told.exists(),
            )
            .order_by(Appointment.starts_at, Appointment.id)
        )
    )


def stale(session: Session, jurisdiction: str, rules: str, limit: int) -> list[uuid.UUID]:
    """Families there whose dates were worked out with other rules, or never."""
    query = (
        select(Family.id)
        .join(Agency, Agency.id == Family.agency_id)
        .outerjoin(TimescaleState, TimescaleState.family_id == Family.id)
        .where(Agency.jurisdiction == jurisdiction, TimescaleState.rules.is_distinct_from(rules))
        .order_by(Family.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def _place(session: Session, family_id: uuid.UUID) -> tuple[str, ZoneInfo]:
    row = session.execute(
        select(Agency.jurisdiction, Agency.timezone)
        .join(Family, Family.agency_id == Agency.id)
        .where(Family.id == family_id)
    ).one()
    return row[0], ZoneInfo(row[1])


def _booked(
    session: Session, families: Iterable[uuid.UUID], today: date, zone: ZoneInfo
) -> dict[uuid.UUID, list[tuple[str, date]]]:
    """The coming appointments that would stop a clock: family → (event, day), soonest first."""
    begin = datetime.combine(today, time(), tzinfo=zone)
    rows = session.execute(
        select(Appointment.family_id, Appointment.kind, Appointment.starts_at)
        .where(
            Appointment.family_id.in_(list(families)),
            Appointment.kind.in_(APPOINTMENT_EVENTS),
            Appointment.status == "scheduled",
            Appointment.starts_at >= begin,
        )
        .order_by(Appointment.starts_at)
    )
    found: dict[uuid.UUID, list[tuple[str, date]]] = {}
    for family_id, kind, starts_at in rows:
        found.setdefault(family_id, []).append((APPOINTMENT_EVENTS[kind], starts_at.astimezone(zone).date()))
    return found


def _view(row: Deadline, jurisdiction: str, today: date, language: str, booked: list[tuple[str, date]]) -> DateView:
    place = pack(jurisdiction)
    clock = place.clocks.get(row.rule)
    would_do = (clock.done if clock else ["home_visit"]) if row.done_on is None else []
    planned = next((day for kind, day in booked if place.counted(kind) in would_do), None)
    state = due.state(row.due_on, row.warn_on, row.done_on, today)
    source = f"{clock.source}, {clock.paragraph}" if clock else ""
    if row.rule == due.VISITS:
        source = texts.render("timescales.visit.source", language)
    return DateView(row, rule_name(row.rule, jurisdiction, language), state, planned, source)


def rule_name(rule: str, jurisdiction: str, language: str) -> str:
    """What a rule is called there."""
    if rule == due.VISITS:
        return texts.render("timescales.visit", language)
    return pack(jurisdiction).clock_name(rule, language)
