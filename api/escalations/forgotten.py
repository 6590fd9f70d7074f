"""Taken on, and then nothing: who has it is reminded once, and after as long again others are told of it. What was
taken on before there was this clock (``watched``) is only shown.

A sign is whatever shows that somebody sees to it: closing it, a time by which they ring (that has its own clock:
lapses), a takeover, their words to the family if these went, or saying once more that they have it. How long each
priority may go without one stands in data/held.yaml, with why.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import yaml
from sqlalchemy import ColumnElement, ScalarSelect, case, exists, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from api.access.models import Agency
from api.escalations import telling
from api.escalations.by_text import local_when
from api.escalations.lapses import reopen
from api.escalations.models import Escalation, EscalationEvent
from api.escalations.patience import BOUNDS
from api.escalations.telling import note
from api.messages.models import Conversation, OutboundMessage
from api.messages.queries import on_its_way
from api.settings import DATA

#: A promised call is nobody else's to follow up for as long.
CALLS_CLOCK = timedelta(minutes=BOUNDS["ring_again_minutes"][1])
#: Nobody is reminded of more than so many in so long: each is a text. The most pressing come first, the others after.
FEW, PAUSE = 3, timedelta(minutes=10)

_PRESSING = case({"emergency": 0, "urgent": 1}, value=Escalation.priority, else_=2)
#: What was last: that they still have it, or that they were reminded of it (NULL: neither).
_LAST = (
    select(EscalationEvent.kind)
    .where(
        EscalationEvent.escalation_id == Escalation.id,
        EscalationEvent.kind.in_(("still", "reminded")),
        EscalationEvent.at >= Escalation.acknowledged_at,
    )
    .order_by(EscalationEvent.at.desc())
    .limit(1)
    .correlate(Escalation)
    .scalar_subquery()
)


@lru_cache(maxsize=1)
def limits() -> dict[str, timedelta]:
    """Priority → how long it may be somebody's without a sign."""
    data = yaml.safe_load((DATA / "held.yaml").read_text(encoding="utf-8"))
    return {priority: timedelta(minutes=one["minutes"]) for priority, one in data.items()}


def long_held(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Has somebody had it, without a sign, for longer than its priority allows?"""
    return _since("still", now=now)


def _sign(*kinds: str) -> ColumnElement[datetime]:
    """Since when it is without a sign: the last event of these kinds since it was taken on, or that."""
    last = (
        select(func.max(EscalationEvent.at))
        .where(
            EscalationEvent.escalation_id == Escalation.id,
            EscalationEvent.kind.in_(kinds),
            EscalationEvent.at >= Escalation.acknowledged_at,
        )
        .correlate(Escalation)
        .scalar_subquery()
    )
    return func.greatest(Escalation.acknowledged_at, last)  # the greatest of those that there are


def _since(*kinds: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The same, counted from the last event of these kinds since it was taken on."""
    before = case({priority: literal(now - limit) for priority, limit in limits().items()}, value=Escalation.priority)
    wrote = exists().where(
        OutboundMessage.conversation_id == Escalation.conversation_id,
        OutboundMessage.written_by.is_not(None),
        OutboundMessage.created_at >= Escalation.acknowledged_at,
        on_its_way(now),
    )
    there = exists().where(Conversation.id == Escalation.conversation_id, Conversation.taken_over_by.is_not(None))
    return (
        Escalation.state == "acknowledged",
        _sign(*kinds) <= before,
        or_(Escalation.ring_by.is_(None), Escalation.ring_by <= now - CALLS_CLOCK),
        ~wrote,
        ~there,
    )


def _reminders(what: ColumnElement[Any]) -> ScalarSelect[Any]:
    """This, of the reminders of all that whoever has this one has on."""
    theirs = aliased(Escalation)
    return (
        select(what)
        .join(theirs, theirs.id == EscalationEvent.escalation_id)
        .where(
            theirs.acknowledged_by == Escalation.acknowledged_by,
            theirs.state == "acknowledged",
            EscalationEvent.kind == "reminded",
        )
        .correlate(Escalation)
        .scalar_subquery()
    )


def _is_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """It waits for a reminder, and whoever has it has not just had a few; or, once reminded, to go on."""
    lately = _reminders(func.count().filter(EscalationEvent.at > now - PAUSE))
    return *_since("still", "reminded", now=now), Escalation.watched.is_(True), or_(_LAST == "reminded", lately < FEW)


def due(session: Session, now: datetime, but: Collection[int] = ()) -> Escalation | None:
    """The most pressing escalation (``but`` these) that waits for a reminder or to go on, locked for this
    transaction."""
    return session.scalar(
        select(Escalation)
        .where(*_is_due(now), Escalation.id.not_in(but))
        .order_by(_PRESSING, Escalation.acknowledged_at)
        .limit(1)
        .with_for_update(of=Escalation, skip_locked=True)
    )


def overdue(session: Session, now: datetime) -> tuple[int, datetime | None]:
    """How many such escalations there are, and since when the first of them should have been reminded of or go on."""
    long = case({priority: literal(limit) for priority, limit in limits().items()}, value=Escalation.priority)
    since = func.greatest(
        _sign("still", "reminded") + long,
        Escalation.ring_by + CALLS_CLOCK,
        _reminders(func.max(EscalationEvent.at)) + PAUSE,
    )
    count, first = session.execute(select(func.count(), func.min(since)).where(*_is_due(now))).one()
    return count, first


def follow_up(session: Session, escalation: Escalation, now: datetime) -> str:
    """Remind whoever has it; or, later, let the ladder go on. Returns which: reminded, reopened."""
    last = session.scalar(select(_LAST).select_from(Escalation).where(Escalation.id == escalation.id))
    if last != "reminded":
        agency = session.get_one(Agency, escalation.agency_id)
        later = local_when(now + limits()[escalation.priority], now, agency)
        telling.remind_of_held(session, escalation, now, later=later)
        note(session, escalation, "reminded", worker_id=escalation.acknowledged_by)
        return "reminded"
    reopen(session, escalation, now, why="forgotten")
    return "reopened"
