"""A plan that a conference recorded by hand has made here, and that a file tells of under an id of its own.

Promise: it is the same plan, so no child is put on a second one; from then on it has the file's id.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from api.conferences import queries as conferences
from api.families.models import Person
from api.imports import dates
from api.imports.schemas import PlanIn
from api.imports.writer import Path, Writer
from api.plans.models import Plan

SAME = "was made here by a conference recorded by hand, and is that plan from now on"


def take_over(
    writer: Writer, known: dict[str, Plan], given: Sequence[PlanIn], people: dict[str, Person], today: date, path: Path
) -> None:
    """Let plans that go on here and begin on the day that the file says, for one of its children, be the file's.
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
            and (one.started_on, one.ended_on) == (begins, None)
            and children & {child.id for child in one.children}
        ]
        if same:
            del known[same[0].external_id]
            same[0].external_id, known[plan.id] = plan.id, same[0]
            writer.note((*path, "plans", i), SAME)
