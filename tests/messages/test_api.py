"""Conversations under /api/v1: the messages in stretches, and a worker's reply."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.families.models import ContactPoint
from api.messages.models import InboundMessage, OutboundMessage
from tests.small_town import Town


def thread(client: TestClient, town: Town, **query: int) -> Any:
    return client.get(
        f"/api/v1/conversations/{town.mine.conversation.id}/messages",
        params=query,
        headers=town.program(town.worker),
    )


def reply(client: TestClient, town: Town, words: object) -> Any:
    return client.post(
        f"/api/v1/conversations/{town.mine.conversation.id}/messages",
        json={"words": words},
        headers=town.program(town.worker),
    )


def bodies(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["body"] for item in answer.json()["items"]]


def test_the_newest_messages_come_first_and_earlier_ones_on_asking(client: TestClient, town: Town) -> None:
    for words in ("one", "two", "three"):
        town.message(town.mine.conversation, words)
    town.message(town.other.conversation, "somebody else's")
    newest = thread(client, town, limit=2)
    assert bodies(newest) == ["two", "three"]
    assert bodies(thread(client, town, before=newest.json()["earlier"])) == ["one"]
    assert thread(client, town).json()["earlier"] is None
    assert bodies(thread(client, town, after=newest.json()["items"][0]["seq"])) == ["three"]


def test_looking_is_recorded(client: TestClient, town: Town) -> None:
    thread(client, town)
    with reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "viewed_conversation")).one()
    assert (entry.actor_id, entry.family_id) == (town.worker.id, town.mine.family.id)


@pytest.mark.parametrize("query", [{"after": -1}, {"limit": 101}, {"after": 2**63}, {"after": 5, "before": 5}])
def test_a_stretch_that_cannot_be_is_refused(client: TestClient, town: Town, query: dict[str, int]) -> None:
    assert thread(client, town, **query).status_code == 422


def test_a_reply_is_queued_for_the_persons_phone_and_settles_what_waited(client: TestClient, town: Town) -> None:
    waiting = town.message(town.mine.conversation, "please ring", state="unanswered")
    sent = reply(client, town, " I will ring you at four. ")
    assert sent.status_code == 201, sent.text
    body = sent.json()
    assert (body["direction"], body["body"], body["worker_name"]) == ("out", "I will ring you at four.", "Lena Worker")
    with reading() as session:
        queued = session.scalars(select(OutboundMessage).where(OutboundMessage.written_by.is_not(None))).one()
        assert (str(queued.id), queued.address) == (body["id"], town.mine.conversation.address)
        assert session.get_one(InboundMessage, waiting.id).state == "handled"
        verbs = session.scalars(select(AuditEntry.verb)).all()
    assert "replied" in verbs


def test_a_phone_that_wants_no_more_texts_gets_none(client: TestClient, town: Town) -> None:
    with transaction() as session:
        session.execute(update(ContactPoint).values(state="opted_out"))
    answer = reply(client, town, "hello")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "cannot_reply")
    with reading() as session:
        assert session.scalars(select(OutboundMessage)).all() == []


@pytest.mark.parametrize("words", ["", "  ", "x" * 1501, "a\x00b", None, 5, ["a"]])
def test_words_that_cannot_be_sent_are_refused(client: TestClient, town: Town, words: object) -> None:
    assert reply(client, town, words).status_code == 422
