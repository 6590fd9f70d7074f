"""What a page says of whoever is in front of it: that they look, that they write, which message was on their screen.

Promises: nothing here keeps a chat open or opens it again; looking and writing end by themselves within a minute,
whatever becomes of the page; a page that says the same again and again costs a read, not a write; what was seen is
never more than what is there. Nothing here commits.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from api import clock
from api.access.models import Worker
from api.database import notify
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from api.presence.models import Presence
from api.presence.queries import topic

#: A page says it again every 3 seconds while somebody types (static/js/here.js).
WRITING = timedelta(seconds=8)
#: A page says it again every 20 seconds while somebody uses it.
LOOKING = timedelta(seconds=50)


def worker_here(
    session: Session, conversation: Conversation, worker: Worker, *, writing: bool | None, seen: int, gone: bool = False
) -> None:
    """A worker has this conversation open (``gone``: no more). ``writing`` None says nothing about it. ``seen`` is the
    number of the newest message that was on their screen while they were there; it counts on the web only."""
    now = clock.now()
    row = _row(session, conversation.id, worker.id)
    was_in = row.looking_until is not None and row.looking_until > now
    if gone:
        row.looking_until = None
        writing = False
    elif row.looking_until is None or row.looking_until < now + LOOKING / 2:
        row.looking_until = now + LOOKING
    if was_in is gone:  # came or went
        notify(session, topic(conversation.id))
    _writing(session, row, writing and _is_open(conversation, now), now)
    if conversation.channel == "web":
        theirs = InboundMessage.conversation_id == conversation.id
        _seen(session, row, InboundMessage.seq, seen, theirs, now)


def person_here(session: Session, conversation: Conversation, *, writing: bool | None, seen: int) -> None:
    """The person has the chat open. That they write is nobody's business before a worker has joined; ``seen`` counts
    for what workers wrote."""
    now = clock.now()
    if not _is_open(conversation, now):
        return
    row = _row(session, conversation.id, None)
    _writing(session, row, writing and conversation.taken_over_by is not None, now)
    workers = (OutboundMessage.conversation_id == conversation.id) & OutboundMessage.written_by.is_not(None)
    _seen(session, row, OutboundMessage.seq, seen, workers, now)


def wrote(session: Session, conversation_id: uuid.UUID, worker_id: uuid.UUID | None) -> None:
    """What they were writing has been sent: they write no more."""
    side = Presence.worker_id == worker_id if worker_id else Presence.worker_id.is_(None)
    ended = session.scalars(
        update(Presence)
        .where(Presence.conversation_id == conversation_id, side, Presence.writing_until > clock.now())
        .values(writing_until=None)
        .returning(Presence.id)
    ).all()
    if ended:
        notify(session, topic(conversation_id))


def _is_open(conversation: Conversation, now: datetime) -> bool:
    return not conversation.over(now)


def _row(session: Session, conversation_id: uuid.UUID, worker_id: uuid.UUID | None) -> Presence:
    side = Presence.worker_id == worker_id if worker_id else Presence.worker_id.is_(None)
    mine = select(Presence).where(Presence.conversation_id == conversation_id, side)
    found = session.scalars(mine).one_or_none()
    if found is None:
        made = {"id": uuid.uuid4(), "conversation_id": conversation_id, "worker_id": worker_id}
        session.execute(insert(Presence).values(made).on_conflict_do_nothing())
        found = session.scalars(mine).one()
    return found


def _writing(session: Session, row: Presence, writing: bool | None, now: datetime) -> None:
    if writing is None:
        return
    still = row.writing_until is not None and row.writing_until > now
    if writing and (row.writing_until is None or row.writing_until < now + WRITING / 2):
        row.writing_until = now + WRITING
    elif not writing and still:
        row.writing_until = None
    else:
        return
    notify(session, topic(row.conversation_id))


def _seen(
    session: Session, row: Presence, number: InstrumentedAttribute[int], seen: int, which: object, now: datetime
) -> None:
    if seen <= row.seen_seq:
        return
    newest = session.scalar(select(func.max(number)).where(which, number <= seen))  # type: ignore[arg-type]
    if newest is not None and newest > row.seen_seq:
        row.seen_seq, row.seen_at = newest, now
        # Once a message, so it may wake what reads the thread again.
        notify(session, f"conversation:{row.conversation_id}")
