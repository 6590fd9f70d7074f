"""What a family member can do about an appointment: say they will come, that they are late, that they cannot.

Each function works in the caller's transaction, checks that the person is expected there, and does nothing twice for
one message. Raises NotExpected for anybody else's appointment: to the caller it does not exist.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.appointments import queries
from api.appointments.models import Appointment, Attendee, ChangeRequest
from api.database import notify

#: The longest own words that are kept with an answer.
LONGEST_WORDS = 2000


class NotExpected(LookupError):
    """The person is not expected at that appointment (or there is none)."""


def answer(
    session: Session, appointment: Appointment, person_id: uuid.UUID, what: str, *, words: str, now: datetime
) -> Attendee:
    """Record the person's answer: ``confirmed`` or ``late``, with their own words. Raises NotExpected."""
    place = _place(session, appointment, person_id)
    place.answer, place.answered_at, place.answer_words = what, now, words[:LONGEST_WORDS]
    notify(session, f"family:{appointment.family_id}")
    return place


def request_change(
    session: Session,
    appointment: Appointment,
    person_id: uuid.UUID,
    *,
    message_id: uuid.UUID,
    words: str,
    now: datetime,
) -> ChangeRequest:
    """Record that the person cannot come or wants another time; once for each message. Raises NotExpected.

    The appointment itself stays as it is: moving it is the worker's to do.
    """
    place = _place(session, appointment, person_id)
    known = session.scalar(select(ChangeRequest).filter_by(appointment_id=appointment.id, message_id=message_id))
    if known is not None:
        return known
    place.answer, place.answered_at, place.answer_words = "cannot_come", now, words[:LONGEST_WORDS]
    request = ChangeRequest(
        appointment_id=appointment.id,
        person_id=person_id,
        message_id=message_id,
        words=words[:LONGEST_WORDS],
        created_at=now,
    )
    session.add(request)
    session.flush()
    notify(session, f"family:{appointment.family_id}")
    return request


def _place(session: Session, appointment: Appointment, person_id: uuid.UUID) -> Attendee:
    place = queries.attendance(session, appointment.id, person_id)
    if place is None:
        raise NotExpected
    return place
