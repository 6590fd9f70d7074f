"""Thresholds: an agency moves them within safe bounds only."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.safety.thresholds import PATH, in_force, load_thresholds
from api.settings import SettingsError, settings


def test_an_agency_may_move_a_threshold_within_its_bounds() -> None:
    limits = load_thresholds()
    assert limits.within({"urgent": limits.urgent.least}).urgent.value == limits.urgent.least
    assert limits.within({}) == limits


@pytest.mark.parametrize(
    ("name", "value"), [("urgent", 0.99), ("urgent", -1.0), ("notice", 0.9), ("emergency", 2.0), ("loud", 0.5)]
)
def test_a_value_out_of_bounds_or_an_unknown_name_is_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=r"bounds|between|no threshold"):
        load_thresholds().within({name: value})


def test_a_file_that_notices_less_than_it_raises_is_refused(tmp_path: Path) -> None:
    text = PATH.read_text(encoding="utf-8")
    lines = [
        "  least: 0.0" if line.startswith("  least") else "  most: 1.0" if line.startswith("  most") else line
        for line in text.splitlines()
    ]
    path = tmp_path / "thresholds.yaml"
    path.write_text(
        "\n".join(lines).replace(f"notice:\n  value: {load_thresholds().notice.value}", "notice:\n  value: 0.95")
    )
    with pytest.raises(ValueError, match="notice is above urgent"):
        load_thresholds(path)


@pytest.mark.parametrize(
    "given", ["urgent=0.99", "notice=1", "loudness=0.2", "urgent", "notice=0.3,urgent=few"],
    ids=["deaf", "out of bounds", "unknown", "no value", "no number"],
)  # fmt: skip
def test_an_installation_that_asks_for_what_is_not_safe_does_not_start(
    given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_force.cache_clear()
    monkeypatch.setattr(settings(), "screen_thresholds", given)
    with pytest.raises(SettingsError, match=r"urgent: 0\.3 to 0\.85"):
        in_force()


def test_an_installation_moves_the_thresholds_within_their_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    in_force.cache_clear()
    monkeypatch.setattr(settings(), "screen_thresholds", " notice=0.1, urgent=0.5 ")
    try:
        assert [in_force().notice.value, in_force().urgent.value] == [0.1, 0.5]
        assert in_force().emergency == load_thresholds().emergency
    finally:
        in_force.cache_clear()
