"""Somebody who lives in another zone than the agency: reminded in their own time and hours, on days when clocks change
too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from api.appointments.models import Appointment
from api.appointments.wording import Voice
from api.database import reading, transaction
from api.families.models import Person
from api.jurisdiction.packs import pack
from api.messages import held
from api.messages.models import Conversation
from api.messages.outbox import queue_reply
from api.reminders.models import Reminder
from api.reminders.wording import Spoken, words
from tests.reminders.conftest import MEETING, Diary, set_clock, tick

DAY = timedelta(days=1)
LONDON, MADRID, NEW_YORK = (ZoneInfo(name) for name in ("Europe/London", "Europe/Madrid", "America/New_York"))


def due_at() -> datetime:
    """When they are reminded the day before."""
    wanted = select(Reminder.due_at).where(Reminder.moment == "1d", Reminder.state == "planned")
    with reading() as session:
        return session.scalars(wanted).one()


def said(zone: ZoneInfo, place: ZoneInfo, when: datetime, *, language: str = "en", town: bool = True) -> str:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    return Voice(pack("uk-england"), language, zone, now, place=place, names_town=town).moment(when)


@pytest.mark.parametrize(
    ("zone", "place", "when", "expected"),
    [
        (LONDON, LONDON, datetime(2026, 7, 1, 9, tzinfo=UTC), "Wednesday 1 July at 10:00"),
        (MADRID, LONDON, datetime(2026, 7, 1, 9, tzinfo=UTC), "Wednesday 1 July at 11:00 (Madrid time)"),
        # Europe's clocks change on 29 March and 25 October, America's on 8 March and 1 November.
        (NEW_YORK, LONDON, datetime(2026, 3, 7, 15, tzinfo=UTC), "Saturday 7 March at 10:00 (New York time)"),
        (NEW_YORK, LONDON, datetime(2026, 3, 9, 15, tzinfo=UTC), "Monday 9 March at 11:00 (New York time)"),
        (LONDON, NEW_YORK, datetime(2026, 10, 24, 13, tzinfo=UTC), "Saturday 24 October at 14:00 (London time)"),
        (LONDON, NEW_YORK, datetime(2026, 10, 25, 13, tzinfo=UTC), "Sunday 25 October at 13:00 (London time)"),
        # Lagos has London's time in summer and not in winter; it is named when it differs, and only then.
        (ZoneInfo("Africa/Lagos"), LONDON, datetime(2026, 10, 24, 9, tzinfo=UTC), "Saturday 24 October at 10:00"),
        (
            ZoneInfo("Africa/Lagos"), LONDON, datetime(2026, 10, 26, 9, tzinfo=UTC),
            "Monday 26 October at 10:00 (Lagos time)",
        ),
        # Late in the evening there, and the next day here.
        (NEW_YORK, LONDON, datetime(2026, 7, 2, 1, tzinfo=UTC), "Wednesday 1 July at 21:00 (New York time)"),
    ],
    ids=[
        "the same place", "another", "before America's change", "between the two changes", "summer", "Europe's change",
        "the same by chance", "no longer the same", "another day",
    ],
)  # fmt: skip
def test_a_moment_is_said_in_the_persons_time_and_whose_it_is_only_where_it_differs(
    zone: ZoneInfo, place: ZoneInfo, when: datetime, expected: str
) -> None:
    assert said(zone, place, when) == expected


def test_a_discreet_text_does_not_say_where_somebody_lives() -> None:
    when = datetime(2026, 7, 1, 9, tzinfo=UTC)
    assert said(MADRID, LONDON, when, town=False) == "Wednesday 1 July at 11:00 (your time)"
    assert said(MADRID, LONDON, when, town=False, language="es").endswith("a las 11:00 (tu hora)")
    assert said(NEW_YORK, LONDON, when, language="es").endswith("a las 05:00 (hora de Nueva York)")


def test_reminders_come_in_their_hours_and_say_their_time(diary: Diary) -> None:
    diary.change(Person, timezone="America/New_York")
    tick()
    seven = datetime(2026, 11, 27, 12, 30, tzinfo=UTC)  # half past seven there, half past twelve at the agency
    assert diary.at(seven) == []
    (discreet,) = diary.at(seven + timedelta(minutes=30))
    assert discreet.startswith("Reminder: tomorrow at 08:00 (your time).")


def test_a_plain_reminder_names_the_town(diary: Diary) -> None:
    diary.change(Person, timezone="Europe/Madrid", wording="plain")
    tick()
    (first, *_) = diary.at(MEETING - 3 * DAY)
    assert "Saturday 28 November at 14:00 (Madrid time)" in first


def test_east_of_the_agency_the_evening_ends_earlier(diary: Diary) -> None:
    """Six in the evening at the agency is past eight in Nairobi: it waits for the morning there, five here."""
    diary.change(Person, timezone="Africa/Nairobi", reminder_moments="20h")
    tick()
    assert diary.at(datetime(2026, 11, 27, 18, 0, tzinfo=UTC)) == []
    assert diary.at(datetime(2026, 11, 28, 4, 59, tzinfo=UTC)) == []
    (told,) = diary.at(datetime(2026, 11, 28, 5, 0, tzinfo=UTC))
    assert told.startswith("Reminder: today at 16:00 (your time).")


def test_days_before_are_counted_on_their_clock_over_a_change_of_it(diary: Diary) -> None:
    """America's clocks go back on 1 November, the agency's went before: 'the day before at that hour' is theirs."""
    meeting = datetime(2026, 11, 1, 15, tzinfo=UTC)  # ten in New York, in winter time
    set_clock(datetime(2026, 10, 26, 12, tzinfo=UTC))
    diary.change(Person, timezone="America/New_York", reminder_moments="1d")
    diary.change(Appointment, starts_at=meeting, ends_at=meeting + timedelta(hours=1))
    tick()
    assert due_at() == datetime(2026, 10, 31, 14, tzinfo=UTC)  # ten there the day before, still summer time


def test_who_moves_is_reminded_anew_by_the_time_there(diary: Diary) -> None:
    diary.change(Person, reminder_moments="1d")
    tick()
    assert due_at() == MEETING - DAY
    diary.change(Person, timezone="America/Los_Angeles")  # 05:00 there is before their hours
    tick()
    assert due_at().astimezone(ZoneInfo("America/Los_Angeles")).hour in range(8, 20)
    diary.change(Person, timezone=None)
    tick()
    assert due_at() == MEETING - DAY


def test_what_a_worker_writes_waits_for_the_persons_own_hours(diary: Diary) -> None:
    diary.change(Person, timezone="America/New_York")
    with transaction() as session:
        conversation = session.get_one(Conversation, diary.household.conversation.id)
        conversation.last_inbound_at = None
        message = queue_reply(session, conversation, "It is about Monday.")
        session.flush()
        early = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)  # four in the morning there, nine at the agency
        assert held.look(session, message.id, early).wait_until == datetime(2026, 11, 25, 13, 0, tzinfo=UTC)
        evening = datetime(2026, 11, 25, 22, 0, tzinfo=UTC)  # ten at the agency, five there
        assert held.look(session, message.id, evening).wait_until is None
        assert held.waits_until(session, conversation, early) == datetime(2026, 11, 25, 13, 0, tzinfo=UTC)
        session.rollback()


@pytest.mark.parametrize(("zone", "now", "starts"), [
    ("Asia/Kolkata", datetime(2026, 3, 1, 18, 35, tzinfo=UTC), datetime(2026, 3, 2, 4, 30, tzinfo=UTC)),
    ("Asia/Kathmandu", datetime(2026, 3, 1, 18, 20, tzinfo=UTC), datetime(2026, 3, 2, 4, 15, tzinfo=UTC)),
], ids=["half an hour", "three quarters"])  # fmt: skip
def test_today_begins_at_midnight_there_also_where_that_is_no_full_hour_here(
    zone: str, now: datetime, starts: datetime
) -> None:
    spoken = Spoken(
        moment="2h", when=starts, was_at=None, kind="home_visit", children=(), place="", plain=False,
        may_name_children=False, language="en", jurisdiction="uk-england", zone=zone,
    )  # fmt: skip
    assert "today at 10:00" in words(spoken, now)
    assert "tomorrow at 10:00" in words(spoken, now - timedelta(minutes=15 if zone == "Asia/Kolkata" else 10))
