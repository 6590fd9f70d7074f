"""What counts as the same answer, what may be a try at one, and which answers a worker is told not to take."""

from __future__ import annotations

import pytest

from api.families.questions import filled_in, may_be, plain, problem

QUESTION = "What was your first pet called?"


@pytest.mark.parametrize(
    "said", ["Señor Tom", "senor tom", "SEÑOR-TOM!", " señor  tom. ", "sen\u0303or tom"],
    ids=["as-written", "no-accent", "loud", "spaces", "two-signs"],
)  # fmt: skip
def test_capitals_accents_dots_and_spaces_make_no_other_answer(said: str) -> None:
    assert plain(said) == "senortom"


@pytest.mark.parametrize(
    ("body", "tried"),
    [("Fluffy", True), ("st marys road", True), ("1", False), ("ok", False), ("?!", False),
     ("he is at the door again", False), ("a" * 70, False)],
    ids=["word", "three-words", "option", "two-letters", "signs", "sentence", "endless"],
)  # fmt: skip
def test_what_is_short_may_be_an_answer_and_a_sentence_is_heard_as_one(body: str, tried: bool) -> None:
    assert may_be(body) is tried


@pytest.mark.parametrize(
    ("answer", "why"),
    [("Al", "short"), ("one two three four", "long"), ("1984", "number"), ("aaaa", "easy"), ("First Pet", "easy"),
     ("Fluffy", "")],
)  # fmt: skip
def test_an_answer_that_is_no_good_is_refused(answer: str, why: str) -> None:
    assert problem(QUESTION, answer) == why


def heard_as(answer: str) -> str:
    return "alarm" if answer == "fire" else ""


def test_a_form_keeps_an_answer_that_was_left_empty_and_says_what_is_wrong_with_the_others() -> None:
    given = {
        "question-1-words": f"  {QUESTION} ",
        "question-2-words": "Which street?",
        "question-2-answer": "Elm",
        "question-3-answer": "x",
    }
    agreed, wrong = filled_in(given, [QUESTION], heard_as)
    assert agreed == [(QUESTION, ""), ("Which street?", "Elm")] and wrong == [("no_question", 3)]
    assert filled_in({**given, "question-2-answer": "fire"}, [QUESTION], heard_as)[1] == [
        ("alarm", 2),
        ("no_question", 3),
    ]
    assert filled_in(given, [], heard_as)[1] == [("no_answer", 1), ("no_question", 3)]
    twice = {"question-1-words": "Who?", "question-1-answer": "Ann", "question-2-words": "Who?"}
    assert filled_in(twice, [], heard_as)[1] == [("twice", 2)]
