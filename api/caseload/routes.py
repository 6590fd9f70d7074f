"""What needs doing today, the actions of all families, and a family's timeline, under /api/v1."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api import clock
from api.access import queries as access
from api.access.guards import Visitor, bearer_worker
from api.audit import service as audit
from api.caseload import actions, timeline, today
from api.caseload.schemas import FamilyActionOut, LineOut, TimelineAsked, TimelineOut, TodayAsked
from api.database import transaction
from api.plans.schemas import ActionList
from api.rest.errors import READS, documented
from api.rest.schemas import Page

router = APIRouter(prefix="/api/v1", tags=["Families"])

Me = Annotated[Visitor, Depends(bearer_worker)]


@router.get("/today", responses=documented(401, 422))
def list_to_do(me: Me, asked: Annotated[TodayAsked, Query()]) -> Page[LineOut]:
    """What needs doing in the families that this worker may see, the most urgent first: calls for help, messages that
    nobody answered or that did not arrive, today's and tomorrow's meetings, requests, dates, actions, safe contact."""
    wanted = (asked.what,) if asked.what else today.WHAT
    with transaction() as session:
        lines, total = today.to_do(
            session, me, clock.now(), me.timezone, of=asked.lead_worker_id, what=wanted, limit=asked.per_page,
            offset=asked.offset,
        )  # fmt: skip
        seen = list(dict.fromkeys((line.family_id, line.family_id) for line in lines if line.family_id))
        audit.record_views(session, worker_id=me.id, verb="listed_family", seen=seen)
        items = [LineOut.of(line) for line in lines]
    return Page.at(asked, items, total)


@router.get("/actions", responses=documented(401, 422), tags=["Plans"])
def list_all_actions(me: Me, asked: Annotated[ActionList, Query()]) -> Page[FamilyActionOut]:
    """The actions of all families that this worker may see, the soonest due first."""
    with transaction() as session:
        rows, total = actions.actions(
            session, me, me.today, status=asked.status, overdue=asked.overdue, limit=asked.per_page, offset=asked.offset
        )
        seen = list(dict.fromkeys((family_id, family_id) for _, family_id, _ in rows))
        audit.record_views(session, worker_id=me.id, verb="viewed_actions", seen=seen)
        items = [FamilyActionOut.of_row(*row) for row in rows]
    return Page.at(asked, items, total)


@router.get("/families/{family_id}/timeline", responses=READS)
def list_timeline(me: Me, family_id: uuid.UUID, asked: Annotated[TimelineAsked, Query()]) -> Page[TimelineOut]:
    """What happened in a family's case, the newest first. What people said is there as far as this worker may read it,
    without the words; messages are counted by the day."""
    kinds = (asked.kind,) if asked.kind else timeline.KINDS
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_timeline", family_id=family.id, object_id=family.id)
        lines, total = timeline.timeline(
            session, me, family.id, me.timezone, kinds=kinds, limit=asked.per_page, offset=asked.offset
        )
        items = [TimelineOut.of(line) for line in lines]
    return Page.at(asked, items, total)
