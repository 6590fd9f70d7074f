"""From when on something is a warning, and which of them stop the heartbeat. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import texts
from api.ops.watch import NAMES, Deliveries, State, failing, warnings

MINUTES = timedelta(minutes=1)


def test_an_idle_installation_has_no_warning() -> None:
    assert warnings(State()) == []


@pytest.mark.parametrize(
    ("change", "name", "stops"),
    [
        ({"workers": 0}, "worker_silent", True),
        ({"oldest_rung": 2 * MINUTES}, "ladder_stuck", True),
        ({"oldest_delivery": 3 * MINUTES}, "deliveries_stuck", True),
        ({"oldest_turn": 3 * MINUTES}, "turns_stuck", True),
        ({"oldest_takeover": 2 * MINUTES}, "takeovers_stuck", True),
        ({"oldest_call": 2 * MINUTES}, "calls_stuck", True),
        ({"oldest_held": 2 * MINUTES}, "held_stuck", True),
        ({"oldest_reminder": 16 * MINUTES}, "reminders_stuck", True),
        ({"unreached": 1}, "nobody_reached", True),
        ({"oldest_emergency": 30 * MINUTES}, "emergency_waits", False),
        ({"abandoned": 1}, "left_stuck", False),
        ({"last_hour": Deliveries(5, 5)}, "deliveries_failing", False),
        ({"twilio": "credentials"}, "twilio_refuses", True),
        ({"twilio": "suspended"}, "twilio_refuses", True),
        ({"refused": 1}, "texts_refused", True),
        ({"twilio": "unknown", "twilio_for": 10 * MINUTES}, "twilio_silent", True),
        ({"down": ("rasa",)}, "rasa_down", False),
        ({"down": ("actions",)}, "actions_down", False),
        ({"down": ("safety",)}, "safety_down", False),
        ({"down": ("assist",)}, "assist_down", False),
        ({"balance": 19.9, "low_balance": 20.0}, "twilio_balance", False),
    ],
)
def test_what_stands_still_is_a_warning_with_words_in_every_language(
    change: dict[str, Any], name: str, stops: bool
) -> None:
    (found,) = warnings(replace(State(), **change))
    assert (found.name, found.stops) == (name, stops)
    assert all(f"ops.warning.{name}" in entries for entries in texts.catalogues().values())


def test_a_busy_moment_is_none() -> None:
    busy = State(
        turns=500, oldest_turn=MINUTES, deliveries=500, oldest_delivery=MINUTES, rungs=50, takeovers=9,
        oldest_takeover=MINUTES, calls=9, oldest_call=MINUTES, held=9, oldest_held=MINUTES,
        reminders=100_000, oldest_reminder=15 * MINUTES, oldest_emergency=29 * MINUTES,
    )  # fmt: skip
    assert warnings(busy) == []
    assert warnings(State(twilio="unknown", twilio_for=9 * MINUTES)) == [], "it did not answer once"


@pytest.mark.parametrize(
    ("now", "before", "is_failing"),
    [
        (Deliveries(0, 4), Deliveries(), False),  # a phone or two is off
        (Deliveries(0, 5), Deliveries(100, 1), True),
        (Deliveries(95, 5), Deliveries(), False),
        (Deliveries(80, 20), Deliveries(85, 15), False),  # as it always was: no news
        (Deliveries(60, 40), Deliveries(85, 15), True),
    ],
)
def test_failures_are_rising_when_there_are_many_and_more_than_before(
    now: Deliveries, before: Deliveries, is_failing: bool
) -> None:
    assert failing(now, before) is is_failing


ages = st.timedeltas(timedelta(), timedelta(days=3))


@given(ages, ages, ages, st.integers(0, 3))
def test_the_heart_beats_only_while_every_queue_moves(
    turn: timedelta, delivery: timedelta, rung: timedelta, workers: int
) -> None:
    found = warnings(State(oldest_turn=turn, oldest_delivery=delivery, oldest_rung=rung, workers=workers))
    moving = workers > 0 and turn <= 2 * MINUTES and delivery <= 2 * MINUTES and rung <= MINUTES
    assert moving == (not any(warning.stops for warning in found))
    assert {warning.name for warning in found} <= set(NAMES)
