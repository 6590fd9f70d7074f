"""CSV tables as one import file: laid over what stands here already, with the place of every value.

Promise: whatever is wrong is told with its file, row and column; what the tables do not name stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.access.models import Agency
from api.appointments.models import Appointment
from api.families.models import Family
from api.imports import standing
from api.imports.columns import ACTIONS, EXAMPLE, PEOPLE, PLANS, BadCell, Kind, Place
from api.imports.problems import Problem, path_of
from api.imports.schemas import FORMAT
from api.imports.sheets import Row, Sheet
from api.imports.writer import Path as Spot
from api.jurisdiction import packs
from api.plans.models import Plan, PlanAction
from api.settings import settings

Raw = dict[str, Any]
_FAMILYS_OWN = {"family_name": "name", "lead_worker": "lead_worker", "workers": "workers"}
_SAFE = {"wording": "wording", "may_name_children": "may_name_children", "safe_from": "from", "safe_until": "until",
         "timezone": "timezone"}  # fmt: skip
#: What a column's value becomes that is not called as the column is.
_COLUMN_OF = {"from": "safe_from", "until": "safe_until", "safe_contact": "safe_from"}


@dataclass
class Combined:
    """The tables as one import file, and where everything in it came from."""

    raw: Raw
    places: dict[str, tuple[Row, str]] = field(default_factory=dict)
    found: list[Problem] = field(default_factory=list)

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


def combine(session: Session, sheets: Sequence[Sheet]) -> Combined:
    """All tables over what stands here, as one import file; ``found`` is what is wrong with cells and ids."""
    return _Combining(session).all(sheets)


class _Combining:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.made = Combined({"format": FORMAT, "families": []})
        self.agencies = {row.external_id: row for row in session.scalars(select(Agency))}
        self.families: dict[tuple[str, str], tuple[int, Raw]] = {}
        self.keys: dict[tuple[str, str], standing.Keys] = {}
        self.seen: dict[tuple[str, ...], Row] = {}

    def all(self, sheets: Sequence[Sheet]) -> Combined:
        take = {PEOPLE.name: self.person, PLANS.name: self.plan, ACTIONS.name: self.action}
        for sheet in sheets:
            for row in sheet.rows:
                self._row(sheet.kind, row, take.get(sheet.kind.name, self.appointment))
        return self.made

    def _wrong(self, row: Row, column: str, message: str) -> None:
        self.made.found.append(Problem(path=row.at(column), message=message))

    def _row(self, kind: Kind, row: Row, take: Any) -> None:
        agency, family = row.cells.get("agency", ""), row.cells.get("family", "")
        if not agency and len(self.agencies) == 1:
            agency = next(iter(self.agencies))
        missing = [c.name for c in kind.columns if c.needed and not row.cells.get(c.name)]
        for name in missing:
            self._wrong(row, name, "is empty; every row needs it")
        if agency not in self.agencies:
            self._wrong(row, "agency", "is not the id of an agency here; import agencies and workers first (JSON)")
        if family == EXAMPLE and not settings().demo:
            self._wrong(row, "family", "is the template's example; delete its rows")
        if missing or agency not in self.agencies:
            return
        key = (kind.name, agency, family, row.cells.get("plan", ""), row.cells["id"])
        if key in self.seen:
            self._wrong(row, "id", f"stands in {self.seen[key].at()} already; one row for each")
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
                self._wrong(row, name, str(problem))
        return values

    def _family(self, agency: str, key: str, row: Row, *, new: bool) -> tuple[Raw, Spot] | None:
        if (agency, key) not in self.families:
            known = self.session.scalar(select(Family).filter_by(agency_id=self.agencies[agency].id, external_id=key))
            if known is None and not new:
                self._wrong(row, "family", "is a family that is neither in people.csv nor here; add its people")
                return None
            made: Raw = {"id": key, "agency": agency, "people": []}
            if known is not None:
                self.keys[agency, key] = standing.Keys(self.session, known)
                made = standing.core(self.keys[agency, key], agency)
            index = len(self.made.raw["families"])
            self.made.raw["families"].append(made | {"plans": [], "appointments": []})
            self.families[agency, key] = (index, self.made.raw["families"][-1])
            self.made.places[path_of(("families", index))] = (row, "")
        index, made = self.families[agency, key]
        return made, ("families", index)

    def _put(self, row: Row, target: Raw, spot: Spot, values: Raw) -> None:
        self.made.places[path_of(spot)] = (row, "")
        for name, value in values.items():
            target[name] = value
            self.made.places[path_of((*spot, name))] = (row, name)

    @staticmethod
    def _item(items: list[Raw], key: str, standing_one: Raw | None = None) -> tuple[int, Raw]:
        for index, item in enumerate(items):
            if item.get("id") == key:
                return index, item
        items.append(standing_one or {"id": key})
        return len(items) - 1, items[-1]

    def person(self, row: Row, values: Raw, family: Raw, spot: Spot, _: tuple[str, str]) -> None:
        for column, name in _FAMILYS_OWN.items():
            if column not in values:
                continue
            where = path_of((*spot, name))
            before = self.made.places.get(where)
            if before is not None and family.get(name) != values[column]:
                self._wrong(row, column, f"differs from {before[0].at()}; it is the whole family's")
            family[name] = values.pop(column)
            self.made.places[where] = (row, column)
        index, person = self._item(family["people"], values["id"])
        at = (*spot, "people", index)
        safe = {_SAFE[name]: values.pop(name) for name in _SAFE if name in values}
        if safe:
            person.setdefault("safe_contact", {}).update(safe)
            for name in safe:
                column = next(column for column, field_name in _SAFE.items() if field_name == name)
                self.made.places[path_of((*at, "safe_contact", name))] = (row, column)
        values.pop("family", None)
        values.pop("agency", None)
        if "phone" in values:
            _numbers(person, values)
        self._put(row, person, at, values)

    def plan(self, row: Row, values: Raw, family: Raw, spot: Spot, key: tuple[str, str]) -> None:
        found = self._plan(family, key, values["id"])
        index, plan = found or self._item(family["plans"], values["id"])
        self._put(row, plan, (*spot, "plans", index), _without(values, "family", "agency"))

    def _plan(self, family: Raw, key: tuple[str, str], plan_key: str) -> tuple[int, Raw] | None:
        """The plan among the tables', else as it stands here."""
        for index, plan in enumerate(family["plans"]):
            if plan["id"] == plan_key:
                return index, plan
        row = self._standing(key, Plan, plan_key)
        if row is None:
            return None
        family["plans"].append(standing.plan_core(self.keys[key], row) | {"actions": []})
        return len(family["plans"]) - 1, family["plans"][-1]

    def _standing(self, key: tuple[str, str], table: Any, external_id: str) -> Any:
        if key not in self.keys:
            return None
        return self.session.scalar(select(table).filter_by(family_id=self.keys[key].row.id, external_id=external_id))

    def action(self, row: Row, values: Raw, family: Raw, spot: Spot, key: tuple[str, str]) -> None:
        found = self._plan(family, key, values["plan"])
        if found is None:
            self._wrong(row, "plan", "is no plan of this family, in plans.csv or here; add it or mend the id")
            return
        index, plan = found
        known = None
        if (row_of_plan := self._standing(key, Plan, plan["id"])) is not None:
            action = self.session.scalar(select(PlanAction).filter_by(plan_id=row_of_plan.id, external_id=values["id"]))
            outcomes = {outcome.id: outcome.external_id for outcome in row_of_plan.outcomes}
            known = standing.action(self.keys[key], action, outcomes) if action else None
        n, made = self._item(plan.setdefault("actions", []), values["id"], known)
        self._put(row, made, (*spot, "plans", index, "actions", n), _without(values, "family", "agency", "plan"))

    def appointment(self, row: Row, values: Raw, family: Raw, spot: Spot, key: tuple[str, str]) -> None:
        known = self._standing(key, Appointment, values["id"])
        standing_one = standing.appointment(self.keys[key], known) if known else None
        index, made = self._item(family["appointments"], values["id"], standing_one)
        at = (*spot, "appointments", index)
        if values.get("minutes"):
            if values.get("ends"):
                self._wrong(row, "ends", "is there as well as minutes; keep one")
            made.pop("ends", None)
        elif "starts" in values and "ends" not in values and known is not None:
            # Moved, and nothing said of its length: it takes as long as before.
            made.pop("ends", None)
            values["minutes"] = round((known.ends_at - known.starts_at).total_seconds() / 60)
        if values.keys() & {"starts", "status"}:
            made.pop("reason", None)  # it was the reason of the change before
        there = self._attendees(row, values, made, at)
        values = _without(values, "family", "agency", "attendees", "children", "professionals")
        self._put(row, made, at, values | ({} if there is None else {"attendees": there}))
        self.made.places[path_of((*at, "attendees"))] = (row, "attendees")

    def _attendees(self, row: Row, values: Raw, made: Raw, at: Spot) -> list[Raw] | None:
        """Who is expected: of those whom a column names that is there, and as before of the others."""
        named = [name for name in ("attendees", "children", "professionals") if name in values]
        if not named:
            return None
        before = made.get("attendees", [])
        parts: dict[str, list[Raw]] = {
            "attendees": [one for one in before if one.get("person") and not one.get("concerns")],
            "children": [one for one in before if one.get("person") and one.get("concerns")],
            "professionals": [one for one in before if not one.get("person")],
        }
        roles = {one["person"]: one.get("role", "") for one in before if one.get("person")}
        for name in named:
            if name == "professionals":
                parts[name] = values[name]
            else:
                parts[name] = [
                    {"person": key, "concerns": name == "children", "role": roles.get(key, "")} for key in values[name]
                ]
        there = [(name, one) for name, part in parts.items() for one in part]
        for index, (part, _) in enumerate(there):
            self.made.places[path_of((*at, "attendees", index))] = (row, part)
        return [one for _, one in there]


def _numbers(person: Raw, values: Raw) -> None:
    """A number that was one of the person's others becomes the main one, and the others stay the others. A new one
    takes the place of all, unless the table says which others there are."""
    before = [*([person["phone"]] if person.get("phone") else []), *person.get("other_phones", [])]
    if "other_phones" not in values:
        values["other_phones"] = [one for one in before if one != values["phone"]] if values["phone"] in before else []
    kept = [values["phone"], *values["other_phones"]]
    person["shared_phones"] = [one for one in person.get("shared_phones", []) if one not in kept]


def _without(values: Raw, *names: str) -> Raw:
    return {name: value for name, value in values.items() if name not in names}


def relocated(problems: Sequence[Problem], made: Combined) -> list[Problem]:
    """The problems with their places in the tables."""
    found = []
    for problem in problems:
        place = made.locate(problem.path) or "what stands here already"
        where = re.sub(r"families\[\d+\][\w.\[\]]*", lambda m: made.locate(m[0]) or "another family", problem.message)
        found.append(Problem(path=place, message=where))
    return found
