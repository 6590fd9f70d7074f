"""Which action somebody means when they say "done the parenting thing". Pure.

In: their words, and each action's title with the other names it goes by. Out: the candidates with a score from 0 to 1,
best first. A word counts the more, the fewer of the actions it would fit; typos count as the word they are near to.
What is "not yet" or "going to be" done is told from what is done, part by part of what they wrote.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, Protocol, TypeVar

import yaml
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from api.sealed import or_nothing
from api.settings import DATA

#: From this score on an action fits; below the words say nothing about it.
FITS = 0.5
#: The best is clear when the second scores at most so much of it.
CLEAR = 0.8
#: Two words are one when they are as near as this (0 to 100); "parentin" is near "parenting", "rent" is not.
NEAR = 84
#: A word of so many letters may be one letter off another name for a thing, and of so many two.
ONE_OFF, TWO_OFF = 6, 9


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
def _data() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((DATA / "words" / "actions.yaml").read_text(encoding="utf-8"))
    return data


@lru_cache(maxsize=1)
def _words() -> tuple[frozenset[str], dict[str, str]]:
    data = _data()
    same = {word: line.split()[0] for line in data["same"] for word in line.split()}
    return frozenset(data["empty"].split()), same


@lru_cache(maxsize=1)
def _whom() -> frozenset[str]:
    """The words that say whom a thing is for, and not which thing."""
    return frozenset(_data()["whom"].split())


def content(words: str) -> list[str]:
    """The words that can say which action is meant, in small letters without accents, synonyms made one."""
    empty, same = _words()
    found = (
        same.get(word) or same.get(_singular(word)) or _near_name(_singular(word)) or _singular(word)
        for word in re.findall(r"[a-z0-9]+", _plain(words))
        if word not in empty
    )
    return list(dict.fromkeys(word for word in found if len(word) > 1))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


@lru_cache(maxsize=4096)
def _near_name(word: str) -> str:
    """What a misspelt other name stands for ("docter"), or ""."""
    if len(word) < ONE_OFF:
        return ""
    for name, stands_for in _words()[1].items():
        far = 2 if min(len(name), len(word)) >= TWO_OFF else 1
        if len(name) >= ONE_OFF and name[0] == word[0] and OSA.distance(word, name, score_cutoff=far) <= far:
            return stands_for
    return ""


@dataclass(frozen=True)
class Part:
    """One part of what somebody wrote, and whether it says that something is not done, or is still to be."""

    words: str
    undone: bool


def parts(words: str) -> list[Part]:
    """The parts between "and", "but", commas. "Not" holds for what follows it, up to "but" or what is done."""
    phrases = _phrases()
    found = []
    for piece in phrases["breaks"].split(_plain(words)):
        undone, joined = False, ""
        for at, each in enumerate(re.split(f"({phrases['joins'].pattern})", piece)):
            if at % 2:
                joined = each
                continue
            says_not = bool(phrases["not_yet"].search(each) or phrases["going_to"].search(each))
            goes_on = joined in ("or", "nor", "o", "ni") or not phrases["done"].search(each)
            undone = says_not or (undone and goes_on)
            if each.strip():
                found.append(Part(each.strip(), undone))
    return found


def undone(words: str) -> bool:
    """Does every part say that it is not done, or is still to be?"""
    found = parts(words)
    return any(part.undone for part in found) and all(part.undone for part in found if content(part.words))


def partly(words: str) -> bool:
    """Do they tell of some of several only ("3 of the sessions")? Then the whole is not done."""
    phrases, said = _phrases(), _plain(words)
    return bool(phrases["partly"].search(said)) and not phrases["whole"].search(said)


def several(words: str, actions: Sequence[T]) -> tuple[list[T], bool]:
    """The actions of which each part that is done clearly names one, in the order of the words; and whether those
    parts name nothing else ("my gp letter came" may be about something else)."""
    named: dict[int, T] = {}
    only = True
    for part in parts(words):
        said = content(part.words)
        if part.undone or not said:
            continue
        action = clear(match(part.words, actions))
        if action is None:
            only = False
            continue
        named[id(action)] = action
        terms = {term for name in (action.title, *action.also_called) for term in content(or_nothing(name))}
        only = only and all(any(_near(term, word) for term in terms) for word in said)
    return list(named.values()), only


def numbers(words: str) -> tuple[list[int], str]:
    """The numbers that are all of a message, and what is said of them: "done", "stuck" or ""; [] where it says more."""
    phrases = _phrases()
    text = " ".join(re.sub(r"[.!?]+", " ", _plain(words)).split())
    for number, ordinal in enumerate(_ordinals(), start=1):
        text = ordinal.sub(str(number), text)
    if phrases["both"].fullmatch(text):
        return [0], "done" if phrases["done"].search(text) else ""
    found = phrases["numbers"].fullmatch(text)
    if found is None:
        return [], ""
    said = "stuck" if phrases["stuck"].search(text) else "done" if found["before"] or found["after"] else ""
    return list(dict.fromkeys(int(number) for number in re.findall(r"\d", found["numbers"]))), said


@lru_cache(maxsize=1)
def _ordinals() -> list[re.Pattern[str]]:
    """ "The first one" and so on, in order."""
    return [re.compile(pattern) for pattern in _data()["ordinals"]]


@lru_cache(maxsize=1)
def _phrases() -> dict[str, re.Pattern[str]]:
    data = _data()
    return {name: re.compile(pattern) for name, pattern in data["said"].items()}


def _plain(words: str) -> str:
    letters = unicodedata.normalize("NFKD", words.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter) and letter not in "'’")


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
    hit = [term for term in name if any(_near(term, word) for word in said)]
    if set(hit) <= _whom() and not set(name) <= _whom():
        return 0.0
    hits = sum(map(weight, hit))
    return float(min(1.0, hits / min(2.0, len(name))))


def _near(term: str, word: str) -> bool:
    if term == word:
        return True
    if min(len(term), len(word)) < 4:
        return False
    long = min(len(term), len(word)) >= 5
    return fuzz.ratio(term, word) >= NEAR or (long and (term.startswith(word) or word.startswith(term)))
