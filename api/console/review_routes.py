"""Reviews in the console: one printable page that prepares itself, and the form that records what was found."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from api import texts
from api.access import queries as access
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.audit import service as audit
from api.console import forms
from api.console.layout import console_page
from api.database import transaction
from api.reviews import queries, service
from api.reviews.schemas import ReviewIn
from api.timescales.queries import EVENT_OF

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]
Fields = Annotated[dict[str, str], Depends(forms.fields)]
OWN = ("held_on", "next_step", "reason", "changes", "support", "next_review_on")
PROGRESS = ("achieved", "good", "some", "none", "worse")
EFFECTS = ("helped", "helped_a_little", "did_not_help", "made_worse", "not_started")


@router.get("/plans/{plan_id}/review")
def prepare_review(request: Request, me: Me, plan_id: uuid.UUID) -> Response:
    """All that a review needs on one page, and the form that records it."""
    return _page(request, me, plan_id, {})


@router.post("/plans/{plan_id}/reviews")
def record_review(request: Request, me: Me, plan_id: uuid.UUID, given: Fields) -> Response:
    """Record what the review found and decided."""
    problems: list[str] = []
    with transaction() as session:
        plan = access.plan_or_404(session, me, plan_id)
        family_id = plan.family_id
        try:
            body = ReviewIn.model_validate(_as_body(given))
            service.record(session, plan, me.worker, body.findings(), today=me.today, at_conference=body.at_conference)
        except ValidationError as error:
            problems = forms.mistakes(error, me.language)
        except service.CannotReview as error:
            problems = [texts.render(f"rest.error.{error.code}", me.language)]
            session.rollback()
    if problems:
        return _page(request, me, plan_id, given, problems)
    return RedirectResponse(f"/console/families/{family_id}#plans", 303)


def _page(
    request: Request, me: Visitor, plan_id: uuid.UUID, given: dict[str, str], problems: list[str] | None = None
) -> Response:
    with transaction() as session:
        plan = access.plan_or_404(session, me, plan_id)
        audit.record_view(session, worker_id=me.id, verb="prepared_review", family_id=plan.family_id, object_id=plan.id)
        prepared = queries.prepare(session, me, plan, me.today, me.language)
    return console_page(
        request,
        me,
        "console/review.html",
        here="families",
        status=400 if problems else 200,
        one=prepared,
        plan=prepared.plan.plan,
        given=given,
        problems=problems or [],
        progress=PROGRESS,
        effects=EFFECTS,
        event_of=EVENT_OF,
    )


def _as_body(given: dict[str, str]) -> dict[str, Any]:
    """The form's fields as the body that the API takes."""
    body: dict[str, Any] = forms.filled(given, OWN)
    body["at_conference"] = given.get("at_conference") == "on"
    for part, key, said in (("progress", "outcome_id", "progress"), ("effects", "action_id", "effect")):
        found = {name.partition("-")[2]: value for name, value in given.items() if name.startswith(f"{said}-")}
        words = {name.partition("-")[2]: value for name, value in given.items() if name.startswith(f"{said}_words-")}
        body[part] = [{key: row, said: value, "words": words.get(row, "")} for row, value in found.items() if value]
    return body
