"""What happened in a family's case, in one list: conferences, reviews, plan versions, visits and events, actions, what
people said, escalations, conversations that workers had, and how many messages went to and fro on a day (never their
words).

Promise: the caller has checked that the viewer may see the family; what people said is there only as far as the viewer
may read it. The database puts the lines in order and cuts the page; only what a page shows is read whole.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, DateTime, Select, String, cast, func, literal, select, union_all
from sqlalchemy.orm import Session

from api.access.queries import Viewer, visible_views, worker_names
from api.conferences.models import Conference
from api.escalations.models import Escalation, EscalationEvent
from api.families.models import Person
from api.messages import handback
from api.messages.models import Conversation, HandoverNote, InboundMessage, OutboundMessage
from api.plans.models import ActionEvent, Plan, PlanAction, PlanVersion
from api.reviews.models import Review
from api.timescales.models import CaseEvent
from api.views.models import StatedView

KINDS = ("conference", "review", "plan", "event", "action", "view", "escalation", "takeover", "message")
#: Of these only the day is known.
BY_DAY = ("conference", "review", "event", "view", "message")


@dataclass(frozen=True)
class Line:
    """Something that happened on ``day``, ``at`` a time where that is known. ``what`` says what became of it (a
    conference's, event's or action's kind, a review's decision, a step of an escalation); ``state`` a conference's
    status or an event's outcome, ``result`` a conference's decision; ``title`` the action's, ``by`` and ``to`` names.
    ``object_id``: whose page it is (an escalation's number, a conference's, plan's, action's or view's id, of a
    takeover the conversation's)."""

    kind: str
    day: date
    at: datetime | None
    object_id: str = ""
    what: str = ""
    state: str = ""
    result: str = ""
    title: str = ""
    by: str = ""
    to: str = ""
    came: int = 0
    went: int = 0


def timeline(
    session: Session,
    viewer: Viewer,
    family_id: uuid.UUID,
    timezone: str,
    *,
    kinds: Sequence[str] = KINDS,
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[Line], int]:
    """What happened, the newest first, and how many lines there are in all. Days are those of ``timezone``."""
    parts = _parts(viewer, family_id, timezone)
    rows = union_all(*(parts[kind] for kind in KINDS if kind in kinds)).subquery()
    total = session.scalar(select(func.count()).select_from(rows)) or 0
    ordered = select(rows).order_by(rows.c.at.desc(), rows.c.kind, rows.c.object).limit(limit).offset(offset)
    found = session.execute(ordered).all()
    told = {kind: _TELL[kind](session, [row for row in found if row.kind == kind]) for kind in KINDS if kind in kinds}
    lines = []
    for row in found:
        at = None if row.kind in BY_DAY else row.at
        line = {"kind": row.kind, "day": row.day, "at": at, **told[row.kind].get(row.object, {})}
        lines.append(Line(**line))
    return lines, total


def _parts(viewer: Viewer, family_id: uuid.UUID, timezone: str) -> dict[str, Select[Any]]:
    def by_day(kind: str, identity: Any, day: Any) -> Select[Any]:
        begins = func.timezone(timezone, cast(day, DateTime(timezone=False)))
        return _columns(kind, begins, day, identity)

    def at(kind: str, identity: Any, moment: Any) -> Select[Any]:
        return _columns(kind, moment, cast(func.timezone(timezone, moment), Date), identity)

    views = visible_views(viewer).where(StatedView.family_id == family_id, StatedView.withdrawn_at.is_(None))
    days = _message_days(family_id, timezone)
    return {
        "conference": by_day("conference", Conference.id, Conference.held_on).where(Conference.family_id == family_id),
        "review": by_day("review", Review.id, Review.held_on)
        .join(Plan, Plan.id == Review.plan_id)
        .where(Plan.family_id == family_id, Review.withdrawn_at.is_(None)),
        "plan": at("plan", PlanVersion.id, PlanVersion.made_at)
        .join(Plan, Plan.id == PlanVersion.plan_id)
        .where(Plan.family_id == family_id),
        "event": by_day("event", CaseEvent.id, CaseEvent.day).where(
            CaseEvent.family_id == family_id, CaseEvent.withdrawn_at.is_(None)
        ),
        "action": at("action", ActionEvent.id, ActionEvent.at)
        .join(PlanAction, PlanAction.id == ActionEvent.action_id)
        .join(Plan, Plan.id == PlanAction.plan_id)
        .where(Plan.family_id == family_id),
        "view": by_day("view", StatedView.id, StatedView.given_on).where(
            StatedView.id.in_(views.with_only_columns(StatedView.id))
        ),
        "escalation": at("escalation", EscalationEvent.id, EscalationEvent.at)
        .join(Escalation, Escalation.id == EscalationEvent.escalation_id)
        .where(Escalation.family_id == family_id),
        "takeover": at("takeover", HandoverNote.id, HandoverNote.at).where(
            HandoverNote.family_id == family_id, HandoverNote.summary != {}
        ),
        "message": by_day("message", func.concat(days.c.day, " ", days.c.came, " ", days.c.went), days.c.day),
    }


def _columns(kind: str, at: Any, day: Any, identity: Any) -> Select[Any]:
    return select(
        literal(kind, String).label("kind"), at.label("at"), day.label("day"), cast(identity, String).label("object")
    )


def _message_days(family_id: uuid.UUID, timezone: str) -> Any:
    """Day by day, how many messages came from the family's people and how many went to them."""
    talks = (
        select(Conversation.id)
        .join(Person, Person.id == Conversation.person_id)
        .where(Person.family_id == family_id)
        .scalar_subquery()
    )

    def counted(when: Any, of: Any, came: int) -> Any:
        day = cast(func.timezone(timezone, when), Date).label("day")
        return select(day, literal(came).label("came"), literal(1 - came).label("went")).where(of.in_(talks))

    went = counted(OutboundMessage.created_at, OutboundMessage.conversation_id, 0).where(
        OutboundMessage.state != "cancelled", OutboundMessage.worker_id.is_(None)
    )
    each = union_all(counted(InboundMessage.received_at, InboundMessage.conversation_id, 1), went).subquery()
    return (
        select(each.c.day, func.sum(each.c.came).label("came"), func.sum(each.c.went).label("went"))
        .group_by(each.c.day)
        .subquery()
    )


Told = dict[str, dict[str, Any]]


def _ids(rows: Iterable[Any]) -> list[uuid.UUID]:
    return [uuid.UUID(row.object) for row in rows]


def _conferences(session: Session, rows: Sequence[Any]) -> Told:
    found = session.scalars(select(Conference).where(Conference.id.in_(_ids(rows)))) if rows else ()
    return {
        str(one.id): {"object_id": str(one.id), "what": one.kind, "state": one.status, "result": one.decision}
        for one in found
    }


def _reviews(session: Session, rows: Sequence[Any]) -> Told:
    found = list(session.scalars(select(Review).where(Review.id.in_(_ids(rows))))) if rows else []
    names = worker_names(session, [one.recorded_by for one in found])
    return {
        str(one.id): {"object_id": str(one.plan_id), "what": one.next_step, "by": names.get(one.recorded_by, "")}
        for one in found
    }


def _plans(session: Session, rows: Sequence[Any]) -> Told:
    columns = select(PlanVersion.id, PlanVersion.plan_id, PlanVersion.number, PlanVersion.made_by)
    found = session.execute(columns.where(PlanVersion.id.in_(_ids(rows)))).all() if rows else []
    names = worker_names(session, [one.made_by for one in found])
    return {
        str(one.id): {"object_id": str(one.plan_id), "what": str(one.number), "by": names.get(one.made_by, "")}
        for one in found
    }


def _events(session: Session, rows: Sequence[Any]) -> Told:
    found = list(session.scalars(select(CaseEvent).where(CaseEvent.id.in_(_ids(rows))))) if rows else []
    names = worker_names(session, [one.recorded_by for one in found])
    return {
        str(one.id): {
            "object_id": str(one.id), "what": one.kind, "state": one.outcome, "by": names.get(one.recorded_by, ""),
        }
        for one in found
    }  # fmt: skip


def _actions(session: Session, rows: Sequence[Any]) -> Told:
    query = (
        select(ActionEvent, PlanAction.title, Person.first_name)
        .join(PlanAction, PlanAction.id == ActionEvent.action_id)
        .outerjoin(Person, Person.id == ActionEvent.person_id)
        .where(ActionEvent.id.in_(_ids(rows)))
    )
    found = session.execute(query).all() if rows else []
    names = worker_names(session, [one.worker_id for one, _, _ in found])
    return {
        str(one.id): {
            "object_id": str(one.action_id), "what": one.kind, "title": title,
            "by": names.get(one.worker_id, "") if one.worker_id else person or "",
        }
        for one, title, person in found
    }  # fmt: skip


def _views(session: Session, rows: Sequence[Any]) -> Told:
    query = select(StatedView.id, Person.first_name).join(Person, Person.id == StatedView.person_id)
    found = session.execute(query.where(StatedView.id.in_(_ids(rows)))).all() if rows else []
    return {str(one.id): {"object_id": str(one.id), "by": one.first_name} for one in found}


def _escalations(session: Session, rows: Sequence[Any]) -> Told:
    query = select(EscalationEvent, Escalation.kind, Escalation.priority)
    query = query.join(Escalation, Escalation.id == EscalationEvent.escalation_id)
    found = session.execute(query.where(EscalationEvent.id.in_(_ids(rows)))).all() if rows else []
    names = worker_names(session, [i for one, _, _ in found for i in (one.worker_id, one.to_worker_id)])
    return {
        str(one.id): {
            "object_id": str(one.escalation_id), "what": one.kind, "title": kind, "state": priority,
            "by": names.get(one.worker_id, ""), "to": names.get(one.to_worker_id, ""),
        }
        for one, kind, priority in found
    }  # fmt: skip


def _takeovers(session: Session, rows: Sequence[Any]) -> Told:
    query = select(HandoverNote).where(HandoverNote.id.in_(_ids(rows)))
    found = session.scalars(query).all() if rows else []
    told = zip(found, handback.read(session, [one.summary for one in found]), strict=True)
    return {
        str(one.id): {"object_id": str(one.conversation_id), "by": had.who, "came": had.came, "went": had.went}
        for one, had in told
        if had is not None
    }


def _messages(_session: Session, rows: Sequence[Any]) -> Told:
    counts = {row.object: row.object.split() for row in rows}
    return {whole: {"came": int(came), "went": int(went)} for whole, (_, came, went) in counts.items()}


_TELL: dict[str, Callable[[Session, Sequence[Any]], Told]] = {
    "conference": _conferences, "review": _reviews, "plan": _plans, "event": _events, "action": _actions,
    "view": _views, "escalation": _escalations, "takeover": _takeovers, "message": _messages,
}  # fmt: skip
