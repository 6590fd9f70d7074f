"""With another family's turn token or chat session there is nothing of mine to see, and nothing of mine to change."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock, texts
from api.appointments.models import Attendee, ChangeRequest
from api.assistant import tokens
from api.assistant.operations import service
from api.database import transaction
from api.escalations.models import Escalation
from api.messages.models import WAITS_FOR_WORKER, Conversation, InboundMessage
from api.plans.models import ActionEvent, PlanAction
from tests.small_town import Household, Town, town

__all__ = ["town"]

#: The words of Ash, "mine"; Birch and Cedar are the others, a stranger is nobody's.
MINE = "Ash"
OWN_WORDS = "the Ash course"


def question(household: Household) -> dict[str, Any]:
    """A turn whose entities carry every id of a family's rows, under every name that an operation may look at."""
    ids = {
        "appointment": household.appointment.id, "appointment_id": household.appointment.id,
        "action": household.action.id, "plan_action": household.action.id, "action_id": household.action.id,
        "person": household.parent.id, "family": household.family.id, "conversation": household.conversation.id,
        "child": household.child.id, "id": household.appointment.id, "choice": household.action.id,
    }  # fmt: skip
    return {
        "text": OWN_WORDS, "intent": "x", "confidence": 1.0,
        "entities": [{"entity": name, "value": str(value)} for name, value in ids.items()],
    }  # fmt: skip


def truth(session: Session, household: Household) -> list[Any]:
    """All that another family's turn could have changed of this one."""
    session.expire_all()
    action = session.get_one(PlanAction, household.action.id)
    events = session.scalars(select(ActionEvent.id).filter_by(action_id=action.id)).all()
    answers = session.scalars(select(Attendee.answer).filter_by(appointment_id=household.appointment.id)).all()
    changes = session.scalars(select(ChangeRequest.id).filter_by(appointment_id=household.appointment.id)).all()
    escalations = session.scalars(select(Escalation).filter_by(family_id=household.family.id)).all()
    ladders = [(one.id, one.state, one.next_rung_at) for one in escalations]
    there = session.get_one(Conversation, household.conversation.id)
    taken = there.taken_over_by, there.taken_over_at
    return [action.status, list(events), list(answers), list(changes), ladders, there.state, taken]


def under_way(town: Town, conversation_id: uuid.UUID) -> None:
    """Their ladder climbs, and a worker has this conversation; a message waits for that worker."""
    town.escalation(town.mine)
    with transaction() as session:
        there = session.get_one(Conversation, conversation_id)
        there.taken_over_by, there.taken_over_at = town.worker.id, clock.now()
    town.message(there, f"{MINE} waits for her", state="recorded", flag=WAITS_FOR_WORKER)


@pytest.fixture
def asked(client: TestClient, town: Town) -> Any:
    """Ask an operation in a turn of this conversation, with a question that carries the ids of ``mine``."""

    def ask(operation: str, conversation: Conversation) -> Any:
        message = town.message(conversation, "a question", state="queued")
        return client.post(
            f"/assist/{operation}", json=question(town.mine), headers={"X-Turn-Token": tokens.make(message.id)}
        )

    return ask


in_flight_too = pytest.mark.parametrize("in_flight", [False, True], ids=["at rest", "with a ladder and a takeover"])


@in_flight_too
@pytest.mark.parametrize("who", ["other", "far"])
def test_another_familys_turn_learns_and_changes_nothing_of_mine(
    who: str, in_flight: bool, asked: Any, town: Town, session: Session
) -> None:
    if in_flight:
        under_way(town, town.mine.conversation.id)
    before = truth(session, town.mine)
    for operation in service.OPERATIONS:
        answer = asked(operation, getattr(town, who).conversation)
        assert answer.status_code == 200, operation
        replies = answer.json()["replies"]
        assert replies and all(texts.has(reply["id"]) or reply["id"] == "silent" for reply in replies), operation
        assert MINE not in told(answer), operation
        assert truth(session, town.mine) == before, operation


def test_a_strangers_turn_learns_nothing_of_anybody(asked: Any, town: Town, session: Session) -> None:
    _, conversation_id = town.chatting()
    before = truth(session, town.mine)
    for operation in service.OPERATIONS:
        answer = asked(operation, session.get_one(Conversation, conversation_id))
        assert answer.status_code == 200, operation
        for name in ("Ash", "Birch", "Cedar", "rooms"):
            assert name not in told(answer), operation
    assert truth(session, town.mine) == before


def told(answer: Any) -> str:
    """What a reply says, without the asker's own words."""
    return json.dumps([reply["args"] for reply in answer.json()["replies"]]).replace(OWN_WORDS, "")


@pytest.mark.parametrize("token", ["", "made up", tokens.make(uuid.UUID(int=7))], ids=["none", "made up", "of nothing"])
def test_without_a_turn_every_operation_is_404(client: TestClient, town: Town, token: str) -> None:
    for operation in service.OPERATIONS:
        answer = client.post(f"/assist/{operation}", json=question(town.mine), headers={"X-Turn-Token": token})
        assert (answer.status_code, MINE in answer.text) == (404, False)


def test_an_operation_that_does_not_exist_is_404_in_a_turn_too(asked: Any, town: Town) -> None:
    assert asked("read_everything", town.mine.conversation).status_code == 404


def test_a_turn_that_is_over_is_404_on_every_operation(client: TestClient, town: Town) -> None:
    message = town.message(town.mine.conversation, "answered long ago", state="answered")
    for operation in service.OPERATIONS:
        headers = {"X-Turn-Token": tokens.make(message.id)}
        assert client.post(f"/assist/{operation}", json=question(town.mine), headers=headers).status_code == 404


CHAT_PAGES = ("/chat/talk", "/chat/state")


@in_flight_too
def test_another_chats_session_shows_nothing_of_mine(
    in_flight: bool, client: TestClient, town: Town, session: Session
) -> None:
    mine, conversation_id = town.chatting(town.mine.parent)
    if in_flight:
        under_way(town, conversation_id)
    town.message(session.get_one(Conversation, conversation_id), f"{MINE} wrote this")
    for person in (town.other.parent, town.far.parent, None):
        theirs, _ = town.chatting(person)
        client.cookies.clear()
        client.cookies.update(theirs)
        for page in CHAT_PAGES:
            answer = client.get(page)
            assert answer.status_code == 200
            assert MINE not in answer.text and str(conversation_id) not in answer.text
    client.cookies.clear()
    client.cookies.update(mine)
    assert f"{MINE} wrote this" in client.get("/chat/talk").text


@in_flight_too
def test_another_chats_session_cannot_write_into_mine(
    in_flight: bool, client: TestClient, town: Town, session: Session
) -> None:
    _, conversation_id = town.chatting(town.mine.parent)
    if in_flight:
        under_way(town, conversation_id)
    before = set(session.scalars(select(InboundMessage.id).filter_by(conversation_id=conversation_id)))
    session.commit()
    theirs, other_id = town.chatting(town.other.parent)
    client.cookies.update(theirs)
    form = town.form(
        theirs, body="I am here", message_id=uuid.uuid4().hex, conversation_id=str(conversation_id),
        conversation=str(conversation_id),
    )  # fmt: skip
    client.post("/chat/messages", data=form)
    for path in ("/chat/language", "/chat/end"):
        client.post(path, data={**form, "language": "es"})
    assert set(session.scalars(select(InboundMessage.id).filter_by(conversation_id=conversation_id))) == before
    mine = session.get_one(Conversation, conversation_id)
    assert (mine.closed_at, mine.language) == (None, "en")
    assert mine.taken_over_by == (town.worker.id if in_flight else None)
    assert other_id
