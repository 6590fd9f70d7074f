"""Writes an evaluation down for people: ``report.html``, ``confusion.png`` and, for programs, ``report.json``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from api.assistant.evaluation import Evaluation
from api.assistant.understanding import run_bot_program
from api.pages.rendering import environment

MOST_MISTAKES = 50


class NoPicture(Exception):
    """The picture could not be drawn; the other files are there."""


def write(result: Evaluation, folder: Path, *, source: str) -> None:
    """Write the three files, making the folder. ``source`` names what was measured. Raises OSError, NoPicture."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(result.as_json(), ensure_ascii=False, indent=1), encoding="utf-8")
    names, counts = matrix(result)
    html = (
        environment()
        .get_template("report/evaluation.html")
        .render(
            result=result,
            source=source,
            most_mistakes=MOST_MISTAKES,
            names=names,
            matrix=[
                {"name": name, "cells": _cells(at, row)}
                for at, (name, row) in enumerate(zip(names, counts, strict=True))
            ],
        )
    )
    (folder / "report.html").write_text(html, encoding="utf-8")
    draw(names, counts, folder / "confusion.png")


def matrix(result: Evaluation) -> tuple[list[str], list[list[int]]]:
    """The names in order, and for each what its messages were taken for."""
    names = sorted({name for truth, said, _ in result.confusion for name in (truth, said)})
    counts = {(truth, said): count for truth, said, count in result.confusion}
    return names, [[counts.get((truth, said), 0) for said in names] for truth in names]


def _cells(at: int, row: list[int]) -> list[dict[str, Any]]:
    total = max(sum(row), 1)
    return [
        {
            "count": count,
            "colour": f"rgba({'29,112,184' if place == at else '212,53,28'}, {min(count / total, 1) * 0.8:.2f})",
        }
        for place, count in enumerate(row)
    ]


def draw(names: list[str], counts: list[list[int]], path: Path) -> None:
    """Draw the confusion matrix (by matplotlib, which comes with Rasa in its environment). Raises NoPicture."""
    process = run_bot_program("confusion", str(path.resolve()), given=json.dumps({"names": names, "counts": counts}))
    if process.returncode or not path.is_file():
        raise NoPicture("The picture could not be drawn: is the bot environment whole? make setup")


def in_words(result: Evaluation) -> str:
    """The figures for a terminal: the sums, every intent, the entities, the ten most confident mistakes."""
    lines = [
        f"{result.messages} messages: accuracy {result.accuracy:.3f}, macro-F1 {result.macro_f1:.3f}, "
        f"calibration error {result.calibration_error:.3f}",
        "",
        _row("intent", "F1", "precision", "recall", "messages"),
    ]
    for scores, title in ((result.intents, ""), (result.entities, "entity")):
        if title and scores:
            lines += ["", _row(title, "F1", "precision", "recall", "in all")]
        lines += [_row(s.name, f"{s.f1:.2f}", f"{s.precision:.2f}", f"{s.recall:.2f}", str(s.count)) for s in scores]
    lines += ["", "the most confident mistakes:"]
    lines += [f"  {m.confidence:.2f}  {m.intent} taken for {m.said}: {m.text!r}" for m in result.mistakes[:10]]
    return "\n".join(lines)


def _row(name: str, *cells: str) -> str:
    return f"{name:28}" + "".join(f"{cell:>11}" for cell in cells)
