"""Opening what a test read in a database by SQL of its own, where words are sealed (api.sealed)."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from api.protection.resealing import sealed_columns
from api.sealed import MARK, NotOpened, SealedJson, Sealer

#: The key of every test, in this process (tests/conftest.py) and in the whole systems of tests/harness.
DATA_KEY = "5ea1ed00" * 8
_SEALER = Sealer([DATA_KEY])


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
