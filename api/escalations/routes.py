"""Escalations under /api/v1: the list, taking one on, closing it; and the link in a worker's text."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from api import clock
from api.access import queries as access
from api.access.guards import Visitor, bearer_worker, public, same_origin
from api.audit import service as audit
from api.database import reading, transaction
from api.escalations import by_link, orders, outcomes, queries, service, shifts
from api.escalations.schemas import LONGEST_OUTCOME, EscalationList, EscalationOut, Resolution, TakingOn
from api.messages.cleaning import storable
from api.pages.rendering import chosen_language, page
from api.rest.errors import WRITES, Refused, documented
from api.rest.schemas import Page

router = APIRouter(prefix="/api/v1/escalations", tags=["Escalations"])

#: Short, because it stands in a text message.
links = APIRouter(
    prefix="/a",
    include_in_schema=False,
    dependencies=[Depends(public("the link's signature says who, and for what")), Depends(same_origin)],
)

calendars = APIRouter(prefix="/rota", include_in_schema=False)

Me = Annotated[Visitor, Depends(bearer_worker)]


@router.get("", responses=documented(401, 422))
def list_escalations(me: Me, asked: Annotated[EscalationList, Query()]) -> Page[EscalationOut]:
    """The escalations that this worker may see: of their families, of strangers, and those of which they were told."""
    resolved = asked.show == "resolved"
    with transaction() as session:
        cards = queries.cards(session, me, resolved=resolved, limit=asked.per_page, offset=asked.offset)
        seen = [(card.escalation.family_id, card.escalation.id) for card in cards]
        audit.record_views(session, worker_id=me.id, verb="viewed_escalation", seen=seen)
        total = queries.count(session, me, resolved=resolved)
        items = [EscalationOut.of(card) for card in cards]
    return Page.at(asked, items, total)


@router.post("/{escalation_id}/acknowledge", responses=WRITES)
def acknowledge_escalation(me: Me, escalation_id: int, given: TakingOn | None = None) -> EscalationOut:
    """Take it on: the ladder stops. The first one has it; for everybody after that 409, with the name. Doing it again
    oneself says that one still has it, or when one rings. 422 for a call in the past or far away."""
    by = given.ring_by if given else None
    with transaction() as session:
        escalation = access.escalation_or_404(session, me, escalation_id)
        if by is not None and not orders.is_near(by, clock.now()):
            raise Refused(422, "ring_by_when")
        result = service.acknowledge(session, escalation.id, me.worker, via="api", ring_by=by)
        if not result.first and escalation.acknowledged_by != me.id:
            raise Refused(409, "already_taken", name=result.by_name)
        return EscalationOut.of(queries.make_cards(session, [escalation])[0])


@router.post("/{escalation_id}/resolve", responses=WRITES)
def resolve_escalation(me: Me, escalation_id: int, given: Resolution) -> EscalationOut:
    """Close it with what came of it. 409 where it was closed before, or has changed since you read it (``seen``): a new
    cry for help is not closed unread."""
    with transaction() as session:
        escalation = access.escalation_or_404(session, me, escalation_id)
        try:
            kind, seen = given.kind or "", given.seen
            service.resolve(session, escalation.id, me.worker, given.outcome, via="api", kind=kind, seen=seen)
        except service.NotOpen:
            raise Refused(409, "already_resolved") from None
        except service.Changed:
            raise Refused(409, "changed_since") from None
        return EscalationOut.of(queries.make_cards(session, [escalation])[0])


@links.get("/{token}")
def show_link(request: Request, token: str) -> Response:
    """How it stands, and what may be done by it. Looking does nothing: whatever shows previews of links looks too."""
    return _link(request, token)


def _link(request: Request, token: str, *, problem: str = "", outcome: str = "", kind: str = "") -> Response:
    """The page; with a ``problem`` (a text's id) also what was typed."""
    with reading() as session:
        link = by_link.find(session, token)
    status = 409 if problem else 410 if link.state in ("old", "used") else 200
    language = chosen_language(request, link.agency.language)
    context: dict[str, Any] = {
        "link": link,
        "problem": problem,
        "outcome": outcome,
        "kind": kind,
        "kinds": outcomes.KINDS,
    }
    return page(request, "link/take.html", language=language, status=status, address=f"/a/{token}", **context)


@links.post("/{token}")
def take_by_link(token: str) -> Response:
    """Take the escalation on in the name of the worker to whom the text went."""
    with transaction() as session:
        by_link.take(session, token)
    return RedirectResponse(f"/a/{token}", 303)


@links.post("/{token}/hand-over")
def hand_over_by_link(request: Request, token: str) -> Response:
    """Hand it to whoever is next on duty, as HANDOVER does. Where somebody was quicker the page says who."""
    try:
        with transaction() as session:
            by_link.hand_over(session, token)
    except service.NobodyThere:
        return _link(request, token, problem="console.card.hand_over_failed")
    return RedirectResponse(f"/a/{token}", 303)


@links.post("/{token}/close")
def close_by_link(
    request: Request,
    token: str,
    outcome: Annotated[str, Form()] = "",
    kind: Annotated[str, Form()] = "",
    seen: Annotated[int | None, Form()] = None,
) -> Response:
    """Close it with what came of it, as CLOSE does. The page again, with what was typed, where nothing was said or
    something has come since it was made."""
    words = storable(outcome.strip())[:LONGEST_OUTCOME]
    try:
        with transaction() as session:
            by_link.close(session, token, words, kind, seen)
    except service.Changed:
        return _link(request, token, problem="link.changed", outcome=words, kind=kind)
    except ValueError:
        return _link(request, token, problem="console.card.outcome_needed", outcome=words, kind=kind)
    return RedirectResponse(f"/a/{token}", 303)


@calendars.get("/{token}", dependencies=[Depends(public("the address is signed, and is one worker's own"))])
def show_calendar(token: str) -> Response:
    """The rota for a calendar program: a worker's own shifts, or everybody's and the gaps."""
    with reading() as session:
        file = shifts.calendar(session, token.removesuffix(".ics"))
    if file is None:
        raise HTTPException(404)
    return Response(file, media_type="text/calendar; charset=utf-8")
