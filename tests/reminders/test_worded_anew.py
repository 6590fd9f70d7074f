"""A reminder that waits in the outbox says only what may be said by then: its reader's profile may change meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from api import clock
from api.database import reading, transaction
from api.families import profile
from api.families.models import Person
from api.messages import inbox
from api.messages.models import OutboundMessage
from tests.reminders.conftest import MEETING, Diary, tick

DAY = timedelta(days=1)


def outbox() -> list[tuple[str, str, str]]:
    with reading() as session:
        rows = session.scalars(select(OutboundMessage).order_by(OutboundMessage.seq)).all()
    return [(row.state, row.error, row.body) for row in rows]


def agree(diary: Diary, **values: Any) -> None:
    """A worker changes the profile, and the worker process looks."""
    with transaction() as session:
        person = session.get_one(Person, diary.person.id)
        worker = diary.town.worker.id
        profile.change(session, person, values, actor_kind="worker", actor_id=worker, now=clock.now())
    tick()


@pytest.mark.parametrize(
    "values", [{"wording": "discreet"}, {"phone_seen_by": "her brother"}], ids=["wording", "who sees the phone"]
)
def test_what_waits_becomes_discreet_with_the_profile_and_goes_once(diary: Diary, values: dict[str, str]) -> None:
    diary.change(Person, wording="plain")
    tick()
    (plain,) = diary.at(MEETING - DAY)
    assert "core group" in plain
    agree(diary, **values)
    before, after = outbox()
    assert before == ("cancelled", "worded_anew", plain)
    assert after[:2] == ("queued", "") and "core group" not in after[2] and "tomorrow at 13:00" in after[2]
    assert diary.reminders()["1d"] == "queued"
    tick()
    assert len(outbox()) == 2


def test_what_waits_becomes_discreet_as_soon_as_they_write_who_sees_the_phone(diary: Diary) -> None:
    diary.change(Person, wording="plain")
    tick()
    (plain,) = diary.at(MEETING - DAY)
    phone = diary.town.mine.conversation.address
    inbox.accept(channel="sms", external_id="SM1", address=phone, body="someone else uses this phone")
    tick()
    before, *_, after = outbox()
    assert before == ("cancelled", "worded_anew", plain)
    assert after[0] == "queued" and "core group" not in after[2] and "tomorrow at 13:00" in after[2]


def test_a_code_word_and_another_language_are_in_what_waits(diary: Diary) -> None:
    diary.at(MEETING - DAY)
    agree(diary, language="es", code_word="Marigold", use_code_word=True)
    assert outbox()[-1][2].startswith("Marigold. Recordatorio")


def test_other_hours_word_nothing_anew_and_what_is_on_its_way_is_left_alone(diary: Diary) -> None:
    diary.change(Person, wording="plain")
    tick()
    diary.at(MEETING - DAY)
    agree(diary, contact_until="20:00")
    assert [state for state, _, _ in outbox()] == ["queued"]
    with transaction() as session:
        session.execute(update(OutboundMessage).values(state="sending"))
    agree(diary, wording="discreet")
    assert [state for state, _, _ in outbox()] == ["sending"] and diary.reminders()["1d"] == "queued"


def test_a_reminder_whose_time_is_over_is_not_worded_again(diary: Diary) -> None:
    diary.change(Person, wording="plain")
    tick()
    diary.at(MEETING - DAY)
    clock.move(timedelta(days=1, hours=2))
    agree(diary, wording="discreet")
    assert [state for state, _, _ in outbox()] == ["cancelled"]
