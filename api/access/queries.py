"""What a worker may see: the only filter on families, and what follows from it for everything that hangs on a family.

Promise: it fails closed. What a worker may not see does not exist for them (404, never 403), and an unknown role sees
nothing. Every read and write that a worker asks for goes through one of these functions.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, NamedTuple, TypeVar

from fastapi import HTTPException
from sqlalchemy import ColumnElement, Select, and_, bindparam, false, literal, or_, select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import ROLES, Agency, ApiKey, Opening, SecondFactor, Worker, WorkerSession
from api.access.reach import MAY_OPEN, STILL_READABLE, assigned, on_duty, reached
from api.access.reach import Viewer as Viewer
from api.appointments.models import Appointment, AppointmentSeries, ChangeRequest
from api.conferences.models import Conference
from api.database import moment
from api.escalations.models import Escalation, LadderRule, Notification, RotaChange
from api.evidence.models import Evidence
from api.families.models import Family, FamilyWorker, Person
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from api.plans.models import Plan, PlanAction
from api.timescales.models import CaseEvent
from api.views.models import StatedView
from api.webhooks.models import WebhookEndpoint

# Asked with every page; made once, because making it costs as much as asking it.
_SIGNED_IN = (
    select(Worker, Agency, WorkerSession, SecondFactor.confirmed_at)
    .join(WorkerSession, WorkerSession.worker_id == Worker.id)
    .join(Agency, Agency.id == Worker.agency_id)
    .outerjoin(SecondFactor, SecondFactor.worker_id == Worker.id)
    .where(
        WorkerSession.token_hash == bindparam("token_hash"),
        WorkerSession.revoked_at.is_(None),
        WorkerSession.expires_at > bindparam("now"),
        Worker.active,
    )
)

T = TypeVar("T")
OfAFamily = TypeVar("OfAFamily", Person, Appointment, AppointmentSeries, CaseEvent, Plan, Conference)


class NotVisible(HTTPException):
    """It is not there, or it is not yours: the same answer for both."""

    def __init__(self) -> None:
        super().__init__(404)


class SeenSession(NamedTuple):
    """A session that counts: whose it is, where they work, and whether there is a second factor, here or elsewhere."""

    worker: Worker
    agency: Agency
    session: WorkerSession
    second_factor: bool

    @property
    def factor_missing(self) -> bool:
        """Does the agency want a second factor that this worker does not have yet?"""
        return self.worker.role in self.agency.second_factor_roles and not self.second_factor


def worker_of_session(session: Session, token_hash: str) -> SeenSession | None:
    """The active worker whose unexpired, unrevoked session has this token hash, with their agency."""
    row = session.execute(_SIGNED_IN, {"token_hash": token_hash, "now": clock.now()}).one_or_none()
    return SeenSession(row[0], row[1], row[2], row[3] is not None or row[2].factor == "provider") if row else None


def worker_names(session: Session, ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID | None, str]:
    """The names of these workers, by id."""
    wanted = {worker_id for worker_id in ids if worker_id}
    found = session.execute(select(Worker.id, Worker.name).where(Worker.id.in_(wanted))) if wanted else ()
    return {row.id: row.name for row in found}


def visible_families(worker: Viewer) -> Select[Family]:
    """The families this worker may see: as far as their role reaches (api.access.reach), and no other agency's."""
    return select(Family).where(Family.agency_id == worker.agency_id, reached(worker))


def closed_families(worker: Viewer) -> Select[Family]:
    """The agency's families that this worker does not see, but may open for an hour with a reason."""
    seen = visible_families(worker).with_only_columns(Family.id)
    families = select(Family).where(Family.agency_id == worker.agency_id, Family.id.not_in(seen))
    return families if worker.role in MAY_OPEN else families.where(false())


def may_open(session: Session, worker: Viewer) -> bool:
    """Is there any family of the agency that this worker does not see anyway?"""
    if worker.role == "duty":
        return not session.scalar(select(on_duty(worker)))
    return worker.role in MAY_OPEN


def visible_openings(worker: Viewer) -> Select[Opening]:
    """Who opened a family that is not theirs: one's own; those of the families assigned; for managers, all."""
    query = select(Opening).join(Family, Family.id == Opening.family_id).where(Family.agency_id == worker.agency_id)
    if worker.role == "manager":
        return query
    return query.where(or_(Opening.worker_id == worker.id, Opening.family_id.in_(assigned(worker))))


def openings_to_see(worker: Viewer) -> Select[Opening]:
    """Those of the families assigned to this worker by somebody else, that none of the family's workers has seen."""
    return visible_openings(worker).where(
        Opening.family_id.in_(assigned(worker)), Opening.worker_id != worker.id, Opening.seen_at.is_(None)
    )


def opening_to_see_or_404(session: Session, worker: Viewer, opening_id: uuid.UUID) -> Opening:
    """One that this worker has yet to see. Raises NotVisible (404)."""
    return _one(session.scalars(openings_to_see(worker).where(Opening.id == opening_id)).one_or_none())


def _family_is_visible(worker: Viewer, column: ColumnElement[Any]) -> ColumnElement[bool]:
    return column.in_(visible_families(worker).with_only_columns(Family.id))


def visible_conversations(worker: Viewer) -> Select[Conversation]:
    """Conversations of visible families; those of strangers who wrote to the agency (or to no agency yet); and those
    with an unresolved escalation of which this worker was told, or that they have on, whoever writes. Whoever has taken
    one over sees it until it is given back, also when their shift is over."""
    people = (
        select(Person.id)
        .where(Person.family_id.in_(visible_families(worker).with_only_columns(Family.id)))
        .scalar_subquery()
    )
    theirs = (
        select(Escalation.conversation_id)
        .where(Escalation.agency_id == worker.agency_id, _theirs(worker), Escalation.conversation_id.is_not(None))
        .scalar_subquery()
    )
    taken = and_(Conversation.taken_over_by == worker.id, literal(worker.role == "duty"))
    agencys = or_(Conversation.agency_id == worker.agency_id, Conversation.agency_id.is_(None))
    strangers = and_(Conversation.person_id.is_(None), Conversation.worker_id.is_(None), agencys)
    seen = or_(Conversation.person_id.in_(people), Conversation.id.in_(theirs), strangers, taken)
    return select(Conversation).where(seen if worker.role in ROLES else false())


def _theirs(worker: Viewer) -> ColumnElement[bool]:
    """The escalations that are not closed and of which this worker was told, or that they have acknowledged."""
    told = select(Notification.escalation_id).where(Notification.worker_id == worker.id).scalar_subquery()
    mine = or_(Escalation.id.in_(told), Escalation.acknowledged_by == worker.id)
    return and_(Escalation.state != "resolved", mine)


def visible_escalations(worker: Viewer) -> Select[Escalation]:
    """The agency's escalations of visible families and of strangers; those of which this worker was told, while they
    are not closed; and for some days (``STILL_READABLE``) those that they acknowledged or closed."""
    lately = Escalation.resolved_at > moment(-STILL_READABLE)
    seen = or_(
        _family_is_visible(worker, Escalation.family_id.expression),
        Escalation.family_id.is_(None),
        _theirs(worker),
        and_(lately, or_(Escalation.acknowledged_by == worker.id, Escalation.resolved_by == worker.id)),
    )
    query = select(Escalation).where(Escalation.agency_id == worker.agency_id, seen)
    return query if worker.role in ROLES else query.where(false())


def visible_views(worker: Viewer) -> Select[StatedView]:
    """What people of visible families have said, as far as they let this worker read it: what is for the family's own
    worker only, by that worker and by managers."""
    lead = select(FamilyWorker.family_id).where(FamilyWorker.worker_id == worker.id, FamilyWorker.lead)
    allowed = or_(StatedView.audience != "lead", StatedView.family_id.in_(lead))
    query = select(StatedView).where(_family_is_visible(worker, StatedView.family_id.expression))
    return query if worker.role == "manager" else query.where(allowed)


def family_or_404(session: Session, worker: Viewer, family_id: uuid.UUID) -> Family:
    """The family, if this worker may see it. Raises NotVisible (404)."""
    return _one(session.scalars(visible_families(worker).where(Family.id == family_id)).one_or_none())


def sees_family(session: Session, worker: Viewer, family_id: uuid.UUID) -> bool:
    """May this worker see it? (An administrator adds families for others.)"""
    return session.scalar(visible_families(worker).where(Family.id == family_id)) is not None


def conversation_or_404(session: Session, worker: Viewer, conversation_id: uuid.UUID) -> Conversation:
    """The conversation, if this worker may see it. Raises NotVisible (404)."""
    found = session.scalars(visible_conversations(worker).where(Conversation.id == conversation_id)).one_or_none()
    return _one(found)


def inbound_or_404(
    session: Session, worker: Viewer, conversation_id: uuid.UUID, message_id: uuid.UUID
) -> InboundMessage:
    """A message that came in, of a conversation that this worker may see. Raises NotVisible (404)."""
    conversation = conversation_or_404(session, worker, conversation_id)
    return _one(session.scalar(select(InboundMessage).filter_by(id=message_id, conversation_id=conversation.id)))


def outbound_or_404(
    session: Session, worker: Viewer, conversation_id: uuid.UUID, message_id: uuid.UUID
) -> OutboundMessage:
    """A message of ours, of a conversation that this worker may see. Raises NotVisible (404)."""
    conversation = conversation_or_404(session, worker, conversation_id)
    return _one(session.scalar(select(OutboundMessage).filter_by(id=message_id, conversation_id=conversation.id)))


def escalation_or_404(session: Session, worker: Viewer, escalation_id: int) -> Escalation:
    """The escalation, if this worker may see it. Raises NotVisible (404)."""
    if not 0 < escalation_id < 2**31:  # the column's range: a larger number would be the database's error
        raise NotVisible
    return _one(session.scalars(visible_escalations(worker).where(Escalation.id == escalation_id)).one_or_none())


def leads(worker: Viewer) -> bool:
    """May this worker change how the agency works: its ladders, its rota?"""
    return worker.role in ("manager", "administrator")


def leads_or_404(worker: Viewer) -> None:
    """Raises NotVisible (404) for whoever may not change how the agency works."""
    if not leads(worker):
        raise NotVisible


def administers_or_404(worker: Viewer) -> None:
    """Raises NotVisible (404) for whoever may not manage the agency's workers."""
    if worker.role != "administrator":
        raise NotVisible


def colleague_or_404(session: Session, worker: Viewer, colleague_id: uuid.UUID) -> Worker:
    """A worker of the same agency, for its administrator. Raises NotVisible (404)."""
    administers_or_404(worker)
    return _one(session.scalars(select(Worker).filter_by(id=colleague_id, agency_id=worker.agency_id)).one_or_none())


def key_or_404(session: Session, worker: Viewer, key_id: uuid.UUID) -> ApiKey:
    """An API key of the agency, for its administrator. Raises NotVisible (404)."""
    administers_or_404(worker)
    agencys = select(Worker.id).where(Worker.agency_id == worker.agency_id)
    return _one(session.scalars(select(ApiKey).where(ApiKey.id == key_id, ApiKey.worker_id.in_(agencys))).one_or_none())


def webhook_or_404(session: Session, worker: Viewer, endpoint_id: uuid.UUID) -> WebhookEndpoint:
    """An address that events go to, for the agency's administrator. Raises NotVisible (404)."""
    administers_or_404(worker)
    return _one(session.scalars(select(WebhookEndpoint).filter_by(id=endpoint_id, agency_id=worker.agency_id)).first())


def ladder_rule_or_404(session: Session, worker: Viewer, rule_id: uuid.UUID) -> LadderRule:
    """A ladder of the agency's own, if this worker may change it. Raises NotVisible (404)."""
    leads_or_404(worker)
    return _one(session.scalars(select(LadderRule).filter_by(id=rule_id, agency_id=worker.agency_id)).one_or_none())


def rota_change_or_404(session: Session, worker: Viewer, change_id: uuid.UUID) -> RotaChange:
    """A cover or leave of the agency's rota, if this worker may change it. Raises NotVisible (404)."""
    leads_or_404(worker)
    return _one(session.scalars(select(RotaChange).filter_by(id=change_id, agency_id=worker.agency_id)).one_or_none())


def agency_of(session: Session, worker: Viewer) -> Agency:
    """Where this worker works."""
    return session.get_one(Agency, worker.agency_id)


def worker_of(session: Session, worker: Viewer) -> Worker:
    """The worker as the database has them now."""
    return session.get_one(Worker, worker.id)


def person_or_404(session: Session, worker: Viewer, person_id: uuid.UUID) -> Person:
    """The family member, if this worker may see the family. Raises NotVisible (404)."""
    return _of_a_family(session, worker, Person, person_id)


def appointment_or_404(session: Session, worker: Viewer, appointment_id: uuid.UUID) -> Appointment:
    """The appointment, if this worker may see the family. Raises NotVisible (404)."""
    return _of_a_family(session, worker, Appointment, appointment_id)


def series_or_404(session: Session, worker: Viewer, series_id: uuid.UUID) -> AppointmentSeries:
    """The series of appointments, if this worker may see the family. Raises NotVisible (404)."""
    return _of_a_family(session, worker, AppointmentSeries, series_id)


def action_or_404(session: Session, worker: Viewer, action_id: uuid.UUID) -> tuple[PlanAction, uuid.UUID]:
    """The plan action and its family's id, if this worker may see the family. Raises NotVisible (404)."""
    found = session.execute(
        select(PlanAction, Plan.family_id)
        .join(Plan, Plan.id == PlanAction.plan_id)
        .where(PlanAction.id == action_id, _family_is_visible(worker, Plan.family_id.expression))
    ).one_or_none()
    row = _one(found)
    return row[0], row[1]


def change_request_or_404(session: Session, worker: Viewer, request_id: uuid.UUID) -> tuple[ChangeRequest, uuid.UUID]:
    """The change request and its family's id, if this worker may see the family. Raises NotVisible (404)."""
    found = session.execute(
        select(ChangeRequest, Appointment.family_id)
        .join(Appointment, Appointment.id == ChangeRequest.appointment_id)
        .where(ChangeRequest.id == request_id, _family_is_visible(worker, Appointment.family_id.expression))
    ).one_or_none()
    row = _one(found)
    return row[0], row[1]


def event_or_404(session: Session, worker: Viewer, event_id: uuid.UUID) -> CaseEvent:
    """The case event, if this worker may see the family. Raises NotVisible (404)."""
    return _of_a_family(session, worker, CaseEvent, event_id)


def plan_or_404(session: Session, worker: Viewer, plan_id: uuid.UUID) -> Plan:
    """The plan, if this worker may see the family. Raises NotVisible (404)."""
    return _of_a_family(session, worker, Plan, plan_id)


def conference_or_404(session: Session, worker: Viewer, conference_id: uuid.UUID) -> Conference:
    """The conference, if this worker may see the family. Raises NotVisible (404)."""
    return _of_a_family(session, worker, Conference, conference_id)


def evidence_or_404(session: Session, worker: Viewer, evidence_id: uuid.UUID) -> Evidence:
    """A file that is kept, if this worker may see the family. Raises NotVisible (404)."""
    seen = and_(_family_is_visible(worker, Evidence.family_id.expression), Evidence.state == "kept")
    return _one(session.scalar(select(Evidence).where(Evidence.id == evidence_id, seen)))


def view_or_404(session: Session, worker: Viewer, view_id: uuid.UUID) -> StatedView:
    """What somebody has said, if this worker may read it. Raises NotVisible (404)."""
    return _one(session.scalars(visible_views(worker).where(StatedView.id == view_id)).one_or_none())


def _of_a_family(session: Session, worker: Viewer, kind: type[OfAFamily], row_id: uuid.UUID) -> OfAFamily:
    seen = _family_is_visible(worker, kind.family_id.expression)
    return _one(session.scalar(select(kind).where(kind.id == row_id, seen)))


def _one(found: T | None) -> T:
    if found is None:
        raise NotVisible
    return found
