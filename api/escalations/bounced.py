"""A worker who was to be told and was not: their text, e-mail or note bounced, or the carrier does not take the text.

Promises: a rung that reached nobody is not waited for. A text that is held up (our account with the carrier is not in
order; it takes nothing for a minute; for ten it asks us to go slower) is still tried, but whoever it is for hears at
once by e-mail and in their browsers, once, and that stands beside the telling as a problem. Everything in the caller's
transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from api import clock
from api.channels.twilio import faults
from api.database import notify
from api.escalations.ladder import CHANNELS, everybody, steps_for
from api.escalations.models import OTHERWISE, REACHED, Escalation, Notification
from api.escalations.telling import Batch
from api.escalations.world import cases, due_of, world
from api.messages.models import OutboundMessage

#: Everyone, by all channels, after a whole round that reached nobody.
EVERYBODY = "everybody"
#: The carrier has not taken a text for so long: whoever it is for is told in another way.
HELD_UP_AFTER = timedelta(minutes=1)
#: The same, where it only asks us to go slower: nothing is wrong, and most such texts go out within moments.
SLOW_AFTER = timedelta(minutes=10)
#: How the ``problem`` of a telling begins whose text, e-mail or note did not arrive; what was wrong comes after it.
BOUNCED = "bounced"


def skip_rung(session: Session, escalation: Escalation, message: OutboundMessage, problem: str) -> None:
    """A worker's text, e-mail or note bounced, and they were told in no other way: it is recorded with the tellings
    that it belongs to, and the next rung is told at once unless someone else was told too.

    These can be several, of one moment: where a rota is empty, the next rung is told with the one before, and one
    person can stand in both."""
    session.flush()
    of_that_moment = select(Notification).filter_by(
        escalation_id=escalation.id, worker_id=message.worker_id, at=message.created_at
    )
    tellings = session.scalars(of_that_moment.where(REACHED).order_by(Notification.rung)).all()
    if not tellings:
        return
    another_way = select(OutboundMessage.id).where(
        OutboundMessage.escalation_id == escalation.id,
        OutboundMessage.worker_id == message.worker_id,
        OutboundMessage.created_at == message.created_at,
        OutboundMessage.state != "failed",
    )
    if any(told.problem for told in tellings):  # the text that still waits is no way
        taken = OutboundMessage.state.in_(("sent", "delivered"))
        another_way = another_way.where(or_(OutboundMessage.channel != "sms", taken))
    if session.scalars(another_way).first() is not None:
        return
    # (What was held up has been passed over already, but for what is routine: an e-mail was soon enough for that.)
    waited_for = [told.rung for told in tellings if not told.problem or escalation.priority == "routine"]
    for told in tellings:
        told.problem = f"{BOUNCED} {problem}".strip()
    session.flush()
    _next_if_nobody(session, escalation, waited_for, clock.now())
    notify(session, f"agency:{escalation.agency_id}")


#: A text to a worker, ``o``, that the carrier does not take (with the parameters of ``not_taken``).
NOT_TAKEN = """
    o.state IN ('queued', 'sending') AND o.kind = 'escalation' AND o.channel = 'sms'
    AND (o.error = ANY (CAST(:faults AS text[]))
         OR o.created_at <= CASE WHEN o.error = ANY (CAST(:too_many AS text[])) THEN :slow_since ELSE :since END
            AND EXISTS (  -- what nobody tried yet, api.ops sees
                SELECT 1 FROM delivery_attempts a WHERE a.outbound_id = o.id))
"""
_HELD_UP = f"""
    FROM outbound_messages o
    JOIN escalations e ON e.id = o.escalation_id AND e.state = 'open'
    JOIN notifications n ON n.escalation_id = o.escalation_id AND n.worker_id = o.worker_id AND n.at = o.created_at
                        AND n.problem = ''
    WHERE {NOT_TAKEN}
"""
_ESCALATIONS = text(f"""
    SELECT e.id {_HELD_UP} GROUP BY e.id
    ORDER BY CASE e.priority WHEN 'emergency' THEN 0 WHEN 'urgent' THEN 1 ELSE 2 END, e.id LIMIT :limit
""")
_TELLINGS = text(f"""
    SELECT n.id, max(o.error) AS error {_HELD_UP} AND e.id = :id GROUP BY n.id, n.rung ORDER BY n.rung, n.id
""")


def not_taken(now: datetime) -> dict[str, object]:
    """Which errors and times ``NOT_TAKEN`` asks for."""
    return {
        "faults": sorted(faults.ACCOUNT),
        "since": now - HELD_UP_AFTER,
        "too_many": sorted(faults.TOO_MANY),
        "slow_since": now - SLOW_AFTER,
    }


def held_up(session: Session, now: datetime, limit: int) -> Sequence[int]:
    """Open escalations of which a worker's text does not go out and nothing has been done about it, the most pressing
    first."""
    return session.scalars(_ESCALATIONS, {**not_taken(now), "limit": limit}).all()


def tell_otherwise(session: Session, escalation_id: int, now: datetime) -> int:
    """Whoever's text of this escalation is held up is told by the other ways that they have; that rung is not waited
    for, unless the call is routine and one of these ways is there. Returns how many tellings."""
    escalation = session.scalar(
        select(Escalation)
        .where(Escalation.id == escalation_id, Escalation.state == "open")
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if escalation is None:
        return 0
    # Asked again under the lock: another process may have done it meanwhile.
    rows = session.execute(_TELLINGS, {**not_taken(now), "id": escalation_id}).all()
    here, due, batch = world(session, escalation.agency_id, now), due_of(escalation), Batch(now)
    not_waited_for = []
    told_now: dict[tuple[uuid.UUID | None, datetime], set[str]] = {}
    for row in rows:
        told = session.get_one(Notification, row.id)
        # Who stands in two rungs of one moment is written to once.
        ways = told_now.get((told.worker_id, told.at)) or _others(session, told)
        if not ways and told.worker_id is not None and told.worker_id in here.rota.members:
            ways = {way for way in CHANNELS if way != "sms" and here.addresses(way, told.worker_id)}
            for way in sorted(ways):
                batch.say(due, told.id, way, told.worker_id, here, told_at=told.at)
            told_now[told.worker_id, told.at] = ways
        told.problem = f"{OTHERWISE if ways else BOUNCED} {row.error}".strip()
        told.channels = " ".join(way for way in CHANNELS if way in {*told.channels.split(), *ways})
        if not ways or escalation.priority != "routine":
            not_waited_for.append(told.rung)
    batch.write(session)
    session.flush()
    _next_if_nobody(session, escalation, not_waited_for, now)
    notify(session, f"agency:{escalation.agency_id}")
    return len(rows)


def _others(session: Session, told: Notification) -> set[str]:
    """The ways other than by text by which they were told with it, as far as these have not bounced."""
    return set(
        session.scalars(
            select(OutboundMessage.channel).where(
                OutboundMessage.escalation_id == told.escalation_id,
                OutboundMessage.worker_id == told.worker_id,
                OutboundMessage.created_at == told.at,
                OutboundMessage.channel != "sms",
                OutboundMessage.state != "failed",
            )
        )
    )


def _next_if_nobody(session: Session, escalation: Escalation, rungs: Collection[int], now: datetime) -> None:
    """The next rung at once, if one of these is the last that was told and nobody in it was. In an emergency several
    can be the last, where a rota was empty: they were told in one moment, and whoever was reached by one is waited for.
    Else the bounce of one would have all of them told again, and again."""
    last = Notification.rung == escalation.rung - 1
    if escalation.priority == "emergency":
        moment = select(func.max(Notification.at)).where(Notification.escalation_id == escalation.id)
        last = Notification.at == moment.scalar_subquery()
    told = session.execute(
        select(Notification.rung, Notification.problem).where(Notification.escalation_id == escalation.id, last)
    ).all()
    if any(row.rung in rungs for row in told) and all(row.problem for row in told):
        _pass_on(session, escalation, now)


def _pass_on(session: Session, escalation: Escalation, now: datetime) -> None:
    """The rung just told reached nobody: the next one at once. Where a whole round of the ladder reached nobody (the
    provider is down, the account is empty), everyone who works there is told by all channels, and then the waits of the
    steps are kept until another round is over: else bounce would chase bounce for ever, and nobody would be reached
    sooner. Where the carrier only asked us to go slower, those who have another way get no text beside it."""
    here = world(session, escalation.agency_id, now)
    case = cases(session, [escalation])[escalation.id]
    steps = steps_for(here.rules, case, now.astimezone(here.zone))
    round_begins = escalation.rung - len(steps)
    last = session.execute(
        select(Notification.role, Notification.problem).where(
            Notification.escalation_id == escalation.id, Notification.rung >= round_begins
        )
    ).all()
    if round_begins < 0 or any(not row.problem for row in last):
        escalation.next_rung_at = now
    elif not any(row.role == EVERYBODY for row in last):
        due = due_of(escalation)
        batch = Batch(now)
        slower = _asked_to_go_slower([row.problem for row in last])
        for told in everybody(here.rota, EVERYBODY):
            if slower and (ways := tuple(way for way in told.channels if way != "sms")):
                told = replace(told, channels=ways)
            batch.add(due, due.rung, told, here)
        batch.write(session)
        escalation.rung += 1
        escalation.next_rung_at = now + min(step.wait for step in steps)
        session.flush()


def _asked_to_go_slower(problems: Sequence[str]) -> bool:
    """Was that, and nothing else, why the texts of these tellings did not arrive?"""
    kinds = [problem.split() for problem in problems if problem.startswith((OTHERWISE, BOUNCED))]
    return bool(kinds) and all(kind[-1] in faults.TOO_MANY for kind in kinds)
