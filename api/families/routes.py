"""Families and people under /api/v1: read, added and mended by whoever may see them. Numbers are asked only when the
program says so."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy.orm import Session

from api import clock
from api.access import queries as access
from api.access.guards import Visitor, bearer_worker
from api.access.reach import GIVES_FAMILIES
from api.audit import service as audit
from api.database import transaction
from api.families import people, queries, service
from api.families.schemas import (
    FamiliesAsked,
    FamilyChange,
    FamilyGiven,
    FamilyOut,
    FamilySummary,
    PersonChange,
    PersonGiven,
    PersonOut,
)
from api.messages import enrolment, mail_enrolment
from api.rest.errors import READS, WRITES, Refused, documented
from api.rest.schemas import Page
from api.rest.versions import STALE, IfMatch, of_content, refuse_stale, show_version
from api.settings import settings

router = APIRouter(prefix="/api/v1", tags=["Families"])

Me = Annotated[Visitor, Depends(bearer_worker)]


@router.get("/families", responses=documented(401, 422))
def list_families(me: Me, asked: Annotated[FamiliesAsked, Query()]) -> Page[FamilySummary]:
    """The families that this worker may see, by name: the assigned ones; for duty workers and managers the agency's.
    With ``external_id`` the one that your own system calls so, if there is one."""
    which = queries.chosen(me, external_id=asked.external_id or "")
    with transaction() as session:
        rows = queries.families(session, which, limit=asked.per_page, offset=asked.offset)
        seen = [(row.family.id, row.family.id) for row in rows]
        audit.record_views(session, worker_id=me.id, verb="listed_family", seen=seen)
        total = queries.count(session, which)
        items = [FamilySummary.of(row) for row in rows]
    return Page.at(asked, items, total)


@router.post("/families", status_code=201, responses=WRITES)
def add_family(me: Me, given: FamilyGiven, response: Response) -> FamilyOut:
    """Add a family; 409 where the agency has one with this external id. Its worker finds it on their page."""
    lead = given.lead_worker_id if me.role in GIVES_FAMILIES else me.id
    if given.lead_worker_id not in (None, lead):
        raise Refused(422, "no_such_worker")
    with transaction() as session:
        try:
            family = service.found(session, me.worker, given.name, given.external_id or "", lead)
        except (service.ReferenceTaken, service.NoSuchWorker) as error:
            raise _refusal(error) from None
        return _family(session, me, family.id, response)


@router.get("/families/{family_id}", responses=READS)
def show_family(me: Me, family_id: uuid.UUID, response: Response) -> FamilyOut:
    """One family: people and how they may be contacted, workers, plans with children, risks and core group. The ETag is
    that of its name, external id and workers."""
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_family", family_id=family.id, object_id=family.id)
        return _family(session, me, family.id, response)


@router.patch("/families/{family_id}", responses={**WRITES, **STALE})
def change_family(
    me: Me, family_id: uuid.UUID, given: FamilyChange, response: Response, if_match: IfMatch = None
) -> FamilyOut:
    """Mend the name or external id, or hand the family to another worker (managers and administrators): who led it
    sees it no more, and both find that on their page."""
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_family", family_id=family.id, object_id=family.id)
        session.refresh(family, with_for_update=True)
        if if_match is not None:
            refuse_stale(if_match, _version(_out(session, me, family_id)))
        try:
            service.rename(session, family, me.worker, given.name or family.name, given.external_id or "")
            if given.lead_worker_id is not None:
                if not access.leads(me):
                    raise Refused(422, "no_such_worker")
                service.hand_over(session, family, me.worker, given.lead_worker_id)
        except (service.ReferenceTaken, service.NoSuchWorker) as error:
            raise _refusal(error) from None
        return _family(session, me, family_id, response)


@router.post("/families/{family_id}/people", status_code=201, responses=WRITES)
def add_person(me: Me, family_id: uuid.UUID, given: PersonGiven, response: Response) -> PersonOut:
    """Add somebody to a family. A phone number and an e-mail address are noted, and asked if `ask` says so; 409 where
    one is in use."""
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        try:
            if (given.phone or given.email) and given.kind == "child":
                raise people.CannotCorrect("child_has_number")
            values = given.model_dump(exclude={"phone", "email", "ask"})
            values["language"] = given.language or me.language
            person = people.add(session, family, values, me.worker, me.today)
            if given.phone:
                enrolment.add_number(session, person, given.phone, me.worker, ask=given.ask)
            if given.email:
                ask = given.ask and settings().mails
                mail_enrolment.add_address(session, person, given.email, me.worker, ask=ask)
        except (people.CannotCorrect, enrolment.Taken) as error:
            raise _refusal(error) from None
        session.refresh(person)
        return _person(PersonOut.of(person), response)


@router.get("/people/{person_id}", responses=READS)
def show_person(me: Me, person_id: uuid.UUID, response: Response) -> PersonOut:
    """Somebody of a family."""
    with transaction() as session:
        person = access.person_or_404(session, me, person_id)
        audit.record_view(
            session, worker_id=me.id, verb="viewed_contact", family_id=person.family_id, object_id=person.id
        )
        return _person(PersonOut.of(person), response)


@router.patch("/people/{person_id}", responses={**WRITES, **STALE})
def change_person(
    me: Me, person_id: uuid.UUID, given: PersonChange, response: Response, if_match: IfMatch = None
) -> PersonOut:
    """Mend a name, a birthday or the kind; note that somebody has left the family, or is back."""
    with transaction() as session:
        person = access.person_or_404(session, me, person_id)
        audit.record_view(
            session, worker_id=me.id, verb="viewed_contact", family_id=person.family_id, object_id=person.id
        )
        session.refresh(person, with_for_update=True)
        refuse_stale(if_match, of_content(PersonOut.of(person).model_dump_json()))
        try:
            people.correct(session, person, given.values(), me.worker, me.today)
        except people.CannotCorrect as error:
            raise _refusal(error) from None
        if given.left is not None:
            if given.left:
                people.leave(session, person, me.worker, clock.now())
            else:
                people.come_back(session, person, me.worker)
        session.refresh(person)
        return _person(PersonOut.of(person), response)


def _refusal(error: Exception) -> Refused:
    """What the program is told: it hears of no family that its worker may not see."""
    if isinstance(error, service.ReferenceTaken):
        return Refused(409, "family_exists")
    if isinstance(error, enrolment.Taken):
        return Refused(409, "number_taken")
    if isinstance(error, people.CannotCorrect):
        return Refused(409 if error.code == "person_exists" else 422, error.code)
    return Refused(422, "no_such_worker")


def _out(session: Session, me: Visitor, family_id: uuid.UUID) -> FamilyOut:
    family = access.family_or_404(session, me, family_id)
    return FamilyOut.of(queries.family_view(session, family, me.today), me.timezone)


def _version(family: FamilyOut) -> str:
    return of_content(family.model_dump_json(include={"name", "external_id", "workers"}))


def _family(session: Session, me: Visitor, family_id: uuid.UUID, response: Response) -> FamilyOut:
    shown = _out(session, me, family_id)
    show_version(response, _version(shown))
    return shown


def _person(shown: PersonOut, response: Response) -> PersonOut:
    show_version(response, of_content(shown.model_dump_json()))
    return shown
