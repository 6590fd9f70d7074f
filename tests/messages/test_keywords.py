"""Twilio's words and a worker's ACK."""

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


@pytest.mark.parametrize(
    "body", ["ACK 12", "ack12", "Ack #12", " ACK: 12 thanks", "acknowledge 12", "ack - 12", "ACK 12.", "ack\n12"]
)
def test_an_acknowledgement_is_understood_however_it_is_typed(body: str) -> None:
    assert keywords.acknowledgement(body) == 12


@pytest.mark.parametrize("body", ["", "ACK", "12", "back 12", "please ack 12", "ACK twelve", "ack 1234567890"])
def test_anything_else_is_none(body: str) -> None:
    assert keywords.acknowledgement(body) is None
