"""What only the console shows: the list of conversations, those that need a human first; what hangs on a worker.

It takes the viewer and reads only what api.access lets them see. All else on its pages is read by the domain's queries.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, case, exists, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from api import clock
from api.access.models import ApiKey, Worker
from api.access.queries import Viewer, visible_conversations
from api.escalations import ladder, rules, shifts
from api.escalations.models import Escalation, Shift
from api.families.models import Family, FamilyWorker
from api.families.queries import Who, who_by_person, who_of
from api.messages.models import Conversation, InboundMessage, OutboundMessage

#: Gaps of the rota are looked for so far ahead.
AHEAD = timedelta(days=28)


@dataclass(frozen=True)
class Row:
    """A conversation in the list. ``unanswered`` and ``undelivered`` count what a human must look at."""

    conversation: Conversation
    who: Who
    unanswered: int
    undelivered: int
    taken_over_by: str
    last_words: str


@dataclass(frozen=True)
class Hanging:
    """What hangs on a worker, to be seen to when they leave: ``families``, and whether they lead; ``ladders`` that name
    them; coming ``shifts``; ``gaps`` of the rota without them; ``alarms`` that they took on; ``keys`` of programs."""

    families: list[tuple[Family, bool]]
    ladders: list[rules.Row]
    shifts: int
    gaps: int
    alarms: list[int]
    keys: int


def hanging(session: Session, worker: Worker) -> Hanging:
    """All that. The caller has checked that the viewer leads the worker's agency."""
    now = clock.now()
    families = session.execute(
        select(Family, FamilyWorker.lead)
        .join(FamilyWorker, FamilyWorker.family_id == Family.id)
        .where(FamilyWorker.worker_id == worker.id)
        .order_by(FamilyWorker.lead.desc(), Family.name)
    ).all()
    named = f"{ladder.PERSON}{worker.external_id}"
    coming = select(func.count()).select_from(Shift).where(Shift.worker_id == worker.id, Shift.ends_at > now)
    keys = select(func.count()).select_from(ApiKey).where(ApiKey.worker_id == worker.id, ApiKey.revoked_at.is_(None))
    taken = select(Escalation.id).where(Escalation.acknowledged_by == worker.id, Escalation.state == "acknowledged")
    return Hanging(
        families=[(row[0], row[1]) for row in families],
        ladders=[
            row for row in rules.own(session, worker.agency_id) if any(named in step.targets for step in row.rule.steps)
        ],
        shifts=session.scalar(coming) or 0,
        gaps=len(shifts.gaps_without(session, worker, AHEAD)),
        alarms=list(session.scalars(taken.order_by(Escalation.id))),
        keys=session.scalar(keys) or 0,
    )


def conversations(session: Session, viewer: Viewer, *, limit: int | None = None, offset: int = 0) -> list[Row]:
    """The conversations that the viewer may see: those that need a human first, then the newest."""
    seen = _with_words(viewer).subquery()
    conversation = aliased(Conversation, seen)
    # Few wait for a human: they are counted by the index of what waits, not conversation by conversation.
    waiting = (
        select(InboundMessage.conversation_id, func.count().label("many"))
        .where(InboundMessage.state == "unanswered")
        .group_by(InboundMessage.conversation_id)
        .subquery()
    )
    lost = (
        select(OutboundMessage.conversation_id, func.count().label("many"))
        .where(OutboundMessage.state.in_(("failed", "uncertain")), OutboundMessage.seen_at.is_(None))
        .group_by(OutboundMessage.conversation_id)
        .subquery()
    )
    rows = session.execute(
        select(conversation, waiting.c.many, lost.c.many, Worker.name)
        .outerjoin(waiting, waiting.c.conversation_id == seen.c.id)
        .outerjoin(lost, lost.c.conversation_id == seen.c.id)
        .outerjoin(Worker, Worker.id == seen.c.taken_over_by)
        .order_by(
            case((or_(waiting.c.many > 0, lost.c.many > 0), 0), else_=1),
            func.coalesce(seen.c.last_inbound_at, seen.c.created_at).desc(),
            seen.c.id,
        )
        .limit(limit)
        .offset(offset)
    ).all()
    words = _last_words(session, [row[0].id for row in rows])
    people = who_by_person(session, {row[0].person_id for row in rows if row[0].person_id})
    return [
        Row(found, who_of(people, found.person_id, found), unanswered or 0, undelivered or 0, name or "",
            words.get(found.id, ""))
        for found, unanswered, undelivered, name in rows
    ]  # fmt: skip


def count_conversations(session: Session, viewer: Viewer) -> int:
    """How many there are in the whole list."""
    return session.scalar(select(func.count()).select_from(_with_words(viewer).subquery())) or 0


def _with_words(viewer: Viewer) -> Select[Conversation]:
    """Those in which anything was said."""
    told = exists().where(OutboundMessage.conversation_id == Conversation.id)
    return visible_conversations(viewer).where(or_(Conversation.last_inbound_at.is_not(None), told))


def _last_words(session: Session, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    """What was last written to us in each."""
    last = (
        select(InboundMessage.body)
        .where(InboundMessage.conversation_id == Conversation.id)
        .order_by(InboundMessage.seq.desc())
        .limit(1)
        .lateral()
    )
    rows = session.execute(select(Conversation.id, last.c.body).join(last, true()).where(Conversation.id.in_(ids)))
    return {row[0]: row[1] for row in rows}
