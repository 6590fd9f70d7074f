"""Conversations in the console: the list, the thread, taking over, replying, handing back."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from api import clock
from api.access import queries as access
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.audit import service as audit
from api.console import queries, summary
from api.console.inputs import PER_PAGE, a_page
from api.console.layout import console_page
from api.database import reading, transaction
from api.escalations import queries as escalations
from api.evidence import queries as evidence
from api.families import contact
from api.families import queries as families
from api.messages import handback, held, hush, mailing, service
from api.messages import queries as messages
from api.messages.cleaning import storable
from api.messages.takeovers import LONGEST_NOTE
from api.presence import queries as presence
from api.presence import service as here
from api.presence.schemas import number, yes_or_no
from api.presence.wording import others

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]


@router.get("/conversations")
def list_conversations(request: Request, me: Me, page: str = "") -> Response:
    """Those with unanswered or undelivered messages first, then the newest; by pages."""
    number = a_page(page)
    with reading() as session:
        rows = queries.conversations(session, me, limit=PER_PAGE, offset=(number - 1) * PER_PAGE)
        many = number > 1 or len(rows) == PER_PAGE
        total = queries.count_conversations(session, me) if many else len(rows)
    return console_page(
        request, me, "console/conversations.html", here="conversations",
        rows=rows, number=number, per_page=PER_PAGE, total=total,
    )  # fmt: skip


@router.get("/conversations/{conversation_id}")
def show_conversation(request: Request, me: Me, conversation_id: uuid.UUID) -> Response:
    """The thread."""
    return _thread(request, me, conversation_id)


def _thread(
    request: Request, me: Visitor, conversation_id: uuid.UUID, problem: str = "", words: str = "", status: int = 200
) -> Response:
    with transaction() as session:
        conversation = access.conversation_or_404(session, me, conversation_id)
        who = families.who(session, conversation)
        audit.record_view(
            session,
            worker_id=me.id,
            verb="viewed_conversation",
            family_id=who.family_id,
            object_id=conversation.id,
        )
        lines = messages.thread(session, conversation.id)
        notes = messages.notes(session, conversation.id, lines[0].at if lines else None)
        cards = escalations.cards_of_conversation(session, me, conversation.id)
        known = summary.of(session, me, cards[0].escalation, with_words=False) if cards else None
        writer = (known and known.writer) or summary.writer(session, me, conversation.person_id)
        taken_by = access.worker_names(session, [conversation.taken_over_by]).get(conversation.taken_over_by, "")
        also_writing = contact.also_writing(session, conversation)
        seen = presence.seen_by_person(session, conversation.id)
        also_here = others(session, me, conversation)
        waits_until = held.waits_until(session, conversation, clock.now())
        goes_by = mailing.next_way(session, conversation, clock.now())
        [so_far] = handback.read(session, [handback.facts(session, conversation, clock.now())])
        came = evidence.with_messages(session, me, [line.id for line in lines if line.direction == "in"])
    return console_page(
        request,
        me,
        "console/conversation.html",
        here="conversations",
        status=status,
        conversation=conversation,
        over=conversation.over(clock.now()),
        who=who,
        lines=sorted([*lines, *notes], key=lambda line: line.seq),
        cards=cards,
        summary=known,
        writer=writer,
        taken_by=taken_by,
        also_writing=also_writing,
        waits_until=waits_until,
        goes_by=goes_by,
        came=came,
        so_far=so_far,
        seen=seen,
        seen_line=max((line.seq for line in lines if line.worker_name and seen and line.seq <= seen.seq), default=0),
        also_here=also_here,
        mine=conversation.taken_over_by == me.id,
        problem=problem,
        words=words,
        longest=service.LONGEST_REPLY,
        longest_note=LONGEST_NOTE,
    )


@router.post("/conversations/{conversation_id}/take-over")
def take_over(request: Request, me: Me, conversation_id: uuid.UUID, words: Annotated[str, Form()] = "") -> Response:
    """From now on the worker answers, not the bot. ``words``: what stands in their answer already, not sent yet."""
    with transaction() as session:
        taken = service.take_over(session, access.conversation_or_404(session, me, conversation_id), me.worker)
    if not taken:
        return _thread(request, me, conversation_id, "console.conversation.somebody_has_it", words, 409)
    return _thread(request, me, conversation_id, words=words) if words.strip() else _back(conversation_id)


@router.post("/conversations/{conversation_id}/hand-back")
def hand_back(
    request: Request,
    me: Me,
    conversation_id: uuid.UUID,
    note: Annotated[str, Form()] = "",
    seen: Annotated[str, Form()] = "",
    words: Annotated[str, Form()] = "",
) -> Response:
    """The bot answers again. ``note``: what colleagues should know; ``seen``: the last message on the page; ``words``:
    what stands in their answer, not sent."""
    with transaction() as session:
        conversation = access.conversation_or_404(session, me, conversation_id)
        service.hand_back(session, conversation, me.worker, storable(note), number(seen))
    return _thread(request, me, conversation_id, words=words) if words.strip() else _back(conversation_id)


@router.post("/conversations/{conversation_id}/texts-again")
def texts_again(me: Me, conversation_id: uuid.UUID) -> Response:
    """They had asked not to be texted; the worker knows that it is safe again."""
    with transaction() as session:
        hush.lift(session, access.conversation_or_404(session, me, conversation_id), me.worker, clock.now())
    return _back(conversation_id)


@router.post("/conversations/{conversation_id}/reply")
def reply(request: Request, me: Me, conversation_id: uuid.UUID, words: Annotated[str, Form()] = "") -> Response:
    """Send the worker's own words on the person's channel."""
    words = storable(words)
    try:
        with transaction() as session:
            conversation = access.conversation_or_404(session, me, conversation_id)
            service.reply_from_worker(session, conversation, me.worker, words)
            here.wrote(session, conversation.id, me.id)
    except service.AskedForNoTexts:
        return _thread(request, me, conversation_id, "console.conversation.cannot_hushed", words, 400)
    except service.CannotReply as error:
        return _thread(request, me, conversation_id, str(error), words, 400)
    return _back(conversation_id)


@router.post("/conversations/{conversation_id}/here")
def say_here(
    me: Me,
    conversation_id: uuid.UUID,
    writing: Annotated[str, Form()] = "",
    seen: Annotated[str, Form()] = "",
    gone: Annotated[str, Form()] = "",
) -> Response:
    """The page's word that the worker uses it, writes (``yes``, ``no``), which message was on the screen; or left."""
    with transaction() as session:
        conversation = access.conversation_or_404(session, me, conversation_id)
        here.worker_here(
            session, conversation, me.worker, writing=yes_or_no(writing), seen=number(seen), gone=gone == "yes"
        )
    return Response(status_code=204)


@router.post("/conversations/{conversation_id}/messages/{message_id}/handled")
def mark_handled(me: Me, conversation_id: uuid.UUID, message_id: uuid.UUID) -> Response:
    """A message that nobody had answered has been looked after."""
    with transaction() as session:
        message = access.inbound_or_404(session, me, conversation_id, message_id)
        service.mark_handled(session, message, me.worker)
    return _back(conversation_id)


@router.post("/conversations/{conversation_id}/messages/{message_id}/alarm")
def judge_alarm(
    me: Me, conversation_id: uuid.UUID, message_id: uuid.UUID, was: Annotated[str, Form()] = ""
) -> Response:
    """Whether the alarm that this message raised was a false one: what the safety screen may learn from."""
    with transaction() as session:
        message = access.inbound_or_404(session, me, conversation_id, message_id)
        if was in ("false", "real"):
            service.judge_alarm(session, message, me.worker, was)
    return _back(conversation_id)


@router.post("/conversations/{conversation_id}/deliveries/{message_id}/seen")
def mark_seen(me: Me, conversation_id: uuid.UUID, message_id: uuid.UUID) -> Response:
    """A failed or uncertain delivery has been seen."""
    with transaction() as session:
        message = access.outbound_or_404(session, me, conversation_id, message_id)
        service.mark_seen(session, message, me.worker)
    return _back(conversation_id)


def _back(conversation_id: uuid.UUID) -> Response:
    return RedirectResponse(f"/console/conversations/{conversation_id}#latest", 303)
