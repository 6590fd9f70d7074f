"""The demonstration families as a file that a test may change."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.imports.service import ImportProblems, Report, import_file
from api.settings import DATA

Raw = dict[str, Any]
FAMILIES = DATA / "demo" / "families.json"


@pytest.fixture
def raw() -> Raw:
    """What data/demo/families.json holds."""
    return dict(json.loads(FAMILIES.read_text(encoding="utf-8")))


@pytest.fixture
def load(tmp_path: Path, database: object) -> Callable[..., Report]:
    """Import what is given, as a file."""

    def run(given: Any, *, check_only: bool = False) -> Report:
        path = tmp_path / "import.json"
        path.write_text(given if isinstance(given, str) else json.dumps(given), encoding="utf-8")
        return import_file(path, check_only=check_only)

    return run


@pytest.fixture
def refused(load: Callable[..., Report]) -> Callable[[Any], dict[str, str]]:
    """Import what must be refused; returns path → what was said about it."""

    def run(given: Any) -> dict[str, str]:
        with pytest.raises(ImportProblems) as problems:
            load(given)
        return {problem.path: problem.message for problem in problems.value.report.problems}

    return run
