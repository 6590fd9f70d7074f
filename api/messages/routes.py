"""Conversations under /api/v1: the messages, and a worker's reply."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api import clock
from api.access import queries as access
from api.access.guards import Visitor, bearer_worker
from api.audit import service as audit
from api.database import transaction
from api.escalations import queries as escalations
from api.messages import hush, queries, service
from api.messages.schemas import MessageOut, ReplyIn, Stretch, TextsOut, ThreadOut
from api.rest.errors import READS, WRITES, Refused

router = APIRouter(prefix="/api/v1/conversations", tags=["Messages"])

Me = Annotated[Visitor, Depends(bearer_worker)]


@router.get("/{conversation_id}/messages", responses=READS)
def list_messages(me: Me, conversation_id: uuid.UUID, asked: Annotated[Stretch, Query()]) -> ThreadOut:
    """The newest messages of a conversation; ``after`` and ``before`` ask for another stretch of it."""
    with transaction() as session:
        conversation = access.conversation_or_404(session, me, conversation_id)
        audit.record_view(
            session,
            worker_id=me.id,
            verb="viewed_conversation",
            family_id=escalations.family_of(session, conversation),
            object_id=conversation.id,
        )
        # One more than asked for tells whether there are earlier ones.
        lines = queries.thread(
            session, conversation.id, after_seq=asked.after, before_seq=asked.before, limit=asked.limit + 1
        )
    more = len(lines) > asked.limit
    lines = lines[-asked.limit :]
    return ThreadOut(
        items=[MessageOut.of(line) for line in lines],
        earlier=lines[0].seq if more else None,
        no_texts_since=conversation.hushed_at,
    )


@router.post("/{conversation_id}/messages", status_code=201, responses=WRITES)
def reply(me: Me, conversation_id: uuid.UUID, given: ReplyIn) -> MessageOut:
    """Send the worker's own words on the person's channel. What waited for a human in the conversation counts as
    handled. 409 where nothing can be sent there: the chat has ended, or the phone has asked for no (more) texts."""
    with transaction() as session:
        conversation = access.conversation_or_404(session, me, conversation_id)
        try:
            sent = service.reply_from_worker(session, conversation, me.worker, given.words)
        except service.CannotReply as error:
            raise Refused(409, "cannot_reply", message=str(error)) from None
        lines = queries.thread(session, conversation.id, after_seq=sent.seq - 1, before_seq=sent.seq + 1)
        return MessageOut.of(lines[0])


@router.post("/{conversation_id}/texts-again", responses=WRITES)
def texts_again(me: Me, conversation_id: uuid.UUID) -> TextsOut:
    """They had asked not to be texted (``no_texts_since``), and the worker knows that it is safe again: what waited
    goes."""
    with transaction() as session:
        conversation = access.conversation_or_404(session, me, conversation_id)
        hush.lift(session, conversation, me.worker, clock.now())
        return TextsOut(no_texts_since=conversation.hushed_at)
