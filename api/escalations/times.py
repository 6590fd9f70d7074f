"""After the fact: how long it took to acknowledge and to close, what was missed, and which alarms were false.

For managers, of their own agency. The false alarms are what the safety screen could learn from: an export that a
person reads and strips of names before anything is learned (data/safety/README.md).
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log10
from typing import Any

from sqlalchemy import and_, exists, func, or_, select, text
from sqlalchemy.orm import Session, aliased

from api import clock
from api.escalations.family import DANGER
from api.escalations.models import OPEN_AGAIN, Escalation
from api.escalations.outcomes import FALSE_ALARM
from api.messages.models import Conversation, InboundMessage, OutboundMessage

_TIMES = text("""
    SELECT e.priority, count(*) AS opened,
           count(ack) AS acknowledged,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM ack - e.opened_at)) AS ack_half,
           percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM ack - e.opened_at)) AS ack_most,
           count(e.resolved_at) AS resolved,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM e.resolved_at - e.opened_at)) AS close_half,
           percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM e.resolved_at - e.opened_at)) AS close_most,
           count(*) FILTER (WHERE missed > 0 OR silent) AS missed, count(*) FILTER (WHERE silent) AS silent,
           count(*) FILTER (WHERE e.outcome_kind = 'false_alarm') AS false_alarms
    FROM (
        SELECT s.*, coalesce(
                 (SELECT min(v.at) FROM escalation_events v WHERE v.escalation_id = s.id AND v.kind = 'acknowledged'),
                 s.acknowledged_at) AS ack,
               (SELECT count(*) FROM notifications n WHERE n.escalation_id = s.id AND n.problem <> '') AS missed,
               -- A rung that was told, and then the next one because nobody had answered when its wait was over; not
               -- because something happened, which is noted in the moment in which the next one is told.
               EXISTS (
                 SELECT 1 FROM (
                   SELECT n.rung, min(n.at) AS at, bool_and(n.problem <> '') AS nobody,
                          lead(min(n.at)) OVER (ORDER BY n.rung) AS next_at
                   FROM notifications n WHERE n.escalation_id = s.id GROUP BY n.rung) r
                 WHERE NOT r.nobody AND r.next_at > r.at AND NOT EXISTS (
                   SELECT 1 FROM escalation_events v
                   WHERE v.escalation_id = s.id
                     AND v.kind = ANY (CAST(:again AS text[]))
                     AND v.at >= r.at AND v.at <= r.next_at + interval '1 second')) AS silent
        FROM escalations s WHERE s.agency_id = :agency AND s.opened_at > :since
    ) e GROUP BY e.priority
""")


@dataclass(frozen=True)
class Times:
    """One priority: how many came, half and nine in ten of the times (None where there are none), how many had a rung
    that was missed (it reached nobody, or was ``silent``: nobody answered before the next one), how many were false
    alarms."""

    priority: str
    opened: int
    acknowledged: int
    ack_half: timedelta | None
    ack_most: timedelta | None
    resolved: int
    close_half: timedelta | None
    close_most: timedelta | None
    missed: int
    silent: int
    false_alarms: int


def times(session: Session, agency_id: uuid.UUID, since: datetime) -> list[Times]:
    """The agency's times since then, the most pressing priority first."""

    def span(seconds: float | None) -> timedelta | None:
        return None if seconds is None else timedelta(seconds=float(seconds))

    found = {
        row.priority: Times(
            row.priority,
            row.opened,
            row.acknowledged,
            span(row.ack_half),
            span(row.ack_most),
            row.resolved,
            span(row.close_half),
            span(row.close_most),
            row.missed,
            row.silent,
            row.false_alarms,
        )
        for row in session.execute(_TIMES, {"agency": agency_id, "since": since, "again": list(OPEN_AGAIN)})
    }
    return [found[priority] for priority in ("emergency", "urgent", "routine") if priority in found]


#: The word on one message of several that raised an alarm together: a person has to judge which was false.
UNSURE = "unsure"


@dataclass(frozen=True)
class Bar:
    """One priority in a chart: the two times, and how long their bars are, from 0 to 100."""

    priority: str
    half: timedelta
    most: timedelta
    half_length: float
    most_length: float


def bars(figures: Sequence[Times], what: str) -> list[Bar]:
    """The chart of ``ack`` or ``close`` times, on a scale on which ten times as long is one step further: minutes and
    days stand side by side. The longest fills the line; what took no minute is still to be seen."""
    known = [
        (one.priority, half, most)
        for one in figures
        if (half := getattr(one, f"{what}_half")) is not None and (most := getattr(one, f"{what}_most")) is not None
    ]
    longest = max((_step(most) for _, _, most in known), default=1.0)

    def length(span: timedelta) -> float:
        return round(max(1.0, 100 * _step(span) / longest), 1)

    return [Bar(priority, half, most, length(half), length(most)) for priority, half, most in known]


def _step(span: timedelta) -> float:
    """How many steps of ten times; never 0, so that nothing is divided by it."""
    return max(0.01, log10(1 + max(0.0, span.total_seconds()) / 60))


def _nearer(message: InboundMessage, one: Escalation, other: Escalation) -> bool:
    """Is ``one`` more this message's own than ``other``: opened by it, else about danger, else called false?"""

    def own(escalation: Escalation) -> tuple[bool, bool, bool]:
        called = escalation.outcome_kind == FALSE_ALARM
        return escalation.message_id == message.id, escalation.kind in DANGER, called

    return own(one) > own(other)


def false_alarms(session: Session) -> Iterator[dict[str, Any]]:
    """The messages that raised what workers then marked as a false alarm, oldest first, in the shape of the screen's
    examples, with what had been said of them and by which part: the screen, or the understanding of messages (Rasa).
    They hold what people wrote. What a worker called a real alarm is left out, what one called false is ``none``,
    whatever became of its escalation. Where nobody has said so of the messages one by one, one message alone is
    ``none``, and each of several is ``unsure``. A message stands in it once, with the escalation that is most its own,
    and not as another's where the one that it opened was no false alarm."""
    replied = exists().where(OutboundMessage.in_reply_to == InboundMessage.id, OutboundMessage.kind == "safety")
    screened = InboundMessage.safety_kind != "none"
    opened_it = and_(Escalation.message_id == InboundMessage.id, Escalation.kind.in_(DANGER))
    raised_other = aliased(Escalation)
    was_real = (
        exists()
        .where(raised_other.message_id == InboundMessage.id, raised_other.kind.in_(DANGER))
        .where(raised_other.outcome_kind.is_distinct_from(FALSE_ALARM))
        .correlate(InboundMessage)
    )
    found = session.execute(
        select(InboundMessage, Conversation.language, Escalation)
        .join(Conversation, Conversation.id == InboundMessage.conversation_id)
        .join(Escalation, Escalation.conversation_id == Conversation.id)
        .where(
            or_(and_(Escalation.outcome_kind == FALSE_ALARM, ~was_real), InboundMessage.alarm_was == "false"),
            InboundMessage.alarm_was != "real",
            or_(screened, opened_it, replied),
            InboundMessage.received_at >= Escalation.opened_at - timedelta(minutes=1),
            InboundMessage.received_at <= func.coalesce(Escalation.resolved_at, clock.now()),
        )
        .order_by(InboundMessage.seq, Escalation.id)
    ).all()
    own: dict[uuid.UUID, tuple[InboundMessage, str, Escalation]] = {}
    for message, language, escalation in found:
        if message.id not in own or _nearer(message, escalation, own[message.id][2]):
            own[message.id] = (message, language, escalation)
    rows = list(own.values())
    together = Counter(escalation.id for _, _, escalation in rows)
    for message, language, escalation in rows:
        by_screen = message.safety_kind != "none"
        yield {
            "text": message.body,
            "kind": "none" if together[escalation.id] == 1 or message.alarm_was == "false" else UNSURE,
            "priority": "routine",
            "language": language,
            "raised_by": "screen" if by_screen else "understanding",
            "said": {
                "kind": message.safety_kind if by_screen else escalation.kind,
                "priority": message.safety_priority if by_screen else escalation.priority,
            },
            "reasons": message.safety_reasons if by_screen else escalation.reasons,
            "reference": escalation.id,
        }
