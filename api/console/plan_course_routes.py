"""When a plan began and ended, in the console: one page to put its beginning right, to end it and to take it up again;
and a dropped outcome that comes back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session

from api import texts
from api.access import leading
from api.access import queries as access
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.audit import service as audit
from api.console import forms
from api.console.layout import console_page
from api.console.plan_routes import plan_page
from api.database import transaction
from api.plans import course, editing, outcomes
from api.plans.course_schemas import EndIn, GoOnIn, StartIn
from api.plans.models import END_KINDS, Plan

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]
Fields = Annotated[dict[str, str], Depends(forms.fields)]


@router.get("/plans/{plan_id}/course")
def show_course(request: Request, me: Me, plan_id: uuid.UUID) -> Response:
    """When the plan began and ended, and the forms for who may put that right."""
    return _page(request, me, plan_id, {}, [])


@router.post("/plans/{plan_id}/start")
def correct_start(request: Request, me: Me, plan_id: uuid.UUID, given: Fields) -> Response:
    """The plan began on another day."""

    def do(session: Session, plan: Plan) -> None:
        body = StartIn.model_validate(forms.filled(given, ("started_on", "why")))
        course.correct_start(session, plan, me.worker, body.started_on, body.why, today=me.today)

    return _done(request, me, plan_id, given, do, "start")


@router.post("/plans/{plan_id}/end")
def end_plan(request: Request, me: Me, plan_id: uuid.UUID, given: Fields) -> Response:
    """The plan ended without a review."""

    def do(session: Session, plan: Plan) -> None:
        body = EndIn.model_validate(forms.filled(given, ("ended_on", "kind", "why", "support")))
        course.end(session, plan, me.worker, today=me.today, **body.model_dump())

    return _done(request, me, plan_id, given, do, "end")


@router.post("/plans/{plan_id}/go-on")
def take_up(request: Request, me: Me, plan_id: uuid.UUID, given: Fields) -> Response:
    """The plan has not ended after all."""

    def do(session: Session, plan: Plan) -> None:
        course.go_on(session, plan, me.worker, GoOnIn.model_validate(forms.filled(given, ("why",))).why)

    return _done(request, me, plan_id, given, do, "go-on")


@router.post("/plans/{plan_id}/outcomes/{outcome_id}/restore")
def restore_outcome(request: Request, me: Me, plan_id: uuid.UUID, outcome_id: uuid.UUID) -> Response:
    """A dropped outcome is of the plan again."""
    problem = ""
    with transaction() as session:
        plan = access.plan_or_404(session, me, plan_id)
        try:
            outcomes.restore(session, plan, outcome_id, me.worker)
        except editing.CannotChange as error:
            problem = texts.render(f"rest.error.{error.code}", me.language)
            session.rollback()
    if problem:
        return plan_page(request, me, plan_id, None, [problem])
    return RedirectResponse(f"/console/plans/{plan_id}", 303)


def _done(
    request: Request,
    me: Visitor,
    plan_id: uuid.UUID,
    given: dict[str, str],
    do: Callable[[Session, Plan], None],
    sent: str,
) -> Response:
    """``sent``: which of the page's forms it was; that one is filled again where it is refused, the others are not."""
    problems: list[str] = []
    with transaction() as session:
        plan = access.plan_or_404(session, me, plan_id)
        try:
            if given.get("version") != str(plan.version):
                raise editing.CannotChange("changed_meanwhile")
            do(session, plan)
        except ValidationError as error:
            problems = forms.mistakes(error, me.language)
        except editing.CannotChange as error:
            problems = [texts.render(f"rest.error.{error.code}", me.language)]
            session.rollback()
    if problems:
        return _page(request, me, plan_id, {**given, "sent": sent}, problems)
    return RedirectResponse(f"/console/plans/{plan_id}/course", 303)


def _page(request: Request, me: Visitor, plan_id: uuid.UUID, given: dict[str, str], problems: list[str]) -> Response:
    with transaction() as session:
        plan = access.plan_or_404(session, me, plan_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_plan", family_id=plan.family_id, object_id=plan.id)
        family = access.family_or_404(session, me, plan.family_id)
        may_put_right = leading.may_put_right(session, me, family.id)
    return console_page(
        request, me, "console/plan_course.html", here="families", status=400 if problems else 200, family=family,
        plan=plan, given=given, problems=problems, may_put_right=may_put_right, kinds=END_KINDS,
    )  # fmt: skip
