"""The screen at the door: whole at a usual pace, quick in a rush."""

from __future__ import annotations

import pytest

from api.safety import door
from api.safety.screen import quick

#: Neither is cleared by the linear model alone.
UNCLEAR = ("hes locked the door and wont let us out till i say sorry", "mi tio nos pega cuando llega tomado")
EVERYDAY = "whens my next meeting"
DANGER = "he is strangling my sister"


@pytest.fixture
def rush(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "PACE", 3600.0)
    monkeypatch.setattr(door, "_not_before", 0.0)


def test_the_first_message_gets_the_whole_screen_and_those_behind_it_the_quick_part(rush: None) -> None:
    assert [quick(text)[1] for text in UNCLEAR] == [False, False]
    assert [door.at_the_door(text)[1] for text in UNCLEAR] == [True, False]


def test_a_message_that_is_cleared_at_once_leaves_the_place_to_the_next(rush: None) -> None:
    assert [door.at_the_door(text)[1] for text in (EVERYDAY, EVERYDAY, UNCLEAR[0])] == [True, True, True]


def test_what_the_patterns_see_is_raised_at_once_even_in_a_rush(rush: None) -> None:
    door.at_the_door(UNCLEAR[0])
    verdict, whole = door.at_the_door(DANGER)
    assert verdict.raised
    assert not whole


def test_without_a_rush_every_message_gets_the_whole_screen() -> None:
    assert [door.at_the_door(text)[1] for text in UNCLEAR * 2] == [True] * 4
