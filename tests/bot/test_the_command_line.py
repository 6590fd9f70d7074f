"""`hearthline understand` and `hearthline evaluate` with the trained model, and the floors of understanding."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.assistant import evaluation, understanding
from api.cli import app
from api.settings import ROOT
from tests.harness.system import MODELS

pytestmark = pytest.mark.slow

#: Every so-manyth message is enough to see a floor break; `hearthline evaluate` on all of them takes minutes.
EACH = 3
LINES = ["whens my next meeting", "   food bank near Leeds please", "he has got a knife and hes in the house"]
#: So many of them are enough for a report.
REPORTED = 60


@pytest.fixture(scope="module", autouse=True)
def trained() -> Iterator[None]:
    """The model that was trained before the tests; they have a var folder of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(understanding, "model_path", lambda: MODELS)
        yield


def part_of(name: str) -> list[str]:
    """Every EACH-th line of a development set, in both languages."""
    parts = [ROOT / "data" / "dev" / f"{name}.{language}.jsonl" for language in ("en", "es")]
    return [line for part in parts for line in part.read_text(encoding="utf-8").splitlines()][::EACH]


@pytest.fixture(scope="module")
def understood(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What `hearthline understand` says, by text: of LINES and of the sets, in one run (the model is loaded once)."""
    file = tmp_path_factory.mktemp("understand") / "messages.txt"
    texts = [*LINES, *(json.loads(line)["text"] for name in ("chat", "intents") for line in part_of(name))]
    file.write_text("\n".join(texts) + "\n", encoding="utf-8")
    answer = CliRunner().invoke(app, ["understand", str(file)])
    assert answer.exit_code == 0, answer.stderr
    found = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [one["text"] for one in found] == texts, "each line, in order"
    return {one["text"]: one for one in found}


def measured(understood: dict[str, dict[str, Any]], name: str, folder: Path) -> evaluation.Evaluation:
    file = folder / "part.jsonl"
    file.write_text("\n".join(part_of(name)) + "\n", encoding="utf-8")
    labelled = evaluation.read(file)
    return evaluation.evaluate(labelled, evaluation.guesses([understood[one.text] for one in labelled]))


def test_each_line_is_understood_and_its_entities_stand_where_they_are(understood: dict[str, dict[str, Any]]) -> None:
    found = [understood[line] for line in LINES]
    assert [one["intent"] for one in found[:2]] == ["check_appointments", "find_service"]
    assert all(0 <= one["confidence"] <= 1 for one in found)
    assert found[2]["safety"] == {"kind": "immediate_danger", "priority": "emergency"}
    placed = [LINES[1][entity["start"] : entity["end"]].strip().casefold() for entity in found[1]["entities"]]
    assert "leeds" in placed


def test_talk_about_the_family_is_told_from_requests(understood: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    assert measured(understood, "chat", tmp_path).accuracy >= 0.70


def test_the_floors_of_understanding_hold(understood: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    said = measured(understood, "intents", tmp_path)
    assert said.accuracy >= 0.70 and said.macro_f1 >= 0.66


def test_an_evaluation_is_written_down_for_people_and_for_programs(tmp_path: Path) -> None:
    file, out = tmp_path / "intents.jsonl", tmp_path / "report"
    file.write_text("\n".join(part_of("intents")[:REPORTED]) + "\n", encoding="utf-8")
    answer = CliRunner().invoke(app, ["evaluate", str(file), "--out", str(out)])
    assert answer.exit_code == 0, answer.stderr
    said = json.loads((out / "report.json").read_text())
    assert said["messages"] == REPORTED and said["accuracy"] >= 0.6
    assert (out / "report.html").stat().st_size > 10_000 and (out / "confusion.png").read_bytes()[:4] == b"\x89PNG"
