"""What only the console shows: the list of conversations, those that need a human first.

It takes the viewer and reads only what api.access lets them see. All else on its pages is read by the domain's queries.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from api.access.models import Worker
from api.access.queries import Viewer, visible_conversations
from api.families.queries import Who, who_by_person, who_of
from api.messages.models import Conversation, InboundMessage, OutboundMessage

MOST_CONVERSATIONS = 200


@dataclass(frozen=True)
class Row:
    """A conversation in the list. ``unanswered`` and ``undelivered`` count what a human must look at."""

    conversation: Conversation
    who: Who
    unanswered: int
    undelivered: int
    taken_over_by: str
    last_words: str


def conversations(session: Session, viewer: Viewer) -> list[Row]:
    """The conversations that the viewer may see: those that need a human first, then the newest."""
    seen = visible_conversations(viewer).subquery()
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
    last_words = (
        select(InboundMessage.body)
        .where(InboundMessage.conversation_id == seen.c.id)
        .order_by(InboundMessage.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    said_something = or_(
        exists().where(InboundMessage.conversation_id == seen.c.id),
        exists().where(OutboundMessage.conversation_id == seen.c.id),
    )
    rows = session.execute(
        select(conversation, waiting.c.many, lost.c.many, last_words, Worker.name)
        .outerjoin(waiting, waiting.c.conversation_id == seen.c.id)
        .outerjoin(lost, lost.c.conversation_id == seen.c.id)
        .outerjoin(Worker, Worker.id == seen.c.taken_over_by)
        .where(said_something)
        .order_by(
            case((or_(waiting.c.many > 0, lost.c.many > 0), 0), else_=1),
            func.coalesce(seen.c.last_inbound_at, seen.c.created_at).desc(),
        )
        .limit(MOST_CONVERSATIONS)
    ).all()
    people = who_by_person(session, {row[0].person_id for row in rows if row[0].person_id})
    return [
        Row(found, who_of(people, found.person_id, found), unanswered or 0, undelivered or 0, name or "", words or "")
        for found, unanswered, undelivered, words, name in rows
    ]
