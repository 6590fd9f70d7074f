"""`hearthline understand` and `hearthline evaluate` with the trained model, and the floors of understanding."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.assistant import understanding
from api.cli import app
from api.settings import ROOT
from tests.harness.system import MODELS

pytestmark = pytest.mark.slow

#: Every so-manyth message is enough to see a floor break; `hearthline evaluate` on all of them takes minutes.
EACH = 3


@pytest.fixture(autouse=True)
def trained(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model that was trained before the tests; they have a var folder of their own."""
    monkeypatch.setattr(understanding, "model_path", lambda: MODELS)
    monkeypatch.setenv("HEARTHLINE_ENCODER", str(ROOT / "var" / "encoder"))


def test_each_line_is_understood_in_order_and_its_entities_stand_where_they_are(tmp_path: Path) -> None:
    file = tmp_path / "messages.txt"
    lines = ["whens my next meeting", "   food bank near Leeds please", "he has got a knife and hes in the house"]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    answer = CliRunner().invoke(app, ["understand", str(file)])
    assert answer.exit_code == 0, answer.stderr
    found = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [one["text"] for one in found] == lines
    assert [one["intent"] for one in found[:2]] == ["check_appointments", "find_service"]
    assert all(0 <= one["confidence"] <= 1 for one in found)
    assert found[2]["safety"] == {"kind": "immediate_danger", "priority": "emergency"}
    placed = [lines[1][entity["start"] : entity["end"]].strip().casefold() for entity in found[1]["entities"]]
    assert "leeds" in placed


def evaluated(name: str, folder: Path) -> tuple[dict[str, float], Path]:
    """What `hearthline evaluate` says of every EACH-th message of a development set, and the folder of its report."""
    file, out = folder / f"{name}.jsonl", folder / "report"
    parts = [ROOT / "data" / "dev" / f"{name}.{language}.jsonl" for language in ("en", "es")]
    lines = [line for part in parts for line in part.read_text(encoding="utf-8").splitlines(keepends=True)]
    file.write_text("".join(lines[::EACH]), encoding="utf-8")
    answer = CliRunner().invoke(app, ["evaluate", str(file), "--out", str(out)])
    assert answer.exit_code == 0, answer.stderr
    return json.loads((out / "report.json").read_text()), out


def test_talk_about_the_family_is_told_from_requests(tmp_path: Path) -> None:
    said, _ = evaluated("chat", tmp_path)
    assert said["accuracy"] >= 0.70


def test_the_floors_of_understanding_hold(tmp_path: Path) -> None:
    said, out = evaluated("intents", tmp_path)
    assert said["accuracy"] >= 0.70 and said["macro_f1"] >= 0.66
    assert (out / "report.html").stat().st_size > 10_000 and (out / "confusion.png").read_bytes()[:4] == b"\x89PNG"
