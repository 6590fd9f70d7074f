"""Telling a rung: the rows and texts of what the ladder (api.escalations.ladder) says, in the caller's transaction."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock, texts
from api.access.models import Worker
from api.database import notify
from api.escalations import links
from api.escalations.ladder import Told
from api.escalations.models import Escalation, EscalationEvent, Notification
from api.escalations.rota import Member
from api.escalations.world import World, cases, world
from api.messages import outbox

#: A telling by hand: somebody handed it over.
HANDOVER = "handover"


def note(
    session: Session,
    escalation: Escalation,
    kind: str,
    *,
    worker_id: uuid.UUID | None = None,
    to_worker_id: uuid.UUID | None = None,
    via: str = "",
) -> None:
    """Add to the escalation's life (EscalationEvent), and wake the pages that show it."""
    session.add(
        EscalationEvent(
            escalation_id=escalation.id,
            at=clock.now(),
            kind=kind,
            worker_id=worker_id,
            to_worker_id=to_worker_id,
            via=via,
        )
    )
    notify(session, f"agency:{escalation.agency_id}")


def tell_next(session: Session, escalation: Escalation, now: datetime, here: World | None = None) -> None:
    """Tell the next rung that has somebody in it; rungs with nobody are recorded and passed over at once.

    ``here`` is the agency as it was read before, for who tells many. If no rung has anybody, everyone active in the
    agency is told.
    """
    here = here or world(session, escalation.agency_id, now)
    # The priority may just have risen, and is not flushed.
    case = replace(cases(session, [escalation])[escalation.id], priority=escalation.priority)
    said = here.telling(case, escalation.step, now)
    for rung in said.rungs:
        for told in rung:
            _tell(session, escalation, told, here.language, now)
        escalation.rung += 1
    escalation.step = said.next_step
    escalation.next_rung_at = now + said.wait
    session.flush()
    notify(session, f"agency:{escalation.agency_id}")


def hand_to(session: Session, escalation: Escalation, members: list[Member], by: Worker, here: World) -> None:
    """Tell these workers, in a rung of their own, that it is handed to them. They have a phone each."""
    for member in members:
        told = Told(HANDOVER, member)
        text_id = "escalation.sms.handed"
        _tell(session, escalation, told, here.language, clock.now(), text_id=text_id, name=by.name)
    escalation.rung += 1
    session.flush()


def _tell(
    session: Session,
    escalation: Escalation,
    told: Told,
    language: str,
    now: datetime,
    *,
    text_id: str = "",
    **args: str,
) -> None:
    notification = Notification(
        id=uuid.uuid4(),
        escalation_id=escalation.id,
        rung=escalation.rung,
        role=told.role,
        worker_id=told.member.id if told.member else None,
        at=now,
        problem=told.problem,
    )
    session.add(notification)
    if told.problem or told.member is None:
        return
    text = texts.render(
        text_id or f"escalation.sms.{escalation.priority}",
        language,
        reference=escalation.id,
        link=links.address(notification.id),
        **args,
    )
    outbox.queue_to_worker(session, session.get_one(Worker, told.member.id), text, escalation_id=escalation.id)


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
    session.flush()
    others = session.scalars(
        select(Notification).filter_by(escalation_id=escalation.id, rung=told.rung, problem="")
    ).first()
    if others is None and told.rung == escalation.rung - 1:
        escalation.next_rung_at = clock.now()
    notify(session, f"agency:{escalation.agency_id}")
