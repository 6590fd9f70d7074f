"""A phone or an inbox that several of a family have: nothing telling goes to any of them there.

Promise: from the moment that a number or an e-mail address is somebody else's too, by a worker, the person or a file,
all who have it are written to discreetly, and what waits for them is worded anew or withdrawn (api.families.waiting).
(DECISIONS, "What waits is worded by the profile of now")
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.families import content, waiting
from api.families.models import ContactPoint, Person


def begins(session: Session, point: ContactPoint, by: uuid.UUID | None, now: datetime) -> Sequence[Person]:
    """This number or address is its person's from now on (``by``: the worker who gave it; None: they themselves, or a
    file). Who of those that have it were to be written to plainly, and are no more. In the caller's transaction."""
    holders = session.scalars(
        select(Person)
        .join(ContactPoint, ContactPoint.person_id == Person.id)
        .where(
            ContactPoint.channel == point.channel,
            ContactPoint.address == point.address,
            ContactPoint.state != "quarantined",
        )
        .order_by(Person.first_name, Person.id)
    ).all()
    if len(holders) < 2:
        return []
    plainly = [one for one in holders if one.wording != "discreet"]
    for one in holders:
        with content.kept(session, one, by):
            one.wording = "discreet"
        session.flush()
        waiting.word_anew(session, one, ("wording",), now)
    return plainly
