"""CSV tables on their way to one import file: rows laid over what stands here, and where every value came from.

What all tables have in common; what each of them means is in ``from_csv``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.access.models import Agency
from api.families.models import Family
from api.imports import standing
from api.imports.columns import BadCell, Kind, Place
from api.imports.problems import Problem, path_of
from api.imports.schemas import FORMAT
from api.imports.sheets import Row
from api.imports.tables import EXAMPLE, PEOPLE
from api.imports.writer import Path as Spot
from api.jurisdiction import packs
from api.plans.models import Plan
from api.settings import settings

Raw = dict[str, Any]
#: Takes a row with its values: into that family, which stands there in the file, of that agency and id.
Take = Callable[[Row, Raw, Raw, Spot, tuple[str, str]], None]
#: What a column's value becomes that is not called as the column is.
_COLUMN_OF = {"from": "safe_from", "until": "safe_until", "safe_contact": "safe_from"}


@dataclass
class Combined:
    """The tables as one import file, where everything in it came from, and what is wrong or worth knowing."""

    raw: Raw
    places: dict[str, tuple[Row, str]] = field(default_factory=dict)
    found: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    #: What no table names, under a thing that one names: it is laid over what stands here.
    unsaid: set[str] = field(default_factory=set)

    def says(self, path: str) -> bool:
        """Does a table say what stands at this place of the import file?"""
        known = path
        while known not in self.places and known not in self.unsaid:
            cut = max(known.rfind("."), known.rfind("["))
            if cut < 0:
                return False
            known = known[:cut]
        return known not in self.unsaid and self.locate(path) is not None

    def locate(self, path: str) -> str | None:
        """A place of the import file as file, row and column; None for what no table names."""
        known = path
        while known not in self.places:
            cut = max(known.rfind("."), known.rfind("["))
            if cut < 0:
                return None
            known = known[:cut]
        row, column = self.places[known]
        beyond = path[len(known) :]
        if known.count("[") == 1 and "[" in beyond and not beyond.startswith(".workers"):
            return None  # of a family that is named something that is not
        last = re.sub(r"\[\d+\]", "", beyond).rpartition(".")[2]
        if not column and known.count("[") == 1 and last == "name":
            column = "family_name"
        return row.at(column or _COLUMN_OF.get(last, last))


class Combining:
    """The import file under way, and what is known of what stands here."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.made = Combined({"format": FORMAT, "families": []})
        self.agencies = {row.external_id: row for row in session.scalars(select(Agency))}
        self.families: dict[tuple[str, str], tuple[int, Raw]] = {}
        self.keys: dict[tuple[str, str], standing.Keys] = {}
        self.seen: dict[tuple[str, ...], Row] = {}

    def wrong(self, row: Row, column: str, message: str) -> None:
        self.made.found.append(Problem(path=row.at(column), message=message))

    def row(self, kind: Kind, row: Row, take: Take) -> None:
        agency, family = row.cells.get("agency", ""), row.cells.get("family", "")
        if not agency and len(self.agencies) == 1:
            agency = next(iter(self.agencies))
        missing = [c.name for c in kind.columns if c.needed and not row.cells.get(c.name)]
        for name in missing:
            self.wrong(row, name, "is empty; every row needs it")
        if agency not in self.agencies:
            self.wrong(row, "agency", "is not the id of an agency here; import agencies and workers first (JSON)")
        if family == EXAMPLE and not settings().demo:
            self.wrong(row, "family", "is the template's example; delete its rows")
        if missing or agency not in self.agencies:
            return
        key = (kind.name, agency, family, row.cells.get("plan", ""), row.cells[kind.key])
        if key in self.seen:
            self.wrong(row, kind.key, f"stands in {self.seen[key].at()} already; one row for each")
            return
        self.seen[key] = row
        values = self._values(kind, row, Place(packs.pack(self.agencies[agency].jurisdiction).country))
        found = self._family(agency, family, row, new=kind is PEOPLE)
        if found is not None:
            take(row, values, *found, (agency, family))

    def _values(self, kind: Kind, row: Row, place: Place) -> Raw:
        """The row's cells as the format has them, by column; without those that say nothing."""
        values: Raw = {}
        for name, cell in row.cells.items():
            column = kind.by_name.get(name)
            if column is None or (not cell and column.keeps):
                continue
            try:
                values[name] = column.read(cell, place) if cell else column.empty
            except BadCell as problem:
                self.wrong(row, name, str(problem))
        return values

    def _family(self, agency: str, key: str, row: Row, *, new: bool) -> tuple[Raw, Spot] | None:
        if (agency, key) not in self.families:
            known = self.session.scalar(select(Family).filter_by(agency_id=self.agencies[agency].id, external_id=key))
            if known is None and not new:
                self.wrong(row, "family", "is a family that is neither in people.csv nor here; add its people")
                return None
            made: Raw = {"id": key, "agency": agency, "people": []}
            if known is not None:
                self.keys[agency, key] = standing.Keys(self.session, known)
                made = standing.core(self.keys[agency, key], agency)
            index = len(self.made.raw["families"])
            self.made.raw["families"].append(made | {"plans": [], "series": [], "appointments": []})
            self.families[agency, key] = (index, self.made.raw["families"][-1])
            self.made.places[path_of(("families", index))] = (row, "")
            self.unnamed(("families", index), ["name"])
        index, made = self.families[agency, key]
        return made, ("families", index)

    def put(self, row: Row, target: Raw, spot: Spot, values: Raw) -> None:
        self.made.places[path_of(spot)] = (row, "")
        self.unnamed(spot, [name for name in target if name not in values])
        for name, value in values.items():
            target[name] = value
            self.made.places[path_of((*spot, name))] = (row, name)

    def unnamed(self, spot: Spot, names: Iterable[str]) -> None:
        """No table says these fields of what stands there."""
        self.made.unsaid |= {path_of((*spot, name)) for name in names} - self.made.places.keys()

    @staticmethod
    def item(items: list[Raw], key: str, standing_one: Raw | None = None) -> tuple[int, Raw]:
        for index, item in enumerate(items):
            if item.get("id") == key:
                return index, item
        items.append(standing_one or {"id": key})
        return len(items) - 1, items[-1]

    def plan_of(self, family: Raw, key: tuple[str, str], plan_key: str) -> tuple[int, Raw] | None:
        """The plan among the tables', else as it stands here."""
        for index, plan in enumerate(family["plans"]):
            if plan["id"] == plan_key:
                return index, plan
        row = self.standing_row(key, Plan, plan_key)
        if row is None:
            return None
        family["plans"].append(standing.plan_core(self.keys[key], row) | {"actions": []})
        return len(family["plans"]) - 1, family["plans"][-1]

    def standing_row(self, key: tuple[str, str], table: Any, external_id: str) -> Any:
        if key not in self.keys:
            return None
        return self.session.scalar(select(table).filter_by(family_id=self.keys[key].row.id, external_id=external_id))


def without(values: Raw, *names: str) -> Raw:
    """The values but for these."""
    return {name: value for name, value in values.items() if name not in names}
