"""Somebody who told of danger leaves the web chat: whoever answers for it hears that writing there reaches nobody."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from api import clock
from api.access.guards import CHAT_COOKIE
from api.access.models import Worker
from api.channels.webchat import service as webchat
from api.database import reading, transaction
from api.escalations import service
from api.escalations.jobs import TurnToCome, tell_left
from api.escalations.models import Escalation, EscalationEvent, Notification
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from tests.small_town import Town


def told_of_danger(town: Town, kind: str = "immediate_danger") -> tuple[str, uuid.UUID, int]:
    """A young person's chat (its token and id) with an open escalation."""
    cookies, conversation_id = town.chatting()
    with transaction() as session:
        escalation = service.open_escalation(
            session, conversation=session.get_one(Conversation, conversation_id), message=None, kind=kind,
            priority="emergency", words="he is at the door and mum is crying",
        )  # fmt: skip
        return cookies[CHAT_COOKIE], conversation_id, escalation.id


def leave(token: str) -> int:
    """Leave, and do the jobs that this made; returns how many."""
    webchat.leave(token)
    query = text("SELECT args ->> 'conversation_id' FROM procrastinate_jobs WHERE task_name = 'tell_left'")
    with reading() as session:
        waiting = list(session.scalars(query))
    for conversation_id in waiting:
        tell_left(conversation_id)
    return len(waiting)


def texts_of_leaving() -> dict[uuid.UUID | None, str]:
    with reading() as session:
        rows = session.execute(select(OutboundMessage.worker_id, OutboundMessage.body))
        return {worker_id: body for worker_id, body in rows if "left the web" in body}


def test_whoever_has_it_is_told(town: Town, session: Session) -> None:
    token, _, number = told_of_danger(town)
    with transaction() as writing:
        service.acknowledge(writing, number, town.manager, via="console")
    assert leave(token) == 1
    ((worker_id, body),) = texts_of_leaving().items()
    assert worker_id == town.manager.id
    assert body.startswith(f"{number}: they left the web chat") and body.endswith(f"/console/e/{number}")
    assert "mum" not in body and len(body) <= 160


def test_while_nobody_has_it_all_who_were_told_hear_it_and_the_ladder_goes_on(town: Town, session: Session) -> None:
    token, _, number = told_of_danger(town)
    due = session.get_one(Escalation, number).next_rung_at
    leave(token)
    session.expire_all()
    told = set(session.scalars(select(Notification.worker_id).filter_by(escalation_id=number, problem="")))
    assert told and set(texts_of_leaving()) == told
    escalation = session.get_one(Escalation, number)
    assert (escalation.state, escalation.next_rung_at) == ("open", due)


def test_it_stands_in_the_escalations_life_on_its_page(client: TestClient, town: Town) -> None:
    token, _, number = told_of_danger(town)
    leave(token)
    client.cookies.update(town.signed_in(town.manager))
    assert "They left the web chat" in client.get(f"/console/e/{number}").text


@pytest.mark.parametrize("how", ["left", "timed out"])
def test_no_reply_that_would_reach_nobody_is_offered_and_what_can_be_done_is_said(
    client: TestClient, town: Town, how: str
) -> None:
    token, conversation_id, number = told_of_danger(town)
    cookies = town.signed_in(town.manager)
    client.cookies.update(cookies)
    conversation = f"/console/conversations/{conversation_id}"
    assert "Read and reply" in client.get(f"/console/e/{number}").text and "/reply" in client.get(conversation).text
    if how == "left":
        leave(token)
    else:
        with transaction() as session:
            session.get_one(Conversation, conversation_id).expires_at = clock.now() - timedelta(seconds=1)
    for page in (client.get(f"/console/e/{number}").text, client.get("/console").text):
        assert "would reach nobody" in page and "Read and reply" not in page and "Nobody knows who they are" in page
        assert f'href="{conversation}#latest"' in page, "what they wrote can still be read"
    page = client.get(conversation).text
    assert "would reach nobody" in page and f'action="{conversation}/reply"' not in page
    answer = client.post(f"{conversation}/reply", data=town.form(cookies, words="are you there?"))
    assert answer.status_code == 400 and "chat has ended" in answer.text
    with transaction() as session:
        session.get_one(Escalation, number).person_id = town.mine.parent.id
    assert f'href="/console/people/{town.mine.parent.id}/contact"' in client.get(f"/console/e/{number}").text


def test_leaving_twice_is_told_once(town: Town, session: Session) -> None:
    token, _, number = told_of_danger(town)
    webchat.leave(token)
    leave(token)
    events = select(func.count()).select_from(EscalationEvent).filter_by(escalation_id=number, kind="chat_left")
    assert session.scalar(events) == 1


def test_a_worker_without_a_phone_is_told_by_nobody_and_nothing_breaks(town: Town, session: Session) -> None:
    token, _, number = told_of_danger(town)
    with transaction() as writing:
        service.acknowledge(writing, number, town.manager, via="console")
        writing.get_one(Worker, town.manager.id).phone = ""
    leave(token)
    assert texts_of_leaving() == {}
    assert session.scalar(select(EscalationEvent.id).filter_by(escalation_id=number, kind="chat_left"))


def test_an_email_reaches_whoever_has_no_phone(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.settings import settings

    monkeypatch.setattr(settings(), "smtp_url", "smtp://mail.example:25")
    token, _, number = told_of_danger(town)
    with transaction() as writing:
        service.acknowledge(writing, number, town.manager, via="console")
        writing.get_one(Worker, town.manager.id).phone = ""
    leave(token)
    with reading() as session:
        mail = session.scalars(select(OutboundMessage).filter_by(channel="email")).one()
    assert mail.worker_id == town.manager.id and mail.body.startswith(f"{number}: they left the web chat\n")


@pytest.mark.parametrize("closed", ["contact", "resolved"])
def test_nobody_is_told_where_there_was_no_danger_or_it_is_over(town: Town, closed: str) -> None:
    token, _, number = told_of_danger(town, "contact" if closed == "contact" else "self_harm")
    if closed == "resolved":
        with transaction() as writing:
            service.resolve(writing, number, town.manager, "spoke with her, safe")
    assert leave(token) == 0 and texts_of_leaving() == {}


def test_danger_that_is_understood_only_after_the_leaving_is_told_too(town: Town, session: Session) -> None:
    cookies, conversation_id = town.chatting()
    town.message(session.get_one(Conversation, conversation_id), "he hurts me", state="queued")
    webchat.leave(cookies[CHAT_COOKIE])
    with pytest.raises(TurnToCome):
        tell_left(str(conversation_id))
    with transaction() as writing:  # what the turn makes of it
        writing.execute(update(InboundMessage).values(state="answered"))
        conversation = writing.get_one(Conversation, conversation_id)
        service.open_escalation(
            writing,
            conversation=conversation,
            message=None,
            kind="harm_disclosed",
            priority="urgent",
            words="he hurts me",
        )
    tell_left(str(conversation_id))
    assert texts_of_leaving()
