"""The agency's workers: managers and administrators add them, change them, let them in and let them go; what is about
second factors and sessions is the administrator's."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from api import texts
from api.access import accounts, sessions, staff, staff_queries
from api.access import queries as access
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.access.schemas import WorkerIn
from api.console import forms, queries
from api.console.layout import console_page
from api.database import reading, transaction

router = APIRouter(prefix="/console/workers", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]
Fields = Annotated[dict[str, str], Depends(forms.fields)]
HERE = "/console/workers"
#: Widest view first: these are asked for a second factor before the others.
ROLES = ("administrator", "manager", "duty", "worker")


@router.get("")
def show_workers(request: Request, me: Me) -> Response:
    """Everybody of the agency."""
    access.leads_or_404(me)
    with reading() as session:
        people = accounts.accounts(session, me.agency_id)
        agency = access.agency_of(session, me)
    return console_page(
        request, me, "console/workers.html", here="workers", people=people, required=agency.second_factor_roles,
        roles=ROLES, proof=agency.proof, proofs=accounts.PROOF,
        within=lambda role: staff_queries.within(me, role), administers=me.role == "administrator",
    )  # fmt: skip


@router.get("/new")
def new_worker(request: Request, me: Me) -> Response:
    """An empty form for somebody who starts here."""
    access.leads_or_404(me)
    return _new(request, me, {}, [])


@router.post("/new")
def add_worker(request: Request, me: Me, given: Fields) -> Response:
    """Somebody new; how they get in is the next step, on their page."""
    access.leads_or_404(me)
    problems: list[str] = []
    with transaction() as session:
        try:
            wanted = WorkerIn.model_validate(given, context=forms.context(me))
            added = staff.add(session, me.worker, wanted.model_dump()).id
        except (ValidationError, staff.CannotChange) as error:
            session.rollback()
            problems = _problems(error, me)
    if problems:
        return _new(request, me, given, problems)
    return RedirectResponse(f"{HERE}/{added}", 303)


@router.post("/proof")
def ask_for_proof(me: Me, proof: Annotated[str, Form()] = "") -> Response:
    """Whom the assistant asks for a PIN before it tells anything by text; a person's own profile may say otherwise."""
    access.leads_or_404(me)
    if proof in accounts.PROOF:
        with transaction() as session:
            accounts.ask_for_proof(session, access.agency_of(session, me), proof, me.id)
    return RedirectResponse(f"{HERE}#proof-title", 303)


@router.post("/second-factor")
def require_second_factor(me: Me, role: Annotated[list[str] | None, Form()] = None) -> Response:
    """Which roles may do nothing before they have one; from the next page on that they ask for."""
    access.administers_or_404(me)
    with transaction() as session:
        accounts.require_second_factor(session, access.agency_of(session, me), role or [], me.id)
    return RedirectResponse(HERE, 303)


@router.get("/{worker_id}")
def show_worker(request: Request, me: Me, worker_id: uuid.UUID) -> Response:
    """One of them: what is kept of them, the way in, and what hangs on them."""
    return _page(request, me, worker_id)


@router.post("/{worker_id}")
def change_worker(request: Request, me: Me, worker_id: uuid.UUID, given: Fields) -> Response:
    """Another role, phone, name, address."""
    problems: list[str] = []
    with transaction() as session:
        colleague = staff_queries.managed_or_404(session, me, worker_id)
        try:
            wanted = WorkerIn.model_validate(given, context=forms.context(me))
            staff.change(session, me.worker, colleague, wanted.model_dump())
        except (ValidationError, staff.CannotChange) as error:
            session.rollback()
            problems = _problems(error, me)
    if problems:
        return _page(request, me, worker_id, given=given, problems=problems)
    return RedirectResponse(f"{HERE}#worker-{worker_id}", 303)


@router.post("/{worker_id}/code")
def make_code(request: Request, me: Me, worker_id: uuid.UUID) -> Response:
    """A way in, for somebody new or who forgot the password. Shown once, on this answer only."""
    problems, code = [], ""
    with transaction() as session:
        try:
            code = staff.make_code(session, me.worker, staff_queries.managed_or_404(session, me, worker_id))
        except staff.CannotChange as error:
            problems = _problems(error, me)
    return _page(request, me, worker_id, code=code, problems=problems)


@router.post("/{worker_id}/sessions/end")
def end_sessions(me: Me, worker_id: uuid.UUID) -> Response:
    """Sign somebody out everywhere."""
    with transaction() as session:
        sessions.end_all(session, access.colleague_or_404(session, me, worker_id).id, me.id)
    return RedirectResponse(HERE, 303)


@router.post("/{worker_id}/second-factor/reset")
def reset_second_factor(me: Me, worker_id: uuid.UUID) -> Response:
    """For whoever lost theirs."""
    with transaction() as session:
        accounts.reset_second_factor(session, access.colleague_or_404(session, me, worker_id), me.id)
    return RedirectResponse(HERE, 303)


@router.post("/{worker_id}/provider/forget")
def forget_at_provider(me: Me, worker_id: uuid.UUID) -> Response:
    """For whoever has a new account at the agency's OpenID Connect provider."""
    with transaction() as session:
        accounts.forget_at_provider(session, access.colleague_or_404(session, me, worker_id), me.id)
    return RedirectResponse(HERE, 303)


@router.post("/{worker_id}/deactivate")
def deactivate(request: Request, me: Me, worker_id: uuid.UUID) -> Response:
    """Somebody leaves; their page then shows what is to be seen to. Nobody does that to themself."""
    problems: list[str] = []
    with transaction() as session:
        try:
            staff.leave(session, me.worker, staff_queries.managed_or_404(session, me, worker_id))
        except staff.CannotChange as error:
            problems = _problems(error, me)
    if problems:
        return _page(request, me, worker_id, problems=problems)
    return RedirectResponse(f"{HERE}/{worker_id}#hanging", 303)


@router.post("/{worker_id}/reactivate")
def reactivate(me: Me, worker_id: uuid.UUID) -> Response:
    """Somebody comes back, with the password they had."""
    with transaction() as session:
        staff.come_back(session, me.worker, staff_queries.managed_or_404(session, me, worker_id))
    return RedirectResponse(f"{HERE}#worker-{worker_id}", 303)


def _problems(error: ValidationError | staff.CannotChange, me: Visitor) -> list[str]:
    if isinstance(error, ValidationError):
        return forms.mistakes(error, me.language)
    return [texts.render(f"account.staff.problem.{error.code}", me.language)]


def _roles(me: Visitor) -> list[str]:
    """Those that this worker may give, the narrowest first."""
    return [role for role in reversed(ROLES) if staff_queries.within(me, role)]


def _new(request: Request, me: Visitor, given: dict[str, str], problems: list[str]) -> Response:
    return console_page(
        request, me, "console/worker.html", here="workers", status=400 if problems else 200,
        one=None, given=given, problems=problems, roles=_roles(me), code="",
    )  # fmt: skip


def _page(
    request: Request,
    me: Visitor,
    worker_id: uuid.UUID,
    *,
    given: dict[str, str] | None = None,
    problems: list[str] | None = None,
    code: str = "",
) -> Response:
    with reading() as session:
        one = staff_queries.managed_or_404(session, me, worker_id)
        hanging = queries.hanging(session, one)
    shown = given or {
        "name": one.name, "email": one.email, "phone": one.phone or "", "role": one.role, "language": one.language,
        "team": one.team,
    }  # fmt: skip
    return console_page(
        request, me, "console/worker.html", here="workers", status=400 if problems else 200,
        one=one, given=shown, problems=problems or [], roles=_roles(me), code=code, hanging=hanging,
    )  # fmt: skip
