"""Opening what a test read in a database by SQL of its own, where words are sealed (api.sealed)."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from api import sealed
from api.protection.resealing import sealed_columns
from api.sealed import MARK, NotOpened, SealedJson, Sealer
from api.settings import settings

#: The key of every test, in this process (tests/conftest.py) and in the whole systems of tests/harness.
DATA_KEY = "5ea1ed00" * 8
_SEALER = Sealer([DATA_KEY])
#: Others; ``GIVEN`` is what the town's own rows are sealed with.
OLD, NEW, STRANGE, GIVEN = "old key." * 4, "new key." * 4, "not ours" * 4, DATA_KEY
Keys = Callable[..., None]


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[Keys]:
    """Start again with these keys."""

    def given(*secrets: str) -> None:
        monkeypatch.setitem(settings().__dict__, "data_secrets", list(secrets))
        sealed.sealer.cache_clear()

    yield given
    monkeypatch.undo()
    sealed.sealer.cache_clear()


def key_of(secret: str) -> str:
    """The id of that key, as sealed values have it."""
    return Sealer([secret]).ids[0]


def opened(value: Any) -> Any:
    """A value of whatever column, with all that is sealed in it opened."""
    if isinstance(value, dict):
        return {name: opened(one) for name, one in value.items()}
    if isinstance(value, list):
        return [opened(one) for one in value]
    if not (isinstance(value, str) and value.startswith(MARK)):
        return value
    for kinds in sealed_columns().values():
        for kind in kinds.values():
            with contextlib.suppress(NotOpened):
                words = _SEALER.open(value, kind.place)
                return json.loads(words) if isinstance(kind, SealedJson) else words
    raise AssertionError("a sealed value opens in no column")
