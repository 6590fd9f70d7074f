"""The one HTTP client: asks the API what to answer in this turn.

Promise: the turn token is the only thing that says who is asking, and neither it nor any word of the family is logged.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import aiohttp

#: Seconds. The turn as a whole has five (api.settings, rasa_timeout), so this must give up sooner.
TIMEOUT = 3.0
#: Seconds for a look whether the API is there: /health's reader has two for all of us.
LOOK = 1.0
#: Seconds that an idle connection is kept: less than the API keeps it (uvicorn: 5), or it would meet a closed door.
KEPT_OPEN = 3
#: Bytes of an answer that are read; a true one is far smaller.
LARGEST = 256 * 1024


class ApiError(Exception):
    """The API could not be asked, or its answer was no answer. The message holds no word of the family."""


class ApiClient:
    """Pooled connections to the API at ``base_url``; made once, on first use, in the server's event loop."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, operation: str, turn_token: str, question: dict[str, Any]) -> list[dict[str, Any]]:
        """The replies for this turn: message ids with arguments and options. Raises ApiError."""
        try:
            async with self._pool().post(
                f"{self._base_url}/assist/{operation}", json=question, headers={"X-Turn-Token": turn_token}
            ) as response:
                if response.status != 200:
                    raise ApiError(f"{operation}: HTTP {response.status}")
                if (response.content_length or 0) > LARGEST:
                    raise ApiError(f"{operation}: an answer of {response.content_length} bytes")
                answer = await response.json()
        except asyncio.TimeoutError:  # before Python 3.11 not the built-in one
            raise ApiError(f"{operation}: no answer in {TIMEOUT} s") from None
        except (aiohttp.ClientError, ValueError, OSError) as error:
            raise ApiError(f"{operation}: {type(error).__name__}") from None
        replies = answer.get("replies") if isinstance(answer, dict) else None
        if not isinstance(replies, list) or not all(isinstance(reply, dict) and reply.get("id") for reply in replies):
            raise ApiError(f"{operation}: not a list of replies")
        return replies

    async def reaches(self) -> bool:
        """Does anything answer at the API's address? It need not like the question."""
        try:
            patience = aiohttp.ClientTimeout(total=LOOK)
            async with self._pool().get(f"{self._base_url}/assist/", timeout=patience) as response:
                return bool(response.status < 500)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError):
            return False

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(keepalive_timeout=KEPT_OPEN)
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT), connector=connector)
        return self._session


def from_environment() -> ApiClient:
    """The client for HEARTHLINE_API_URL (where the API listens; by default this machine, HEARTHLINE_PORT)."""
    port = os.environ.get("HEARTHLINE_PORT", "8000")
    return ApiClient(os.environ.get("HEARTHLINE_API_URL", "") or f"http://127.0.0.1:{port}")
