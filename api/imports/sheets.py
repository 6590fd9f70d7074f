"""Reading CSV tables: which of the tables each file is, and its rows by column, with what is wrong in their shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from api import spreadsheet
from api.imports import tables
from api.imports.columns import Kind
from api.imports.problems import Problem
from api.imports.report import Report


@dataclass(frozen=True)
class Row:
    """One row of one file: its cells by column."""

    file: str
    number: int
    cells: dict[str, str]

    def at(self, column: str = "") -> str:
        return f"{self.file}, row {self.number}" + (f", column {column}" if column else "")


_ONE_COLUMN = (
    "is one column only: its columns are separated by neither commas nor semicolons nor tabs; "
    'save it as "CSV UTF-8 (comma delimited)", or write the names of the columns with semicolons between'
)


@dataclass
class Sheet:
    kind: Kind
    rows: list[Row]


def read(paths: Sequence[Path], report: Report) -> list[Sheet]:
    """The files, in the order in which they must be taken. What is wrong with them is in the report then."""
    sheets: list[Sheet] = []
    for path in paths:
        try:
            table = spreadsheet.read(path.read_bytes())
        except OSError as error:
            report.problems.append(Problem(path=path.name, message=f"cannot be read ({error.strerror})"))
            continue
        except spreadsheet.Unreadable as error:
            report.problems.append(Problem(path=path.name, message=str(error)))
            continue
        if len(table.header) < 2:
            report.problems.append(Problem(path=f"{path.name}, row 1", message=_ONE_COLUMN))
            continue
        kind = tables.kind_of(path.stem, table.header)
        if kind is None:
            names = ", ".join(f"{one.name}.csv" for one in tables.KINDS)
            report.problems.append(Problem(path=path.name, message=f"is none of the tables; call it {names}"))
            continue
        if table.guessed:
            report.notes.append(f"{path.name}: not UTF-8, so it was read as Windows-1252; look at names with accents")
        sheets.append(_sheet(path.name, kind, table, report))
    return sorted(sheets, key=lambda sheet: tables.KINDS.index(sheet.kind))


def _sheet(file: str, kind: Kind, table: spreadsheet.Table, report: Report) -> Sheet:
    def wrong(column: str, message: str) -> None:
        report.problems.append(Problem(path=f"{file}, row 1, column {column}", message=message))

    for name in sorted(set(table.header)):
        if name not in kind.by_name:
            wrong(name, f"is no column of {kind.name}.csv; it has: {', '.join(kind.by_name)}")
        elif table.header.count(name) > 1:
            wrong(name, "is there twice; keep one")
    for column in kind.columns:
        if column.needed and column.name not in table.header:
            wrong(column.name, "is missing; add it")
    rows = []
    for number, cells in table.rows:
        if any(cells[len(table.header) :]):
            report.problems.append(
                Problem(
                    path=f"{file}, row {number}",
                    message="has more cells than the header; a cell with a comma needs quotation marks",
                )
            )
        padded = [*cells, *[""] * (len(table.header) - len(cells))]
        rows.append(Row(file, number, dict(zip(table.header, padded, strict=False))))
    return Sheet(kind, rows)
