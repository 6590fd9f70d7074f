"""Putting one thing where it belongs: made when it is new, changed where it differs, counted either way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from api.database import Base
from api.imports.problems import Problem, path_of
from api.imports.report import Report

Model = TypeVar("Model", bound=Base)
Path = tuple[int | str, ...]


class Refused(Exception):
    """The database holds something that the file contradicts; the transaction is rolled back."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass
class Writer:
    """One import under way: its transaction, its moment (UTC), and the report that it fills. ``ask_first``: whose
    number is new is asked before anything else is written to it."""

    session: Session
    now: datetime
    report: Report
    ask_first: bool = False

    def put(self, kind: str, existing: Model | None, model: type[Model], /, **values: Any) -> Model:
        """The row with these values; ``kind`` is how the report counts it."""
        if existing is None:
            made = model(**values)
            self.session.add(made)
            self.report.created[kind] += 1
            return made
        changed = {name: value for name, value in values.items() if getattr(existing, name) != value}
        for name, value in changed.items():
            setattr(existing, name, value)
        (self.report.updated if changed else self.report.unchanged)[kind] += 1
        return existing

    def says(self, path: Path) -> bool:
        """Does the file itself say what stands there? A table says only what its columns name."""
        return self.report.says(path_of(path))

    def note(self, path: Path, message: str) -> None:
        """Tell of something that was left as it was. What the file does not name is not told of."""
        place = self.report.locate(path_of(path))
        if place is not None:
            self.report.notes.append(f"{place}: {message}")

    def refuse(self, path: Path, message: str) -> None:
        """Remember something that the database contradicts; ``settle()`` raises for all of them together."""
        self.report.problems.append(Problem(path=path_of(path), message=message))

    def settle(self) -> None:
        """Raises Refused when anything was refused."""
        if self.report.problems:
            raise Refused(self.report.problems)
