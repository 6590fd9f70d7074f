"""Questions that a worker has agreed with a person, asked where others ask for a PIN: what counts as the same answer,
which answers are too easy, and what may be a try at one. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

#: Questions for one person.
MOST = 3
#: An answer has so many letters or more, in so many words at most.
SHORTEST = 3
MOST_WORDS = 3
LONGEST = 60
LONGEST_QUESTION = 80
#: People write in two words what was noted in one; whatever is longer is no try at an answer.
TRIED_WORDS = MOST_WORDS + 1
#: What stands in a stored message in place of the right answer.
PLACEHOLDER = "[answer]"


@dataclass(frozen=True)
class Given:
    """A message that may be the answer that was asked for."""

    words: str
    #: What is stored of it before it was looked at.
    kept: str = PLACEHOLDER


def plain(answer: str) -> str:
    """The answer as it is compared: only letters and digits, small, without accents."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", answer).casefold())
    return "".join(sign for sign in folded if sign.isalnum())


def may_be(body: str) -> bool:
    """May this message be somebody's answer? Whatever is longer is heard as any other message is."""
    return len(body.split()) <= TRIED_WORDS and SHORTEST <= len(plain(body)) <= LONGEST


def problem(question: str, answer: str) -> str:
    """Why this may not be the answer to this question: short, long, number, easy; "" where it may."""
    said = plain(answer)
    if len(said) < SHORTEST:
        return "short"
    if len(answer.split()) > MOST_WORDS or len(said) > LONGEST:
        return "long"
    if said.isdigit():
        return "number"
    return "easy" if len(set(said)) == 1 or said in plain(question) else ""


def filled_in(
    given: Mapping[str, str], kept: Sequence[str], heard_as: Callable[[str], str]
) -> tuple[list[tuple[str, str]], list[tuple[str, int]]]:
    """What a worker filled in (``question-1-words``, ``question-1-answer``, ...): questions with answers, and what is
    wrong with which (``problem``'s words, or no_question, no_answer, long_question, twice). An answer may be left empty
    for one of the ``kept`` questions. ``heard_as``: what else an answer would be heard as, or ""."""
    agreed: list[tuple[str, str]] = []
    wrong: list[tuple[str, int]] = []
    for number in range(1, MOST + 1):
        words = " ".join(given.get(f"question-{number}-words", "").split())
        answer = given.get(f"question-{number}-answer", "").strip()
        if not words and not answer:
            continue
        if not words:
            wrong.append(("no_question", number))
        elif len(words) > LONGEST_QUESTION:
            wrong.append(("long_question", number))
        elif words in [earlier for earlier, _ in agreed]:
            wrong.append(("twice", number))
        elif not answer and words not in kept:
            wrong.append(("no_answer", number))
        elif answer and (why := problem(words, answer) or heard_as(answer)):
            wrong.append((why, number))
        else:
            agreed.append((words, answer))
    return agreed, wrong
