"""The town, and a fake Twilio for the deliveries of this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api.channels.twilio import client
from api.settings import settings
from tests.harness.twilio import FakeTwilio
from tests.small_town import town

__all__ = ["town"]


@pytest.fixture
def twilio(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeTwilio]:
    """Where this process's texts go; the account and token are the demo's."""
    fake = FakeTwilio(token=settings().twilio_tokens[0], account=settings().twilio_account)
    monkeypatch.setattr(settings(), "twilio_api_url", fake.url)
    client._client.cache_clear()
    yield fake
    fake.stop()
    client._client.cache_clear()
    assert not fake.problems
