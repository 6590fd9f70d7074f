"""Conversations under /api/v1: the messages, a worker's reply, who is in, joining and leaving."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy.orm import Session

from api import clock
from api.access import queries as access
from api.access.guards import Visitor, bearer_worker
from api.audit import service as audit
from api.database import transaction
from api.escalations import queries as escalations
from api.messages import hush, queries, service
from api.messages.schemas import (
    HandBack,
    HereOut,
    MessageOut,
    NoteOut,
    ReplyIn,
    Stretch,
    TakeoverOut,
    TextsOut,
    ThreadOut,
)
from api.messages.takeovers import waiting
from api.presence import queries as presence
from api.rest.errors import DECIDES, READS, WRITES, Refused

router = APIRouter(prefix="/api/v1/conversations", tags=["Messages"])

Me = Annotated[Visitor, Depends(bearer_worker)]


@router.get("/{conversation_id}/messages", responses=READS)
def list_messages(me: Me, conversation_id: uuid.UUID, asked: Annotated[Stretch, Query()]) -> ThreadOut:
    """The newest messages of a conversation; ``after`` and ``before`` ask for another stretch of it."""
    with transaction() as session:
        conversation = access.conversation_or_404(session, me, conversation_id)
        _looked(session, me, conversation_id)
        # One more than asked for tells whether there are earlier ones.
        lines = queries.thread(
            session, conversation.id, after_seq=asked.after, before_seq=asked.before, limit=asked.limit + 1
        )
        more = len(lines) > asked.limit
        lines = lines[-asked.limit :]
        notes = queries.notes(session, conversation.id, lines[0].at if lines else None)
    return ThreadOut(
        items=[MessageOut.of(line) for line in lines],
        earlier=lines[0].seq if more else None,
        no_texts_since=conversation.hushed_at,
        notes=[NoteOut.model_validate(note, from_attributes=True) for note in notes],
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


@router.get("/{conversation_id}/takeover", responses=READS)
def who_is_in(me: Me, conversation_id: uuid.UUID) -> TakeoverOut:
    """Who answers in this conversation, the assistant or a worker, and which workers have it open just now."""
    with transaction() as session:
        _looked(session, me, conversation_id)
        return _takeover(session, me, conversation_id)


@router.post("/{conversation_id}/takeover", responses=DECIDES)
def join(me: Me, conversation_id: uuid.UUID) -> TakeoverOut:
    """The worker answers from now on, and the assistant is silent (danger is noticed all the same). 409 where another
    worker has taken it over, with the name. Doing it again oneself changes nothing."""
    with transaction() as session:
        conversation = access.conversation_or_404(session, me, conversation_id)
        if not service.take_over(session, conversation, me.worker):
            name = access.worker_names(session, [conversation.taken_over_by]).get(conversation.taken_over_by, "")
            raise Refused(409, "already_taken", name=name)
        return _takeover(session, me, conversation_id)


@router.post("/{conversation_id}/hand-back", responses=WRITES)
def leave(me: Me, conversation_id: uuid.UUID, given: HandBack) -> TakeoverOut:
    """The assistant answers again, and the family is told so. A colleague's takeover can be ended too: what waited
    there counts as unanswered then. Where nobody has taken over, nothing changes."""
    with transaction() as session:
        conversation = access.conversation_or_404(session, me, conversation_id)
        if conversation.taken_over_by is None:
            _looked(session, me, conversation_id)
        service.hand_back(session, conversation, me.worker, given.note, given.seen)
        return _takeover(session, me, conversation_id)


def _looked(session: Session, me: Visitor, conversation_id: uuid.UUID) -> None:
    conversation = access.conversation_or_404(session, me, conversation_id)
    audit.record_view(
        session,
        worker_id=me.id,
        verb="viewed_conversation",
        family_id=escalations.family_of(session, conversation),
        object_id=conversation.id,
    )


def _takeover(session: Session, me: Visitor, conversation_id: uuid.UUID) -> TakeoverOut:
    conversation = access.conversation_or_404(session, me, conversation_id)
    taken_by = conversation.taken_over_by
    here = presence.colleagues(session, conversation.id, agency_id=me.agency_id, but=me.id)
    return TakeoverOut(
        taken_over_by=access.worker_names(session, [taken_by]).get(taken_by, ""),
        taken_over_at=conversation.taken_over_at,
        mine=taken_by == me.id,
        waiting=len(waiting(session, conversation)),
        here=[HereOut(worker_name=one.name, writing=one.writing_until is not None) for one in here],
    )
