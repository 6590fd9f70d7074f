"""The town, and a push service that this process sends to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api.channels.push import client
from tests.harness.push import FakePush
from tests.messages.conftest import twilio
from tests.small_town import town

__all__ = ["town", "twilio"]


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakePush]:
    """A push service on this machine, where a real one must never be."""
    monkeypatch.setattr(client, "PRIVATE", True)
    fake = FakePush()
    yield fake
    fake.stop()
