"""The four tables that come as CSV: their columns, what a cell may hold, and a template of each with an example.

A column that a file does not have leaves what is known as it is; an empty cell empties it, where it may be empty. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import phonenumbers

from api import spreadsheet
from api.appointments.models import KINDS as APPOINTMENT_KINDS

#: The family in the templates: outside the demo it is refused, so that nobody imports the example.
EXAMPLE = "example-family"


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
    try:
        number = phonenumbers.parse(cell, place.country)
    except phonenumbers.NumberParseException:
        raise BadCell("is not a phone number; write it such as +447700900123") from None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


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
    """One of the four tables. ``marks``: a file with this column is one of these, whatever it is called."""

    name: str
    marks: str
    columns: tuple[Column, ...]
    by_name: Mapping[str, Column] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})


_FAMILY = (Column("agency", keeps=True, example="aire-valley"), Column("family", needed=True, example=EXAMPLE))
_ID = Column("id", needed=True)


def _with(column: Column, example: str) -> Column:
    return Column(column.name, column.read, example, column.needed, column.keeps, column.empty)


PEOPLE = Kind(
    "people",
    "first_name",
    (
        *_FAMILY,
        Column("family_name", keeps=True, example="Example"),
        Column("lead_worker", keeps=True, example="amara"),
        Column("workers", ids, keeps=True),
        _with(_ID, "jo"),
        Column("kind", keeps=True, example="parent"),
        Column("first_name", keeps=True, example="Jo"),
        Column("last_name", example="Example", empty=""),
        Column("born", day, "1990-05-17"),
        Column("language", keeps=True, example="en"),
        Column("phone", phone, "07700 900199"),
        Column("other_phones", phones, empty=[]),
        Column("wording", keeps=True, example="discreet"),
        Column("may_name_children", yes_no, "no", keeps=True),
        Column("safe_from", keeps=True, example="09:00"),
        Column("safe_until", keeps=True, example="18:00"),
        Column("timezone"),
    ),
)
PLANS = Kind(
    "plans",
    "started_on",
    (
        *_FAMILY,
        _with(_ID, "plan-1"),
        Column("started_on", day, "today-30", keeps=True),
        Column("review_on", day, "today+60"),
        Column("ended_on", day),
        Column("children", ids, "sam", keeps=True),
        Column("visit_every_days", whole, "10"),
        Column("contingency", example="If things get worse, we meet again within a week.", empty=""),
    ),
)
ACTIONS = Kind(
    "actions",
    "title",
    (
        *_FAMILY,
        Column("plan", needed=True, example="plan-1"),
        _with(_ID, "gp"),
        Column("title", keeps=True, example="Register with a GP"),
        Column("why", example="So that Sam's asthma is looked after.", empty=""),
        Column("owner", example="jo"),
        Column("owner_name", empty=""),
        Column("due_on", day, "today+14"),
        Column("status", keeps=True, example="open"),
        Column("blocked_reason", empty=""),
        Column("kind", example="medical", empty=""),
        Column("measure", example="Sam has had a first appointment.", empty=""),
        Column("evidence", empty=""),
        Column("outcome"),
        Column("also_called", names, "the doctor | the surgery", empty=[]),
    ),
)
APPOINTMENTS = Kind(
    "appointments",
    "starts",
    (
        *_FAMILY,
        _with(_ID, "core-group-1"),
        Column("kind", keeps=True, example="core_group"),
        Column("starts", day, "today+7 10:00", keeps=True),
        Column("ends", day),
        Column("minutes", whole, "60"),
        Column("place", example="the children's centre", empty=""),
        Column("address", example="12 High Street", empty=""),
        Column("address_hidden", yes_no, "no", keeps=True),
        Column("link", empty=""),
        Column("bring", example="the red book", empty=""),
        Column("status", keeps=True, example="scheduled"),
        Column("attendees", ids, "jo", empty=[]),
        Column("children", ids, "sam", empty=[]),
        Column("professionals", professionals, "Tom Hargreaves (social worker)", empty=[]),
    ),
)
KINDS = (PEOPLE, PLANS, ACTIONS, APPOINTMENTS)
assert "core_group" in APPOINTMENT_KINDS

#: The example's other person: a plan needs a child.
_CHILD = {"id": "sam", "kind": "child", "first_name": "Sam", "born": "2018-02-03", "phone": "", "safe_from": "",
          "safe_until": "", "wording": "", "may_name_children": "", "language": ""}  # fmt: skip


def kind_of(stem: str, header: list[str]) -> Kind | None:
    """Which of the four a file is: by its name, else by the column that only one of them has."""
    for kind in KINDS:
        if stem.casefold().startswith(kind.name):
            return kind
    return next((kind for kind in KINDS if kind.marks in header), None)


def template(kind: Kind) -> str:
    """The table's header and its example, as CSV."""
    examples = [{column.name: column.example for column in kind.columns}]
    if kind is PEOPLE:
        examples.append(examples[0] | _CHILD)
    header = [column.name for column in kind.columns]
    return spreadsheet.written([header, *([example[name] for name in header] for example in examples)])
