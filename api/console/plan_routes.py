"""The plan in the console: one form for all its parts, its versions, and what the family says."""

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
from api.conferences.queries import people as people_of
from api.console import forms
from api.console.family_routes import family_page
from api.console.layout import console_page
from api.database import transaction
from api.plans import editing, history, making, owners, queries
from api.plans.change_schemas import PlanChange, PlanGiven
from api.plans.versions import PARTS
from api.views import service as views
from api.views.schemas import ViewIn

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]
Fields = Annotated[dict[str, str], Depends(forms.fields)]
SPARE_LINES = 2
#: What is chosen in every line from the start: it says nothing by itself.
CHOSEN = ("harm",)
#: What a line cannot be without, beside its first field.
NEEDED = ("role", "response")
BY_CONFERENCE = "rest.error.plan_by_conference"
#: What a new plan's form asks for, beside the children.
NEW = ("started_on", "review_on", "visit_every_days", "contingency")
MAY_SEE = "family_may_see_contingency"
#: Each part's fields on the form: name → how it is asked for.
SHAPE: dict[str, dict[str, str]] = {
    "risks": {
        "harm": "harm", "description": "text", "level": "level", "evidence": "text", "lower_when": "text",
        "kept_from_family": "check",
    },
    "outcomes": {"title": "line", "measure": "text", "by_on": "date"},
    "actions": {
        "title": "line", "why": "text", "owner_person_id": "person", "owner_name": "owner", "due_on": "date",
        "kind": "action_kind", "measure": "text", "evidence": "text", "outcome_id": "outcome",
    },
    "core_group": {
        "name": "line", "role": "line", "organisation": "line", "phone": "line", "email": "line",
        "responsibility": "text",
    },
    "contingencies": {
        "trigger": "text", "by_on": "date", "response": "text", "who": "line", "kept_from_family": "check",
    },
}  # fmt: skip
CHOICES = {
    "harm": ("neglect", "physical", "emotional", "sexual"),
    "level": ("", "low", "medium", "high"),
    "action_kind": ("", "therapy", "medical", "practical", "parenting", "education", "safety", "other"),
}


@router.get("/plans/{plan_id}")
def edit_plan(request: Request, me: Me, plan_id: uuid.UUID) -> Response:
    """The plan's form, and what changed at each version."""
    return plan_page(request, me, plan_id, None)


@router.post("/plans/{plan_id}")
def change_plan(request: Request, me: Me, plan_id: uuid.UUID, given: Fields) -> Response:
    """Change the plan's parts."""
    problems = _headless(given, me.language)
    if problems:
        return plan_page(request, me, plan_id, given, problems)
    stale = False
    nobodys: set[str] = set()
    with transaction() as session:
        plan = access.plan_or_404(session, me, plan_id)
        family_id, before = plan.family_id, {action.owner_name for action in plan.actions}
        try:
            body = PlanChange.model_validate(_as_body(given, plan))
            version = given.get("version", "")
            editing.change(
                session, plan, me.worker, body.own(), body.parts(), version=int(version) if version.isdigit() else -1
            )
            nobodys = owners.nobodys(session, plan, _owners(given) - before)
        except ValidationError as error:
            problems = forms.mistakes(error, me.language)
        except editing.CannotChange as error:
            stale = error.code == "changed_meanwhile"
            problems = [] if stale else [texts.render(f"rest.error.{error.code}", me.language)]
            session.rollback()
    if problems or stale:
        return plan_page(request, me, plan_id, given, problems, stale=stale)
    if nobodys:
        return RedirectResponse(f"/console/plans/{plan_id}?saved=on", 303)
    return RedirectResponse(f"/console/families/{family_id}#plans", 303)


@router.get("/families/{family_id}/plans")
def new_plan(request: Request, me: Me, family_id: uuid.UUID) -> Response:
    """The form for a new plan, where no conference makes it; elsewhere the family's page says who does."""
    if making.by_hand(me.jurisdiction):
        return _new_page(request, me, family_id, {})
    return family_page(request, me, family_id, problem=BY_CONFERENCE, status=409)


@router.post("/families/{family_id}/plans")
def make_plan(request: Request, me: Me, family_id: uuid.UUID, given: Fields) -> Response:
    """Make a plan; its parts are filled in on its own page, which comes next."""
    if not making.by_hand(me.jurisdiction):
        return family_page(request, me, family_id, problem=BY_CONFERENCE, status=409)
    plan_id = None
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        try:
            asked = {**forms.filled(given, NEW), "children": _ticked(given), MAY_SEE: given.get(MAY_SEE) == "on"}
            values = PlanGiven.model_validate(asked).model_dump(exclude={"external_id"})
            plan_id = making.make(session, family, me.worker, me.jurisdiction, today=me.today, **values).id
        except ValidationError as error:
            problems = forms.mistakes(error, me.language)
        except editing.CannotChange as error:
            problems = [texts.render(f"rest.error.{error.code}", me.language)]
            session.rollback()
    if plan_id is None:
        return _new_page(request, me, family_id, given, problems)
    return RedirectResponse(f"/console/plans/{plan_id}", 303)


def _new_page(
    request: Request, me: Visitor, family_id: uuid.UUID, given: dict[str, str], problems: list[str] | None = None
) -> Response:
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_family", family_id=family.id, object_id=family.id)
        people = sorted(people_of(session, family.id).values(), key=lambda person: person.first_name)
    return console_page(
        request, me, "console/new_plan.html", here="families", status=400 if problems else 200, family=family,
        people=people, given=given, problems=problems or [],
    )  # fmt: skip


def _ticked(given: dict[str, str]) -> list[str]:
    """The children whose boxes are ticked."""
    return [name.removeprefix("child-") for name, value in given.items() if name.startswith("child-") and value]


@router.post("/families/{family_id}/views")
def record_view(request: Request, me: Me, family_id: uuid.UUID, given: Fields) -> Response:
    """Write down what somebody of the family said."""
    problem = ""
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        names = ("person_id", "given_on", "words", "way", "audience")
        try:
            body = ViewIn.model_validate(
                {**forms.filled(given, names), "family_may_see": given.get("family_may_see") == "on"}
            )
            views.record(session, family, me.worker, today=me.today, **body.model_dump(exclude={"external_id"}))
        except ValidationError:
            problem = "console.views.incomplete"
        except views.CannotKeep as error:
            problem = f"rest.error.{error.code}"
    if problem:
        typed = {name: given.get(name, "") for name in (*names, "family_may_see")}
        return family_page(request, me, family_id, problem=problem, status=400, sent="view", **typed)
    return RedirectResponse(f"/console/families/{family_id}#views", 303)


@router.post("/views/{view_id}/withdraw")
def withdraw_view(me: Me, view_id: uuid.UUID) -> Response:
    """Somebody has taken back what they said."""
    with transaction() as session:
        view = access.view_or_404(session, me, view_id)
        family_id = view.family_id
        views.withdraw(session, view, me.worker)
    return RedirectResponse(f"/console/families/{family_id}#views", 303)


def plan_page(
    request: Request,
    me: Visitor,
    plan_id: uuid.UUID,
    given: dict[str, str] | None,
    problems: list[str] | None = None,
    *,
    stale: bool = False,
) -> Response:
    """The plan's form with what is ``given`` (None: the plan as it is). ``stale``: somebody changed the plan since this
    form was opened; what they changed is shown, and saved over only if this is saved again."""
    with transaction() as session:
        plan = access.plan_or_404(session, me, plan_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_plan", family_id=plan.family_id, object_id=plan.id)
        view = queries.one_plan(session, plan, me.today)
        family = access.family_or_404(session, me, plan.family_id)
        people = sorted(people_of(session, family.id).values(), key=lambda person: person.first_name)
        kept = history.of_plan(session, plan.id)
        names = access.worker_names(session, [one.made_by for one in kept])
        shown = given if given is not None else _as_fields(view)
        group = [member.name for member in plan.core_group]
        typed = [line["name"] for line in forms.lines(shown, "core_group", "name")]
        nobodys = owners.nobodys(session, plan, _owners(shown), besides=typed)
    seen = shown.get("version", "")
    since = int(seen) if seen.isdigit() else view.plan.version
    if stale:
        shown = {**shown, "version": str(view.plan.version)}
    return console_page(
        request,
        me,
        "console/plan.html",
        here="families",
        status=400 if problems else 412 if stale else 200,
        family=family,
        stale=stale,
        meanwhile=[(one, names.get(one.made_by, "")) for one in kept if one.number > since and one.changes],
        plan=view.plan,
        people=people,
        given=shown,
        problems=problems or [],
        shape=SHAPE,
        choices=CHOICES,
        lines={part: _lines(shown, part) for part in SHAPE},
        group=sorted({*group, *typed}),
        nobodys=nobodys,
        saved=given is None and "saved" in request.query_params,
        versions=[(one, names.get(one.made_by, "")) for one in kept],
    )


def _owners(given: dict[str, str]) -> set[str]:
    """The professionals whose the form says an action is."""
    lines = forms.lines(given, "actions", "owner_name")
    return {line["owner_name"] for line in lines if not line.get("owner_person_id")}


def _lines(given: dict[str, str], part: str) -> list[int]:
    """The numbers of a part's lines in which something stands, and of some empty ones more."""
    said = [name for name in SHAPE[part] if name not in CHOSEN]
    full = [n for n, line in forms.numbered(given, part).items() if line.get("id") or any(map(line.get, said))]
    after = max(full, default=0) + 1
    return [*full, *range(after, after + SPARE_LINES)]


def _headless(given: dict[str, str], language: str) -> list[str]:
    """What is written in new lines that lack their first field."""
    return [
        problem
        for part, shape in SHAPE.items()
        for problem in forms.unfinished(
            given, part, PARTS[part], [name for name in shape if name not in CHOSEN], f"console.parts.{part}", language
        )
    ]


def _as_body(given: dict[str, str], plan: Any) -> dict[str, Any]:
    """The form's fields as the body that the API takes: all parts, each with its lines. A line whose first field was
    emptied goes; one that the form did not have at all stays as it is."""
    body: dict[str, Any] = {"contingency": given.get("contingency", "")}
    body[MAY_SEE] = given.get(MAY_SEE) == "on"  # a form without the box keeps it from the family
    body["review_on"] = given.get("review_on") or None
    body["visit_every_days"] = given.get("visit_every_days") or None
    if "children_shown" in given and set(_ticked(given)) != {str(child.id) for child in plan.children}:
        body["children"] = _ticked(given)
    rows = queries.lines_of(plan)
    for part, shape in SHAPE.items():
        body[part] = [_as_line(line, shape) for line in forms.lines(given, part, PARTS[part])]
        shown = {value for name, value in given.items() if name.startswith(f"{part}-") and name.endswith("-id")}
        body[part] += [{"id": str(row.id)} for row in rows[part] if str(row.id) not in shown]
    return body


def _as_line(line: dict[str, str], shape: dict[str, str]) -> dict[str, Any]:
    """A line of the form as the API takes it: what was emptied is emptied, what was not there is not said."""
    one: dict[str, Any] = {"id": line["id"]} if line.get("id") else {}
    for name, kind in shape.items():
        if kind == "check":
            one[name] = name in line
        elif line.get(name):
            one[name] = line[name]
        elif name in line and "id" in one:
            one[name] = None if kind in ("date", "person", "outcome") or name in NEEDED else ""
    return one


def _as_fields(view: queries.PlanView) -> dict[str, str]:
    """The plan as the form's fields."""
    plan = view.plan
    own = ("contingency", "review_on", "visit_every_days", "version")
    found = {name: "" if getattr(plan, name) is None else str(getattr(plan, name)) for name in own}
    found |= {f"child-{child.id}": "on" for child in plan.children}
    found |= {MAY_SEE: "on"} if plan.family_may_see_contingency else {}
    parts = {
        **queries.lines_of(plan),
        "actions": [one.action for one in view.actions if one.action.status != "dropped"],
    }
    for part, rows in parts.items():
        for number, row in enumerate(rows, start=1):
            found[f"{part}-{number}-id"] = str(row.id)
            for name, kind in SHAPE[part].items():
                value = getattr(row, name)
                if kind == "check":
                    found |= {f"{part}-{number}-{name}": "on"} if value else {}
                elif value is not None:
                    found[f"{part}-{number}-{name}"] = str(value)
    return found
