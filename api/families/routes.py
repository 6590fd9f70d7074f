"""Families under /api/v1: those that the worker may see, and one of them whole."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.access import queries as access
from api.access.guards import Visitor, bearer_worker
from api.audit import service as audit
from api.database import transaction
from api.families import queries
from api.families.schemas import FamilyOut, FamilySummary
from api.rest.errors import READS, documented
from api.rest.schemas import Page, Paging

router = APIRouter(prefix="/api/v1/families", tags=["Families"])

Me = Annotated[Visitor, Depends(bearer_worker)]


@router.get("", responses=documented(401, 422))
def list_families(me: Me, asked: Annotated[Paging, Query()]) -> Page[FamilySummary]:
    """The families that this worker may see, by name: the assigned ones; for duty workers and managers the agency's."""
    with transaction() as session:
        rows = queries.families(session, me, limit=asked.per_page, offset=asked.offset)
        seen = [(row.family.id, row.family.id) for row in rows]
        audit.record_views(session, worker_id=me.id, verb="listed_family", seen=seen)
        total = queries.count(session, me)
        items = [FamilySummary.of(row) for row in rows]
    return Page(items=items, page=asked.page, per_page=asked.per_page, total=total)


@router.get("/{family_id}", responses=READS)
def show_family(me: Me, family_id: uuid.UUID) -> FamilyOut:
    """One family: people and how they may be contacted, workers, plans with children, risks and core group."""
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_family", family_id=family.id, object_id=family.id)
        return FamilyOut.of(queries.family_view(session, family, me.today), me.timezone)
