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
from typing import Any

import urllib3
from pydantic import ValidationError

from api.assistant.operations.schemas import Reply
from api.settings import settings
from api.whole_requests import connections

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
_few_at_once = threading.Semaphore(4)
#: Questions that failed since the last usable answer.
_failures = 0


class RasaFailed(Exception):
    """No usable answer; the message says why in a word, without any content."""


class _Kept:
    """The kept connections to Rasa. An idle one is kept for less than Rasa keeps it (Sanic: 5 s), else a question meets
    a closed door."""

    IDLE_SECONDS = 3.0

    def __init__(self) -> None:
        self._manager = connections(maxsize=16)
        self._used = 0.0

    def post(self, question: dict[str, Any]) -> urllib3.BaseHTTPResponse:
        """Rasa's answer, its body not read yet. Raises urllib3's HTTPError."""
        idle, self._used = time.monotonic() - self._used, time.monotonic()
        if idle > self.IDLE_SECONDS:
            self._manager.clear()
        limit = settings().rasa_timeout
        return self._manager.request(
            "POST",
            f"{settings().rasa_url}/webhooks/rest/webhook",
            json=question,
            timeout=urllib3.Timeout(connect=min(2.0, limit), read=limit),
            retries=False,
            redirect=False,
            preload_content=False,
        )


_kept = _Kept()


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
    try:
        response = _kept.post(question)
        try:
            answer = _body(response, deadline)
        except BaseException:
            response.close()  # what is left of it would be taken for the next answer
            raise
        response.release_conn()
    except urllib3.exceptions.HTTPError as error:
        raise RasaFailed(type(error).__name__) from None
    return _replies(answer)


def _body(response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    """The whole answer. Raises RasaFailed, urllib3's HTTPError."""
    if response.status != 200:
        raise RasaFailed(f"status {response.status}")
    answer = bytearray()
    while chunk := response.read1(LARGEST_ANSWER, decode_content=False):
        answer += chunk
        if len(answer) > LARGEST_ANSWER:
            raise RasaFailed("too large")
        if time.monotonic() > deadline:
            raise RasaFailed("too slow")
    return bytes(answer)


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
