"""A turn sends its own replies, all of them in order; what it did not come to, the sweep does."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select, text

from api.database import reading, transaction
from api.messages import jobs as message_jobs
from api.messages.models import OutboundMessage
from tests.assistant.conftest import Talk
from tests.assistant.test_two_requests import BOTH, GP_AND_MEETING
from tests.harness.twilio import FakeTwilio
from tests.messages.conftest import twilio

__all__ = ["twilio"]

Phone = Callable[[str], Talk]


def states() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(OutboundMessage.state).order_by(OutboundMessage.seq)))


def jobs() -> int:
    with reading() as session:
        return session.execute(text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'")).scalar_one()


def test_two_replies_go_out_within_the_turn_in_their_order_and_need_no_job(talk: Phone, twilio: FakeTwilio) -> None:
    said = talk("kelly").says(BOTH, "report_action_done", requests=GP_AND_MEETING)
    assert [sent.body for sent in twilio.texts] == said.split("\n--\n")
    assert states() == ["sent", "sent"] and jobs() == 0


def test_the_second_does_not_go_before_the_first_was_taken(talk: Phone, twilio: FakeTwilio) -> None:
    twilio.fail("429")
    talk("kelly").says(BOTH, "report_action_done", requests=GP_AND_MEETING)
    assert twilio.texts == [] and states() == ["queued", "queued"]
    with transaction() as session:
        session.execute(text("UPDATE outbound_messages SET due_at = created_at"))  # the wait is over
    assert message_jobs.sweep() == 2 == jobs()
