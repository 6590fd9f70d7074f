"""CSV tables as one import file: laid over what stands here already, with the place of every value.

Promise: whatever is wrong is told with its file, row and column; what the tables do not name stays as it is, but for
risks and core groups, which have no ids: of a plan that their table names, rows that it had and has no more go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.appointments.models import Appointment, AppointmentSeries
from api.imports import standing, tables
from api.imports.combining import Combined, Combining, Raw, Take, without
from api.imports.problems import Problem, path_of
from api.imports.report import Report
from api.imports.schemas import CoreGroupIn, RiskIn
from api.imports.shapes import Strict
from api.imports.sheets import Row, Sheet
from api.imports.writer import Path as Spot
from api.plans.models import Plan, PlanAction

__all__ = ["Combined", "combine", "relocated"]

_LINES: dict[str, type[Strict]] = {"risks": RiskIn, "core_group": CoreGroupIn}
_FAMILYS_OWN = {"family_name": "name", "lead_worker": "lead_worker", "workers": "workers"}
_SAFE = {"wording": "wording", "may_name_children": "may_name_children", "safe_from": "from", "safe_until": "until",
         "timezone": "timezone"}  # fmt: skip


def combine(session: Session, sheets: Sequence[Sheet]) -> Combined:
    """All tables over what stands here, as one import file; ``found`` is what is wrong with cells and ids."""
    return _Tables(session).all(sheets)


class _Tables(Combining):
    def all(self, sheets: Sequence[Sheet]) -> Combined:
        take: Mapping[str, Take] = {
            tables.PEOPLE.name: self.person,
            tables.PLANS.name: self.plan,
            tables.RISKS.name: self.risk,
            tables.OUTCOMES.name: self.outcome,
            tables.CORE_GROUP.name: self.member,
            tables.ACTIONS.name: self.action,
            tables.SERIES.name: self.series,
            tables.APPOINTMENTS.name: self.appointment,
        }
        for sheet in sheets:
            for row in sheet.rows:
                self.row(sheet.kind, row, take[sheet.kind.name])
        return self.made

    def person(self, row: Row, values: Raw, family: Raw, spot: Spot, _: tuple[str, str]) -> None:
        for column, name in _FAMILYS_OWN.items():
            if column not in values:
                continue
            where = path_of((*spot, name))
            before = self.made.places.get(where)
            if before is not None and family.get(name) != values[column]:
                self.wrong(row, column, f"differs from {before[0].at()}; it is the whole family's")
            family[name] = values.pop(column)
            self.made.places[where] = (row, column)
            self.made.unsaid.discard(where)
        index, person = self.item(family["people"], values["id"])
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
        self.put(row, person, at, values)

    def plan(self, row: Row, values: Raw, family: Raw, spot: Spot, key: tuple[str, str]) -> None:
        found = self.plan_of(family, key, values["id"])
        index, plan = found or self.item(family["plans"], values["id"])
        self.put(row, plan, (*spot, "plans", index), without(values, "family", "agency"))

    def risk(self, row: Row, values: Raw, family: Raw, spot: Spot, key: tuple[str, str]) -> None:
        self._line(row, values, family, spot, key, "risks", "description")

    def member(self, row: Row, values: Raw, family: Raw, spot: Spot, key: tuple[str, str]) -> None:
        self._line(row, values, family, spot, key, "core_group", "name")

    def _line(self, row: Row, values: Raw, family: Raw, spot: Spot, key: tuple[str, str], part: str, name: str) -> None:
        """One of a plan's lines that have no id: ``name`` says which it is, and columns that are not there keep what
        that one has."""
        found = self._plan_named(row, values, family, key)
        if found is None:
            return
        index, plan = found
        rows = plan.setdefault(part, [])
        n = len(rows)
        rows.append(dict(self._lines(key, plan["id"], part).get(values[name], {})))
        at = (*spot, "plans", index, part)
        self.made.places.setdefault(path_of(at), (row, ""))
        self.put(row, rows[n], (*at, n), without(values, "family", "agency", "plan"))
        self.unnamed((*at, n), _LINES[part].model_fields)  # so the same table is the same, whatever stands here

    def _lines(self, key: tuple[str, str], plan_id: str, part: str) -> dict[str, Raw]:
        plan = self.standing_row(key, Plan, plan_id)
        if plan is None:
            return {}
        if part == "risks":
            return {one.description: standing.risk(one) for one in plan.risks}
        return {one.name: standing.member(one) for one in plan.core_group}

    def outcome(self, row: Row, values: Raw, family: Raw, spot: Spot, key: tuple[str, str]) -> None:
        found = self._plan_named(row, values, family, key)
        if found is None:
            return
        index, plan = found
        if "outcomes" not in plan:
            known = self.standing_row(key, Plan, plan["id"])
            plan["outcomes"] = [standing.outcome(one) for one in known.outcomes] if known is not None else []
            self.unnamed((*spot, "plans", index), ["outcomes"])  # but for those that have a row
        n, made = self.item(plan["outcomes"], values["id"])
        self.put(row, made, (*spot, "plans", index, "outcomes", n), without(values, "family", "agency", "plan"))

    def _plan_named(self, row: Row, values: Raw, family: Raw, key: tuple[str, str]) -> tuple[int, Raw] | None:
        found = self.plan_of(family, key, values["plan"])
        if found is None:
            self.wrong(row, "plan", "is no plan of this family, in plans.csv or here; add it or mend the id")
        return found

    def action(self, row: Row, values: Raw, family: Raw, spot: Spot, key: tuple[str, str]) -> None:
        found = self._plan_named(row, values, family, key)
        if found is None:
            return
        index, plan = found
        known = None
        if (row_of_plan := self.standing_row(key, Plan, plan["id"])) is not None:
            action = self.session.scalar(select(PlanAction).filter_by(plan_id=row_of_plan.id, external_id=values["id"]))
            outcomes = {outcome.id: outcome.external_id for outcome in row_of_plan.outcomes}
            known = standing.action(self.keys[key], action, outcomes) if action else None
        n, made = self.item(plan.setdefault("actions", []), values["id"], known)
        self.put(row, made, (*spot, "plans", index, "actions", n), without(values, "family", "agency", "plan"))

    def series(self, row: Row, values: Raw, family: Raw, spot: Spot, key: tuple[str, str]) -> None:
        known = self.standing_row(key, AppointmentSeries, values["id"])
        said = standing.series_as_said(self.keys[key], known) if known is not None else None
        index, made = self.item(family["series"], values["id"], said)
        at = (*spot, "series", index)
        if values.get("frequency", "working_days") != "working_days" and not values.get("every_working_days"):
            made["every_working_days"] = None
        if values.get("frequency", "weekly") != "weekly" and not values.get("every_weeks"):
            made["every_weeks"] = None
        there = self._attendees(row, values, made, at)
        made.setdefault("attendees", [])
        values = without(values, "family", "agency", "attendees", "children", "professionals")
        self.put(row, made, at, values | ({} if there is None else {"attendees": there}))
        self.made.places[path_of((*at, "attendees"))] = (row, "attendees")

    def appointment(self, row: Row, values: Raw, family: Raw, spot: Spot, key: tuple[str, str]) -> None:
        known = self.standing_row(key, Appointment, values["id"])
        standing_one = standing.appointment(self.keys[key], known) if known else None
        index, made = self.item(family["appointments"], values["id"], standing_one)
        at = (*spot, "appointments", index)
        if values.get("minutes"):
            if values.get("ends"):
                self.wrong(row, "ends", "is there as well as minutes; keep one")
            made.pop("ends", None)
        elif "starts" in values and "ends" not in values and known is not None:
            # Moved, and nothing said of its length: it takes as long as before.
            made.pop("ends", None)
            made["minutes"] = round((known.ends_at - known.starts_at).total_seconds() / 60)
            self.unnamed(at, ["ends"])
        if values.keys() & {"starts", "status"}:
            made.pop("reason", None)  # it was the reason of the change before
        there = self._attendees(row, values, made, at)
        values = without(values, "family", "agency", "attendees", "children", "professionals")
        self.put(row, made, at, values | ({} if there is None else {"attendees": there}))
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


def left_out(report: Report) -> list[str]:
    """How many lines went because the table that names their plan does not have them."""
    return [f"{part}: {gone} of plans that the table names are not in it and go" for part, gone in report.gone.items()]


def relocated(problems: Sequence[Problem], made: Combined) -> list[Problem]:
    """The problems with their places in the tables."""
    found = []
    for problem in problems:
        place = made.locate(problem.path) or "what stands here already"
        where = re.sub(r"families\[\d+\][\w.\[\]]*", lambda m: made.locate(m[0]) or "another family", problem.message)
        found.append(Problem(path=place, message=where))
    return found
