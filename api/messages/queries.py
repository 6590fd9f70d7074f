"""Reads about conversations: the thread as it is shown, and which conversations need a human."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from api.access.models import Worker
from api.evidence import links
from api.messages.handback import Summary, read
from api.messages.models import HandoverNote, InboundMessage, OutboundMessage
from api.messages.tongues import plainly
from api.sealed import or_nothing

#: The largest number that the order of messages can reach (a bigint).
LAST_SEQ = 2**63 - 1


def on_its_way(now: datetime) -> ColumnElement[bool]:
    """Has a message of ours gone, or does it go in this moment? Not what failed, was called off, or waits."""
    gone = OutboundMessage.state.in_(("sending", "sent", "delivered"))
    return or_(
        gone, and_(OutboundMessage.state == "queued", OutboundMessage.error == "", OutboundMessage.due_at <= now)
    )


@dataclass(frozen=True)
class Line:
    """One message in a thread. ``direction`` "in" is from the family, "out" from us; ``seq`` orders them."""

    id: uuid.UUID
    seq: int
    direction: str
    at: datetime
    body: str
    state: str
    options: list[dict[str, Any]]
    worker_name: str
    safety_priority: str
    safety_kind: str
    flag: str
    external_id: str
    error: str = ""
    seen: bool = False
    alarm_was: str = ""
    channel: str = ""

    @property
    def tongue(self) -> str:
        """The language that it is plainly in, or "": for whoever has pages read to them."""
        return plainly(or_nothing(self.body))


@dataclass(frozen=True)
class Note:
    """What a worker left when they handed the conversation back. Its place among the lines is ``seq``."""

    seq: int
    at: datetime
    worker_name: str
    words: str
    #: What happened while it was taken over; None where the note is of something else.
    summary: Summary | None = None
    direction: str = "note"


def notes(session: Session, conversation_id: uuid.UUID, since: datetime | None = None) -> list[Note]:
    """What workers left for colleagues in this conversation, oldest first, for workers only; ``since`` then."""
    query = (
        select(HandoverNote, Worker.name)
        .join(Worker, Worker.id == HandoverNote.worker_id)
        .where(
            HandoverNote.conversation_id == conversation_id, or_(HandoverNote.words != "", HandoverNote.summary != {})
        )
        .order_by(HandoverNote.seq)
    )
    if since is not None:
        query = query.where(HandoverNote.at >= since)
    found = session.execute(query).all()
    summaries = read(session, [note.summary for note, _ in found])
    return [
        Note(note.seq, note.at, name, note.words, summary)
        for (note, name), summary in zip(found, summaries, strict=True)
    ]


def waits_for_a_turn(session: Session, conversation_id: uuid.UUID) -> bool:
    """Has somebody written there what nobody has answered yet?"""
    waiting = select(InboundMessage.id).filter_by(conversation_id=conversation_id, state="queued")
    return session.scalar(select(waiting.exists())) is True


def thread(
    session: Session, conversation_id: uuid.UUID, *, after_seq: int = 0, before_seq: int = LAST_SEQ, limit: int = 500
) -> list[Line]:
    """The newest ``limit`` messages of a conversation after ``after_seq`` and before ``before_seq``, oldest first."""
    inbound = session.scalars(
        select(InboundMessage)
        .where(
            InboundMessage.conversation_id == conversation_id,
            InboundMessage.seq > after_seq,
            InboundMessage.seq < before_seq,
        )
        .order_by(InboundMessage.seq.desc())
        .limit(limit)
    )
    outbound = session.execute(
        select(OutboundMessage, Worker.name)
        .outerjoin(Worker, Worker.id == OutboundMessage.written_by)
        .where(
            OutboundMessage.conversation_id == conversation_id,
            OutboundMessage.seq > after_seq,
            OutboundMessage.seq < before_seq,
        )
        .order_by(OutboundMessage.seq.desc())
        .limit(limit)
    )
    lines = [
        Line(
            m.id,
            m.seq,
            "in",
            m.received_at,
            m.body,
            m.state,
            [],
            "",
            m.safety_priority,
            m.safety_kind,
            m.flag,
            m.external_id.partition(":")[2] if m.channel == "web" else m.external_id,
            alarm_was=m.alarm_was,
            channel=m.channel,
        )
        for m in inbound
    ]
    lines += [
        Line(
            m.id,
            m.seq,
            "out",
            m.created_at,
            links.without_links(m.body),
            m.state,
            m.options,
            name or "",
            "routine",
            "none",
            "",
            "",
            m.error,
            m.seen_at is not None,
            channel=m.channel,
        )
        for m, name in outbound
    ]
    return sorted(lines, key=lambda line: line.seq)[-limit:]
