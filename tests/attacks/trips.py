"""What the attacks on signing in by the provider share: a provider that lies, and the way there and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from api.access.models import WorkerSession
from api.database import reading
from tests.access.test_openid import DOOR
from tests.harness.provider import LyingProvider, connect


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[LyingProvider]:
    there = LyingProvider()
    connect(monkeypatch, there.issuer)
    yield there
    there.stop()


def way_there(client: TestClient) -> str:
    answer = client.get(DOOR)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def come_in(client: TestClient, provider: LyingProvider, **changes: str) -> Any:
    return client.get(f"{DOOR}/return", params=provider.authorize(way_there(client), **changes))


def nobody_is_in() -> bool:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(WorkerSession)) == 0
