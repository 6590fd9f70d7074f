"""From the outbox to the phone: what holds no more is not sent, and a rush that is written down comes first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.appointments.models import Appointment
from api.database import reading, transaction
from api.families.models import ContactPoint
from api.messages import jobs as message_jobs
from api.messages.models import OutboundMessage
from api.reminders import telling
from tests.harness.twilio import FakeTwilio
from tests.reminders.conftest import MEETING, Diary, set_clock

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({"status": "cancelled"}, ("cancelled", "cancelled")),
        ({"starts_at": MEETING - timedelta(hours=3)}, ("cancelled", "moved")),
    ],
)
def test_what_changes_while_it_waits_in_the_outbox_is_not_sent(
    diary: Diary, twilio: FakeTwilio, values: dict[str, Any], state: tuple[str, str]
) -> None:
    diary.at(MEETING - 3 * DAY)
    diary.change(Appointment, **values)
    assert delivered() == state
    assert twilio.calls == []


def test_what_could_not_go_out_in_the_safe_hours_is_shown_to_a_worker(diary: Diary, twilio: FakeTwilio) -> None:
    diary.at(MEETING - 3 * DAY)
    set_clock(datetime(2026, 11, 25, 20, 0, tzinfo=UTC))
    assert delivered() == ("failed", "too_late")
    assert twilio.calls == []


def test_who_opts_out_while_it_waits_in_the_outbox_gets_nothing(diary: Diary, twilio: FakeTwilio) -> None:
    diary.at(MEETING - 3 * DAY)
    with transaction() as session:
        session.execute(update(ContactPoint).values(state="opted_out"))
    assert delivered() == ("cancelled", "opted_out")
    assert twilio.calls == []


def test_what_holds_goes_out(diary: Diary, twilio: FakeTwilio) -> None:
    diary.at(MEETING - 3 * DAY)
    assert delivered() == ("sent", "")
    assert len(twilio.texts) == 1


def test_the_lanes_go_slower_while_a_rush_is_written_down_and_no_rush_outlives_it(
    diary: Diary, twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "BATCH", 1)
    slow: list[bool] = []

    def tell(session: Session, now: datetime) -> int:
        slow.append(message_jobs.RUSH.is_set())
        return telling_itself(session, now, 1)

    telling_itself = telling.tell
    monkeypatch.setattr(telling, "tell", tell)
    diary.at(MEETING - 3 * DAY)
    assert [slow.count(True), slow[0]] == [1, False], "one batch was full, and the look after it went on in a rush"
    assert not message_jobs.RUSH.is_set()
    assert delivered() == ("sent", "")


def delivered() -> tuple[str, str]:
    """Run the lanes; state and error of the newest text."""
    assert message_jobs.sweep() == 1
    assert message_jobs.sweep() == 0, "a lane has one job at a time"
    for lane in range(message_jobs.LANES):
        message_jobs.deliver_reminders(lane)
    with reading() as session:
        row = session.scalars(select(OutboundMessage).order_by(OutboundMessage.seq.desc()).limit(1)).one()
    return row.state, row.error
