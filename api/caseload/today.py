"""What needs doing today, over all families that somebody may see: one list, the most urgent first.

Promise: it takes the viewer and reads only what api.access lets them see, by the same few statements however many
families there are. Of one family what is alike is one line (three overdue actions), but each meeting, request and
escalation its own. Nothing here is kept: a line goes when what it tells of is done.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ARRAY,
    CTE,
    Date,
    DateTime,
    Select,
    String,
    Uuid,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from api.access.models import Worker
from api.access.queries import Viewer, visible_escalations, visible_families
from api.appointments.models import Appointment, ChangeRequest
from api.escalations import forgotten
from api.escalations.models import Escalation
from api.families import contact
from api.families.models import Family, FamilyWorker, Person
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from api.plans.models import Contingency, Plan, PlanAction
from api.reminders.models import Reminder
from api.timescales.models import CaseEvent, Deadline

#: What a line can tell of, the most urgent first.
WHAT = (
    "emergency", "urgent", "held", "routine", "taken", "unanswered", "undelivered", "today", "change", "date_late",
    "contingency", "overdue", "blocked", "not_reminded", "to_verify", "tomorrow", "unrecorded", "date_soon",
    "safe_contact",
)  # fmt: skip
#: Meetings that are over are asked after so long: the family's page shows them as long.
LOOK_BACK = timedelta(days=30)
#: Why a reminder that could not be sent is a worker's to make good.
NOT_REACHED = ("opted_out", "no_way")


@dataclass(frozen=True)
class Line:
    """Something to do. ``count`` like it wait in this family, of which ``day`` or ``at`` is the first's, ``object_id``
    its id and ``kind`` its sort (of a meeting, an escalation, a rule). ``title``: an action's or a contingency's."""

    what: str
    count: int
    family_id: uuid.UUID | None
    family: str
    lead: str
    day: date | None
    at: datetime | None
    object_id: str
    kind: str
    title: str = ""


class _Days(NamedTuple):
    now: datetime
    today: date
    midnight: datetime
    tomorrow: datetime
    after: datetime


def to_do(
    session: Session,
    viewer: Viewer,
    now: datetime,
    timezone: str,
    *,
    of: uuid.UUID | None = None,
    what: Sequence[str] = WHAT,
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[Line], int]:
    """What needs doing, and how many lines there are in all. ``timezone`` is the agency's; ``of`` a worker: only the
    families that they lead; ``what``: only these of WHAT."""
    seen = _seen(session, viewer, of)
    rows = union_all(*_parts(viewer, seen, _days(now, ZoneInfo(timezone)), strangers=of is None)).subquery()
    rank = case({name: n for n, name in enumerate(WHAT)}, value=rows.c.what)
    first = func.coalesce(rows.c.at, cast(rows.c.day, DateTime(timezone=True)))
    asked = select(rows, func.count().over().label("total")).where(rows.c.what.in_(what))
    place = func.row_number().over(order_by=(rank, first, rows.c.family_id, rows.c.object)).label("place")
    page = asked.add_columns(place).order_by(place).limit(limit).offset(offset).subquery()
    found = session.execute(  # what families are called, of these lines only
        select(page, Family.name, Worker.name.label("lead"))
        .outerjoin(Family, Family.id == page.c.family_id)
        .outerjoin(FamilyWorker, and_(FamilyWorker.family_id == page.c.family_id, FamilyWorker.lead))
        .outerjoin(Worker, Worker.id == FamilyWorker.worker_id)
        .order_by(page.c.place)
    ).all()
    if not found:
        counted = select(func.count()).select_from(rows).where(rows.c.what.in_(what))
        return [], (session.scalar(counted) or 0) if offset else 0
    titles = _titles(session, found)
    return [
        Line(
            row.what, row.many, row.family_id, row.name or "", row.lead or "", row.day, row.at, row.object,
            row.kind, titles.get(row.object, ""),
        )
        for row in found
    ], found[0].total  # fmt: skip


def _days(now: datetime, zone: ZoneInfo) -> _Days:
    today = now.astimezone(zone).date()
    begins = [datetime.combine(today + timedelta(days=n), time(), tzinfo=zone) for n in range(3)]
    return _Days(now, today, *begins)


def _seen(session: Session, viewer: Viewer, of: uuid.UUID | None) -> CTE:
    """The families, asked for first: of a list the planner knows how long it is, of a rule it does not, and would read
    whole tables."""
    families = visible_families(viewer).with_only_columns(Family.id)
    if of is not None:
        led = select(FamilyWorker.family_id).where(FamilyWorker.worker_id == of, FamilyWorker.lead)
        families = families.where(Family.id.in_(led))
    ids = cast(literal([str(one) for one in session.scalars(families)], ARRAY(String)), ARRAY(Uuid))
    return select(func.unnest(ids, type_=Uuid).label("id")).cte("seen")


def _one(
    what: Any, family: Any, first: Any, *, many: Any = None, day: Any = None, at: Any = None, kind: Any = None
) -> Select[Any]:
    """A line, in the columns that all have; what is not given is empty."""
    return select(
        (literal(what, String) if isinstance(what, str) else what).label("what"),
        family.label("family_id"),
        (literal(1) if many is None else many).label("many"),
        (cast(null(), Date) if day is None else day).label("day"),
        (cast(null(), DateTime(timezone=True)) if at is None else at).label("at"),
        cast(first, String).label("object"),
        (literal("", String) if kind is None else kind).label("kind"),
    )


def _alike(
    what: Any, seen: CTE, identity: Any, order: Any, *, day: Any = None, at: Any = None, kind: Any = None
) -> Select[Any]:
    """What is alike of a family in one line, told by the first in this ``order``."""

    def first(column: Any) -> Any:
        ordered = aggregate_order_by(cast(column, String), order, identity)
        return func.array_agg(ordered, type_=ARRAY(String))[1]

    return _one(
        what, seen.c.id, first(identity), many=func.count(), day=None if day is None else func.min(day),
        at=None if at is None else func.min(at), kind=None if kind is None else first(kind),
    ).group_by(seen.c.id, *([] if isinstance(what, str) else [what]))  # fmt: skip


def _parts(viewer: Viewer, seen: CTE, days: _Days, *, strangers: bool) -> list[Select[Any]]:
    to_go_over = _alike("safe_contact", seen, Person.id, Person.reconfirm_on, day=Person.reconfirm_on)
    return [
        _escalations(viewer, seen, days.now, strangers=strangers),
        *_messages(seen, days),
        *_meetings(seen, days),
        *_plans(seen, days),
        to_go_over.join(Person, Person.family_id == seen.c.id).where(contact.is_due(days.today)),
    ]


def _escalations(viewer: Viewer, seen: CTE, now: datetime, *, strangers: bool) -> Select[Any]:
    """Those that nobody has taken on, with those of strangers; those that the viewer has, until they are closed; and
    for managers those that somebody has had for long without a sign."""
    ours = Escalation.family_id.in_(select(seen.c.id))
    which = or_(ours, Escalation.family_id.is_(None)) if strangers else ours
    mine = and_(Escalation.state == "acknowledged", Escalation.acknowledged_by == viewer.id)
    asked = [Escalation.state == "open", mine]
    if viewer.role == "manager":
        asked.append(and_(*forgotten.long_held(now)))
    shown = visible_escalations(viewer).where(or_(*asked), which)
    what = case((Escalation.state == "open", Escalation.priority), (mine, "taken"), else_="held")
    line = _one(what, Escalation.family_id, Escalation.id, at=Escalation.opened_at, kind=Escalation.kind)
    return line.where(Escalation.id.in_(shown.with_only_columns(Escalation.id)), Escalation.state != "resolved")


def _messages(seen: CTE, days: _Days) -> list[Select[Any]]:
    """What people wrote and got no answer to, what did not reach them, and reminders that could not be sent."""
    unanswered = (
        _alike("unanswered", seen, Conversation.id, InboundMessage.received_at, at=InboundMessage.received_at)
        .join(Person, Person.family_id == seen.c.id)
        .join(Conversation, Conversation.person_id == Person.id)
        .join(InboundMessage, InboundMessage.conversation_id == Conversation.id)
        .where(InboundMessage.state == "unanswered")
    )
    undelivered = (
        _alike("undelivered", seen, Conversation.id, OutboundMessage.created_at, at=OutboundMessage.created_at)
        .join(Person, Person.family_id == seen.c.id)
        .join(Conversation, Conversation.person_id == Person.id)
        .join(OutboundMessage, OutboundMessage.conversation_id == Conversation.id)
        .where(OutboundMessage.state.in_(("failed", "uncertain")), OutboundMessage.seen_at.is_(None))
    )
    not_reminded = (
        _alike("not_reminded", seen, Person.id, Appointment.starts_at, at=Appointment.starts_at)
        .join(Appointment, Appointment.family_id == seen.c.id)
        .join(Reminder, Reminder.appointment_id == Appointment.id)
        .join(Person, Person.id == Reminder.person_id)
        .where(
            Appointment.starts_at > days.now,
            Appointment.status == "scheduled",
            Reminder.starts_at == Appointment.starts_at,
            Reminder.state == "skipped",
            Reminder.reason.in_(NOT_REACHED),
        )
    )
    return [unanswered, undelivered, not_reminded]


def _meetings(seen: CTE, days: _Days) -> list[Select[Any]]:
    """Today's that are not over, tomorrow's, requests to change one, and those of which nobody said what became."""
    told = select(CaseEvent.id).where(CaseEvent.appointment_id == Appointment.id, CaseEvent.withdrawn_at.is_(None))
    begins, kind, booked = Appointment.starts_at, Appointment.kind, Appointment.status == "scheduled"
    coming = _one(
        case((begins < days.tomorrow, "today"), else_="tomorrow"), seen.c.id, Appointment.id, at=begins, kind=kind
    ).join(Appointment, Appointment.family_id == seen.c.id)
    over = _alike("unrecorded", seen, Appointment.id, begins, at=begins, kind=kind)
    over = over.join(Appointment, Appointment.family_id == seen.c.id)
    change = _one("change", seen.c.id, ChangeRequest.id, at=ChangeRequest.created_at, kind=kind)
    return [
        coming.where(booked, begins >= days.midnight, begins < days.after, Appointment.ends_at > days.now),
        over.where(
            booked, begins > days.now - LOOK_BACK, begins < days.now, Appointment.ends_at <= days.now, ~told.exists()
        ),
        change.join(Appointment, Appointment.family_id == seen.c.id)
        .join(ChangeRequest, ChangeRequest.appointment_id == Appointment.id)
        .where(ChangeRequest.handled_at.is_(None)),
    ]


def _plans(seen: CTE, days: _Days) -> list[Select[Any]]:
    """Actions and contingencies of plans that go on, what was reported, and dates that the rules give."""
    goes_on = Plan.ended_on.is_(None)
    sort = case(
        (PlanAction.status == "open", "overdue"), (PlanAction.status == "blocked", "blocked"), else_="to_verify"
    )
    actions = _alike(sort, seen, PlanAction.id, PlanAction.due_on.nulls_last(), day=PlanAction.due_on)
    near = case((Deadline.due_on < days.today, "date_late"), else_="date_soon")
    dates = _alike(near, seen, Deadline.id, Deadline.due_on, day=Deadline.due_on, kind=Deadline.rule)
    steps = _alike("contingency", seen, Contingency.id, Contingency.by_on, day=Contingency.by_on)
    return [
        actions.join(Plan, Plan.family_id == seen.c.id)
        .join(PlanAction, PlanAction.plan_id == Plan.id)
        .where(
            PlanAction.status.in_(("open", "blocked", "reported_done")),
            or_(
                PlanAction.status == "reported_done",
                and_(goes_on, or_(PlanAction.status == "blocked", PlanAction.due_on < days.today)),
            ),
        ),
        dates.join(Deadline, Deadline.family_id == seen.c.id).where(
            Deadline.done_on.is_(None), or_(Deadline.due_on < days.today, Deadline.warn_on <= days.today)
        ),
        steps.join(Plan, Plan.family_id == seen.c.id)
        .join(Contingency, Contingency.plan_id == Plan.id)
        .where(goes_on, Contingency.by_on < days.today),
    ]


def _titles(session: Session, rows: Sequence[Any]) -> dict[str, str]:
    """What the first of each is called: an action's title, what a contingency is for (sealed: SQL has no words)."""
    actions = [uuid.UUID(row.object) for row in rows if row.what in ("overdue", "blocked", "to_verify")]
    steps = [uuid.UUID(row.object) for row in rows if row.what == "contingency"]
    found: list[Any] = []
    if actions:
        found += session.execute(select(PlanAction.id, PlanAction.title).where(PlanAction.id.in_(actions)))
    if steps:
        found += session.execute(select(Contingency.id, Contingency.trigger).where(Contingency.id.in_(steps)))
    return {str(row[0]): row[1] for row in found}
