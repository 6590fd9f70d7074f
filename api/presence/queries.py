"""Reads about who is in a conversation. Callers have checked that the reader may see it (api.access)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from api.presence.models import Presence


@dataclass(frozen=True)
class Here:
    """A worker who is in the conversation; ``writing_until`` where they are writing just now."""

    name: str
    writing_until: datetime | None


@dataclass(frozen=True)
class Seen:
    """The newest message that was on somebody's screen, and since when."""

    seq: int
    at: datetime


def topic(conversation_id: uuid.UUID) -> str:
    """What wakes the pages that show who is here: apart from the messages' topic, because it comes often."""
    return f"presence:{conversation_id}"


def colleagues(
    session: Session, conversation_id: uuid.UUID, *, agency_id: uuid.UUID, but: uuid.UUID | None
) -> list[Here]:
    """The agency's other workers who look at this conversation or write in it now, by name."""
    now = clock.now()
    rows = session.execute(
        select(Worker.name, Presence.writing_until)
        .join(Worker, Worker.id == Presence.worker_id)
        .where(
            Presence.conversation_id == conversation_id,
            Worker.agency_id == agency_id,
            Worker.id != but,
            or_(Presence.looking_until > now, Presence.writing_until > now),
        )
        .order_by(Worker.name, Worker.id)
    )
    return [Here(name, until if until and until > now else None) for name, until in rows]


def writing_worker(session: Session, conversation: Conversation) -> Here | None:
    """The worker who is writing in this conversation now: first of all who has taken it over."""
    row = session.execute(
        select(Worker.name, Presence.writing_until)
        .join(Worker, Worker.id == Presence.worker_id)
        .where(Presence.conversation_id == conversation.id, Presence.writing_until > clock.now())
        .order_by((Worker.id == conversation.taken_over_by).desc().nulls_last(), Presence.writing_until.desc())
        .limit(1)
    ).first()
    return Here(row[0], row[1]) if row else None


def person_writes_until(session: Session, conversation_id: uuid.UUID) -> datetime | None:
    """Until when the person counts as writing; None if they are not."""
    return session.scalar(
        select(Presence.writing_until).where(
            Presence.conversation_id == conversation_id,
            Presence.worker_id.is_(None),
            Presence.writing_until > clock.now(),
        )
    )


def seen_by_person(session: Session, conversation_id: uuid.UUID) -> Seen | None:
    """Which message of a worker's was last on the person's screen."""
    row = session.execute(
        select(Presence.seen_seq, Presence.seen_at).where(
            Presence.conversation_id == conversation_id, Presence.worker_id.is_(None), Presence.seen_at.is_not(None)
        )
    ).first()
    return Seen(row[0], row[1]) if row and row[1] else None


def last_message_seen_by(session: Session, conversation_id: uuid.UUID) -> str:
    """The worker who was the first to see the person's last message; empty where nobody has, or where a worker has
    written since (which says it better)."""
    last = session.scalar(select(func.max(InboundMessage.seq)).where(InboundMessage.conversation_id == conversation_id))
    if last is None:
        return ""
    answered = session.scalar(
        select(OutboundMessage.id)
        .where(
            OutboundMessage.conversation_id == conversation_id,
            OutboundMessage.written_by.is_not(None),
            OutboundMessage.seq > last,
        )
        .limit(1)
    )
    if answered is not None:
        return ""
    name = session.scalar(
        select(Worker.name)
        .join(Presence, Presence.worker_id == Worker.id)
        .where(Presence.conversation_id == conversation_id, Presence.seen_seq >= last)
        .order_by(Presence.seen_at)
        .limit(1)
    )
    return name or ""
