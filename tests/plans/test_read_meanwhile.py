"""A family's plans are read in several statements: what others write between two of them breaks nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import event

from api import clock
from api.database import engine, reading, transaction
from api.plans import queries
from api.plans.models import ActionEvent, Outcome, Plan, PlanAction, Risk
from tests.small_town import Town


def _another_plan(town: Town) -> None:
    with transaction() as session:
        plan = Plan(family_id=town.mine.family.id, external_id="later", started_on=date(2026, 11, 1))
        plan.risks = [Risk(harm="neglect", description="x", position=1)]
        plan.outcomes = [Outcome(external_id="o", title="x", position=1)]
        action = PlanAction(external_id="a", title="x", owner_person_id=town.mine.parent.id)
        action.events = [ActionEvent(kind="reported_done", at=clock.now(), person_id=town.mine.parent.id)]
        plan.actions = [action]
        session.add(plan)


@pytest.mark.parametrize("after", range(6))
def test_a_plan_made_between_two_statements_is_not_in_it_and_breaks_nothing(town: Town, after: int) -> None:
    seen = 0

    def meanwhile(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal seen
        if not statement.startswith("SELECT"):
            return
        seen += 1
        if seen == after + 1:
            _another_plan(town)

    event.listen(engine(), "after_cursor_execute", meanwhile)
    try:
        with reading() as session:
            found = queries.of_family(session, town.mine.family.id, date(2026, 11, 23))
            assert [one.plan.id for one in found] == [town.mine.plan.id]
            assert town.mine.action.id in [one.action.id for one in found[0].actions]
    finally:
        event.remove(engine(), "after_cursor_execute", meanwhile)
    with reading() as session:
        assert len(queries.of_family(session, town.mine.family.id, date(2026, 11, 23))) == 2
