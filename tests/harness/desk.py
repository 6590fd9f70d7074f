"""A worker's own browser on the console of a test system, and their token for /api/v1: signed in, real requests."""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx

from tests.harness import canaries

if TYPE_CHECKING:
    from tests.harness.phones import Phone
    from tests.harness.system import System

_IN = """
    INSERT INTO worker_sessions (id, worker_id, token_hash, created_at, expires_at, via)
    SELECT %(id)s, id, %(hash)s, %(now)s, %(until)s, 'cookie' FROM workers WHERE phone = %(phone)s
"""


class Desk:
    """The console as the worker with this phone sees it. (How one signs in is shown elsewhere: tests/access.)"""

    def __init__(self, system: System, worker: Phone, *, api: int = 0) -> None:
        token = canaries.add(secrets.token_urlsafe(32))
        now = system.now()
        system.change(
            _IN, id=uuid.uuid4(), hash=hashlib.sha256(token.encode()).hexdigest(), now=now,
            until=now + timedelta(days=60), phone=worker.number,
        )  # fmt: skip
        self.url = system.api_urls[api]
        self._headers = {"cookie": f"hearthline_worker={token}", "sec-fetch-site": "same-origin"}
        found = re.search(r'name="form_token" value="([^"]+)"', self.look("/console").text)
        assert found, "not signed in"
        self._form_token = found[1]

    def look(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, headers=self._headers, timeout=30)

    def send(self, path: str, **fields: str) -> httpx.Response:
        """Send a form, whatever becomes of it."""
        form = {"form_token": self._form_token, **fields}
        return httpx.post(self.url + path, data=form, headers=self._headers, timeout=30)

    def press(self, path: str, **fields: str) -> httpx.Response:
        """Send a form; it must be taken."""
        answer = self.send(path, **fields)
        assert answer.status_code in (200, 204, 303), f"{path}: {answer.status_code}"
        return answer
