"""Who is here, in sentences: for the person in the chat, and for a worker in the console.

A page shows ``writing`` for so many ``seconds`` and then takes it away itself, unless it is told again.
"""

from __future__ import annotations

from datetime import datetime
from math import ceil

from sqlalchemy.orm import Session

from api import clock, texts
from api.access.guards import Visitor
from api.channels.webchat.queries import Chat, first_name
from api.families import queries as families
from api.messages.models import Conversation
from api.presence import queries

Sentences = dict[str, object]
NOBODY_FOR_WORKER: Sentences = {"writing": "", "seconds": 0, "others": ""}


def for_person(session: Session, chat: Chat) -> Sentences:
    """``writing``: the worker who writes; ``seen``: that a worker has seen their last message."""
    conversation = session.get_one(Conversation, chat.conversation_id, populate_existing=True)
    writer = queries.writing_worker(session, conversation)
    seen_by = queries.last_message_seen_by(session, conversation.id)
    return {
        "writing": texts.render("chat.talk.writing", chat.language, name=first_name(writer.name)) if writer else "",
        "seconds": _left(writer.writing_until) if writer else 0,
        "seen": texts.render("chat.talk.seen", chat.language, name=first_name(seen_by)) if seen_by else "",
    }


def for_worker(session: Session, me: Visitor, conversation: Conversation) -> Sentences:
    """``writing``: that the person writes; ``others``: which colleagues are here or write, a sentence each."""
    until = queries.person_writes_until(session, conversation.id)
    gone = conversation.closed_at is not None or (conversation.expires_at or clock.now()) < clock.now()
    writing = ""
    if until and not gone:
        name = families.who(session, conversation).name
        writing = (
            texts.render("console.conversation.writing", me.language, name=name)
            if name
            else texts.render("console.conversation.writing_unknown", me.language)
        )
    return {
        "writing": writing,
        "seconds": _left(until) if until and not gone else 0,
        "others": others(session, me, conversation),
    }


def others(session: Session, me: Visitor, conversation: Conversation) -> str:
    """Which colleagues are here, and which of them write."""
    here = queries.colleagues(session, conversation.id, agency_id=me.agency_id, but=me.id)
    return " ".join(
        texts.render("console.conversation.also_writing", me.language, name=one.name)
        if one.writing_until
        else texts.render("console.conversation.also_looking", me.language, name=one.name)
        for one in here
    )


def _left(until: datetime | None) -> int:
    return max(0, ceil((until - clock.now()).total_seconds())) if until else 0
