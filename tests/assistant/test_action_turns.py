"""The family's actions, and the plan, as people write about them."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from sqlalchemy import func, select

from api.access.models import Worker
from api.assistant import tokens
from api.database import reading, transaction
from api.messages import inbox
from api.plans import service
from api.plans.models import ActionEvent, PlanAction
from tests.assistant.conftest import Talk, Understanding

Phone = Callable[[str], Talk]


def action(external_id: str) -> PlanAction:
    with reading() as session:
        return session.scalars(select(PlanAction).filter_by(external_id=external_id)).first()  # type: ignore[return-value]


def count(kind: str) -> int:
    with reading() as session:
        return session.scalar(
            select(func.count()).select_from(ActionEvent).where(
                ActionEvent.kind == kind, ActionEvent.message_id.is_not(None)
            )
        ) or 0  # fmt: skip


def test_a_report_is_recorded_read_back_and_left_for_a_worker_to_check(talk: Phone) -> None:
    reply = talk("kelly").says("ive registered with the doctors", "report_action_done")
    assert "Register all three of you with a GP - done" in reply
    assert "will check it" in reply
    gp = action("gp")
    assert gp.status == "reported_done"
    with reading() as session:
        event = session.scalars(select(ActionEvent).filter_by(action_id=gp.id, kind="reported_done")).one()
    assert event.words == "ive registered with the doctors"
    assert event.person_id is not None and event.message_id is not None


def test_undo_takes_the_report_back(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("ive registered with the doctors", "report_action_done")
    assert "taken that back" in kelly.says("1")
    assert action("gp").status == "open"
    assert "left that" in kelly.says("undo", "cancel")


def test_done_alone_asks_which_and_the_number_records_it(talk: Phone) -> None:
    kelly = talk("kelly")
    assert kelly.says("done", "report_action_done").startswith("Great. Which one is done?")
    assert count("reported_done") == 0
    assert "1 Undo" in kelly.says("1")
    assert count("reported_done") == 1


def test_what_was_reported_before_is_said_to_be(talk: Phone) -> None:
    reply = talk("kelly").says("been to the dentist with both of em", "report_action_done")
    assert "written down as done already" in reply
    assert count("reported_done") == 0


def test_being_stuck_is_kept_with_the_reason_and_the_worker_is_told(talk: Phone) -> None:
    reply = talk("kelly").says("the parenting course is full til january", "report_action_blocked")
    assert "stuck with: Finish the Stepping Stones parenting course" in reply
    course = action("course")
    assert (course.status, course.blocked_reason) == ("blocked", "the parenting course is full til january")


def test_what_is_left_is_told_late_ones_first(talk: Phone) -> None:
    lines = talk("kelly").says("what have i got to do", "check_actions").splitlines()
    assert lines[1].startswith("1 Register all three of you with a GP (was due")
    assert any("(stuck: " in line for line in lines)


def decided(external_id: str, decide: Callable[..., None], words: str) -> None:
    """A worker decides on an action, in the console."""
    with transaction() as session:
        found = session.scalars(select(PlanAction).filter_by(external_id=external_id)).one()
        decide(session, found, found.plan.family_id, session.scalars(select(Worker)).first(), words)


def test_what_a_worker_says_is_in_the_way_is_told_and_stands_again_after_an_undo(talk: Phone) -> None:
    decided("gp", service.block, "the surgery takes nobody on before January")
    kelly = talk("kelly")
    assert "(stuck: the surgery takes nobody on before January)" in kelly.says("what is left", "check_actions")
    kelly.says("the gp surgery never answers the phone", "report_action_blocked")
    assert action("gp").blocked_reason == "the gp surgery never answers the phone"
    assert "taken that back" in kelly.says("1")
    assert (action("gp").status, action("gp").blocked_reason) == (
        "blocked", "the surgery takes nobody on before January"
    )  # fmt: skip
    kelly.says("they hung up on me about the gp", "report_action_blocked")
    assert "taken that back" in kelly.says("1")
    assert action("gp").blocked_reason == "the surgery takes nobody on before January", "not what was taken back before"
    decided("gp", service.unblock, "")
    assert "stuck: the surgery" not in kelly.says("what is left", "check_actions")


def test_what_a_worker_dropped_is_not_on_the_list_and_is_said_to_be_gone(talk: Phone) -> None:
    decided("gp", service.drop, "they have moved")
    kelly = talk("kelly")
    assert "GP" not in kelly.says("what is left", "check_actions")
    assert "not on your list any more: Register all three of you with a GP" in kelly.says(
        "ive registered with the doctors", "report_action_done"
    )
    decided("gp", service.restore, "")
    decided("gp", service.done, "seen the letter")
    assert "done and checked" in kelly.says("ive registered with the doctors", "report_action_done")


def test_nobody_is_told_of_another_persons_actions(talk: Phone) -> None:
    assert "Calm Dads" not in talk("sarah").says("what have i got to do", "check_actions")


def test_the_plans_progress_is_counted_and_not_judged(talk: Phone) -> None:
    reply = talk("kelly").says("how are we doing", "ask_plan_status")
    assert "of your 5 actions are done" in reply
    assert "Monday 14 December" in reply


def test_can_they_take_my_kids_gets_the_explanation_and_somebody_to_ask(talk: Phone) -> None:
    reply = talk("kelly").says("can they take my kids off me", "ask_about_plan")
    assert reply.startswith("A plan is not about taking children away")
    assert "1 Ask my social worker" in reply


def test_a_turn_that_is_asked_twice_writes_once_and_answers_alike(talk: Phone, understanding: Understanding) -> None:
    kelly = talk("kelly")
    accepted = inbox.accept(
        channel="sms", external_id=uuid.uuid4().hex, address=kelly.address, body="registered with the doctors"
    )
    token = {"X-Turn-Token": tokens.make(accepted.message_id)}
    question = {"text": "registered with the doctors", "intent": "report_action_done", "confidence": 0.9}
    first = understanding.api.post("/assist/report_action_done", json=question, headers=token)
    second = understanding.api.post("/assist/report_action_done", json=question, headers=token)
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert count("reported_done") == 1


def test_every_operation_refuses_a_missing_forged_or_settled_token(talk: Phone, understanding: Understanding) -> None:
    from api.assistant.operations.service import OPERATIONS

    kelly = talk("kelly")
    kelly.says("hello", "greet")
    with reading() as session:
        from api.messages.models import InboundMessage

        settled = tokens.make(session.scalars(select(InboundMessage.id)).one())
    for name in OPERATIONS:
        for token in ("", "forged", settled):
            answer = understanding.api.post(f"/assist/{name}", json={}, headers={"X-Turn-Token": token})
            assert answer.status_code == 404, name
