"""Escalations under /api/v1: the list, taking one on, closing it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.access import queries as access
from api.access.guards import Visitor, bearer_worker
from api.audit import service as audit
from api.database import transaction
from api.escalations import queries, service
from api.escalations.schemas import EscalationList, EscalationOut, Resolution
from api.rest.errors import READS, WRITES, Refused, documented
from api.rest.schemas import Page

router = APIRouter(prefix="/api/v1/escalations", tags=["Escalations"])

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
    return Page(items=items, page=asked.page, per_page=asked.per_page, total=total)


@router.post("/{escalation_id}/acknowledge", responses={**READS, **documented(409)})
def acknowledge_escalation(me: Me, escalation_id: int) -> EscalationOut:
    """Take it on: the ladder stops. The first one has it; for everybody after that 409, with the name. Doing it again
    oneself changes nothing."""
    with transaction() as session:
        escalation = access.escalation_or_404(session, me, escalation_id)
        result = service.acknowledge(session, escalation.id, me.worker, via="api")
        if not result.first and escalation.acknowledged_by != me.id:
            raise Refused(409, "already_taken", name=result.by_name)
        return EscalationOut.of(queries.make_cards(session, [escalation])[0])


@router.post("/{escalation_id}/resolve", responses=WRITES)
def resolve_escalation(me: Me, escalation_id: int, given: Resolution) -> EscalationOut:
    """Close it with what came of it. 409 where it was closed before."""
    with transaction() as session:
        escalation = access.escalation_or_404(session, me, escalation_id)
        try:
            service.resolve(session, escalation.id, me.worker, given.outcome, via="api")
        except service.NotOpen:
            raise Refused(409, "already_resolved") from None
        return EscalationOut.of(queries.make_cards(session, [escalation])[0])
