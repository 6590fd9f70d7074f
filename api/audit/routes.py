"""The audit trail under /api/v1, for managers. Reading it is a line of it too."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.access import queries as access
from api.access import trail
from api.access.guards import Visitor, bearer_worker
from api.audit import queries, service
from api.audit.schemas import EntriesAsked, EntryOut, FamilyEntriesAsked
from api.database import transaction
from api.rest.errors import READS, documented
from api.rest.schemas import Page

router = APIRouter(prefix="/api/v1", tags=["Audit"])

Me = Annotated[Visitor, Depends(bearer_worker)]


@router.get("/audit", responses=documented(401, 404, 422))
def list_entries(me: Me, asked: Annotated[EntriesAsked, Query()]) -> Page[EntryOut]:
    """Who did what in the agency, the newest first; 404 for whoever is no manager."""
    with transaction() as session:
        trail.audits_or_404(me)
        about = asked.worker_id or asked.day or ""
        service.record_view(session, worker_id=me.id, verb="viewed_audit_trail", family_id=None, object_id=about)
        which = queries.chosen(
            me, worker_id=asked.worker_id, day=asked.day, timezone=me.timezone, only=asked.only or ""
        )
        rows, total = queries.entries(session, which, limit=asked.per_page, offset=asked.offset)
        items = [EntryOut.of(row) for row in rows]
    return Page.at(asked, items, total)


@router.get("/families/{family_id}/audit", responses=READS)
def list_entries_of_family(
    me: Me, family_id: uuid.UUID, asked: Annotated[FamilyEntriesAsked, Query()]
) -> Page[EntryOut]:
    """Who looked at a family and who changed what, the newest first; 404 for whoever is no manager."""
    with transaction() as session:
        trail.audits_or_404(me)
        family = access.family_or_404(session, me, family_id)
        service.record_view(
            session, worker_id=me.id, verb="viewed_history", family_id=family.id, object_id=family.id
        )  # fmt: skip
        which = queries.chosen(me, family_id=family.id, only=asked.only or "")
        rows, total = queries.entries(session, which, limit=asked.per_page, offset=asked.offset)
        items = [EntryOut.of(row) for row in rows]
    return Page.at(asked, items, total)
