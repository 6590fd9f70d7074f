"""SECURITY.md, "Attacks tried": every test that it names is there, and every file of this folder is in it."""

from __future__ import annotations

import re
from pathlib import Path

from api.settings import ROOT

HERE = Path(__file__).parent


def test_the_table_and_the_tests_agree() -> None:
    table = (ROOT / "SECURITY.md").read_text(encoding="utf-8").partition("## Attacks tried")[2].partition("\n## ")[0]
    named = re.findall(r"`(tests/[\w/]+\.py|test_\w+\.py)(?:::(test_\w+))?`", table)
    assert len(named) > 30
    for file, test in named:
        path = ROOT / file if file.startswith("tests/") else HERE / file
        assert path.is_file(), file
        assert f"def {test}(" in path.read_text(encoding="utf-8") if test else True, f"{file} has no {test}"
    ours = {path.name for path in HERE.glob("test_*.py")} - {Path(__file__).name}
    assert ours == {file for file, _ in named if not file.startswith("tests/")}
