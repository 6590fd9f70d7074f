"""The screen: pure, never raising, and speaking with its patterns alone when the model is missing."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.safety import model, screen
from api.safety.model import Scores
from api.safety.patterns import load_patterns
from api.safety.screen import Verdict, decide
from api.safety.thresholds import load_thresholds

GARBAGE = {
    "nothing": "",
    "only spaces": " \t\r\n ",
    "a NUL": "help\x00me",
    "lone surrogates": "he hit me \ud83d and \udc00 ran",
    "right to left with marks": "\u202e\u0645\u0631\u062d\u0628\u0627 \u200f he hits me",
    "combining marks without a letter": "\u0301\u0301\u0301",
    "a wall of emoji": "\U0001f602" * 3000,
    "a megabyte of one letter": "a" * 1_000_000,
    "a megabyte of words": "he said that she " * 62_500,
    "a megabyte of brackets": "([{" * 350_000,
    "numbers": "0" * 500,
}


@pytest.fixture
def without_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    class Missing(model.Model):
        def __init__(self) -> None:
            super().__init__(tmp_path / "none.npz")

    monkeypatch.setattr(model, "Model", Missing)
    screen._load_model.cache_clear()
    yield
    screen._load_model.cache_clear()


@pytest.mark.parametrize("text", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_gets_a_verdict_and_never_an_error(text: str) -> None:
    verdict = screen.screen(text)
    assert verdict.kind in screen.KINDS
    assert verdict.priority in screen.PRIORITIES


def test_the_same_text_always_gets_the_same_verdict() -> None:
    text = "he has locked us out and he is kicking the back door in, please help"
    assert len({str(screen.screen(text)) for _ in range(5)}) == 1


@pytest.mark.parametrize("text", ["help", "HELP", "Help!", "ayuda"])
def test_a_bare_word_for_help_never_raises_by_itself(text: str) -> None:
    assert not screen.screen(text).raised


def test_a_word_for_help_beside_others_is_no_bare_word() -> None:
    assert not load_patterns().stands_alone("help me hes here")
    assert screen.screen("help me hes got a knife").raised


def test_nothing_is_not_noticed() -> None:
    assert screen.screen("") == Verdict()
    assert not Verdict().noticed
    assert not Verdict().raised


def test_plain_danger_is_raised_as_an_emergency_with_its_reasons() -> None:
    verdict = screen.screen("my stepdad is strangling my mum right now send police")
    assert verdict.raised
    assert verdict.priority == "emergency"
    assert any(reason.startswith("pattern:") for reason in verdict.reasons)


def test_without_the_model_the_patterns_speak_and_health_says_so(without_model: None) -> None:
    assert screen.status() == "patterns only"
    verdict = screen.screen("im hiding in the bathroom with the kids and hes kicking the door")
    assert (verdict.kind, verdict.priority) == ("immediate_danger", "emergency")
    assert not screen.screen("what time is the meeting on thursday").noticed


def test_a_missing_model_is_logged_once_and_by_name_only(without_model: None, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        screen.screen("he hit me with the lamp")
        screen.screen("he hit me with the lamp")
    assert len(caplog.records) == 1
    assert "FileNotFoundError" in caplog.text
    assert "lamp" not in caplog.text


def test_a_model_that_fails_on_a_message_does_not_silence_the_patterns(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def score(self, text: str, folded_text: str) -> Scores:
            raise FloatingPointError("lamp")

    monkeypatch.setattr(screen, "_model", lambda: Broken())
    with caplog.at_level(logging.ERROR):
        verdict = screen.screen("he hits me when he drinks")
    assert verdict.raised
    assert "lamp" not in caplog.text


# What the rules found (a priority or nothing), the model's danger and emergency -> the priority (None: nothing).
DECISIONS = [
    ("nothing found, model calm", None, 0.0, 0.0, None),
    ("nothing found, model sure", None, 0.99, 0.0, "urgent"),
    ("nothing found, model sure of an emergency", None, 0.99, 0.99, "emergency"),
    ("nothing found, model in doubt", None, "between", 0.99, "routine"),
    ("a rule, model in doubt", "urgent", "between", 0.0, "urgent"),
    ("an emergency rule, model in doubt", "emergency", "between", 0.0, "emergency"),
    ("a rule, model sure that all is well", "urgent", 0.0, 0.0, "routine"),
    ("a hint, model sure that all is well", "routine", 0.0, 0.0, None),
    ("a hint, model in doubt", "routine", "between", 0.0, "routine"),
]


@pytest.mark.parametrize(("name", "found", "danger", "emergency", "priority"), DECISIONS, ids=[d[0] for d in DECISIONS])
def test_rules_and_model_decide_together(
    name: str, found: str | None, danger: float | str, emergency: float, priority: str | None
) -> None:
    limits = load_thresholds()
    if danger == "between":
        danger = (max(limits.notice.value, limits.doubt.value) + limits.urgent.value) / 2
    rules = [rule for rule in load_patterns().rules if rule.priority == found][:1]
    verdict = decide(rules, Scores(float(danger), "self_harm", emergency, "full"), limits)
    assert (verdict.priority if verdict.noticed else None) == priority


def test_an_agency_threshold_changes_what_is_raised() -> None:
    limits = load_thresholds()
    scores = Scores(limits.urgent.value - 0.01, "harm_disclosed", 0.0, "full")
    assert not decide([], scores, limits).raised
    assert decide([], scores, limits.within({"urgent": limits.urgent.least})).raised


@pytest.mark.parametrize(
    "text", ["she doesnt hit them", "nobody hurt me", "mi marido no me pega", "he is driving me nuts"]
)
def test_a_denial_or_a_saying_in_few_words_calls_nobody(text: str) -> None:
    assert not screen.screen(text).raised


@pytest.mark.parametrize(
    "text", ["she hits them", "he hurt me", "mi marido me pega", "nobody knows he hits me every night"]
)
def test_what_is_not_denied_is_heard(text: str) -> None:
    assert screen.screen(text).raised
