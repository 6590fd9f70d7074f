"""A column of a table that comes as CSV, and what a cell of it may hold. Pure.

A column that a file does not have leaves what is known as it is; an empty cell empties it, where it may be empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from api.jurisdiction import phones as numbers


class BadCell(ValueError):
    """What is wrong with a cell, with the fix; never what stood there."""


@dataclass(frozen=True)
class Place:
    """Where the family lives, for what is written differently there."""

    country: str = "GB"

    @property
    def month_first(self) -> bool:
        """Is 3/4/2026 the fourth of March there?"""
        return self.country == "US"


Reader = Callable[[str, Place], Any]


def text(cell: str, _: Place) -> str:
    return cell


def whole(cell: str, _: Place) -> int:
    if not re.fullmatch(r"\d{1,6}(\.0+)?", cell):
        raise BadCell("is not a whole number")
    return int(float(cell))


_YES = frozenset({"yes", "y", "true", "1", "x", "sí", "si", "wahr", "vrai"})
_NO = frozenset({"no", "n", "false", "0", "falsch", "faux"})


def yes_no(cell: str, _: Place) -> bool:
    said = cell.casefold()
    if said not in _YES | _NO:
        raise BadCell("must be yes or no")
    return said in _YES


def ids(cell: str, _: Place) -> list[str]:
    return [one for one in re.split(r"[\s,;|]+", cell) if one]


def names(cell: str, _: Place) -> list[str]:
    return [one.strip() for one in re.split(r"[|\n]", cell) if one.strip()]


def phone(cell: str, place: Place) -> str:
    """As E.164. A spreadsheet drops the plus, or the nought in front: the country says what it was."""
    if re.fullmatch(r"\d+[.,]\d+[eE]\+?\d+", cell):
        raise BadCell('was shortened by the spreadsheet; make the column "Text", then type the number again')
    number = numbers.e164(cell, place.country)
    if not number:
        raise BadCell("is not a phone number; write it such as +447700900123")
    return number


def phones(cell: str, place: Place) -> list[str]:
    return [phone(one.strip(), place) for one in re.split(r"[,;|\n]", cell) if one.strip()]


_LOCAL = re.compile(
    r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?:[ ,T]+(\d{1,2}):(\d{2})(?::\d{2})?(?: ?([aApP])\.?[mM]\.?)?)?"
)


def day(cell: str, place: Place) -> str:
    """As ISO where a spreadsheet has written it the local way: 31/12/2026, in the United States 12/31/2026."""
    found = _LOCAL.fullmatch(cell)
    if not found:
        return re.sub(r"[ T]00:00(:00)?$", "", cell)
    first, second, year = int(found[1]), int(found[2]), found[3]
    month, number = (first, second) if place.month_first else (second, first)
    if month > 12:
        order = "month/day/year" if place.month_first else "day/month/year"
        raise BadCell(f"is read as {order} here, and there is no such month; write it as 2026-12-31")
    written = f"{year}-{month:02}-{number:02}"
    if found[4] is None:
        return written
    hour = int(found[4])
    if found[6]:
        hour = hour % 12 + (12 if found[6] in "pP" else 0)
    return f"{written} {hour:02}:{found[5]}"


def clock(cell: str, _: Place) -> str:
    """As "16:00", where a spreadsheet has written 4:00 PM or seconds."""
    found = re.fullmatch(r"(\d{1,2}):(\d{2})(?::00)?(?: ?([aApP])\.?[mM]\.?)?", cell)
    if not found:
        raise BadCell("is not a time of day; write it such as 16:00")
    hour = int(found[1])
    if found[3]:
        hour = hour % 12 + (12 if found[3] in "pP" else 0)
    return f"{hour:02}:{found[2]}"


def professionals(cell: str, _: Place) -> list[dict[str, str]]:
    """ "Tom Hargreaves (social worker) | Ms Shah" as attendees."""
    found = []
    for one in names(cell, _):
        match = re.fullmatch(r"(.+?)\s*\(([^()]*)\)", one)
        found.append({"name": match[1], "role": match[2].strip()} if match else {"name": one})
    return found


@dataclass(frozen=True)
class Column:
    """``keeps``: an empty cell says nothing; elsewhere it empties (``empty`` is what then stands there)."""

    name: str
    read: Reader = text
    example: str = ""
    needed: bool = False
    keeps: bool = False
    empty: Any = None


@dataclass(frozen=True)
class Kind:
    """One of the tables. ``marks``: a file with this column is one of these, whatever it is called. ``key``: the column
    that says which one a row is, within its family (or its ``plan``)."""

    name: str
    marks: str
    columns: tuple[Column, ...]
    key: str = "id"
    by_name: Mapping[str, Column] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})
