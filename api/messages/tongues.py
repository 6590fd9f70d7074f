"""In which of our languages is a message plainly written? Pure: its words say, and nothing else does.

The words are data (``data/words/tongues.yaml``): small, everyday words that are written in one of our languages only.
Promise: a word by itself, a number, a name or a place is plain in no language, and neither is what mixes two or is
written in a third. Costs a tenth of a millisecond. Never raises.

``python -m api.messages.tongues FILE.jsonl ...`` says how often that is wrong (lines with "text"; the language is the
line's "language", else the file's name has it: ``intents.es.jsonl``).
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from api import texts
from api.safety.wording import folded
from api.settings import DATA

#: Plain takes so many words that names and places do not have, and so many of the language's words in all: more of
#: these where only one of those is among them.
TELLING, ALL, ALL_BESIDE_ONE = 2, 3, 5
#: So much of all the words at least; and so many words of the language for each one of another.
SHARE, AGAINST_ONE = 0.25, 4
#: A cry for help is answered in the language that so many times more of its words are in, and be it a single one.
CRY_AGAINST_ONE = 2
_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True)
class _Words:
    telling: dict[str, frozenset[str]]
    linking: dict[str, frozenset[str]]
    foreign: frozenset[str]


@dataclass(frozen=True)
class _Counted:
    """Of the different words of a message, those of one language, and those of all others."""

    language: str
    telling: int
    ours: int
    others: int


def plainly(text: str) -> str:
    """The language of ours that ``text`` is plainly written in, or ""."""
    words = _words_of(text)
    for one in _counted(words):
        enough = ALL if one.telling >= TELLING else ALL_BESIDE_ONE
        if one.telling and one.ours >= enough and one.ours >= max(SHARE * len(words), AGAINST_ONE * one.others):
            return one.language
    return ""


def crying(text: str) -> str:
    """The language of ours that a cry for help leans to, or "": the wrong one costs more than in any other message, and
    no message is longer than there is time for."""
    words = _words_of(text)
    for one in _counted(words):
        if one.telling and one.ours >= SHARE * len(words) and one.ours > CRY_AGAINST_ONE * one.others:
            return one.language
    return ""


@lru_cache(maxsize=1)
def _words() -> _Words:
    """Of the languages that there are words for and a catalogue."""
    data: dict[str, Any] = yaml.safe_load((DATA / "words" / "tongues.yaml").read_text(encoding="utf-8"))
    spoken = {language: words for language, words in data["languages"].items() if language in texts.languages()}
    return _Words(
        telling={language: frozenset(words["telling"].split()) for language, words in spoken.items()},
        linking={language: frozenset(words["linking"].split()) for language, words in spoken.items()},
        foreign=frozenset(data["foreign"].split()),
    )


def _words_of(text: str) -> set[str]:
    return set(_WORD.findall(folded(text)))


def _counted(words: set[str]) -> list[_Counted]:
    known = _words()
    telling = {language: len(words & own) for language, own in known.telling.items()}
    ours = {language: n + len(words & known.linking[language]) for language, n in telling.items()}
    everything = sum(ours.values()) + len(words & known.foreign)
    return [_Counted(language, telling[language], n, everything - n) for language, n in ours.items()]


def _measured(paths: Sequence[Path]) -> list[str]:
    """A line for each language that the files' messages are in: how many, and what they were taken for."""
    taken: dict[str, Counter[str]] = {}
    cries: dict[str, Counter[str]] = {}
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            example = json.loads(line)
            language = example.get("language") or path.stem.rpartition(".")[2]
            taken.setdefault(language, Counter())[plainly(example["text"]) or "not plain"] += 1
            if example.get("kind", "none") != "none":
                cries.setdefault(language, Counter())[crying(example["text"]) or "not plain"] += 1
    said = [f"{language:3} {sum(found.values()):5} messages: {_shares(found)}" for language, found in taken.items()]
    return said + [f"{language:3} {sum(found.values()):5} cries: {_shares(found)}" for language, found in cries.items()]


def _shares(found: Counter[str]) -> str:
    return ", ".join(f"{name} {n} ({n / sum(found.values()):.3f})" for name, n in found.most_common())


if __name__ == "__main__":
    print("\n".join(_measured([Path(path) for path in sys.argv[1:]])))
