"""Rasa, the action server and what answers it, the api, the worker are killed under way: all is answered or seen.

Rasa and the action server at each of their named points, the others while turns are under way.
"""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from crashpoints import POINTS
from tests.harness import promises
from tests.harness.system import System
from tests.harness.town import Team
from tests.promises.test_ladder import reference_in
from tests.promises.test_rasa_misbehaves import DANGER, FALLBACK

RUNG = timedelta(minutes=3, seconds=1)


#: Where each is killed; "assist" wherever it is just then (its points: tests/promises/test_crashes.py).
PLACES = [*(point for point in POINTS if point.split(".")[0] in ("rasa", "actions")), "assist"]


@pytest.mark.parametrize("place", PLACES)
def test_it_and_the_worker_are_killed_with_turns_under_way_while_a_ladder_climbs(
    place: str, system: System, team: Team
) -> None:
    victim = {"rasa": system.rasa, "actions": system.actions, "assist": system.assist}[place.split(".")[0]]
    worker = system.workers[0]
    team.other.text(DANGER)
    team.other.expect("999")
    reference = reference_in(team.lead.expect("EMERGENCY"))
    team.duty.expect("EMERGENCY")
    if place in POINTS:
        victim.crash_at(place)
    for n in range(6):
        team.parent.text(f"when is my next meeting, asked {n} times", api=n % 2)
    if place in POINTS:
        victim.wait_dead()
    victim.kill()
    worker.kill()
    system.move_clock(RUNG)
    worker.start(wait=False)
    assert reference_in(team.manager.expect("EMERGENCY")) == reference, "it climbs on"
    system.settle()
    team.parent.expect_whatever()
    if victim is not system.actions:
        health = httpx.get(f"{system.environment['HEARTHLINE_ACTIONS_URL']}/health")
        assert health.status_code == (503 if victim is system.assist else 200), "it says so where it has nobody to ask"

    team.parent.text("when is my next meeting please")
    team.parent.expect(FALLBACK)
    system.move_clock(RUNG)
    for phone in (team.lead, team.duty):
        assert reference_in(phone.expect("EMERGENCY")) == reference, "round and round, while it is gone"
    team.parent.text(DANGER)
    team.parent.expect("999")
    for phone in (team.lead, team.duty):
        assert reference_in(phone.expect("EMERGENCY")) != reference, "danger is heard"

    system.revive()
    team.parent.text("when is my next meeting please")
    team.parent.expect("10:00")
    promises.check(team)
    assert len(system.inbound(team.parent)) == 9
    assert [one["state"] for one in system.escalations(team.other)] == ["open"]
    for phone in team.phones:
        phone.expect_whatever()


@pytest.mark.parametrize("name", ["worker", "api"])
def test_one_of_ours_is_killed_with_turns_under_way(name: str, system: System, team: Team) -> None:
    victim = {"worker": system.workers[0], "api": system.apis[0]}[name]
    for n in range(10):
        (team.parent, team.other)[n % 2].text(f"when is my next meeting, asked {n} times", api=1)
    victim.kill()
    system.revive()
    promises.check(team)
    assert len(system.inbound(team.parent)) == len(system.inbound(team.other)) == 5
    team.parent.expect_whatever()
    team.other.expect_whatever()
