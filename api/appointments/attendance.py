"""Who is expected at an appointment that is booked already: changed, with a note of who is new and who no longer.

Promise: who stays keeps their answer; whoever is added or removed is told (the reminders' tick reads the notes).
Nothing here commits; the caller has checked that the worker may see the family.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from api.appointments.models import Appointment, Attendee, AttendeeChange

#: A family member by their id, a professional by their name.
Key = tuple[uuid.UUID | None, str]


def key_of(place: Attendee) -> Key:
    """What makes a place the same person's."""
    return place.person_id, "" if place.person_id else place.name


def named(name: str) -> str:
    """Whom a name means, however it is written."""
    return name.strip().lower()


def settle(
    session: Session, appointment: Appointment, wanted: Sequence[Attendee], *, by: uuid.UUID | None
) -> tuple[int, int]:
    """Exactly these are expected; how many were added and how many removed. ``by``: the worker who changes it."""
    left = list(wanted)
    gone: list[Attendee] = []
    for place in appointment.attendees:
        new = next((one for one in left if key_of(one) == key_of(place)), None)
        if new is None:
            gone.append(place)
            continue
        left.remove(new)  # one place for one place: two professionals may have one name
        place.role, place.concerns = new.role, new.concerns
    note(session, appointment, left, "added", by)
    note(session, appointment, gone, "removed", by)
    for place in gone:
        appointment.attendees.remove(place)
        session.delete(place)
    appointment.attendees.extend(left)
    if left or gone:
        appointment.sequence += 1  # whoever has it open sees that it is another one now
    session.flush()
    return len(left), len(gone)


def note(
    session: Session, appointment: Appointment, places: Iterable[Attendee], what: str, by: uuid.UUID | None
) -> None:
    """These were ``added`` or ``removed``: to be told."""
    for place in places:
        person_id, name = key_of(place)
        session.add(
            AttendeeChange(appointment_id=appointment.id, person_id=person_id, name=name, what=what, changed_by=by)
        )
