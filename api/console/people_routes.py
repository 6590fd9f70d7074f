"""Families and people by hand: a new family, somebody new, a correction, who leaves and who comes back, whose family it
is. A number that is given here is asked by a step of its own, or where the page says so."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from api import clock, texts
from api.access import queries as access
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.access.reach import GIVES_FAMILIES
from api.audit import service as audit
from api.console import forms
from api.console.inputs import an_id
from api.console.layout import console_page
from api.database import reading, transaction
from api.escalations import shifts
from api.families import content, editing, people, service
from api.families import queries as families
from api.messages import enrolment

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]
Fields = Annotated[dict[str, str], Depends(forms.fields)]
#: So many children fit the form of a new family; more are added on its page.
CHILDREN = 6
#: The page shows fewer.
MOST_NEWS = 100
#: What can be wrong with a form of these.
WRONG = (ValidationError, enrolment.Taken, people.CannotCorrect, service.ReferenceTaken, service.NoSuchWorker)


@router.get("/new-family")
def new_family(request: Request, me: Me) -> Response:
    """An empty form for a family that is not here yet."""
    return _new_family(request, me, {}, [])


@router.post("/new-family")
def add_family(request: Request, me: Me, given: Fields) -> Response:
    """The family, its first adult and its children. Nobody is written to: that is the next step, on its page."""
    read = forms.Reading(me)
    family_in = read.one(editing.FamilyIn, given)
    adult = read.one(editing.AdultIn, given)
    children = [
        read.one(editing.ChildIn, line, texts.render("console.family.child", me.language, n=n))
        for n in range(1, CHILDREN + 1)
        if (line := _child(given, n)).keys() - {"kind"}
    ]
    lead = an_id(given.get("worker", "")) if me.role in GIVES_FAMILIES else me.id
    problems = [*read.problems, *([] if lead else [texts.render("console.family.no_lead", me.language)])]
    added = None
    if not problems and family_in and adult and lead:
        with transaction() as session:
            try:
                family = service.found(session, me.worker, family_in.name, family_in.reference, lead)
                person = people.add(session, family, adult.model_dump(exclude={"phone"}), me.worker, me.today)
                for child in children:
                    if child is not None:
                        values = {**child.model_dump(), "language": adult.language}
                        people.add(session, family, values, me.worker, me.today)
                if adult.phone:
                    enrolment.add_number(session, person, adult.phone, me.worker, ask=False)
                added = family.id
            except WRONG as error:
                session.rollback()
                problems = forms.wrong(session, me, error)
    if added is None:
        return _new_family(request, me, given, problems)
    with reading() as session:
        seen = access.sees_family(session, me, added)
    return RedirectResponse(f"/console/families/{added}" if seen else "/console/families", 303)


@router.get("/families/{family_id}/people")
def new_person(request: Request, me: Me, family_id: uuid.UUID) -> Response:
    """An empty form for somebody new in this family."""
    return _new_person(request, me, family_id, {}, [])


@router.post("/families/{family_id}/people")
def add_person(request: Request, me: Me, family_id: uuid.UUID, given: Fields) -> Response:
    """Somebody new; with a number, they are asked there whether we may write."""
    problems: list[str] = []
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        try:
            wanted = editing.PersonIn.model_validate(given, context=forms.context(me))
            if wanted.phone and wanted.kind == "child":
                raise people.CannotCorrect("child_has_number")
            person = people.add(session, family, wanted.model_dump(exclude={"phone"}), me.worker, me.today)
            if wanted.phone:
                enrolment.add_number(session, person, wanted.phone, me.worker)
            added = person.id
        except WRONG as error:
            session.rollback()
            problems = forms.wrong(session, me, error)
    if problems:
        return _new_person(request, me, family_id, given, problems)
    return RedirectResponse(f"/console/families/{family_id}#person-{added}", 303)


@router.get("/people/{person_id}/details")
def show_person(request: Request, me: Me, person_id: uuid.UUID) -> Response:
    """Who somebody is, to be mended; and whether they are of the family."""
    return _person(request, me, person_id)


@router.post("/people/{person_id}/details")
def correct_person(request: Request, me: Me, person_id: uuid.UUID, given: Fields) -> Response:
    """Mend a name, a birthday, what somebody is in the family."""
    problems: list[str] = []
    with transaction() as session:
        person = access.person_or_404(session, me, person_id)
        family_id = person.family_id
        try:
            wanted = editing.CorrectionIn.model_validate(given)
            people.correct(session, person, wanted.model_dump(), me.worker, me.today)
        except WRONG as error:
            session.rollback()
            problems = forms.wrong(session, me, error)
    if problems:
        return _person(request, me, person_id, given=given, problems=problems)
    return RedirectResponse(f"/console/families/{family_id}#person-{person_id}", 303)


@router.post("/people/{person_id}/leave")
def leave(me: Me, person_id: uuid.UUID) -> Response:
    """Somebody is of the family no more: nothing is sent to them from now on."""
    with transaction() as session:
        person = access.person_or_404(session, me, person_id)
        people.leave(session, person, me.worker, clock.now())
        family_id = person.family_id
    return RedirectResponse(f"/console/families/{family_id}#left", 303)


@router.post("/people/{person_id}/return")
def come_back(me: Me, person_id: uuid.UUID) -> Response:
    """Somebody is of the family again; their numbers wait until they are asked anew."""
    with transaction() as session:
        person = access.person_or_404(session, me, person_id)
        people.come_back(session, person, me.worker)
        family_id = person.family_id
    return RedirectResponse(f"/console/families/{family_id}#person-{person_id}", 303)


@router.get("/families/{family_id}/details")
def show_details(request: Request, me: Me, family_id: uuid.UUID) -> Response:
    """What the family is called, and who works with it."""
    return _details(request, me, family_id)


@router.post("/families/{family_id}/details")
def change_details(request: Request, me: Me, family_id: uuid.UUID, given: Fields) -> Response:
    """Another name for workers, or the reference that was missing."""
    problems: list[str] = []
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        try:
            wanted = editing.FamilyIn.model_validate(given)
            service.rename(session, family, me.worker, wanted.name, wanted.reference)
        except WRONG as error:
            session.rollback()
            problems = forms.wrong(session, me, error)
    if problems:
        return _details(request, me, family_id, given=given, problems=problems)
    return RedirectResponse(f"/console/families/{family_id}", 303)


@router.post("/families/{family_id}/hand-over")
def hand_over(request: Request, me: Me, family_id: uuid.UUID, given: Fields) -> Response:
    """Another worker leads the family; who did sees it no more. Both find it on their page."""
    problems: list[str] = []
    access.leads_or_404(me)
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        try:
            service.hand_over(session, family, me.worker, editing.HandOverIn.model_validate(given).worker)
        except (ValidationError, service.NoSuchWorker):
            problems = [texts.render("console.family.no_lead", me.language)]
    if problems:
        return _details(request, me, family_id, problems=problems)
    return RedirectResponse(f"/console/families/{family_id}", 303)


@router.post("/families/{family_id}/workers/{worker_id}/end")
def take_off(me: Me, family_id: uuid.UUID, worker_id: uuid.UUID) -> Response:
    """Somebody who does not lead the family works with it no more, and finds that on their page."""
    access.leads_or_404(me)
    with transaction() as session:
        service.take_off(session, access.family_or_404(session, me, family_id), me.worker, worker_id)
    return RedirectResponse(f"/console/families/{family_id}/details", 303)


@router.post("/news/families")
def mark_seen(me: Me, news: Annotated[list[uuid.UUID] | None, Form()] = None) -> Response:
    """The worker knows which families are theirs now, and which are not: what the page showed, and no more."""
    with transaction() as session:
        service.mark_seen(session, me.id, (news or [])[:MOST_NEWS], clock.now())
    return RedirectResponse("/console/families", 303)


def _child(given: dict[str, str], n: int) -> dict[str, str]:
    """What was filled in of this child; a line with a birthday and no name counts, and is wrong."""
    return {
        name: value for name in ("kind", "first_name", "last_name", "born") if (value := given.get(f"child-{n}-{name}"))
    }


def _new_family(request: Request, me: Visitor, given: dict[str, str], problems: list[str]) -> Response:
    chooses = me.role in GIVES_FAMILIES
    with reading() as session:
        workers = shifts.people(session, me.agency_id) if chooses else []
    return console_page(
        request, me, "console/new_family.html", here="families", status=400 if problems else 200,
        given=given, problems=problems, workers=workers, chooses=chooses, children=range(1, CHILDREN + 1),
    )  # fmt: skip


def _new_person(
    request: Request, me: Visitor, family_id: uuid.UUID, given: dict[str, str], problems: list[str]
) -> Response:
    with reading() as session:
        family = access.family_or_404(session, me, family_id)
    return console_page(
        request, me, "console/new_person.html", here="families", status=400 if problems else 200,
        family=family, given=given, problems=problems,
    )  # fmt: skip


def _person(
    request: Request,
    me: Visitor,
    person_id: uuid.UUID,
    *,
    given: dict[str, str] | None = None,
    problems: list[str] | None = None,
) -> Response:
    with transaction() as session:
        person = access.person_or_404(session, me, person_id)
        family = access.family_or_404(session, me, person.family_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_contact", family_id=family.id, object_id=person.id)
        told = content.history(session, person)
    shown: dict[str, Any] = given or {
        "kind": person.kind,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "born": person.born.isoformat() if person.born else "",
    }
    return console_page(
        request, me, "console/person.html", here="families", status=400 if problems else 200,
        family=family, person=person, given=shown, problems=problems or [], told=told,
    )  # fmt: skip


def _details(
    request: Request,
    me: Visitor,
    family_id: uuid.UUID,
    *,
    given: dict[str, str] | None = None,
    problems: list[str] | None = None,
) -> Response:
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_family", family_id=family.id, object_id=family.id)
        lead = families.lead_of(session, family.id)
        workers = shifts.people(session, me.agency_id) if access.leads(me) else []
        others = [worker for worker, leads in families.workers_of(session, family.id) if not leads]
    return console_page(
        request, me, "console/family_details.html", here="families", status=400 if problems else 200,
        family=family, given=given or {"name": family.name, "reference": service.reference_of(family)},
        problems=problems or [], workers=workers, lead=lead, others=others, may_hand_over=access.leads(me),
    )  # fmt: skip
