"""Every word a person reads, from one gettext catalogue per language (``data/texts/<language>/*.po``).

``render("appointments.next", "es", when=...)`` gives the words. Promise: a missing entry, a missing language or a
missing argument never reaches a person as a hole or an error; it falls back to English, and ``problems()`` (run by the
tests and at start) names it.
"""

from __future__ import annotations

import string
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

from api.settings import DATA

FALLBACK = "en"
TEXTS = DATA / "texts"


class TextError(Exception):
    """A text id that no catalogue has: a programming error, found by the tests."""


@lru_cache(maxsize=1)
def catalogues() -> dict[str, dict[str, str]]:
    """All catalogues: language → text id → words."""
    return {folder.name: _read(folder) for folder in sorted(TEXTS.iterdir()) if folder.is_dir()}


def _read(folder: Path) -> dict[str, str]:
    entries: dict[str, str] = {}
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file):
                if message.id and message.string and not message.fuzzy:
                    if message.id in entries:
                        raise TextError(f"{path.name}: {message.id} stands twice in {folder.name}")
                    entries[str(message.id)] = str(message.string)
    return entries


def languages() -> list[str]:
    """The languages that there is a catalogue for."""
    return sorted(catalogues())


@lru_cache(maxsize=1024)
def supported(language: str) -> str:
    """The nearest language that we have words in ("es-MX" → "es", anything unknown → English)."""
    base = language.replace("_", "-").split("-")[0].lower()
    return base if base in catalogues() else FALLBACK


def has(text_id: str) -> bool:
    """Is there such a text (in English)?"""
    return text_id in catalogues()[FALLBACK]


def render(text_id: str, language: str, **args: Any) -> str:
    """The words of ``text_id`` in ``language``, its ``{placeholders}`` filled. Raises TextError for an unknown id."""
    words, gaps = _parsed(text_id, supported(language))
    if not gaps:
        return words[0]
    # Names only, no attributes and no indexes: an argument is a person's own words often enough.
    filled = [half for word, gap in zip(words, gaps, strict=False) for half in (word, f"{args.get(gap, '')}")]
    return "".join([*filled, words[-1]]).strip()


@lru_cache(maxsize=8192)
def _parsed(text_id: str, language: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of a text, and the names of the gaps between them: parsed once, because a page has hundreds."""
    pattern = catalogues()[language].get(text_id) or catalogues()[FALLBACK].get(text_id)
    if pattern is None:
        raise TextError(f"no text {text_id!r} in data/texts/{FALLBACK}")
    words, gaps, last = [], [], ""
    for literal, name, _, _ in string.Formatter().parse(pattern):
        last += literal
        if name is not None:
            words.append(last)
            gaps.append(name)
            last = ""
    return (*words, last if gaps else last.strip()), tuple(gaps)


def placeholders(pattern: str) -> set[str]:
    """The names between braces in a pattern."""
    return {name for _, name, _, _ in string.Formatter().parse(pattern) if name}


def problems() -> list[str]:
    """What is wrong with the catalogues, a sentence each: missing entries, and placeholders that differ."""
    reference = catalogues()[FALLBACK]
    found = []
    for language, entries in catalogues().items():
        found += [f"{language}: {text_id} is missing" for text_id in reference.keys() - entries.keys()]
        found += [f"{language}: {text_id} is not in {FALLBACK}" for text_id in entries.keys() - reference.keys()]
        for text_id in reference.keys() & entries.keys():
            if placeholders(reference[text_id]) != placeholders(entries[text_id]):
                found.append(f"{language}: {text_id} has other placeholders than {FALLBACK}")
    return sorted(found)
