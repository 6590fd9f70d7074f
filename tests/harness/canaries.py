"""Words that no output may hold: what people wrote and were sent, their names, numbers and passwords.

Whatever passes through the harness is added here; tests/promises/test_nothing_leaks.py reads all output at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

#: Shorter strings stand in innocent output by chance.
SHORTEST = 9

_words: set[str] = set()
#: Those that somebody wrote: they stand unsealed in no table either.
_written: set[str] = set()
_folders: list[Path] = []


def add(word: str) -> str:
    """Remember a canary, and give it back."""
    for line in word.splitlines():
        if len(line.strip()) >= SHORTEST:
            _words.add(line.strip().removeprefix("+"))
    return word


def wrote(body: str) -> None:
    """The same for what somebody wrote to us."""
    add(body)
    _written.update(line.strip() for line in body.splitlines() if len(line.strip()) >= SHORTEST)


def written_in(dump: str) -> tuple[int, list[str]]:
    """How many such canaries there are, and which stand in this dump of a database."""
    return len(_written), [word for word in sorted(_written) if word in dump]


def forget(word: str) -> None:
    """It was only for trying out."""
    _words.discard(word)


def watch(folder: Path) -> None:
    """All files in this folder are output of the product."""
    _folders.append(folder)


def outputs() -> list[Path]:
    """Every file that a process wrote in this run."""
    return [path for folder in _folders for path in sorted(folder.rglob("*")) if path.is_file()]


def found(paths: Iterable[Path] | None = None) -> list[str]:
    """Where a canary was found, without repeating it: "worker.log:12 (a canary of 23 characters)"."""
    places = []
    for path in outputs() if paths is None else paths:
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1):
            places += [f"{path.name}:{number} (a canary: {word[:40]!r})" for word in _words if word in line]
    return places


def count() -> int:
    """How many canaries there are."""
    return len(_words)
