"""The screen at the door: whole at a usual pace, quick in a rush."""

from __future__ import annotations

import pytest

from api.safety import door

EVERYDAY = "can we move it to half ten, the bus was late"
DANGER = "he is strangling my sister"


@pytest.fixture
def rush(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "PACE", 3600.0)
    monkeypatch.setattr(door, "_not_before", 0.0)


def test_the_first_message_gets_the_whole_screen_and_those_behind_it_the_quick_part(rush: None) -> None:
    assert door.at_the_door(EVERYDAY)[1] is True
    assert door.at_the_door("mi mama dice que el viernes no puede ser, tiene turno de noche otra vez")[1] is False


def test_what_the_patterns_see_is_raised_at_once_even_in_a_rush(rush: None) -> None:
    door.at_the_door(EVERYDAY)
    verdict, whole = door.at_the_door(DANGER)
    assert verdict.raised
    assert not whole


def test_without_a_rush_every_message_gets_the_whole_screen() -> None:
    assert [door.at_the_door(EVERYDAY)[1] for _ in range(3)] == [True, True, True]
