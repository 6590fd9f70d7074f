"""Asks Rasa for one turn, and believes nothing: late, empty, huge or garbled answers are failures.

Rasa answers 200 with ``[]`` after an exception and when no model is loaded (FACTS, Rasa), so an empty answer counts as
no answer. A Rasa that stalls (a busy machine, its action server restarted) is asked again before a family hears
that nobody could answer; after several failures in a row it is not, so that all who wait hear so soon.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from functools import lru_cache
from typing import Any

import httpx
from pydantic import ValidationError

from api.assistant.operations.schemas import Reply
from api.settings import settings

log = logging.getLogger(__name__)

#: An answer of ours has a few kilobytes.
LARGEST_ANSWER = 256 * 1024
#: Rasa gets at most so many characters: nobody's point comes later, and its cost grows with the length.
LONGEST_QUESTION = 2000
#: So often one message is asked of it, while it is not gone.
MOST_ATTEMPTS = 3
#: So many questions in a row may fail before Rasa counts as gone, and no failure is worth a second question.
MOST_FAILURES = 8

#: One Rasa process answers one message at a time: more waiting there would only run into the time limit in its queue.
_few_at_once = threading.Semaphore(3)
#: Questions that failed since the last usable answer.
_failures = 0


class RasaFailed(Exception):
    """No usable answer; the message says why in a word, without any content."""


@lru_cache(maxsize=1)
def _client() -> httpx.Client:
    limit = settings().rasa_timeout
    return httpx.Client(
        timeout=httpx.Timeout(limit, connect=min(2.0, limit)),
        # An idle connection is kept for less than Rasa keeps it (Sanic: 5 s), else a question meets a closed door.
        limits=httpx.Limits(max_keepalive_connections=16, keepalive_expiry=3),
    )


def ask(text: str, *, message_id: uuid.UUID, metadata: dict[str, Any]) -> list[Reply]:
    """The replies to one message. Each question is a conversation of its own for Rasa, so that the next one does not
    wait behind it; what a turn does, it does once however often it is asked (operations.service). Raises
    RasaFailed.
    """
    with _few_at_once:
        for attempt in range(1, MOST_ATTEMPTS):
            try:
                return _counted(text, f"turn-{message_id}-{attempt}", metadata)
            except RasaFailed as error:
                if _failures > MOST_FAILURES:
                    raise
                log.warning("turn: asking Rasa once more (%s)", error)
        return _counted(text, f"turn-{message_id}-{MOST_ATTEMPTS}", metadata)


def _counted(text: str, sender: str, metadata: dict[str, Any]) -> list[Reply]:
    """Ask, and count how many in a row have failed."""
    global _failures
    try:
        replies = _ask(text, sender, metadata)
    except RasaFailed:
        _failures += 1
        raise
    _failures = 0
    return replies


def _ask(text: str, sender: str, metadata: dict[str, Any]) -> list[Reply]:
    question = {"sender": sender, "message": text[:LONGEST_QUESTION], "metadata": metadata}
    deadline = time.monotonic() + settings().rasa_timeout
    answer = bytearray()
    try:
        with _client().stream("POST", f"{settings().rasa_url}/webhooks/rest/webhook", json=question) as response:
            if response.status_code != 200:
                raise RasaFailed(f"status {response.status_code}")
            for chunk in response.iter_bytes():
                answer += chunk
                if len(answer) > LARGEST_ANSWER:
                    raise RasaFailed("too large")
                if time.monotonic() > deadline:
                    raise RasaFailed("too slow")
    except httpx.HTTPError as error:
        raise RasaFailed(type(error).__name__) from None
    return _replies(bytes(answer))


def _replies(answer: bytes) -> list[Reply]:
    try:
        items = json.loads(answer)
        replies = [
            Reply.model_validate(item["custom"]) for item in items if isinstance(item, dict) and "custom" in item
        ]
    except (ValueError, TypeError, KeyError, ValidationError, RecursionError):
        raise RasaFailed("garbled") from None
    if not replies:
        raise RasaFailed("empty")
    return replies
