"""Requests to change an appointment under /api/v1: who cannot come, which other times there are, offering them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy.orm import Session

from api import texts
from api.access import queries as access
from api.access.guards import Visitor, bearer_worker
from api.appointments import offers, queries, service
from api.appointments.change_schemas import ChangeOut, ChangesAsked, OfferIn
from api.audit import service as audit
from api.conferences.queries import people
from api.database import transaction
from api.rest.errors import DECIDES, READS, WRITES, Refused
from api.rest.schemas import Page

router = APIRouter(prefix="/api/v1", tags=["Appointments"])

Me = Annotated[Visitor, Depends(bearer_worker)]
#: Why nothing can be offered, where it is not what was sent that is wrong but how things stand.
_CONFLICTS = ("handled", "no_way")


@router.get("/families/{family_id}/changes", responses=READS)
def list_changes(me: Me, family_id: uuid.UUID, asked: Annotated[ChangesAsked, Query()]) -> Page[ChangeOut]:
    """Who of the family cannot come to an appointment or wants another time, the newest request first, with what is
    offered to them or could be."""
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        audit.record_view(
            session, worker_id=me.id, verb="viewed_appointments", family_id=family.id, object_id=family.id
        )
        found = queries.changes(session, family.id, only_open=asked.open)
        return Page.at(asked, _shown(session, family.id, asked.of(found)), len(found))


@router.post("/changes/{request_id}/offer", responses=WRITES)
def offer_times(me: Me, request_id: uuid.UUID, given: OfferIn) -> ChangeOut:
    """Offer other times to whoever cannot come, by one text with numbers: what they answer is booked, and everybody
    expected is told.

    422 for a time that is over, 409 where the request was handled, the appointment is cancelled or the person may not
    be written to.
    """
    with transaction() as session:
        change, family_id = access.change_request_or_404(session, me, request_id)
        try:
            offers.offer(session, change, me.worker, given.starts_at)
        except offers.CannotOffer as error:
            raise Refused(
                409 if error.code in _CONFLICTS else 422,
                f"offer_{error.code}",
                message=texts.render(f"console.offers.{error.code}", "en"),
            ) from None
        return _one(session, family_id, request_id)


@router.post("/changes/{request_id}/handled", responses=DECIDES)
def handle_change(me: Me, request_id: uuid.UUID) -> ChangeOut:
    """The request has been looked after. A second time changes nothing."""
    with transaction() as session:
        change, family_id = access.change_request_or_404(session, me, request_id)
        service.handle_change(session, change, family_id, me.worker)
        return _one(session, family_id, request_id)


def _one(session: Session, family_id: uuid.UUID, request_id: uuid.UUID) -> ChangeOut:
    session.flush()
    found = [one for one in queries.changes(session, family_id) if one[0].id == request_id]
    return _shown(session, family_id, found)[0]


def _shown(session: Session, family_id: uuid.UUID, found: Sequence[queries.Asked]) -> list[ChangeOut]:
    names = people(session, family_id)
    by = access.worker_names(session, [request.handled_by for request, _ in found])
    return [
        ChangeOut.of(
            request,
            appointment,
            offers.times(session, request),
            person=names[request.person_id].first_name,
            by=by.get(request.handled_by, ""),
        )
        for request, appointment in found
    ]
