"""The ladder: who is told of an escalation next, and how long to wait for them. Pure; the steps are data.

Steps stand in ``data/ladders.yaml`` per priority. After the last step the ladder starts again from the top, for ever:
only a human's acknowledgement ends it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

import yaml

from api.settings import DATA


@dataclass(frozen=True)
class Step:
    """Tell everyone in ``roles`` (lead, duty, manager), then wait."""

    roles: tuple[str, ...]
    wait: timedelta


@lru_cache(maxsize=1)
def ladders() -> dict[str, tuple[Step, ...]]:
    """Priority → steps, as the file has them."""
    data = yaml.safe_load((DATA / "ladders.yaml").read_text(encoding="utf-8"))
    return {
        priority: tuple(Step(tuple(step["tell"]), timedelta(minutes=step["wait_minutes"])) for step in steps)
        for priority, steps in data.items()
    }


def step_at(priority: str, rung: int) -> Step:
    """The step for the ``rung``-th telling, counted from 0 and going round for ever."""
    steps = ladders()[priority]
    return steps[rung % len(steps)]
