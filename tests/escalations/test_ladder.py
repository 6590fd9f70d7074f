"""The ladder goes round for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest

from api.escalations.ladder import ladders, step_at


@pytest.mark.parametrize("priority", ["emergency", "urgent", "routine"])
def test_every_priority_has_a_ladder_that_starts_with_the_familys_own_worker(priority: str) -> None:
    assert "lead" in step_at(priority, 0).roles


@pytest.mark.parametrize("priority", ["emergency", "urgent", "routine"])
def test_after_the_last_step_it_starts_again(priority: str) -> None:
    steps = ladders()[priority]
    for rung in range(len(steps) * 3):
        assert step_at(priority, rung) == steps[rung % len(steps)]


def test_every_wait_is_a_real_one_and_an_emergency_waits_least() -> None:
    for steps in ladders().values():
        assert all(step.wait >= timedelta(minutes=1) for step in steps)
    longest = {priority: max(step.wait for step in steps) for priority, steps in ladders().items()}
    assert longest["emergency"] < longest["urgent"] < longest["routine"]


def test_only_known_roles_are_told() -> None:
    for steps in ladders().values():
        for step in steps:
            assert step.roles and set(step.roles) <= {"lead", "duty", "manager"}
