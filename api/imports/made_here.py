"""A plan that a conference recorded by hand has made here, and that a file tells of under an id of its own.

Promise: it is the same plan, also where it has ended here, so no child is put on a second one; from then on it has the
file's id. What was filled in here stays until a file says something new of it.
"""

from __future__ import annotations

import json
import uuid
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


def take_over(
    writer: Writer, known: dict[str, Plan], given: Sequence[PlanIn], people: dict[str, Person], today: date, path: Path
) -> None:
    """Let plans that begin on the day that the file says (or did, until that was put right here), for one of its
    children, be the file's; one that goes on before one that has ended. One that was made here under the file's id is
    it already. ``known``: the family's plans by external id, to which they are added; ``today`` is the agency's."""
    for i, plan in enumerate(given):
        begins = dates.local_day(plan.started_on, today)
        one = known.get(plan.id)
        if one is None:
            one = _same(writer, known, begins, {people[key].id for key in plan.children})
            if one is None:
                continue
            _fill(writer, one, begins)
            del known[one.external_id]
            one.external_id, known[plan.id] = plan.id, one
            writer.note((*path, "plans", i), SAME)
        elif one.said == "":
            _fill(writer, one, begins)


def _same(writer: Writer, known: dict[str, Plan], begins: date, children: set[uuid.UUID]) -> Plan | None:
    same = [
        one
        for one in known.values()
        if one.external_id.startswith(conferences.MADE_BY)
        and (one.started_on == begins or _as_made(writer, one).get("started_on") == str(begins))
        and children & {child.id for child in one.children}
    ]
    return min(same, key=lambda one: one.ended_on is not None, default=None)


def _fill(writer: Writer, plan: Plan, begins: date) -> None:
    """What somebody here has said of it counts as said by files. The day of its review that was worked out when a
    conference made it is nobody's."""
    made = _as_made(writer, plan)
    by_rule = plan.external_id.startswith(conferences.MADE_BY) and str(plan.review_on) == made.get("review_on")
    own = [name for name in _OWN if getattr(plan, name) and not (name == "review_on" and by_rule)]
    own += ["children", *(["started_on"] if plan.started_on != begins else [])]
    plan.said = json.dumps({"own": dict.fromkeys(own, HERE), "lines": {}})


def _as_made(writer: Writer, plan: Plan) -> dict[str, object]:
    """The plan's own fields as it was made."""
    first = history.first(writer.session, plan.id)
    return dict(first.content.get(versions.OWN, {})) if first is not None else {}
