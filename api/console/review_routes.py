"""Reviews in the console: one printable page that prepares itself, the form that records what was found, the page of a
recorded review, and putting one right."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from api import texts
from api.access import leading
from api.access import queries as access
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.audit import service as audit
from api.console import forms
from api.console.layout import console_page
from api.database import transaction
from api.reviews import content, correcting, queries, service
from api.reviews.schemas import CorrectionIn, ReviewIn, ReviewOut
from api.timescales.queries import EVENT_OF

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]
Fields = Annotated[dict[str, str], Depends(forms.fields)]
OWN = ("held_on", "next_step", "reason", "changes", "support", "next_review_on")
PROGRESS = ("achieved", "good", "some", "none", "worse")
EFFECTS = ("helped", "helped_a_little", "did_not_help", "made_worse", "not_started")
RISKS = ("gone", "lower", "same", "higher")
#: The parts of a review: its name in the body, the id of a line, what is found of it, and how the form calls that.
PARTS = (
    ("progress", "outcome_id", "progress", "progress"),
    ("effects", "action_id", "effect", "effect"),
    ("risks", "risk_id", "change", "risk"),
)


@router.get("/plans/{plan_id}/review")
def prepare_review(request: Request, me: Me, plan_id: uuid.UUID) -> Response:
    """All that a review needs on one page, and the form that records it."""
    return _page(request, me, plan_id, {})


@router.post("/plans/{plan_id}/reviews")
def record_review(request: Request, me: Me, plan_id: uuid.UUID, given: Fields) -> Response:
    """Record what the review found and decided: progress on every outcome, the effect of every action."""
    problems: list[str] = []
    made: uuid.UUID | None = None
    with transaction() as session:
        plan = access.plan_or_404(session, me, plan_id)
        try:
            body = ReviewIn.model_validate(_as_body(given))
            made = service.record(
                session,
                plan,
                me.worker,
                body.findings(),
                today=me.today,
                at_conference=body.at_conference,
            ).id
        except (ValidationError, service.CannotReview) as error:
            problems = _problems(error, me.language)
            session.rollback()
    if problems:
        return _page(request, me, plan_id, given, problems)
    return RedirectResponse(f"/console/reviews/{made}", 303)


@router.get("/reviews/{review_id}")
def show_review(request: Request, me: Me, review_id: uuid.UUID) -> Response:
    """A recorded review, all its parts on one printable page, and how it came to say so."""
    return _recorded(request, me, review_id)


@router.post("/reviews/{review_id}")
def correct_review(request: Request, me: Me, review_id: uuid.UUID, given: Fields) -> Response:
    """Let the review say something else; what it said stays to be read."""
    problems: list[str] = []
    with transaction() as session:
        plan, review = queries.seen(session, me, review_id)
        correcting.lock(session, plan, review)
        try:
            if given.get("version") != str(review.version):
                raise service.CannotReview("changed_meanwhile")
            body = CorrectionIn.model_validate({**_as_body(given), "why": given.get("why", "")})
            correcting.correct(session, plan, review, me.worker, body.findings(), body.why, today=me.today)
        except (ValidationError, service.CannotReview) as error:
            problems = _problems(error, me.language)
            session.rollback()
    if problems:
        return _recorded(request, me, review_id, given, problems, refused="correct")
    return RedirectResponse(f"/console/reviews/{review_id}", 303)


@router.post("/reviews/{review_id}/withdraw")
def withdraw_review(request: Request, me: Me, review_id: uuid.UUID, given: Fields) -> Response:
    """The review was recorded by mistake, and counts no more."""
    problems: list[str] = []
    with transaction() as session:
        plan, review = queries.seen(session, me, review_id)
        try:
            correcting.withdraw(session, plan, review, me.worker, given.get("why", ""))
        except service.CannotReview as error:
            problems = _problems(error, me.language)
            session.rollback()
    if problems:
        return _recorded(request, me, review_id, {"why": given.get("why", "")}, problems, refused="withdraw")
    return RedirectResponse(f"/console/reviews/{review_id}", 303)


def _problems(error: ValidationError | service.CannotReview, language: str) -> list[str]:
    """Why it was not taken, in plain words."""
    if isinstance(error, ValidationError):
        return forms.mistakes(error, language)
    return [texts.render(f"rest.error.{error.code}", language)]


def _page(
    request: Request, me: Visitor, plan_id: uuid.UUID, given: dict[str, str], problems: list[str] | None = None
) -> Response:
    with transaction() as session:
        plan = access.plan_or_404(session, me, plan_id)
        audit.record_view(session, worker_id=me.id, verb="prepared_review", family_id=plan.family_id, object_id=plan.id)
        prepared = queries.prepare(session, me, plan, me.today, me.language)
    if not given and prepared.next_by is not None:
        given = {"next_review_on": prepared.next_by.isoformat(), "at_conference": "on"}
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
        risk_changes=RISKS,
        event_of=EVENT_OF,
    )


def _recorded(
    request: Request,
    me: Visitor,
    review_id: uuid.UUID,
    given: dict[str, str] | None = None,
    problems: list[str] | None = None,
    *,
    refused: str = "",
) -> Response:
    """``refused``: which of the page's forms it was; that one is open, with what was typed and what is wrong."""
    with transaction() as session:
        plan, review = queries.seen(session, me, review_id)
        whole = queries.recorded(session, plan, review)
        shown = ReviewOut.of(review, whole.limit)
        told = content.history(session, plan, review)
        may_put_right = review.withdrawn_at is None and leading.may_put_right(session, me, plan.family_id)
        filled = {**_as_fields(shown), **(given or {}), "version": str(review.version)}
    return console_page(
        request,
        me,
        "console/review_recorded.html",
        here="families",
        status=400 if problems else 200,
        one=whole,
        plan=plan,
        review=review,
        shown=shown,
        told=told,
        may_put_right=may_put_right,
        given=filled,
        refused=refused,
        problems=problems or [],
        progress=PROGRESS,
        effects=EFFECTS,
        risk_changes=RISKS,
    )


def _as_body(given: dict[str, str]) -> dict[str, Any]:
    """The form's fields as the body that the API takes."""
    body: dict[str, Any] = forms.filled(given, OWN)
    if body.get("next_step") == "discontinue":
        body.pop("next_review_on", None)  # filled in before anybody said that the plan ends
    body["at_conference"] = given.get("at_conference") == "on"
    for part, key, said, named in PARTS:
        found = {name.partition("-")[2]: value for name, value in given.items() if name.startswith(f"{named}-")}
        words = {name.partition("-")[2]: value for name, value in given.items() if name.startswith(f"{named}_words-")}
        body[part] = [{key: row, said: value, "words": words.get(row, "")} for row, value in found.items() if value]
    return body


def _as_fields(shown: ReviewOut) -> dict[str, str]:
    """A review as the form's fields."""
    found = {name: str(getattr(shown, name) or "") for name in OWN}
    for part, key, said, named in PARTS:
        for one in getattr(shown, part):
            row = getattr(one, key)
            found |= {f"{named}-{row}": getattr(one, said), f"{named}_words-{row}": one.words}
    return found
