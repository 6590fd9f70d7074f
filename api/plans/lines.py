"""A plan's lines: how many there may be, and which row one without an id (a risk, a contingency) means. Pure.

Promise: what a worker keeps off the family's page does not come back by silence. A line that does not say
``kept_from_family`` keeps what its row had; where it cannot be told which row a silent line means, and one that was
kept off the page is among those it may mean, it is kept off too.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, TypeVar

Row = TypeVar("Row")
#: At most so many in each part of a plan (dropped ones do not count): by form, by program and by file.
MOST_LINES = 200
FLAG = "kept_from_family"
#: The fields by which a line of each part is known again, the surest first.
WAYS: Mapping[str, Sequence[Sequence[str]]] = {
    "risks": (("harm", "description"), ("description",)),
    "contingencies": (("trigger", "response"), ("trigger",)),
    "core_group": (("name", "role"), ("name",)),
}


def pair(part: str, rows: Sequence[Row], given: Sequence[Mapping[str, Any]], *, alone: bool = True) -> list[Row | None]:
    """For each given line the row that it means, None where it is a new one: by its words, however the lines are
    ordered; with ``alone`` by being the only one left on both sides too, and so the same line in other words."""
    left = list(rows)
    found: list[Row | None] = [None] * len(given)
    for names in WAYS[part]:
        for n, line in enumerate(given):
            words = key([line.get(name) for name in names])
            if found[n] is not None or not any(words):
                continue
            same = next((row for row in left if key([getattr(row, name) for name in names]) == words), None)
            if same is not None:
                found[n] = same
                left = [row for row in left if row is not same]
    new = [n for n, row in enumerate(found) if row is None]
    if alone and len(new) == len(left) == 1:
        found[new[0]] = left[0]
    return found


def keep_hidden(
    rows: Sequence[Any], given: Sequence[MutableMapping[str, Any]], pairs: Sequence[Any | None]
) -> list[int]:
    """Give every line of such a part its flag where it is silent. Returns those that are kept off the family's page
    only because they may stand for a line that was."""
    meant = {id(row) for row in pairs if row is not None}
    going = any(getattr(row, FLAG, False) for row in rows if id(row) not in meant)
    careful = []
    for n, (line, row) in enumerate(zip(given, pairs, strict=True)):
        if line.get(FLAG) is not None:
            continue
        line[FLAG] = going if row is None else getattr(row, FLAG)
        if row is None and going:
            careful.append(n)
    return careful


def key(values: Sequence[object]) -> tuple[str, ...]:
    """Words by which a line is known: alike however they are spaced, and in capitals or not."""
    return tuple(" ".join(str(value or "").split()).casefold() for value in values)
