"""The town is here for every test of this folder, and a fresh folder for its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.settings import settings
from tests.small_town import town

__all__ = ["town"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's files are kept."""
    monkeypatch.setattr(settings(), "evidence_dir", tmp_path / "evidence")
    return tmp_path / "evidence"
