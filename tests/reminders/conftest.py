"""The town on a Tuesday at noon, with a parent's appointment two days later; ``tick`` is what the worker does."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.engine import Engine

from api.appointments.models import Appointment, Attendee, ChangeRequest
from api.database import reading, transaction
from api.families.models import Person
from api.messages.models import OutboundMessage
from api.reminders import jobs
from api.reminders.models import AppointmentChange, Reminder
from tests.messages.conftest import twilio
from tests.small_town import Household, Town, town

__all__ = ["town", "twilio"]

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MEETING = datetime(2026, 11, 28, 13, 0, tzinfo=UTC)


def set_clock(moment: datetime) -> None:
    """It is this time now."""
    Path(os.environ["HEARTHLINE_CLOCK_FILE"]).write_text(str((moment - datetime.now(UTC)).total_seconds()))


def tick() -> None:
    """All that is due, then all that is to be planned, then what that made due."""
    jobs.remind()
    jobs.look_ahead(at_once=True)
    jobs.remind()


@dataclass
class Diary:
    """The parent of ``town.mine`` and the one appointment there is."""

    town: Town
    household: Household
    appointment: Appointment

    @property
    def person(self) -> Person:
        return self.household.parent

    def change(self, model: Any, **values: Any) -> None:
        """Change the appointment or the person behind everybody's back, as any program might."""
        key = {Appointment: self.appointment.id, Person: self.person.id}[model]
        with transaction() as session:
            session.execute(update(model).where(model.id == key).values(**values))

    def reminders(self) -> dict[str, str]:
        """Moment → state, or why it was left out; the newest of each."""
        with reading() as session:
            rows = session.scalars(select(Reminder).order_by(Reminder.starts_at, Reminder.change_id)).all()
        return {row.moment: row.reason or row.state for row in rows}

    def texts(self) -> list[str]:
        """What was put into the outbox, in order."""
        with reading() as session:
            return list(session.scalars(select(OutboundMessage.body).order_by(OutboundMessage.seq)))

    def at(self, moment: datetime) -> list[str]:
        """It is that time, and the worker looks; what is new in the outbox."""
        before = len(self.texts())
        set_clock(moment)
        tick()
        return self.texts()[before:]


@pytest.fixture
def diary(town: Town, database: Engine) -> Diary:
    """Noon on Tuesday; the parent has an appointment on Saturday at one, planned for."""
    set_clock(NOON)
    with transaction() as session:
        session.execute(delete(ChangeRequest))
        session.execute(delete(Attendee).where(Attendee.appointment_id != town.mine.appointment.id))
        session.execute(update(Attendee).values(answer="none", answered_at=None))
        appointment = session.get_one(Appointment, town.mine.appointment.id)
        appointment.starts_at, appointment.ends_at = MEETING, MEETING + timedelta(hours=1)
        session.flush()
        session.execute(delete(AppointmentChange))
    tick()
    return Diary(town, town.mine, town.mine.appointment)


Booking = Callable[..., Appointment]


@pytest.fixture
def book(diary: Diary) -> Booking:
    """Another appointment of the same parent."""

    def booked(starts_at: datetime, **more: Any) -> Appointment:
        with transaction() as session:
            made = Appointment(
                family_id=diary.household.family.id, external_id=starts_at.isoformat(), kind="home_visit",
                starts_at=starts_at, ends_at=starts_at + timedelta(hours=1), **more,
            )  # fmt: skip
            session.add(made)
            session.flush()
            session.add(Attendee(appointment_id=made.id, person_id=diary.person.id))
        return made

    return booked
