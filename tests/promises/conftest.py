"""The systems that the promises are tested on: one with everything real, one with a Rasa that misbehaves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness import leaks
from tests.harness.bad_rasa import BadRasa
from tests.harness.system import System, running
from tests.harness.town import Team


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What stands on a town starts processes."""
    for item in items:
        if {"system", "rough_town"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="package")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Two api processes, a worker, Rasa with the trained model, the action server: all real, for all promises of one
    group (tests/conftest.py). When it ends, everything it wrote is searched for what must not be there."""
    with running(tmp_path_factory.mktemp("town"), apis=2) as system:
        yield system
        leaks.search(system)


@pytest.fixture
def team(system: System) -> Iterator[Team]:
    """An agency of the system, all its own; at the end no phone of it may have had a text that was not expected."""
    yield from _one_team(system)


@pytest.fixture(scope="module")
def rasa() -> Iterator[BadRasa]:
    """The Rasa that misbehaves on command."""
    rasa = BadRasa()
    yield rasa
    rasa.stop()


@pytest.fixture(scope="module")
def rough_town(rasa: BadRasa, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """An api and a worker whose Rasa is the bad one; a turn waits a second for it."""
    folder = tmp_path_factory.mktemp("rough")
    with running(folder, rasa_url=rasa.url, agencies=24, HEARTHLINE_RASA_TIMEOUT="1") as system:
        yield system
        leaks.search(system)


@pytest.fixture
def rough_team(rough_town: System, rasa: BadRasa) -> Iterator[Team]:
    """An agency of the rough town; Rasa behaves until the test says otherwise."""
    rasa.mode = "good"
    yield from _one_team(rough_town)


def _one_team(system: System) -> Iterator[Team]:
    system.revive()
    system.twilio.faults.clear()
    team = system.team()
    yield team
    system.revive()
    team.expect_nothing_else()
    assert not system.twilio.problems, system.twilio.problems
    # Its ladders would go on for ever, and what was taken on and forgotten would go up them again.
    system.change(
        "UPDATE escalations SET state = 'resolved', next_rung_at = NULL WHERE state <> 'resolved' AND agency_id ="
        " (SELECT id FROM agencies WHERE external_id = %(key)s)",
        key=team.key,
    )
