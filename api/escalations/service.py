"""Escalations: opened in the transaction of the message that caused them, told rung after rung, acknowledged once.

Promise: an open escalation always has a next rung in the future. Whoever acknowledges first wins; the second is told
who. Telling and opening are one transaction, so an escalation that exists has been told to somebody.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock, texts
from api.access.models import Agency, Worker
from api.audit import service as audit
from api.database import notify
from api.escalations import queries
from api.escalations.ladder import ladders, step_at
from api.escalations.models import Escalation, Notification
from api.messages import outbox
from api.messages.models import Conversation, InboundMessage
from api.settings import settings

PRIORITIES = ("routine", "urgent", "emergency")


@dataclass(frozen=True)
class Acknowledgement:
    """``first``: this worker was the one; else ``by_name`` says who was before."""

    first: bool
    by_name: str


class NotOpen(ValueError):
    """The escalation cannot be changed that way (unknown to this worker, or resolved already)."""


def open_escalation(
    session: Session,
    *,
    conversation: Conversation,
    message: InboundMessage | None,
    kind: str,
    priority: str,
    words: str,
    reasons: list[str] | None = None,
    agency_id: uuid.UUID | None = None,
) -> Escalation:
    """Open an escalation and tell the first rung, all in the caller's transaction; or join the one that is open.

    A message opens at most one. A second call from the same conversation joins an open one of its family of kinds; a
    higher priority raises it and starts the ladder from the top at once. Priority never falls by itself.
    """
    now = clock.now()
    if message is not None:
        same = session.scalar(select(Escalation).filter_by(message_id=message.id))
        if same is not None:
            _raise_priority(session, same, priority, kind, now)
            return same
    joined = queries.open_in_conversation(session, conversation.id, kind)
    if joined is not None:
        if words not in joined.words:
            joined.words = f"{joined.words}\n{words}"[-8000:]
            joined.reasons = sorted({*joined.reasons, *(reasons or [])})
            _raise_priority(session, joined, priority, kind, now, again=kind in queries.DANGER)
        notify(session, f"agency:{joined.agency_id}")
        return joined
    family_id = queries.family_of(session, conversation)
    escalation = Escalation(
        agency_id=agency_id or conversation.agency_id or queries.default_agency(session).id,
        family_id=family_id,
        person_id=conversation.person_id,
        conversation_id=conversation.id,
        message_id=message.id if message else None,
        kind=kind,
        priority=priority,
        words=words,
        reasons=reasons or [],
        opened_at=now,
        next_rung_at=now,
    )
    session.add(escalation)
    session.flush()
    tell_next(session, escalation, now)
    return escalation


def _raise_priority(
    session: Session, escalation: Escalation, priority: str, kind: str, now: datetime, *, again: bool = False
) -> None:
    """Raise the priority, never lower it; ``again``: danger told once more re-opens what was only acknowledged."""
    higher = PRIORITIES.index(priority) > PRIORITIES.index(escalation.priority)
    if not higher and not (again and escalation.state == "acknowledged"):
        return
    if higher:
        escalation.priority, escalation.kind = priority, kind
    escalation.state, escalation.acknowledged_at, escalation.acknowledged_by = "open", None, None
    # Rungs keep counting up (each telling is its own row); the new priority's ladder starts from its top.
    steps = len(ladders()[escalation.priority])
    escalation.rung = -(-escalation.rung // steps) * steps
    escalation.next_rung_at = now
    tell_next(session, escalation, now)


def tell_next(session: Session, escalation: Escalation, now: datetime) -> None:
    """Tell the next rung that has somebody in it; rungs with nobody are recorded and passed over at once.

    If no rung has anybody, everyone active in the agency is told: an empty rota must not swallow a cry for help.
    """
    steps = len(ladders()[escalation.priority])
    for _ in range(steps):
        step = step_at(escalation.priority, escalation.rung)
        reached = [_tell(session, escalation, role, now) for role in step.roles]
        escalation.rung += 1
        if any(reached):
            escalation.next_rung_at = now + step.wait
            break
    else:
        for worker in queries.active_workers(session, escalation.agency_id):
            _notify_worker(session, escalation, worker, "everyone", now)
        escalation.rung += 1
        escalation.next_rung_at = now + min(
            (step.wait for step in ladders()[escalation.priority]), default=timedelta(minutes=3)
        )
    session.flush()
    notify(session, f"agency:{escalation.agency_id}")


def _tell(session: Session, escalation: Escalation, role: str, now: datetime) -> bool:
    workers = queries.workers_in_role(session, escalation, role, now)
    reached = False
    for worker in workers:
        reached = _notify_worker(session, escalation, worker, role, now) or reached
    if not workers:
        session.add(
            Notification(escalation_id=escalation.id, rung=escalation.rung, role=role, at=now, problem="nobody")
        )
    return reached


def _notify_worker(session: Session, escalation: Escalation, worker: Worker, role: str, now: datetime) -> bool:
    session.flush()
    told = session.scalar(
        select(Notification).filter_by(escalation_id=escalation.id, rung=escalation.rung, worker_id=worker.id)
    )
    if told is not None:
        return not told.problem
    problem = "" if worker.phone else "no_phone"
    session.add(
        Notification(
            escalation_id=escalation.id, rung=escalation.rung, role=role, worker_id=worker.id, at=now, problem=problem
        )
    )
    if problem:
        return False
    agency = session.get_one(Agency, escalation.agency_id)
    text = texts.render(
        f"escalation.sms.{escalation.priority}",
        agency.language,
        reference=escalation.id,
        link=f"{settings().base_url}/console/e/{escalation.id}",
    )
    outbox.queue_to_worker(session, worker, text, escalation_id=escalation.id)
    return True


def acknowledge(session: Session, escalation_id: int, worker: Worker, via: str) -> Acknowledgement:
    """A worker takes it on; the ladder stops. First one wins.

    ``via`` is ``sms``, ``console`` or ``api``. Raises NotOpen if this worker's agency has no such escalation.
    """
    escalation = _locked(session, escalation_id)
    if escalation is None or escalation.agency_id != worker.agency_id:
        raise NotOpen(f"no escalation {escalation_id}")
    if escalation.state != "open":
        by = session.get(Worker, escalation.acknowledged_by or escalation.resolved_by or worker.id)
        return Acknowledgement(first=False, by_name=by.name if by else "")
    escalation.state = "acknowledged"
    escalation.acknowledged_at = clock.now()
    escalation.acknowledged_by = worker.id
    escalation.acknowledged_via = via
    escalation.next_rung_at = None
    audit.record(
        session,
        actor_kind="worker",
        actor_id=worker.id,
        verb="acknowledged_escalation",
        family_id=escalation.family_id,
        object_id=str(escalation.id),
        detail={"via": via},
    )
    _tell_family(session, escalation)
    notify(session, f"agency:{escalation.agency_id}")
    return Acknowledgement(first=True, by_name=worker.name)


def _tell_family(session: Session, escalation: Escalation) -> None:
    """Say that a human has seen it: always on the web; by SMS only where no danger was told (somebody may be
    reading)."""
    conversation = session.get(Conversation, escalation.conversation_id) if escalation.conversation_id else None
    if conversation is None or conversation.closed_at is not None:
        return
    danger = escalation.kind in ("immediate_danger", "self_harm", "harm_disclosed")
    if escalation.kind == "contact" or (danger and conversation.channel == "web"):
        text = texts.render("escalation.seen", conversation.language)
        outbox.queue_reply(session, conversation, text)


def _locked(session: Session, escalation_id: int) -> Escalation | None:
    # Read anew: the caller may have looked at it before somebody else, for whom the lock waited, changed it.
    query = select(Escalation).filter_by(id=escalation_id).with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def resolve(session: Session, escalation_id: int, worker: Worker, outcome: str, via: str = "console") -> None:
    """Close it, with what came of it. Raises NotOpen for another agency's or a closed one, ValueError without
    outcome."""
    if not outcome.strip():
        raise ValueError("say in a few words what came of it")
    escalation = _locked(session, escalation_id)
    if escalation is None or escalation.agency_id != worker.agency_id or escalation.state == "resolved":
        raise NotOpen(f"no open escalation {escalation_id}")
    now = clock.now()
    if escalation.acknowledged_by is None:
        escalation.acknowledged_at, escalation.acknowledged_by, escalation.acknowledged_via = now, worker.id, via
    escalation.state, escalation.next_rung_at = "resolved", None
    escalation.resolved_at, escalation.resolved_by, escalation.outcome = now, worker.id, outcome.strip()
    audit.record(
        session,
        actor_kind="worker",
        actor_id=worker.id,
        verb="resolved_escalation",
        family_id=escalation.family_id,
        object_id=str(escalation.id),
        detail={},
    )
    notify(session, f"agency:{escalation.agency_id}")


def skip_rung(session: Session, escalation: Escalation, worker_id: uuid.UUID | None, problem: str) -> None:
    """A worker's text bounced: it is recorded, and the next rung is told at once unless someone else was told too."""
    session.flush()
    told = session.scalars(
        select(Notification)
        .filter_by(escalation_id=escalation.id, worker_id=worker_id)
        .order_by(Notification.rung.desc())
    ).first()
    if told is None:
        return
    told.problem = f"bounced {problem}".strip()
    others = session.scalars(
        select(Notification).filter_by(escalation_id=escalation.id, rung=told.rung, problem="")
    ).first()
    if others is None and told.rung == escalation.rung - 1:
        escalation.next_rung_at = clock.now()
    notify(session, f"agency:{escalation.agency_id}")
