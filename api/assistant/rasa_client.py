"""Asks Rasa for one turn, and believes nothing: late, empty, huge or garbled answers are failures.

Rasa answers 200 with ``[]`` after an exception and when no model is loaded (FACTS, Rasa), so an empty answer counts as
no answer. A Rasa that stalls (a busy machine, its action server restarted) is asked once more before a family hears
that nobody could answer; one that has been mute for a while is not, so that all who wait hear so soon.
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
#: Rasa that answered anything so many seconds ago is there, and a failure is worth a second question.
THERE_SECONDS = 30.0

#: One Rasa process answers one message at a time: more waiting there would only run into the time limit in its queue.
_few_at_once = threading.Semaphore(3)
#: When Rasa last gave a usable answer, on the monotonic clock.
_last_answer = float("-inf")


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
    """The replies to one message. Each question is a conversation of its own for Rasa, so that a second one does not
    wait behind the first; what a turn does, it does once however often it is asked (operations.service). Raises
    RasaFailed.
    """
    with _few_at_once:
        try:
            return _ask(text, f"turn-{message_id}", metadata)
        except RasaFailed as error:
            if time.monotonic() - _last_answer > THERE_SECONDS:
                raise
            log.warning("turn: asking Rasa once more (%s)", error)
            return _ask(text, f"turn-{message_id}-again", metadata)


def _ask(text: str, sender: str, metadata: dict[str, Any]) -> list[Reply]:
    global _last_answer
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
    replies = _replies(bytes(answer))
    _last_answer = time.monotonic()
    return replies


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
