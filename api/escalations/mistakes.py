"""What is wrong with a ladder, so that none counts that could leave somebody waiting. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from api.escalations.ladder import CHANNELS, MOST_STEPS, PERSON, TARGETS, Step, hours

#: A step's wait at most, in minutes.
LONGEST_WAIT = {"emergency": 15, "urgent": 120, "routine": 1440}


def mistakes(priority: str, steps: Sequence[Step], keys: set[str]) -> list[tuple[str, int]]:
    """What is wrong with a ladder: ``(mistake, step counted from 1)``; the words are texts ``ladders.mistake.<it>``.

    ``keys`` are the agency's workers'. An emergency starts with everyone on duty, and waits at most a quarter of an
    hour.
    """
    found = []
    if not steps:
        found.append(("empty", 1))
    if len(steps) > MOST_STEPS:
        found.append(("too_many", MOST_STEPS + 1))
    for number, step in enumerate(steps, 1):
        known = {*TARGETS, *(f"{PERSON}{key}" for key in keys)}
        if not step.channels or not set(step.channels) <= {*CHANNELS}:
            found.append(("channels", number))
        if step.when and (priority != "routine" or step.when not in hours()):
            found.append(("when", number))
        if not step.targets:
            found.append(("tells_nobody", number))
        if not set(step.targets) <= known:
            found.append(("unknown_worker", number))
        if not timedelta(minutes=1) <= step.wait <= timedelta(minutes=LONGEST_WAIT[priority]):
            found.append(("wait", number))
    if priority == "emergency" and steps and not {"duty", "everyone"} & set(steps[0].targets):
        found.append(("emergency_without_duty", 1))
    if priority == "emergency" and steps and "sms" not in steps[0].channels:
        found.append(("emergency_by_email", 1))
    if steps and all(step.targets == ("lead",) for step in steps):
        found.append(("only_lead", 1))
    return found
