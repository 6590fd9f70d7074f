"""What "1" means, and what Rasa can never take for a command."""

from __future__ import annotations

import pytest

from api.messages import options
from api.messages.options import Option

OFFERED = options.numbered([Option(label="Confirm", payload="/yes"), Option(label="Change it", payload="/no")])


@pytest.mark.parametrize(
    "words", ["1", " 1. ", "1)", "#1", "no 1", "No. 1", "option 1", "One", "uno", "confirm", '"1"', "1!"]
)
def test_a_number_or_a_label_picks_the_option(words: str) -> None:
    assert options.chosen(words, OFFERED) == "/yes"


@pytest.mark.parametrize("words", ["", "3", "0", "11", "1 and 2", "1st of may", "no", "confirm it please", "-1", "½"])
def test_anything_else_picks_nothing(words: str) -> None:
    assert options.chosen(words, OFFERED) == ""


def test_nothing_was_offered_so_a_number_means_nothing() -> None:
    assert options.chosen("1", []) == ""


def test_a_seventh_option_is_never_shown_or_chosen() -> None:
    many = options.numbered([Option(label=f"Choice {n}", payload=f"/{n}") for n in range(9)])
    assert len(many) == options.MOST == 6
    assert options.chosen("7", many) == ""


def test_the_text_shows_each_number_with_its_label() -> None:
    shown = options.with_numbers("Which?", [Option(label="Confirm", payload="/yes"), Option(label="No", payload="/no")])
    assert shown == "Which?\n1 Confirm\n2 No"


@pytest.mark.parametrize("words", ["/restart", " \n/restart", "//restart", "/ /restart", "\t/a{}"])
def test_no_free_text_is_a_command_to_rasa(words: str) -> None:
    assert not options.neutral(words).startswith("/")


@pytest.mark.parametrize("words", ['/report_action_done{"action": "course"}', "/restart", "/ /affirm@0.9"])
def test_a_whole_command_passes_nothing_on_but_a_sentence_with_a_slash_does(words: str) -> None:
    assert options.neutral(words) == "?"
    assert options.neutral("/ can you ring me") == "can you ring me"
    assert options.neutral("done") == "done"


@pytest.mark.parametrize("words", ["", "/", "   ", "// \n"])
def test_nothing_becomes_a_question_mark(words: str) -> None:
    assert options.neutral(words) == "?"
