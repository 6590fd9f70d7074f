"""Taken on and then forgotten: whoever has it is reminded once, and then others are told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.caseload.today import to_do
from api.console.today_routes import place
from api.database import transaction
from api.escalations import service
from api.escalations.forgotten import limits
from api.escalations.jobs import climb, watch_calls, watch_held
from api.escalations.models import EscalationEvent, RotaChange
from api.messages import service as conversations
from api.messages import takeovers
from api.messages.models import Conversation, OutboundMessage
from tests.escalations.test_by_text import says
from tests.escalations.test_promised_calls import minutes, one
from tests.small_town import Town


def taken(town: Town, worker: Worker, priority: str = "emergency", words: str = "please ring me") -> int:
    number = town.escalation(town.mine, words, priority)
    with transaction() as session:
        service.acknowledge(session, number, worker, via="console")
    return number


def reminders(session: Session, worker: Worker) -> list[OutboundMessage]:
    session.expire_all()
    rows = session.scalars(select(OutboundMessage).filter_by(worker_id=worker.id).order_by(OutboundMessage.seq))
    return [row for row in rows if "still yours" in row.body]


def kinds(session: Session, number: int) -> list[str]:
    events = select(EscalationEvent.kind).filter_by(escalation_id=number).order_by(EscalationEvent.at)
    return list(session.scalars(events))


@pytest.mark.parametrize("priority", ["emergency", "urgent", "routine"])
def test_they_are_reminded_once_and_after_as_long_again_it_is_open(session: Session, town: Town, priority: str) -> None:
    number = taken(town, town.duty, priority, "he hits the children")
    long = limits()[priority].total_seconds() / 60
    minutes(long - 1)
    assert watch_held() == 0
    minutes(2)
    assert (watch_held(), watch_held()) == (1, 0)
    (text,) = reminders(session, town.duty)
    assert text.body.startswith(f"{number} is still yours: ") and f"/console/e/{number}" in text.body
    assert "hits" not in text.body and "Ash" not in text.body
    assert one(session, number).state == "acknowledged"
    minutes(long - 1)
    assert watch_held() == 0
    told = len(one(session, number).notifications)
    minutes(2)
    assert (watch_held(), watch_held()) == (1, 0)
    again = one(session, number)
    assert (again.state, again.acknowledged_by) == ("open", None) and again.next_rung_at is not None
    assert priority == "routine" or len(again.notifications) > told
    assert kinds(session, number) == ["opened", "acknowledged", "reminded", "forgotten"]


def test_an_emergency_has_an_hour_and_what_is_urgent_eight() -> None:
    assert (limits()["emergency"], limits()["urgent"]) == (timedelta(hours=1), timedelta(hours=8))


def test_saying_again_that_one_has_it_begins_anew(session: Session, town: Town) -> None:
    number = taken(town, town.duty)
    for _ in range(2):
        minutes(61)
        assert watch_held() == 1
        says(session, town.duty, f"ACK {number}")
        session.commit()
        minutes(58)
        assert watch_held() == 0
    assert len(reminders(session, town.duty)) == 2 and one(session, number).state == "acknowledged"


@pytest.mark.parametrize("sign", ["closed", "a call ahead", "takeover", "words"])
def test_whoever_sees_to_it_is_left_alone(session: Session, town: Town, sign: str) -> None:
    number = taken(town, town.duty)
    minutes(30)
    with transaction() as acting:
        there = acting.get_one(Conversation, town.mine.conversation.id)
        if sign == "closed":
            service.resolve(acting, number, town.duty, "rang her")
        elif sign == "a call ahead":
            by = clock.now() + timedelta(hours=4)
            service.acknowledge(acting, number, town.duty, via="sms", ring_by=by)
        elif sign == "takeover":
            takeovers.take_over(acting, there, town.duty)
        else:
            conversations.reply_from_worker(acting, there, town.duty, "I am on my way.").state = "sent"
    minutes(150)
    assert watch_held() == 0 and watch_calls() == 0 and reminders(session, town.duty) == []


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_words_that_never_went_are_no_sign(session: Session, town: Town, state: str) -> None:
    taken(town, town.duty)
    minutes(1)
    with transaction() as acting:
        there = acting.get_one(Conversation, town.mine.conversation.id)
        conversations.reply_from_worker(acting, there, town.duty, "I am on my way.").state = state
    minutes(60)
    assert watch_held() == 1


def test_a_manager_sees_what_others_have_had_for_long(client: TestClient, session: Session, town: Town) -> None:
    number = taken(town, town.duty)

    def held(viewer: Worker) -> list[str]:
        lines, _ = to_do(session, viewer, clock.now(), "Europe/London", what=("held",))
        assert all(place(line) == f"/console/e/{line.object_id}" for line in lines)
        return [line.object_id for line in lines]

    assert held(town.manager) == []
    minutes(61)
    assert (held(town.manager), held(town.worker), held(town.far_manager)) == ([str(number)], [], [])
    watch_held()
    assert held(town.manager) == [str(number)], "also once they were reminded"
    client.cookies.update(town.signed_in(town.manager))
    assert "Taken on, and nothing since" in client.get("/console/today").text
    items = client.get("/api/v1/today", headers=town.program(town.manager)).json()["items"]
    assert [item["object_id"] for item in items if item["what"] == "held"] == [str(number)]


@pytest.mark.parametrize("noted", ["ahead", "afterwards"])
def test_what_somebody_has_is_open_again_when_their_leave_begins(session: Session, town: Town, noted: str) -> None:
    """Ahead: the leave begins two hours later. Afterwards: they are ill, and it is noted for the whole day."""
    number = taken(town, town.duty, "urgent")
    minutes(60)
    begins = clock.now() + timedelta(hours=1 if noted == "ahead" else -3)
    with transaction() as changing:
        changing.add(
            RotaChange(
                agency_id=town.agency.id, kind="leave", worker_id=town.duty.id, starts_at=begins,
                ends_at=begins + timedelta(days=3), made_at=clock.now(),
            )
        )  # fmt: skip
    if noted == "ahead":
        climb()
        assert one(session, number).state == "acknowledged"
        minutes(61)
    climb()
    again = one(session, number)
    assert (again.state, again.acknowledged_by) == ("open", None) and kinds(session, number)[-1] == "away"
    with transaction() as acting:
        service.acknowledge(acting, number, town.duty, via="sms")
    climb()
    assert one(session, number).state == "acknowledged", "who takes it on in their leave has it"
