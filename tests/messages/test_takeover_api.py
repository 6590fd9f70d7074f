"""Takeovers under /api/v1: who is in, joining, leaving with a note; by the same rules as in the console."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.access.models import Worker
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.messages.models import Conversation, InboundMessage
from api.presence import service as presence
from tests.messages.test_takeovers import writes
from tests.small_town import Town


def ask(client: TestClient, town: Town, who: Worker, method: str, path: str = "takeover", **body: Any) -> Any:
    return client.request(
        method, f"/api/v1/conversations/{town.mine.conversation.id}/{path}",
        json=body or None, headers=town.program(who),
    )  # fmt: skip


def test_who_joins_has_it_and_the_next_hears_who(client: TestClient, town: Town) -> None:
    assert ask(client, town, town.worker, "GET").json() == {
        "taken_over_by": "", "taken_over_at": None, "mine": False, "waiting": 0, "here": [],
    }  # fmt: skip
    joined = ask(client, town, town.worker, "POST")
    assert joined.status_code == 200 and joined.json()["taken_over_by"] == "Lena Worker" and joined.json()["mine"]
    assert ask(client, town, town.worker, "POST").json() == joined.json(), "again changes nothing"
    refused = ask(client, town, town.duty, "POST")
    assert refused.status_code == 409
    assert refused.json()["error"] == {
        "code": "already_taken", "message": "Lena Worker has taken this on already.",
    }  # fmt: skip
    writes(town.mine.conversation)
    seen = ask(client, town, town.duty, "GET").json()
    assert (seen["taken_over_by"], seen["mine"], seen["waiting"]) == ("Lena Worker", False, 1)
    with reading() as session:
        verbs = session.scalars(select(AuditEntry.verb).where(AuditEntry.actor_id == town.worker.id)).all()
    assert verbs.count("took_over_conversation") == 1


def test_colleagues_who_look_or_write_are_in(client: TestClient, town: Town) -> None:
    with transaction() as session:
        conversation = session.get_one(Conversation, town.mine.conversation.id)
        presence.worker_here(session, conversation, session.get_one(Worker, town.duty.id), writing=True, seen=0)
    assert ask(client, town, town.worker, "GET").json()["here"] == [{"worker_name": "Dora Worker", "writing": True}]
    assert ask(client, town, town.duty, "GET").json()["here"] == [], "not oneself"


def test_who_leaves_leaves_a_note_and_what_was_not_read_to_others(
    client: TestClient, town: Town, session: Session
) -> None:
    ask(client, town, town.worker, "POST")
    first = writes(town.mine.conversation, "are you there")
    writes(town.mine.conversation, "please")
    read = session.get_one(InboundMessage, first).seq
    left = ask(client, town, town.worker, "POST", "hand-back", note=" She is at her sister's. ", seen=read)
    assert left.status_code == 200 and (left.json()["taken_over_by"], left.json()["waiting"]) == ("", 0)
    session.expire_all()
    flags = session.scalars(select(InboundMessage.flag).order_by(InboundMessage.seq)).all()
    assert list(flags) == ["", "flag.left_waiting"]
    thread = ask(client, town, town.duty, "GET", "messages").json()
    assert [(note["worker_name"], note["words"]) for note in thread["notes"]] == [
        ("Lena Worker", "She is at her sister's.")
    ]
    assert ask(client, town, town.worker, "POST", "hand-back", note="again").status_code == 200
    assert len(ask(client, town, town.duty, "GET", "messages").json()["notes"]) == 1, "nobody had it"


def test_a_note_that_cannot_be_kept_is_refused(client: TestClient, town: Town) -> None:
    ask(client, town, town.worker, "POST")
    for body in ({"note": "x" * 2001}, {"note": "a\x00b"}, {"seen": -1}, {"notes": "no such field"}):
        assert ask(client, town, town.worker, "POST", "hand-back", **body).status_code == 422
    assert ask(client, town, town.worker, "GET").json()["mine"], "and it is still theirs"
