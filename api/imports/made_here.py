"""A plan that a conference recorded by hand has made here, and that a file tells of under an id of its own.

Promise: it is the same plan, also where it has ended here, so no child is put on a second one; from then on it has the
file's id. What was filled in here stays until a file says something new of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date

from api.conferences import queries as conferences
from api.families.models import Person
from api.imports import dates
from api.imports.said import HERE
from api.imports.schemas import PlanIn
from api.imports.writer import Path, Writer
from api.plans import history, versions
from api.plans.models import Plan

SAME = (
    "was made here by a conference recorded by hand, and is that plan from now on; "
    "what was filled in here stays until a file says something new of it"
)
_OWN = ("review_on", "ended_on", "contingency", "visit_every_days", "family_may_see_contingency")
_LISTS = ("children", "risks", "core_group", "contingencies")


def take_over(
    writer: Writer, known: dict[str, Plan], given: Sequence[PlanIn], people: dict[str, Person], today: date, path: Path
) -> None:
    """Let plans that begin on the day that the file says (or did, until that was put right here), for one of its
    children, be the file's; one that goes on before one that has ended.
    ``known``: the family's plans by external id, to which they are added; ``today`` is the agency's."""
    for i, plan in enumerate(given):
        if plan.id in known:
            continue
        begins = dates.local_day(plan.started_on, today)
        children = {people[key].id for key in plan.children}
        same = [
            one
            for one in known.values()
            if one.external_id.startswith(conferences.MADE_BY)
            and (one.started_on == begins or _as_made(writer, one).get("started_on") == str(begins))
            and children & {child.id for child in one.children}
        ]
        if same:
            one = min(same, key=lambda each: each.ended_on is not None)
            one.said = json.dumps({"own": dict.fromkeys(_filled_in(writer, one, begins), HERE)})
            del known[one.external_id]
            one.external_id, known[plan.id] = plan.id, one
            writer.note((*path, "plans", i), SAME)


def _as_made(writer: Writer, plan: Plan) -> dict[str, object]:
    """The plan's own fields as it was made."""
    first = history.first(writer.session, plan.id)
    return dict(first.content.get(versions.OWN, {})) if first is not None else {}


def _filled_in(writer: Writer, plan: Plan, begins: date) -> list[str]:
    """What somebody here has said of it. The day of its review that was worked out when it was made is nobody's."""
    by_rule = str(plan.review_on) == _as_made(writer, plan).get("review_on")
    own = [name for name in _OWN if getattr(plan, name) and not (name == "review_on" and by_rule)]
    lists = [name for name in _LISTS if getattr(plan, name)]
    return [*own, *lists, *(["started_on"] if plan.started_on != begins else [])]
