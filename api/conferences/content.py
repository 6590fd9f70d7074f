"""What a conference says, as its earlier versions keep it; and keeping one before the conference is changed."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy.orm import Session

from api.conferences.models import Conference
from api.earlier import queries as earlier
from api.earlier import service as keeping
from api.earlier.queries import OWN, Told
from api.families.models import Person

_OWN = "status held_on plan_id chair assessment discussion decision decision_reason planning"


def content_of(row: Conference) -> dict[str, Any]:
    """All of it, as plain JSON; people of the family by id."""
    return {
        OWN: keeping.plain(row, _OWN),
        "children": {str(one.person_id): {"harms": sorted(one.harms)} for one in row.children},
        "attendees": keeping.keyed(
            [
                (str(one.person_id), keeping.plain(one, "role agency attended sent_report"))
                if one.person_id
                else (one.name, keeping.plain(one, "name role agency attended sent_report"))
                for one in row.attendees
            ]
        ),
        "dissents": keeping.keyed([(one.name, keeping.plain(one, "name role words")) for one in row.dissents]),
    }


def keep(
    session: Session, row: Conference, before: dict[str, Any], by: uuid.UUID | None, *, what: str = "changed"
) -> None:
    """Keep what it said ``before``, if it says something else now."""
    if before != content_of(row):
        keeping.keep(session, "conference", row.id, row.family_id, before, what=what, by=by)


def history(
    session: Session, row: Conference, people: dict[uuid.UUID, Person], *, limit: int = 50, offset: int = 0
) -> list[Told]:
    """How it came to say what it says, the newest change first; ``people``: the family's."""
    names = {str(key): person.first_name for key, person in people.items()}
    return earlier.told(session, row.id, content_of(row), names, limit=limit, offset=offset)
