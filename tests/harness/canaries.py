"""Words that no output may hold: what people wrote and were sent, their names, numbers, PINs and passwords.

Whatever passes through the harness is added here; when a system ends, ``leaks.search`` reads all its output. A
canary is found however it was quoted or cut: of what somebody wrote three words in a row are enough, unless the product
says those three itself; of a number its last nine digits; of a PIN all of them, standing alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

#: Shorter strings stand in innocent output by chance.
SHORTEST = 9
#: So many words in a row of what somebody wrote, and so many letters in them.
ROW, LETTERS = 3, 12
#: Digits alone: from so many on they are no number that comes by chance. The last so many are a phone's, however it is
#: written.
PIN_DIGITS, PHONE_DIGITS = 6, 9

_ROOT = Path(__file__).resolve().parent.parent.parent
_SAYS = ("api", "actions", "bot", "data/texts", "data/words")
_WORD = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"(?<![\w.:,-])\d+(?![\w.:,-])")

_words: set[str] = set()
#: Those that somebody wrote: they stand unsealed in no table either.
_written: set[str] = set()
_rows: set[tuple[str, ...]] = set()
_pins: set[str] = set()
_KEPT: tuple[set[Any], ...] = (_words, _written, _rows, _pins)
_folders: list[Path] = []


def add(word: str) -> str:
    """Remember a canary, and give it back."""
    for line in (line.strip() for line in word.splitlines()):
        digits = line.removeprefix("+")
        if digits.isdigit() and len(digits) > PHONE_DIGITS:
            _words.update((digits[-PHONE_DIGITS:], f"{digits[-10:-6]} {digits[-6:]}"))  # "07700 900123", too
        elif digits.isdigit() and len(digits) >= PIN_DIGITS:
            _pins.add(digits)
        elif len(line) >= SHORTEST:
            _words.add(line.casefold())
    return word


def wrote(body: str) -> None:
    """The same for what somebody wrote to us."""
    add(body)
    _written.update(line.strip() for line in body.splitlines() if len(line.strip()) >= SHORTEST)
    _rows.update(row for row in _in_rows(body) if sum(map(len, row)) >= LETTERS)


def written_in(dump: str) -> tuple[int, list[str]]:
    """How many such canaries there are, and which stand in this dump of a database."""
    return len(_written), [word for word in sorted(_written) if word in dump]


def known() -> tuple[set[object], ...]:
    """What there is to look for, to ``go_back_to`` after something was only tried out."""
    return tuple(set(kept) for kept in _KEPT)


def go_back_to(was: tuple[set[object], ...]) -> None:
    """What was added since is forgotten."""
    for kept, before in zip(_KEPT, was, strict=True):
        kept.intersection_update(before)


def watch(folder: Path) -> None:
    """All files in this folder are output of the product."""
    _folders.append(folder)


def outputs() -> list[Path]:
    """Every file that a process wrote in this run."""
    return [path for folder in _folders for path in sorted(folder.rglob("*")) if path.is_file()]


def found(paths: Iterable[Path] | None = None) -> list[str]:
    """Where a canary was found, without repeating it whole: "worker.log:12 (a canary: 'he has got a')"."""
    places = []
    for path in outputs() if paths is None else paths:
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1):
            places += [f"{path.name}:{number} (a canary: {word[:40]!r})" for word in found_in(line)]
    return places


def found_in(line: str) -> set[str]:
    """The canaries in a line."""
    plain = line.casefold()
    there = {word for word in _words if word in plain}
    there |= _pins.intersection(_DIGITS.findall(line))
    rows = set(_in_rows(line)) & _rows
    return there | {" ".join(row) for row in rows - _own_rows()} if rows else there


def _in_rows(text: str) -> Iterator[tuple[str, ...]]:
    """The words, in rows: without what quoting, escaping or an address made of the signs between them."""
    said = [word.casefold() for word in _WORD.findall(unquote_plus(text.replace("\\n", " ")))]
    return zip(*(said[start:] for start in range(ROW)), strict=False)


@lru_cache(maxsize=1)
def _own_rows() -> frozenset[tuple[str, ...]]:
    """What the product itself says, in its texts and in its code."""
    files = (path for part in _SAYS for path in (_ROOT / part).rglob("*") if path.suffix in (".py", ".po", ".yaml"))
    return frozenset(row for path in files for row in _in_rows(path.read_text(encoding="utf-8")))


def count() -> int:
    """How many canaries there are."""
    return len(_words) + len(_rows) + len(_pins)
