"""The measures of the understanding: right sums, clear errors, a report that repeats nothing unescaped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.assistant import report
from api.assistant.evaluation import BadLine, Guess, Labelled, evaluate, guesses, read

LABELLED = [
    Labelled("a", "greet"),
    Labelled("b", "greet"),
    Labelled("c", "thank"),
    Labelled("d", "thank"),
    Labelled("<b>e</b>", "cancel", frozenset({("time", "thurs"), ("person", "sam")})),
]
SAID = [
    Guess("greet", 0.9),
    Guess("thank", 0.8),
    Guess("thank", 0.7),
    Guess("thank", 0.6),
    Guess("greet", 0.95, frozenset({("time", "thurs"), ("place", "sam")})),
]


def test_the_sums_are_right() -> None:
    result = evaluate(LABELLED, SAID)
    assert result.accuracy == pytest.approx(3 / 5)
    scores = {score.name: score for score in result.intents}
    assert (scores["thank"].precision, scores["thank"].recall) == (pytest.approx(2 / 3), 1.0)
    assert scores["greet"].f1 == pytest.approx(0.5)
    assert scores["cancel"].f1 == 0
    assert result.macro_f1 == pytest.approx((0.8 + 0.5 + 0) / 3)


def test_the_most_confident_mistake_comes_first() -> None:
    assert [mistake.text for mistake in evaluate(LABELLED, SAID).mistakes] == ["<b>e</b>", "b"]


def test_calibration_compares_confidence_with_truth() -> None:
    sure = [Guess("greet", 1.0)] * 4
    result = evaluate([Labelled(str(n), "greet" if n else "thank") for n in range(4)], sure)
    assert result.calibration_error == pytest.approx(0.25)
    (step,) = result.calibration
    assert (step.count, step.correct) == (4, 0.75)


def test_entities_count_only_where_the_file_names_them() -> None:
    scores = {score.name: score for score in evaluate(LABELLED, SAID).entities}
    assert scores["time"].f1 == 1.0
    assert scores["person"].recall == 0
    assert scores["place"].precision == 0


def test_an_intent_that_is_only_guessed_does_not_weigh_on_the_mean() -> None:
    result = evaluate([Labelled("a", "greet")], [Guess("greet", 0.9)])
    assert result.macro_f1 == 1.0
    result = evaluate([Labelled("a", "greet"), Labelled("b", "greet")], [Guess("greet", 0.9), Guess("thank", 0.4)])
    assert result.macro_f1 == pytest.approx(2 / 3)


def test_what_understand_says_becomes_a_guess() -> None:
    meaning = {"intent": "greet", "confidence": 0.5, "entities": [{"entity": "time", "value": " Thurs "}]}
    assert guesses([meaning]) == [Guess("greet", 0.5, frozenset({("time", "thurs")}))]


def test_a_file_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    path.write_text('\ufeff{"text": "hi", "intent": "greet"}\n\n{"text": "ta", "intent": "thank", "entities": []}\n')
    assert read(path) == [Labelled("hi", "greet"), Labelled("ta", "thank", frozenset())]


def test_a_message_may_hold_a_line_break_of_unicode(tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    path.write_text('{"text": "hi\u2028there\u0085you", "intent": "greet"}\r\n', encoding="utf-8", newline="")
    assert read(path) == [Labelled("hi\u2028there\u0085you", "greet")]


@pytest.mark.parametrize(
    "line",
    ["not json", "[]", '{"text": "hi"}', '{"text": "", "intent": "greet"}', '{"text": 5, "intent": "greet"}',
     '{"text": "secret words", "intent": "greet", "entities": [{"entity": "time"}]}'],
)  # fmt: skip
def test_a_bad_line_is_named_by_its_number_and_not_repeated(tmp_path: Path, line: str) -> None:
    path = tmp_path / "messages.jsonl"
    path.write_text('{"text": "hi", "intent": "greet"}\n' + line + "\n")
    with pytest.raises(BadLine, match="Line 2") as problem:
        read(path)
    assert "secret words" not in str(problem.value)


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xff\xfe\x00"])
def test_an_empty_or_foreign_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "messages.jsonl"
    path.write_bytes(content)
    with pytest.raises(BadLine, match=r"messages\.jsonl"):
        read(path)


def test_the_report_is_written_with_its_picture_and_escapes_messages(tmp_path: Path) -> None:
    report.write(evaluate(LABELLED, SAID), tmp_path / "out", source="messages.jsonl")
    html = (tmp_path / "out" / "report.html").read_text()
    assert "&lt;b&gt;e&lt;/b&gt;" in html
    assert "<b>e</b>" not in html
    assert (tmp_path / "out" / "confusion.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "out" / "report.json").read_text())["messages"] == 5


def test_the_words_for_the_terminal_hold_every_intent_and_the_worst_mistake() -> None:
    words = report.in_words(evaluate(LABELLED, SAID))
    assert "accuracy 0.600" in words
    for name in ("greet", "thank", "cancel", "0.95  cancel taken for greet"):
        assert name in words
