"""Which action somebody means when they say "done the parenting thing". Pure.

In: their words, and each action's title with the other names it goes by. Out: the candidates with a score from 0 to 1,
best first. A word counts the more, the fewer of the actions it would fit; typos count as the word they are near to.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, Protocol, TypeVar

import yaml
from rapidfuzz import fuzz

from api.sealed import or_nothing
from api.settings import DATA

#: From this score on an action fits; below the words say nothing about it.
FITS = 0.5
#: The best is clear when the second scores at most so much of it.
CLEAR = 0.8
#: Two words are one when they are as near as this (0 to 100); "parentin" is near "parenting", "rent" is not.
NEAR = 84


class Named(Protocol):
    """An action, as far as matching goes."""

    title: str
    also_called: list[str]


T = TypeVar("T", bound=Named)


@dataclass(frozen=True)
class Match(Generic[T]):
    """One action and how well the words fit it (0 to 1)."""

    action: T
    score: float


@lru_cache(maxsize=1)
def _words() -> tuple[frozenset[str], dict[str, str]]:
    data = yaml.safe_load((DATA / "words" / "actions.yaml").read_text(encoding="utf-8"))
    same = {word: line.split()[0] for line in data["same"] for word in line.split()}
    return frozenset(data["empty"].split()), same


def content(words: str) -> list[str]:
    """The words that can say which action is meant, in small letters without accents, synonyms made one."""
    empty, same = _words()
    letters = unicodedata.normalize("NFKD", words.casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter)).replace("'", "")
    found = (
        same.get(word) or same.get(_singular(word)) or _singular(word)
        for word in re.findall(r"[a-z0-9]+", plain)
        if word not in empty
    )
    return list(dict.fromkeys(word for word in found if len(word) > 1))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def match(words: str, actions: Sequence[T]) -> list[Match[T]]:
    """All actions that fit, best first."""
    said = content(words)
    if not said:
        return []
    names = {
        id(action): [content(or_nothing(name)) for name in (action.title, *action.also_called)] for action in actions
    }
    all_terms = {id(action): {term for name in names[id(action)] for term in name} for action in actions}

    def weight(term: str) -> float:
        """1 for a word of one action only, less for a word that several share."""
        return 1.0 / max(1, sum(term in terms for terms in all_terms.values()))

    scored = [
        (action, max((_fit(said, name, weight) for name in names[id(action)]), default=0.0)) for action in actions
    ]
    return sorted((Match(action, score) for action, score in scored if score >= FITS), key=lambda one: -one.score)


def clear(matches: Sequence[Match[T]]) -> T | None:
    """The one action that is meant, or None if several could be."""
    if matches and (len(matches) == 1 or matches[1].score <= matches[0].score * CLEAR):
        return matches[0].action
    return None


def _fit(said: list[str], name: list[str], weight: Callable[[str], float]) -> float:
    """How much of ``name`` was said: the share of its weight, where two distinctive words of a long title are
    enough."""
    if not name:
        return 0.0
    hits = sum(weight(term) for term in name if any(_near(term, word) for word in said))
    return float(min(1.0, hits / min(2.0, len(name))))


def _near(term: str, word: str) -> bool:
    if term == word:
        return True
    if min(len(term), len(word)) < 4:
        return False
    long = min(len(term), len(word)) >= 5
    return fuzz.ratio(term, word) >= NEAR or (long and (term.startswith(word) or word.startswith(term)))
