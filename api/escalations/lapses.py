"""When whoever had it does not go on: a conversation taken over in which nobody answers, a call that was promised.

Promise: somebody who was told that a person is there, or will ring, is not left with that word alone. The worker is
reminded where there is time for it; then the ladder goes on as if nobody had taken it on.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, exists, func, select
from sqlalchemy.orm import Session

from api import clock, sealed
from api.access.models import Agency
from api.audit import service as audit
from api.escalations import family, telling
from api.escalations.by_text import local_time
from api.escalations.family import DANGER
from api.escalations.ladder import PRIORITIES
from api.escalations.models import Escalation, Notification
from api.escalations.patience import EARLY, REMIND_AFTER
from api.escalations.said import add_words
from api.escalations.service import open_again, open_escalation
from api.escalations.telling import note
from api.messages.models import Conversation, OutboundMessage
from api.messages.queries import on_its_way

#: The kind of what is opened for somebody who was left waiting; how pressing it is.
KIND, PRIORITY = "left_waiting", "urgent"


def left_waiting(
    session: Session, *, conversation: Conversation, words: Sequence[str], taken_by: uuid.UUID | None
) -> bool:
    """The worker who took the conversation over does not answer. What is not closed there goes on, from the top of its
    ladder if somebody had taken it on or it was less pressing than this; else, if the family has written meanwhile, a
    new one begins. ``words``: what they wrote. Returns whether anybody is told.

    Where they have written nothing, a worker who has said to ring later is believed."""
    now = clock.now()
    said = "\n".join(one for one in words if sealed.or_nothing(one))
    here = _unresolved(session, conversation.id)
    if here is None:
        if not words:
            return False
        here = open_escalation(
            session, conversation=conversation, message=None, kind=KIND, priority=PRIORITY, words=said
        )
        note(session, here, "left_waiting", worker_id=taken_by)
        not_only(session, here, taken_by, now)
        return True
    if (
        here.state == "acknowledged"
        and not words
        and (here.acknowledged_by != taken_by or (here.ring_by is not None and here.ring_by > now))
    ):
        return False
    if said:
        add_words(here, said)
    note(session, here, "left_waiting", worker_id=taken_by)
    raised = bool(words) and PRIORITIES.index(here.priority) < PRIORITIES.index(PRIORITY)
    if raised:
        here.priority = PRIORITY
    if raised or here.state == "acknowledged":
        open_again(session, here, now)
        not_only(session, here, taken_by, now)
    return True


def _unresolved(session: Session, conversation_id: uuid.UUID) -> Escalation | None:
    pressing = case({"emergency": 0, "urgent": 1, "routine": 2}, value=Escalation.priority)
    return session.scalar(
        select(Escalation)
        .where(
            Escalation.conversation_id == conversation_id,
            Escalation.state != "resolved",
            Escalation.kind != "opted_out",
        )
        .order_by(case((Escalation.kind.in_(DANGER), 0), else_=1), pressing, Escalation.id.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


_AGAIN = Escalation.ring_by + func.make_interval(0, 0, 0, 0, 0, Agency.ring_again_minutes)


def _is_over(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """A promised call is over and waits for a reminder or to go on. A worker who has written to the family about that
    time, or later, has been in touch, if it went."""
    in_touch = exists().where(
        OutboundMessage.conversation_id == Escalation.conversation_id,
        OutboundMessage.written_by.is_not(None),
        on_its_way(now),
        OutboundMessage.created_at >= Escalation.ring_by - EARLY,
    )
    return (
        Escalation.state == "acknowledged",
        Escalation.ring_by <= now - REMIND_AFTER,
        Escalation.ring_reminded_at.is_(None) | (now >= _AGAIN),
        ~in_touch,
    )


def promised(session: Session, now: datetime, limit: int, but: Collection[int] = ()) -> Sequence[Escalation]:
    """Escalations (``but`` these) whose promised call is over and that wait for a reminder or to go on, locked for this
    transaction."""
    return session.scalars(
        select(Escalation)
        .join(Agency, Agency.id == Escalation.agency_id)
        .where(*_is_over(now), Escalation.id.not_in(but))
        .order_by(Escalation.ring_by)
        .limit(limit)
        .with_for_update(of=Escalation, skip_locked=True)
    ).all()


def overdue(session: Session, now: datetime) -> tuple[int, datetime | None]:
    """How many such escalations there are, and since when the first of them should have been reminded of or go on."""
    reminded = Escalation.ring_reminded_at.is_not(None)
    due_at = case((reminded, _AGAIN), else_=Escalation.ring_by + REMIND_AFTER)
    query = select(func.count(), func.min(due_at)).select_from(Escalation)
    count, since = session.execute(query.join(Agency, Agency.id == Escalation.agency_id).where(*_is_over(now))).one()
    return count, since


def follow_up(session: Session, escalation: Escalation, now: datetime) -> str:
    """Remind whoever said to ring by then; or, later, let the ladder go on. Returns which: reminded, reopened."""
    agency = session.get_one(Agency, escalation.agency_id)
    again = (escalation.ring_by or now) + timedelta(minutes=agency.ring_again_minutes)
    if escalation.ring_reminded_at is None and now < again:
        escalation.ring_reminded_at = now
        time, later = local_time(escalation.ring_by or now, agency), local_time(again, agency)
        telling.remind_of_call(session, escalation, now, time=time, later=later)
        return "reminded"
    escalation.ring_by, escalation.ring_reminded_at = None, None
    reopen(session, escalation, now, why="ring_missed")
    family.tell_missed(session, escalation, now)
    return "reopened"


def reopen(session: Session, escalation: Escalation, now: datetime, *, why: str) -> None:
    """Whoever has it let it lie (``why``, an event's kind): it is open again, and others are told."""
    holder = escalation.acknowledged_by
    note(session, escalation, why, worker_id=holder)
    audit.record(
        session,
        actor_kind="system",
        actor_id=None,
        verb="reopened_escalation",
        family_id=escalation.family_id,
        object_id=str(escalation.id),
        detail={"why": why},
    )
    open_again(session, escalation, now)
    not_only(session, escalation, holder, now)


def not_only(session: Session, escalation: Escalation, silent: uuid.UUID | None, now: datetime) -> None:
    """Where the rung just told is nobody but the one who has been silent, the next one is told at once."""
    told = select(Notification.worker_id).where(
        Notification.escalation_id == escalation.id,
        Notification.rung == escalation.rung - 1,
        Notification.problem == "",
    )
    if set(session.scalars(told)) == {silent}:
        telling.tell_next(session, escalation, now)
