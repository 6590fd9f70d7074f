"""What workers text to the service: no more of it is kept than is needed, and it is erased, exported and aged."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from api import clock
from api.access.models import Worker
from api.audit.models import AuditEntry
from api.cli import app
from api.database import transaction
from api.escalations import service as escalations
from api.escalations.models import Escalation
from api.messages import inbox
from api.messages.models import Conversation, DeliveryAttempt, InboundMessage, OutboundMessage
from api.protection.jobs import remove_old
from tests.protection.test_erasure import end_plan
from tests.protection.test_erasure import run as erase
from tests.protection.test_person_file import export
from tests.small_town import Town

WORDS = "Ashparent is at her mum's, 4 Elm St"


def texts(worker: Worker, body: str) -> None:
    inbox.accept(channel="sms", external_id=uuid.uuid4().hex, address=worker.phone or "", body=body)


def kept(session: Session) -> list[str]:
    """Of workers' texts, in order."""
    session.rollback()
    query = select(InboundMessage).join(Conversation).where(Conversation.worker_id.is_not(None))
    return [one.body for one in session.scalars(query.order_by(InboundMessage.seq))]


def test_of_an_order_verb_and_number_are_kept_and_its_words_stand_on_the_escalation(
    session: Session, town: Town
) -> None:
    number = town.escalation(town.mine)
    texts(town.duty, f"ack #{number}, ring in 10 min")
    texts(town.duty, f"Close {number} {WORDS}")
    assert kept(session) == [f"ACK {number}", f"CLOSE {number}"]
    closed = session.get_one(Escalation, number)
    assert (closed.state, closed.outcome) == ("resolved", WORDS)


@pytest.mark.parametrize("number", [None, 999])
def test_an_order_that_was_not_done_leaves_no_words_either(session: Session, town: Town, number: int | None) -> None:
    number = number or town.escalation(town.mine)  # nobody has taken it on, or there is none
    texts(town.duty, f"CLOSE {number} {WORDS}")
    assert kept(session) == [f"CLOSE {number}"]


def test_the_same_order_brought_twice_is_done_once(session: Session, town: Town) -> None:
    number = town.escalation(town.mine)
    for _ in range(2):
        inbox.accept(channel="sms", external_id="SMone", address=town.duty.phone or "", body=f"ACK {number} hello")
    assert kept(session) == [f"ACK {number}"]


def test_erasing_takes_the_name_out_of_workers_texts(session: Session, town: Town) -> None:
    texts(town.duty, "who has Ashparent Ash today")
    texts(town.far_manager, "Ashparent is somebody else here")
    end_plan(town.mine)
    assert erase(town.mine.parent.id, "--yes").exit_code == 0
    ours, others = kept(session)
    assert "Ash" not in ours and ours.startswith("who has ") and others == "Ashparent is somebody else here"


def test_a_persons_file_has_what_workers_ordered_and_counts_what_may_name_others(
    session: Session, town: Town, tmp_path: Path
) -> None:
    mine, other = town.escalation(town.mine), town.escalation(town.other)
    for number in (mine, other):
        texts(town.duty, f"ACK {number}")
    texts(town.duty, "who has ashparent ash today")
    texts(town.duty, "where is Ashparent")
    held = export(str(town.mine.parent.id), tmp_path)["workers_texts"]
    assert [(one["body"], one["by"]) for one in held["orders"]] == [(f"ACK {mine}", f"{town.duty.name} (duty)")]
    assert held["not_included"]["count"] == 1 and "today" not in str(held)


def test_workers_texts_go_with_their_answers_when_they_are_old(session: Session, town: Town) -> None:
    texts(town.duty, "hello?")
    with transaction() as writing:
        (said,) = writing.scalars(select(OutboundMessage).filter_by(worker_id=town.duty.id))
        said.state = "delivered"
        writing.add(
            DeliveryAttempt(outbound_id=said.id, started_at=clock.now(), ended_at=clock.now(), result="accepted")
        )
    town.message(town.mine.conversation, "a family's words stay")
    clock.move(timedelta(days=89))
    assert "workers_texts" not in remove_old()
    clock.move(timedelta(days=2))
    assert remove_old()["workers_texts"] == 1
    assert kept(session) == []
    assert session.scalar(select(func.count()).select_from(DeliveryAttempt)) == 0
    assert session.scalar(select(func.count()).where(OutboundMessage.worker_id == town.duty.id)) == 0
    assert session.scalars(select(InboundMessage)).one().body == "a family's words stay"
    trail = session.scalars(select(AuditEntry).filter_by(verb="removed_by_age", object_id="workers_texts")).one()
    assert trail.detail["removed"] == 1


def test_a_text_whose_answer_is_still_to_go_or_that_raised_an_alarm_stays(session: Session, town: Town) -> None:
    texts(town.duty, "hello?")
    clock.move(timedelta(days=400))
    assert "workers_texts" not in remove_old()
    with transaction() as writing:
        writing.scalars(select(OutboundMessage).filter_by(worker_id=town.duty.id)).one().state = "delivered"
        message = writing.scalars(select(InboundMessage)).one()
        conversation = writing.get_one(Conversation, message.conversation_id)
        escalations.open_escalation(
            writing, conversation=conversation, message=message, kind="contact", priority="routine", words="x"
        )
    assert "workers_texts" not in remove_old()


def test_the_operator_sees_their_period(session: Session, town: Town) -> None:
    said = CliRunner().invoke(app, ["retention"])
    assert "workers_texts: 90 days" in said.stdout
