"""Thresholds: an agency moves them within safe bounds only."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.safety.thresholds import PATH, load_thresholds


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
