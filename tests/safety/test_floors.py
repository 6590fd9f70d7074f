"""The screen as it is shipped (model, patterns, thresholds) holds its floors on messages that it never learned from,
but for the two or three by which one kind of processor rounds otherwise than another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from api.safety import corpus
from api.safety.evaluate import Result, examined

pytestmark = pytest.mark.slow


def share(results: Sequence[Result], test: Callable[[Result], bool]) -> float:
    return sum(map(test, results)) / len(results)


@pytest.fixture(scope="module")
def fresh() -> list[Result]:
    return examined(corpus.fresh())


def test_danger_is_raised_and_noticed(fresh: list[Result]) -> None:
    danger = [result for result in fresh if result.example.danger]
    emergencies = [result for result in danger if result.example.priority == "emergency"]
    assert share(danger, lambda result: result.verdict.raised) >= 0.80
    assert share(danger, lambda result: result.verdict.noticed) >= 0.94
    assert share(emergencies, lambda result: result.verdict.priority == "emergency") >= 0.75


@pytest.mark.parametrize("language", corpus.LANGUAGES)
def test_it_hears_both_languages(fresh: list[Result], language: str) -> None:
    danger = [result for result in fresh if result.example.danger and result.example.language == language]
    assert share(danger, lambda result: result.verdict.raised) >= 0.80


def test_alarming_talk_seldom_calls_anybody(fresh: list[Result]) -> None:
    hard = [result for result in fresh if result.hard]
    assert share(hard, lambda result: result.verdict.raised) <= 0.05
    assert share(hard, lambda result: result.verdict.noticed) <= 0.15


def test_everyday_traffic_hardly_ever_does() -> None:
    traffic = examined(corpus.ordinary())
    assert share(traffic, lambda result: result.verdict.raised) <= 0.0075
    assert share(traffic, lambda result: result.verdict.noticed) <= 0.0275


@pytest.mark.parametrize("language", corpus.LANGUAGES)
def test_talk_about_families_seldom_does(language: str) -> None:
    talk = examined([example for example in corpus.family() if example.language == language])
    assert share(talk, lambda result: result.verdict.raised) <= 0.05
    assert share(talk, lambda result: result.verdict.noticed) <= 0.15


@pytest.mark.parametrize(("language", "raised", "noticed"), [("en", 0.05, 0.13), ("es", 0.10, 0.25)])
def test_plain_requests_do_no_more_than_the_model_card_says(language: str, raised: float, noticed: float) -> None:
    asked = examined([example for example in corpus.requests() if example.language == language])
    assert share(asked, lambda result: result.verdict.raised) <= raised
    assert share(asked, lambda result: result.verdict.noticed) <= noticed
