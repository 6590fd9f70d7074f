"""Conferences under /api/v1."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.access import queries as access
from api.access.guards import Visitor, bearer_worker
from api.appointments import overlaps
from api.audit import service as audit
from api.conferences import booking, content, queries, service, withdrawing
from api.conferences.schemas import ConferenceIn, ConferenceOut, NewConferenceIn, RecordedOut, WithdrawnIn
from api.database import transaction
from api.earlier import queries as earlier
from api.earlier.schemas import EarlierOut
from api.rest.errors import READS, WRITES, Refused
from api.rest.schemas import Page, Paging, Part
from api.rest.versions import STALE, IfMatch, refuse_stale, show_version

router = APIRouter(prefix="/api/v1", tags=["Conferences"])

Me = Annotated[Visitor, Depends(bearer_worker)]
#: Not what was sent is wrong, but how things stand.
CONFLICTS = (
    "conference_exists", "conference_was_held", "conference_kind_stays", "conference_was_withdrawn",
    "conference_not_held", "withdraw_the_review", "plan_is_built_on", "plan_goes_on",
)  # fmt: skip


@router.get("/families/{family_id}/conferences", responses=READS)
def list_conferences(
    me: Me, family_id: uuid.UUID, asked: Annotated[Part, Query()], response: Response
) -> list[ConferenceOut]:
    """The family's conferences, the newest first: who was there, what was weighed and decided, who disagreed."""
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_conferences", family_id=family.id, object_id=family.id)
        return [ConferenceOut.of(row) for row in asked.of(queries.of_family(session, family.id), response)]


@router.get("/conferences/{conference_id}", responses=READS)
def show_conference(me: Me, conference_id: uuid.UUID, response: Response) -> ConferenceOut:
    """One conference."""
    with transaction() as session:
        row = access.conference_or_404(session, me, conference_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_conference", family_id=row.family_id, object_id=row.id)
        show_version(response, row.version)
        return ConferenceOut.of(row)


@router.get("/conferences/{conference_id}/versions", responses=READS)
def list_conference_versions(me: Me, conference_id: uuid.UUID, asked: Annotated[Paging, Query()]) -> Page[EarlierOut]:
    """What the conference said before each change, who changed it and when; the newest first."""
    with transaction() as session:
        row = access.conference_or_404(session, me, conference_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_conference", family_id=row.family_id, object_id=row.id)
        people = queries.people(session, row.family_id)
        told = content.history(session, row, people, limit=asked.per_page, offset=asked.offset)
        total = earlier.count(session, row.id)
        return Page.at(asked, [EarlierOut.of(one) for one in told], total)


@router.post("/families/{family_id}/conferences", status_code=201, responses=WRITES)
def record_conference(me: Me, family_id: uuid.UUID, given: NewConferenceIn, response: Response) -> RecordedOut:
    """Plan a conference, or record one that was held. One that decides on a plan makes it, unless ``plan_id`` names it.
    One that is to come is booked as an appointment of those who are invited, at the time ``at``, unless one of its
    kind is booked for that day; where nobody of the family is invited it may be without a time. Who is expected
    elsewhere at that time stands under ``overlaps``.

    422 where it cannot be so (a decision of another kind, a review before its conference, a stranger's child, a plan
    for a child who is on one that goes on), 409 where the family has a conference with that external id.
    """
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        try:
            made = service.record(
                session, family, me.worker, given.details(), today=me.today, external_id=given.external_id or ""
            )
        except service.CannotRecord as error:
            raise _refusal(error) from None
        show_version(response, made.version)
        return RecordedOut.with_overlaps(made, overlaps.of(session, me, booking.planned(made)))


@router.put("/conferences/{conference_id}", responses={**WRITES, **STALE})
def change_conference(
    me: Me, conference_id: uuid.UUID, given: ConferenceIn, response: Response, if_match: IfMatch = None
) -> RecordedOut:
    """Say anew what is known of a conference: the body takes the place of what was there, which is kept as an earlier
    version. Its kind stays. Its appointment is moved or called off with it, and whoever is expected is told the
    ``reason``. 409 where it was held and is to be so no more, was withdrawn, or is to have decided on no plan while the
    plan that it made goes on."""
    with transaction() as session:
        conference = access.conference_or_404(session, me, conference_id)
        service.lock(session, conference)
        refuse_stale(if_match, conference.version)
        try:
            changed = service.change(session, conference, me.worker, given.details(), today=me.today)
        except service.CannotRecord as error:
            raise _refusal(error) from None
        show_version(response, changed.version)
        return RecordedOut.with_overlaps(changed, overlaps.of(session, me, booking.planned(changed)))


@router.post("/conferences/{conference_id}/withdraw", responses={**WRITES, **STALE})
def withdraw_conference(
    me: Me, conference_id: uuid.UUID, given: WithdrawnIn, response: Response, if_match: IfMatch = None
) -> ConferenceOut:
    """A conference that was recorded by mistake counts no more: it is `cancelled`, and the plan that it made ends
    today, with its clocks. 403 for whoever is neither a manager nor the family's own worker; 409 where it was
    withdrawn before or never held, where it is its review that is to be withdrawn, and where others have built on the
    plan that it made."""
    with transaction() as session:
        conference = access.conference_or_404(session, me, conference_id)
        withdrawing.lock(session, conference)
        refuse_stale(if_match, conference.version)
        try:
            withdrawing.withdraw(session, conference, me.worker, given.why, today=me.today)
        except service.CannotRecord as error:
            raise _refusal(error) from None
        show_version(response, conference.version)
        return ConferenceOut.of(conference)


def _refusal(error: service.CannotRecord) -> Refused:
    if error.code == "lead_or_manager":
        return Refused(403, error.code)
    return Refused(409 if error.code in CONFLICTS else 422, error.code)
