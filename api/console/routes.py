"""The console's escalations, and the stream that keeps every console page fresh.

Reads are by queries that take who looks; writes are by the domain's services, in one transaction each.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import time
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from api import clock
from api.access import queries as access
from api.access import sessions
from api.access.guards import Visitor, from_our_page, own_path, signed_in_worker
from api.audit import service as audit
from api.console import (
    account_routes,
    appointment_routes,
    audit_routes,
    conference_routes,
    contact_routes,
    conversation_routes,
    evidence_routes,
    family_routes,
    key_routes,
    ladder_routes,
    opening_routes,
    people_routes,
    plan_course_routes,
    plan_routes,
    print_routes,
    push_routes,
    reminder_routes,
    review_routes,
    rota_routes,
    search_routes,
    status_routes,
    summary,
    timeline_routes,
    timescale_routes,
    today_routes,
    webhook_routes,
    worker_routes,
)
from api.console.layout import console_page
from api.database import reading, transaction
from api.escalations import orders, queries
from api.escalations import service as escalations
from api.messages.cleaning import storable
from api.pages import streams
from api.presence import queries as presence
from api.presence import wording
from api.presence.wording import NOBODY_FOR_WORKER, Sentences

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(from_our_page)])
routers = [
    router,
    conversation_routes.router,
    family_routes.router,
    today_routes.router,
    search_routes.router,
    audit_routes.router,
    timeline_routes.router,
    timescale_routes.router,
    conference_routes.router,
    appointment_routes.router,
    reminder_routes.router,
    review_routes.router,
    ladder_routes.router,
    rota_routes.router,
    status_routes.router,
    contact_routes.router,
    people_routes.router,
    account_routes.router,
    worker_routes.router,
    opening_routes.router,
    key_routes.router,
    webhook_routes.router,
    push_routes.router,
    plan_routes.router,
    plan_course_routes.router,
    print_routes.router,
    evidence_routes.router,
]

Me = Annotated[Visitor, Depends(signed_in_worker)]
LONGEST_OUTCOME = 2000


@router.get("")
def list_escalations(request: Request, me: Me, show: str = "") -> Response:
    """Escalations, the most pressing first; with ``show=resolved`` the latest resolved ones."""
    resolved = show == "resolved"
    with reading() as session:
        cards = queries.cards(session, me, resolved=resolved)
    return console_page(request, me, "console/escalations.html", here="escalations", cards=cards, resolved=resolved)


@router.get("/e/{escalation_id}")
def show_escalation(request: Request, me: Me, escalation_id: int, note: str = "") -> Response:
    """One escalation: the link in the worker's text message."""
    return _escalation(request, me, escalation_id, note=note)


def _escalation(request: Request, me: Visitor, escalation_id: int, *, status: int = 200, **context: Any) -> Response:
    with transaction() as session:
        escalation = access.escalation_or_404(session, me, escalation_id)
        card = queries.make_cards(session, [escalation])[0]
        life = queries.life(session, escalation.id)
        colleagues = queries.colleagues(session, me)
        known = summary.of(session, me, escalation)
        audit.record_view(
            session,
            worker_id=me.id,
            verb="viewed_escalation",
            family_id=escalation.family_id,
            object_id=escalation.id,
        )
    context |= {"card": card, "life": life, "colleagues": colleagues, "summary": known}
    return console_page(request, me, "console/escalation.html", here="escalations", status=status, **context)


@router.post("/e/{escalation_id}/acknowledge")
def acknowledge(
    me: Me, escalation_id: int, back: Annotated[str, Form()] = "", ring_by: Annotated[str, Form()] = ""
) -> Response:
    """Take it on, or (``ring_by``, a local time) say when one rings. The second worker learns who was first. A time
    that has just gone by is no promise for tomorrow: it is taken on without, and they are told."""
    by, now = None, clock.now()
    with suppress(ValueError):
        by = orders.next_time(time.fromisoformat(ring_by), now, ZoneInfo(me.timezone)) if ring_by else None
    by = by if by is not None and orders.is_near(by, now) else None
    with transaction() as session:
        access.escalation_or_404(session, me, escalation_id)
        result = escalations.acknowledge(session, escalation_id, me.worker, via="console", ring_by=by)
    if ring_by and by is None and (result.first or result.mine):
        return RedirectResponse(f"/console/e/{escalation_id}?note=ring_by", 303)
    if result.first or result.mine:
        # To the card itself: who uses the keyboard goes on from there.
        return RedirectResponse(f"{own_path(back, f'/console/e/{escalation_id}')}#e{escalation_id}-title", 303)
    return RedirectResponse(f"/console/e/{escalation_id}?note=taken", 303)


@router.post("/e/{escalation_id}/resolve")
def resolve(
    request: Request,
    me: Me,
    escalation_id: int,
    outcome: Annotated[str, Form()] = "",
    kind: Annotated[str, Form()] = "",
    seen: Annotated[int | None, Form()] = None,
) -> Response:
    """Close it with what came of it. Where something has come since the page was made (``seen``), they read that
    first: the page again, with what they have typed; so too where nothing was said, or a colleague was quicker."""
    words = storable(outcome.strip())[:LONGEST_OUTCOME]
    note = "" if words else "outcome"
    if words:
        with transaction() as session:
            escalation = access.escalation_or_404(session, me, escalation_id)
            try:
                escalations.resolve(session, escalation_id, me.worker, words, kind=kind, seen=seen)
            except escalations.Changed:
                note = "changed"
            except escalations.NotOpen:  # a second press of one's own is no news
                note = "" if escalation.resolved_by == me.id else "closed_before"
    if note:
        typed = {"outcome": words, "kind": kind}
        return _escalation(request, me, escalation_id, status=409 if words else 400, note=note, typed=typed)
    return RedirectResponse(f"/console/e/{escalation_id}", 303)


@router.post("/e/{escalation_id}/hand-over")
def hand_over(me: Me, escalation_id: int, to: Annotated[str, Form()] = "") -> Response:
    """Hand it to a colleague, or (``to`` empty) to whoever is next on duty."""
    note = ""
    try:
        with transaction() as session:
            access.escalation_or_404(session, me, escalation_id)
            escalations.hand_over(session, escalation_id, me.worker, uuid.UUID(to) if to else None)
    except escalations.NotYours:
        note = "?note=not_yours"
    except escalations.NotOpen:  # somebody was quicker: the page shows who
        note = ""
    except ValueError:  # nobody there; or no id of anybody
        note = "?note=hand_over_failed"
    return RedirectResponse(f"/console/e/{escalation_id}{note}", 303)


@router.get("/events")
def events(me: Me, conversation: uuid.UUID | None = None) -> Response:
    """Server-sent ``changed`` events: the page that gets one reads itself again. They carry nothing else. A
    conversation's page also gets ``presence``: who is here and who writes, in sentences."""
    topics = {f"agency:{me.agency_id}": "changed"}
    if conversation is not None:
        with reading() as session:
            access.conversation_or_404(session, me, conversation)
        topics |= {f"conversation:{conversation}": "changed", presence.topic(conversation): "presence"}
    return streams.stream(_events(me, topics, conversation))


async def _events(me: Visitor, topics: dict[str, str], conversation: uuid.UUID | None) -> AsyncIterator[str]:
    yield streams.RETRY
    last: Sentences = {}
    async for name in streams.changes(topics):
        if name is None:
            yield streams.KEEP_ALIVE
        elif name != "presence":
            yield streams.event("changed", {"open": await run_in_threadpool(_open_count, me)})
        # From time to time too: who closed the page without a word is gone after a while.
        if conversation is not None and name != "changed":
            here = await run_in_threadpool(_here, me, conversation)
            if here != last or here["writing"]:
                last = here
                yield streams.event("presence", here)


def _here(me: Visitor, conversation_id: uuid.UUID) -> Sentences:
    """Asked again each time: whoever may see it no more, or has signed out elsewhere, hears no more of it."""
    with reading() as session:
        if all(one.id != me.session_id for one in sessions.live(session, me.id)):
            return NOBODY_FOR_WORKER
        try:
            return wording.for_worker(session, me, access.conversation_or_404(session, me, conversation_id))
        except access.NotVisible:
            return NOBODY_FOR_WORKER


def _open_count(me: Visitor) -> int:
    with reading() as session:
        return queries.open_count(session, me)
