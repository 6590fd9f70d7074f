"""Statutory dates and case events under /api/v1."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.access import queries as access
from api.access.guards import Visitor, bearer_worker
from api.audit import service as audit
from api.database import transaction
from api.rest.errors import DECIDES, READS, WRITES, Refused, documented
from api.rest.schemas import Page, Paging
from api.timescales import queries, service
from api.timescales.schemas import DateOut, DatesAsked, EventIn, EventOut, FamilyDateOut, HappenedIn

router = APIRouter(prefix="/api/v1", tags=["Timescales"])

Me = Annotated[Visitor, Depends(bearer_worker)]
_CONFLICTS = ("event_exists", "appointment_is_cancelled")


@router.get("/timescales", responses=documented(401, 422))
def list_pressing_dates(me: Me, asked: Annotated[DatesAsked, Query()]) -> Page[FamilyDateOut]:
    """Dates of the families that this worker may see that are late or near, the longest overdue first."""
    with transaction() as session:
        rows, total = queries.near_or_late(
            session, me, me.today, me.language, only_late=asked.late, limit=asked.per_page, offset=asked.offset
        )
        seen = [(row.family.id, row.family.id) for row in rows]
        audit.record_views(session, worker_id=me.id, verb="listed_family", seen=list(dict.fromkeys(seen)))
        items = [FamilyDateOut.of_row(row) for row in rows]
    return Page.at(asked, items, total)


@router.get("/families/{family_id}/timescales", responses=READS)
def list_dates(me: Me, family_id: uuid.UUID) -> list[DateOut]:
    """By when what is due for a family, and what was done when: what is not done first, the soonest of it first."""
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_timescales", family_id=family.id, object_id=family.id)
        return [DateOut.of(view) for view in queries.of_family(session, family.id, me.today, me.language)]


@router.get("/families/{family_id}/events", responses=READS)
def list_events(me: Me, family_id: uuid.UUID, asked: Annotated[Paging, Query()]) -> Page[EventOut]:
    """What was recorded of the family's case, the newest first."""
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_events", family_id=family.id, object_id=family.id)
        found = queries.events(session, family.id)
        items = [EventOut.of(one) for one in asked.of(found)]
    return Page.at(asked, items, len(found))


@router.post("/families/{family_id}/events", status_code=201, responses=WRITES)
def record_event(me: Me, family_id: uuid.UUID, given: EventIn) -> EventOut:
    """Record what happened; the family's dates follow from it at once.

    422 where it is in the future or does not fit the plan, 409 where the family has an event with that external id.
    """
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        try:
            made = service.record(
                session,
                family,
                me.worker,
                kind=given.kind,
                day=given.day,
                today=me.today,
                plan_id=given.plan_id,
                outcome=given.outcome,
                note=given.note,
                external_id=given.external_id or "",
            )
        except service.CannotRecord as error:
            raise _refusal(error) from None
        return EventOut.of(queries.EventView(made, me.worker.name))


@router.post("/appointments/{appointment_id}/happened", status_code=201, responses=WRITES)
def record_appointment(me: Me, appointment_id: uuid.UUID, given: HappenedIn) -> EventOut:
    """Record that an appointment took place, or did not; the family's dates follow from it at once.

    Its kind and its local day are the appointment's. 422 where it has not come yet, 409 where it was cancelled or this
    was recorded before: withdraw that event first.
    """
    with transaction() as session:
        appointment = access.appointment_or_404(session, me, appointment_id)
        try:
            made = service.record_appointment(
                session,
                appointment,
                me.worker,
                outcome=given.outcome,
                timezone=me.timezone,
                today=me.today,
                note=given.note,
            )
        except service.CannotRecord as error:
            raise _refusal(error) from None
        return EventOut.of(queries.EventView(made, me.worker.name))


@router.post("/events/{event_id}/withdraw", responses=DECIDES)
def withdraw_event(me: Me, event_id: uuid.UUID) -> EventOut:
    """The event was recorded by mistake: it stays to be seen, and counts no more."""
    with transaction() as session:
        event = access.event_or_404(session, me, event_id)
        service.withdraw(session, event, me.worker)
        view = next(one for one in queries.events(session, event.family_id) if one.event.id == event.id)
        return EventOut.of(view)


def _refusal(error: service.CannotRecord) -> Refused:
    return Refused(409 if error.code in _CONFLICTS else 422, error.code)
