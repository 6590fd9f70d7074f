"""People who talk with the assistant: real inbox, turns, operations, outbox, database; the test tells Rasa's part.

``town`` imports the demo families on a fixed Tuesday morning. ``talk("kelly")`` is a phone: ``says(words, intent)``
sends a text, lets the turn run with that intent, and returns what came back.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select

from api import clock
from api.assistant import rasa_client, turn
from api.assistant.operations import routes
from api.assistant.operations.schemas import Reply
from api.assistant.rasa_client import RasaFailed
from api.database import reading
from api.families.models import ContactPoint, Person
from api.imports import service as imports
from api.messages import inbox
from api.messages.models import Conversation, OutboundMessage
from api.settings import DATA
from tests import once
from tests.conftest import emptied

#: A Tuesday, nine in the morning in Leeds, four at night in Ohio.
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@lru_cache(maxsize=1)
def rasas_domain() -> frozenset[str]:
    """The entities that Rasa knows: it drops all others of a payload."""
    return frozenset(yaml.safe_load((DATA.parent / "bot" / "domain.yml").read_text(encoding="utf-8"))["entities"])


class Understanding:
    """Rasa's place in the turn: whatever intent the test names goes to the operation of that name, over HTTP."""

    def __init__(self, api: TestClient) -> None:
        self.api = api
        self.next: dict[str, Any] = {}

    def ask(self, text: str, *, message_id: uuid.UUID, metadata: dict[str, Any]) -> list[Reply]:
        parse = {"text": text, "intent": "nlu_fallback", "confidence": 0.9, "entities": [], "ranking": [], **self.next}
        if text.startswith("/"):
            intent, _, carried = text[1:].partition("{")
            given = json.loads("{" + carried) if carried else {}
            entities = {name: value for name, value in given.items() if name in rasas_domain()}
            parse |= {
                "intent": intent,
                "confidence": 1.0,
                "entities": [{"entity": key, "value": value} for key, value in entities.items()],
            }
        operation = "fallback" if parse["intent"] == "nlu_fallback" else parse["intent"]
        answer = self.api.post(f"/assist/{operation}", json=parse, headers={"X-Turn-Token": metadata["turn_token"]})
        if answer.status_code != 200:
            raise RasaFailed(f"status {answer.status_code}")
        return [Reply.model_validate(reply) for reply in answer.json()["replies"]]


class Talk:
    """One person's phone."""

    def __init__(self, understanding: Understanding, address: str, channel: str = "sms") -> None:
        self._understanding, self.address, self.channel = understanding, address, channel
        self.conversation_id: uuid.UUID | None = None

    def says(self, words: str, intent: str = "nlu_fallback", confidence: float = 0.9, **more: Any) -> str:
        """Send the words, understood as ``intent``; the replies, joined by a line of its own."""
        self._understanding.next = {"intent": intent, "confidence": confidence, **more}
        accepted = inbox.accept(
            channel=self.channel, external_id=uuid.uuid4().hex, address=self.address, body=words,
            conversation_id=self.conversation_id if self.channel == "web" else None,
        )  # fmt: skip
        self.conversation_id = accepted.conversation_id
        turn.run_waiting(accepted.conversation_id)
        with reading() as session:
            replies = session.scalars(
                select(OutboundMessage.body)
                .where(OutboundMessage.in_reply_to == accepted.message_id)
                .order_by(OutboundMessage.seq)
            ).all()
        return "\n--\n".join(replies)

    @property
    def conversation(self) -> Conversation:
        with reading() as session:
            return session.get_one(Conversation, self.conversation_id)


def it_is(moment: datetime) -> None:
    Path(os.environ["HEARTHLINE_CLOCK_FILE"]).write_text(str((moment - datetime.now(UTC)).total_seconds()))


def import_families() -> datetime:
    """Import the demo families on NOW; when that was done."""
    it_is(NOW)
    report = imports.import_file(DATA / "demo" / "families.json")
    assert report.ok, report.problems
    return clock.now()


FAMILIES = once.Kept(import_families)


@pytest.fixture
def town(database: Engine) -> Engine:
    """The demo families, imported on NOW."""
    it_is(FAMILIES.put(database, emptied()))
    assert abs((clock.now() - NOW).total_seconds()) < 30
    return database


@lru_cache(maxsize=1)
def operations() -> FastAPI:
    """The operations behind their real routes, and nothing else."""
    app = FastAPI()
    app.include_router(routes.router)
    return app


@pytest.fixture
def understanding(town: object, monkeypatch: pytest.MonkeyPatch) -> Understanding:
    """The operations behind their real routes."""
    stand_in = Understanding(TestClient(operations()))
    monkeypatch.setattr(rasa_client, "ask", stand_in.ask)
    return stand_in


@pytest.fixture
def talk(understanding: Understanding) -> Callable[[str], Talk]:
    """A phone by the person's key in the demo file; ``stranger`` is a number nobody knows."""

    def phone(key: str) -> Talk:
        if key == "stranger":
            return Talk(understanding, "+447700900999")
        with reading() as session:
            address = session.scalars(
                select(ContactPoint.address).join(Person).where(Person.external_id == key)
            ).first()
        assert address, key
        return Talk(understanding, address)

    return phone
