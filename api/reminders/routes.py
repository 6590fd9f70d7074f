"""A person's reminders under /api/v1: when they want them, and what became of each."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends

from api import clock
from api.access import queries as access
from api.access.guards import Visitor, bearer_worker
from api.audit import service as audit
from api.database import transaction
from api.reminders import queries, service
from api.reminders.schemas import RemindersIn, RemindersOut
from api.rest.errors import READS, WRITES

router = APIRouter(prefix="/api/v1/people", tags=["Reminders"])

Me = Annotated[Visitor, Depends(bearer_worker)]


@router.get("/{person_id}/reminders", responses=READS)
def show_reminders(me: Me, person_id: uuid.UUID) -> RemindersOut:
    """When the person is reminded of appointments, and each reminder of what is not over yet: planned, sent or why
    not."""
    with transaction() as session:
        person = access.person_or_404(session, me, person_id)
        audit.record_view(
            session, worker_id=me.id, verb="viewed_reminders", family_id=person.family_id, object_id=person.id
        )
        return RemindersOut.of(person, queries.of_person(session, person.id, after=clock.now()))


@router.put("/{person_id}/reminders", responses=WRITES)
def choose_reminders(me: Me, person_id: uuid.UUID, given: RemindersIn) -> RemindersOut:
    """Choose when the person is reminded, of every appointment and of some kinds. What is planned already follows
    within a few seconds."""
    with transaction() as session:
        person = access.person_or_404(session, me, person_id)
        service.choose(session, person, given.stored(), kinds=given.stored_kinds(), worker=me.worker)
        session.flush()
        return RemindersOut.of(person, queries.of_person(session, person.id, after=clock.now()))
