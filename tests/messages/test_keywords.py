"""Twilio's words."""

from __future__ import annotations

import pytest

from api.messages import keywords


@pytest.mark.parametrize("word", sorted(keywords.OPT_OUT))
def test_opt_out_words_count_alone_and_in_any_case(word: str) -> None:
    assert keywords.carrier_keyword(word) == "stop"
    assert keywords.carrier_keyword(f" {word.upper()}\n") == "stop"
    assert keywords.carrier_keyword(f"please {word}") == ""


@pytest.mark.parametrize(
    ("body", "meaning"), [("START", "start"), ("Yes", "start"), ("help", "help"), ("INFO", "help"), ("help me", "")]
)
def test_start_and_help(body: str, meaning: str) -> None:
    assert keywords.carrier_keyword(body) == meaning


def test_twilios_own_word_wins() -> None:
    assert keywords.carrier_keyword("anything at all", "STOP") == "stop"
    assert keywords.carrier_keyword("anything at all", "nonsense") == ""
