"""People who live in another zone than the agency: what they hear, and what their words mean, is in their own time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from api.appointments.models import Appointment
from api.database import transaction
from api.families.models import Person
from tests.assistant.conftest import Talk

Phone = Callable[[str], Talk]


def lives_in(key: str, zone: str, **more: str) -> None:
    with transaction() as session:
        session.execute(update(Person).where(Person.external_id == key).values(timezone=zone, **more))


def starts(external_id: str, when: datetime) -> None:
    ends = when + timedelta(hours=1)
    with transaction() as session:
        session.execute(
            update(Appointment).where(Appointment.external_id == external_id).values(starts_at=when, ends_at=ends)
        )


def test_the_next_appointment_is_told_in_their_own_time_with_the_town(talk: Phone) -> None:
    lives_in("kelly", "Europe/Madrid")
    reply = talk("kelly").says("whens my next meeting", "check_appointments")
    assert reply.startswith("Your next one is a home visit for Jayden and Ruby, tomorrow at 17:00 (Madrid time).")


def test_a_discreet_answer_says_their_own_time_and_no_town(talk: Phone) -> None:
    lives_in("sarah", "Europe/Madrid")
    assert (
        talk("sarah")
        .says("when is my next one", "check_appointments")
        .startswith("Next: tomorrow at 13:30 (your time).")
    )


def test_somebody_in_england_hears_an_ohio_meeting_in_english_time(talk: Phone) -> None:
    lives_in("darnell", "Europe/London", wording="plain")
    assert "tomorrow at 2:00 PM (London time)" in talk("darnell").says("when is my next one", "check_appointments")


def test_tomorrow_and_thursday_are_their_own(talk: Phone) -> None:
    """Nine on Tuesday morning in Leeds is ten on Tuesday evening in Auckland, and eleven on Monday evening in
    Honolulu."""
    late = datetime(2026, 11, 26, 22, 30, tzinfo=UTC)  # Thursday evening in Leeds, Friday morning in Auckland
    starts("bennett-visit-1", late)
    lives_in("kelly", "Pacific/Auckland")
    kelly = talk("kelly")
    assert "Friday 27 November at 11:30 (Auckland time)" in kelly.says("anything on friday?", "check_appointments")
    assert kelly.says("anything on thursday?", "check_appointments").startswith("Nothing for you on Thursday")
    early = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)  # Wednesday morning in Leeds, Tuesday evening in Honolulu
    starts("bennett-visit-1", early)
    lives_in("kelly", "Pacific/Honolulu")
    starts("bennett-course-5", datetime(2026, 12, 1, 10, 0, tzinfo=UTC))
    assert "tomorrow at 22:00 (Honolulu time)" in kelly.says("have i got anything tomorrow", "check_appointments")


def test_hours_that_they_ask_for_are_their_own_and_read_back_plainly(talk: Phone) -> None:
    lives_in("kelly", "America/New_York")
    reply = talk("kelly").says("dont text me after 6", "change_contact_preference")
    assert "18:00" in reply and "New York" not in reply


def test_nobody_hears_of_another_time_while_the_clocks_agree(talk: Phone) -> None:
    lives_in("kelly", "Europe/Lisbon")
    reply = talk("kelly").says("whens my next meeting", "check_appointments")
    assert "tomorrow at 16:00." in reply and "time)" not in reply
