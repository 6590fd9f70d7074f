"""What an appointment says, as its earlier versions keep it; and keeping it while somebody changes it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

from api.appointments.models import Appointment
from api.conferences.queries import people
from api.earlier import queries as earlier
from api.earlier import service as keeping
from api.earlier.queries import OWN, Told

_OWN = "kind status starts_at ends_at place address address_hidden link bring travel change_reason"


def content_of(row: Appointment) -> dict[str, Any]:
    """All of it, as plain JSON; people of the family by id. Words with which somebody answered are not in it: they go
    when another time takes them back."""
    return {
        OWN: keeping.plain(row, _OWN),
        "attendees": keeping.keyed(
            [
                (str(one.person_id), keeping.plain(one, "role concerns answer"))
                if one.person_id
                else (one.name, keeping.plain(one, "name role concerns answer"))
                for one in sorted(row.attendees, key=lambda one: (one.name, str(one.person_id)))
            ]
        ),
    }


@contextmanager
def kept(session: Session, row: Appointment, by: uuid.UUID | None) -> Iterator[None]:
    """What is changed inside is kept as it was before, if it is otherwise afterwards. ``by``: the worker who does it;
    None where the family or an import does."""
    before = content_of(row)
    yield
    session.flush()
    now = content_of(row)
    if now == before:
        return
    was, is_now = before[OWN], now[OWN]
    what = "moved" if was["starts_at"] != is_now["starts_at"] else "changed"
    if was["status"] != is_now["status"] == "cancelled":
        what = "cancelled"
    keeping.keep(session, "appointment", row.id, row.family_id, before, what=what, by=by)


def history(session: Session, row: Appointment, *, limit: int = 50, offset: int = 0) -> list[Told]:
    """How it came to be as it is, the newest change first."""
    names = {str(key): person.first_name for key, person in people(session, row.family_id).items()}
    return earlier.told(session, row.id, content_of(row), names, limit=limit, offset=offset)
