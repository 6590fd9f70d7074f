"""A plan's lines that have no ids in a file: risks, core group, contingencies.

Promise: each is compared by itself. What a worker entered, changed or took out here stays while the file says of that
line what the last one said, whatever it says of others; and a line that the file has no more goes, unless it was
changed here since. A line is known again by its words, by its place never.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from api.imports import dates, said
from api.imports.said import HERE, Kept, LastFile, digest
from api.imports.schemas import PlanIn
from api.plans import history, lines
from api.plans.models import Contingency, CoreGroupMember, Plan, Risk

MODELS: dict[str, type[Any]] = {"risks": Risk, "core_group": CoreGroupMember, "contingencies": Contingency}
GOES_NOT = "have a line no more that was changed here since your last file: it stays; take it out here if it is over"
HIDDEN = "is kept from the family, as a line that it may stand for was; say `kept_from_family`"
#: What the last file said of a line: its ``row``, the digests of its fields (``said``) and of its words (``words``).
Mark = dict[str, Any]
Line = dict[str, Any]


def given_in(plan: PlanIn, today: date) -> dict[str, list[Line]]:
    """The lines of each part that the file has; ``today`` is the agency's."""
    found: dict[str, list[Line]] = {}
    if plan.risks is not None:
        found["risks"] = [risk.model_dump() for risk in plan.risks]
    if plan.core_group is not None:
        found["core_group"] = [{**member.model_dump(), "phone": member.phone or ""} for member in plan.core_group]
    if plan.contingencies is not None:
        found["contingencies"] = [
            {**one.model_dump(), "by_on": dates.local_day(one.by_on, today) if one.by_on else None}
            for one in plan.contingencies
        ]
    return found


def by_versions(session: Session, row: Plan) -> dict[str, list[Mark]]:
    """What files have said of the lines of a plan, where nobody kept that: as its last version has them that an import
    made, without those that a worker had entered."""
    versions = history.of_plan(session, row.id)
    if not versions:  # nor any version: whatever stands there is taken for the file's
        return {
            part: [_mark(part, str(one.id), _line_of(part, one), {}) for one in getattr(row, part)] for part in MODELS
        }
    entered: dict[str, bool] = {}
    for one in reversed(versions):
        for part in MODELS:
            for key in one.content.get(part, {}):
                entered.setdefault(key, one.made_by is not None)
    last = next((one.content for one in versions if one.made_by is None), {})
    return {
        part: [_mark(part, key, line, line) for key, line in last.get(part, {}).items() if not entered[key]]
        for part in MODELS
    }


def write(last: LastFile, row: Plan, part: str, given: Sequence[Line], kept: dict[str, list[Mark]]) -> None:
    """Write what the file says otherwise of the lines of a part than the last one did, which ``kept`` has."""
    if last.writer.says((*last.path, part)):
        _Part(last, row, part, given, kept.get(part, [])).write(kept)


@dataclass
class _Part:
    last: LastFile
    plan: Plan
    part: str
    given: Sequence[Line]
    before: list[Mark]
    #: Were lines entered, changed or taken out here, so that they are otherwise than the file has them?
    otherwise: bool = False
    added: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.writer, self.place = self.last.writer, (*self.last.path, self.part)
        self.numbered = "position" in MODELS[self.part].__table__.columns
        self.rows = list(getattr(self.plan, self.part))
        self.by_id = {str(one.id): one for one in self.rows}
        self.named = [
            {
                name: value
                for name, value in line.items()
                if self.writer.says((*self.place, n, name)) and not (name == lines.FLAG and value is None)
            }
            for n, line in enumerate(self.given)
        ]

    def write(self, kept: dict[str, list[Mark]]) -> None:
        marks = self._meant()
        pairs = self._pairs(marks)
        careful: set[int] = set()
        if lines.FLAG in MODELS[self.part].__table__.columns:
            careful = set(lines.keep_hidden(self.rows, self.given, pairs))
        told = [self._line(n, marks[n], pairs[n]) for n in range(len(self.given))]
        for n in careful.intersection(self.added):
            self.writer.note((*self.place, n), HIDDEN)
        paired = {str(one.id) for one in pairs if one is not None}
        left = [mark for mark in self.before if not any(mark is one for one in marks)]
        staying = self._let_go([mark for mark in left if mark["row"] not in paired])
        self.writer.session.flush()
        moved = [self.before.index(mark) for mark in marks if mark is not None]
        if self.numbered and (self.added or moved != sorted(moved)):
            there = [one for one in told if one is not None]
            for position, one in enumerate([*there, *(row for row in staying if row not in there)], start=1):
                one.position = position
        kept[self.part] = [self._kept(n, marks[n], one) for n, one in enumerate(told)]
        self.writer.session.flush()
        self.writer.session.expire(self.plan, [self.part])
        if self.otherwise:
            self.writer.note(self.place, said.STAY)

    def _kept(self, n: int, mark: Mark | None, row: Any | None) -> Mark:
        made = _mark(self.part, str(row.id) if row is not None else "", self.given[n], self.named[n])
        if mark is None:
            return made
        return made | {"row": made["row"] or mark["row"], "said": {**mark["said"], **made["said"]}}

    def _meant(self) -> list[Mark | None]:
        """For each line which of the last file's it is: the very same, the same words, or the only one left in other
        words, if nobody has changed that here."""
        found: list[Mark | None] = [None] * len(self.given)
        left = list(self.before)

        def take(n: int, mark: Mark | None) -> None:
            if found[n] is None and mark is not None:
                found[n] = mark
                left.remove(mark)

        for n, line in enumerate(self.named):
            same = {name: digest(value) for name, value in line.items()}
            take(n, next((mark for mark in left if same and same.items() <= mark["said"].items()), None))
        for way in range(len(lines.WAYS[self.part])):
            for n, line in enumerate(self.given):
                words = _words(self.part, line)[way]
                take(n, next((mark for mark in left if mark["words"][way] == words), None))
        new = [n for n, mark in enumerate(found) if mark is None]
        if len(new) == len(left) == 1 and not self._changed_here(left[0], gone=True):
            take(new[0], left[0])
        return found

    def _pairs(self, marks: Sequence[Mark | None]) -> list[Any | None]:
        """The row of each line; one that the last file did not have may stand here in the same words, be it entered
        here or the last file's and worded so here."""
        pairs = [self.by_id.get(mark["row"]) if mark is not None else None for mark in marks]
        files = {mark["row"] for mark in self.before}
        entered = [one for one in self.rows if str(one.id) not in files]
        taken = {mark["row"] for mark in marks if mark is not None}
        free = [one for one in self.rows if str(one.id) not in taken]
        new = [n for n, mark in enumerate(marks) if mark is None]
        for n, one in zip(new, lines.pair(self.part, free, [self.given[n] for n in new], alone=False), strict=True):
            pairs[n] = one
        self.otherwise = any(one not in pairs for one in entered)
        return pairs

    def _line(self, n: int, mark: Mark | None, here: Any | None) -> Any | None:
        """Write one line; returns its row, None for one that was taken out here and stays so."""
        before: Kept = dict(mark["said"]) if mark is not None else {}
        if mark is None and here is not None:
            before = {name: HERE for name in self.named[n] if getattr(here, name)}
        line = LastFile(self.writer, (*self.place, n), before)
        anew = [name for name, value in self.named[n].items() if line.otherwise(name, value)]
        if here is None and mark is not None and not anew:
            self.otherwise = True
            return None
        if here is None:
            here = MODELS[self.part](plan_id=self.plan.id, **self.given[n])
            if self.numbered:
                here.position = len(self.rows) + n + 1
            self.writer.session.add(here)
            self.added.append(n)
            return here
        for name, value in self.named[n].items():
            if getattr(here, name) == value:
                continue
            if name in anew:
                setattr(here, name, value)
            else:
                self.otherwise = True
        return here

    def _let_go(self, marks: Sequence[Mark]) -> list[Any]:
        """Lines that the file has no more go, but for those that were changed here. Returns all that stand after it."""
        staying = list(self.rows)
        for mark in marks:
            row = self.by_id.get(mark["row"])
            if row is None:
                continue
            if self._changed_here(mark):
                self.writer.note(self.place, GOES_NOT)
                continue
            self.writer.report.gone[self.part] += 1
            self.writer.session.delete(row)
            staying.remove(row)
        return staying

    def _changed_here(self, mark: Mark, *, gone: bool = False) -> bool:
        """Does its row say something else than the last file did? ``gone``: what to answer where it was taken out."""
        row = self.by_id.get(mark["row"])
        if row is None:
            return gone
        return any(digest(getattr(row, name)) != before for name, before in mark["said"].items() if name != lines.FLAG)


def _mark(part: str, row: str, line: Mapping[str, Any], fields: Mapping[str, Any]) -> Mark:
    return {"row": row, "said": {name: digest(value) for name, value in fields.items()}, "words": _words(part, line)}


def _line_of(part: str, row: Any) -> Line:
    return {name: getattr(row, name) for names in lines.WAYS[part] for name in names}


def _words(part: str, line: Mapping[str, Any]) -> list[str]:
    return [digest(lines.key([line.get(name) for name in names])) for names in lines.WAYS[part]]
