"""CSV as spreadsheets write and read it: one place that reads what Excel makes of it, and one that writes it safely.

Promise: no cell that we write is run as a formula when somebody opens the file. Pure.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

#: What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
#: Harmless, and wanted as it is: a number, also a phone's.
_NUMBER = re.compile(r"[+-]?\d[\d .]*")
_LONGEST_CELL = 100_000


class Unreadable(ValueError):
    """It is no table that we can read; says what to do."""


@dataclass(frozen=True)
class Table:
    """``rows``: the number that a spreadsheet shows beside the row (the header's is 1), and its cells. ``guessed``: it
    was not UTF-8, so it was taken for Windows-1252."""

    header: list[str]
    rows: list[tuple[int, list[str]]]
    guessed: bool


def safe(cell: object) -> str:
    """The cell as it may stand in a CSV: what could be a formula gets an apostrophe in front (``read`` drops it)."""
    words = "" if cell is None else str(cell)
    # One that begins with an apostrophe before such a sign gets another, so that reading gives back what it was.
    if words.lstrip("'").startswith(_FORMULA) and not _NUMBER.fullmatch(words):
        return f"'{words}"
    return words


def written(rows: Iterable[Iterable[object]]) -> str:
    """The rows as CSV that Excel opens with its letters right (a byte order mark in front)."""
    return "".join(lines(rows))


def lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """The same row by row, for what is long."""
    yield "\ufeff"
    for row in rows:
        line = io.StringIO()
        csv.writer(line).writerow([safe(cell) for cell in row])
        yield line.getvalue()


def read(data: bytes) -> Table:
    """A table with its header. Takes commas, semicolons and tabs; UTF-8, UTF-16 with its mark, and Windows-1252. Raises
    Unreadable."""
    words, guessed = _decoded(data)
    words = words.removeprefix("\ufeff")
    if "\0" in words:
        raise Unreadable('has signs in it that no text has; save it as "CSV UTF-8" again')
    first, _, rest = words.partition("\n")
    named = re.fullmatch(r'"?sep=([,;\t])"?\r?', first)  # Excel's own first line, which it does not show
    delimiter = named[1] if named else _delimiter(words)
    reader = csv.reader(io.StringIO(rest if named else words, newline=""), delimiter=delimiter, strict=True)
    found: list[tuple[int, list[str]]] = []
    try:
        for number, cells in enumerate(reader, start=1):
            if any(len(cell) > _LONGEST_CELL for cell in cells):
                raise Unreadable(f"row {number}: a cell is too long; is a quotation mark missing?")
            if any(cell.strip() for cell in cells):
                found.append((number, [_cell(cell) for cell in cells]))
    except csv.Error:
        row = found[-1][0] + 1 if found else 1
        raise Unreadable(
            f"at row {row} a quotation mark is not closed or stands in the middle of a cell; save it as CSV again"
        ) from None
    if not found or found[0][0] != 1:
        raise Unreadable("has no header; its first row names the columns")
    header = [name.strip().casefold().replace(" ", "_") for name in found[0][1]]
    while header and not header[-1]:
        header.pop()
    return Table(header, found[1:], guessed)


def _decoded(data: bytes) -> tuple[str, bool]:
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Unreadable('is a workbook, not CSV; save it as "CSV UTF-8 (comma delimited)"')
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16"), False
        except UnicodeDecodeError:
            raise Unreadable("is not whole; save it again") from None
    try:
        return data.decode("utf-8-sig"), False
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252"), True
    except UnicodeDecodeError:
        raise Unreadable('is neither UTF-8 nor Windows-1252; save it as "CSV UTF-8"') from None


def _delimiter(words: str) -> str:
    """The one that the header has most of, outside quotation marks."""
    header = re.sub(r'"[^"]*"', "", words.split("\n", 1)[0])
    return max(",;\t", key=header.count)


def _cell(cell: str) -> str:
    stripped = cell.strip()
    return stripped[1:] if stripped.startswith("'") and stripped.lstrip("'").startswith(_FORMULA) else stripped
