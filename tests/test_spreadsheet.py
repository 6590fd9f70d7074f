"""CSV: what we write is run by no spreadsheet, and reads back as it was."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import spreadsheet
from api.settings import ROOT

CELLS = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).map(str.strip).filter(bool)


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://x")', "'=1"],
    ids=["equals", "plus", "minus", "at", "tab", "return", "newline", "link", "quoted"],
)
def test_what_could_be_a_formula_is_written_as_text(cell: str) -> None:
    (row,) = csv.reader(io.StringIO(spreadsheet.written([[cell]]).removeprefix("\ufeff"), newline=""))
    assert row[0].startswith("'") and row[0][1:] == cell


def test_numbers_stay_numbers() -> None:
    assert [spreadsheet.safe(cell) for cell in ("+447700900101", "-3", "-1.5", 4, None)] == [
        "+447700900101", "-3", "-1.5", "4", "",
    ]  # fmt: skip


@given(st.lists(CELLS, min_size=1, max_size=4))
def test_what_is_written_reads_back_as_it_was(cells: list[str]) -> None:
    header = [f"c{n}" for n in range(len(cells))]
    assert spreadsheet.read(spreadsheet.written([header, cells]).encode()).rows == [(2, cells)]


def test_nothing_else_writes_csv_for_people() -> None:
    """``api/safety/evaluate.py`` writes numbers only, for whoever trains the screen."""
    writers = {path.name for path in (ROOT / "api").rglob("*.py") if "csv.writer(" in path.read_text(encoding="utf-8")}
    writers |= {path.name for path in (ROOT / "api").rglob("*.py") if "DictWriter(" in path.read_text(encoding="utf-8")}
    assert writers == {"spreadsheet.py", "evaluate.py"}
