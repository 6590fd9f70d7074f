"""Reads about escalations: who is in a role now, what a console shows, what is due."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from api.access.models import Agency, Worker
from api.escalations.models import Escalation, Shift
from api.families.models import FamilyWorker, Person
from api.messages.models import Conversation

DANGER = ("immediate_danger", "self_harm", "harm_disclosed")


def open_in_conversation(session: Session, conversation_id: uuid.UUID, kind: str) -> Escalation | None:
    """The unresolved escalation that a new one of ``kind`` from this conversation joins: danger joins danger."""
    kinds = DANGER if kind in DANGER else (kind,)
    return session.scalar(
        select(Escalation)
        .where(
            Escalation.conversation_id == conversation_id, Escalation.kind.in_(kinds), Escalation.state != "resolved"
        )
        .order_by(Escalation.id.desc())
        .limit(1)
        .with_for_update()
    )


def family_of(session: Session, conversation: Conversation) -> uuid.UUID | None:
    """The family of the person at the other end, or None for a stranger."""
    if conversation.person_id is None:
        return None
    return session.get_one(Person, conversation.person_id).family_id


def default_agency(session: Session, phone: str = "") -> Agency:
    """The agency that looks after a stranger: one in the phone number's country, else the first."""
    agencies = session.scalars(select(Agency).order_by(Agency.external_id)).all()
    if not agencies:
        raise LookupError("no agency has been imported yet: run `hearthline import FILE`")
    country = "us" if phone.startswith("+1") else "uk" if phone.startswith("+44") else ""
    return next((agency for agency in agencies if country and agency.jurisdiction.startswith(country)), agencies[0])


def active_workers(session: Session, agency_id: uuid.UUID) -> Sequence[Worker]:
    """Everyone who works for the agency now."""
    return session.scalars(select(Worker).filter_by(agency_id=agency_id, active=True).order_by(Worker.name)).all()


def workers_in_role(session: Session, escalation: Escalation, role: str, now: datetime) -> Sequence[Worker]:
    """Who is ``lead`` for the escalation's family, or on shift as ``duty`` or ``manager`` at ``now``."""
    query = select(Worker).where(Worker.active, Worker.agency_id == escalation.agency_id).order_by(Worker.name)
    if role == "lead":
        lead = select(FamilyWorker.worker_id).where(FamilyWorker.family_id == escalation.family_id, FamilyWorker.lead)
        return session.scalars(query.where(Worker.id.in_(lead))).all()
    on_shift = select(Shift.worker_id).where(
        Shift.agency_id == escalation.agency_id, Shift.role == role, Shift.starts_at <= now, Shift.ends_at > now
    )
    return session.scalars(query.where(Worker.id.in_(on_shift))).all()


def due(session: Session, now: datetime, limit: int) -> Sequence[Escalation]:
    """Open escalations whose next rung is due, locked for this transaction; those that another worker holds are
    left."""
    return session.scalars(
        select(Escalation)
        .where(Escalation.state == "open", Escalation.next_rung_at <= now)
        .order_by(Escalation.next_rung_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def for_console(session: Session, worker: Worker, limit: int = 200) -> Sequence[Escalation]:
    """What the worker's console lists: unresolved ones, the most pressing first.

    A worker sees those of their own families and of strangers; duty workers and managers the whole agency's.
    """
    query = select(Escalation).where(Escalation.agency_id == worker.agency_id, Escalation.state != "resolved")
    if worker.role == "worker":
        own = select(FamilyWorker.family_id).where(FamilyWorker.worker_id == worker.id)
        query = query.where(Escalation.family_id.in_(own) | Escalation.family_id.is_(None))
    rank = case({"emergency": 0, "urgent": 1, "routine": 2}, value=Escalation.priority)
    state = case({"open": 0, "acknowledged": 1}, value=Escalation.state)
    return session.scalars(query.order_by(state, rank, Escalation.opened_at.desc()).limit(limit)).all()
