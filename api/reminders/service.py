"""What a person wants of reminders: kept with the person, changed by them in conversation or by their worker.

Callers have checked that whoever asks may. Nothing here commits; what is planned follows by itself (planning).
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from api.access.models import Worker
from api.audit import service as audit
from api.database import notify
from api.families.models import Person
from api.reminders import rules


def choose(
    session: Session, person: Person, moments: str | None, *, worker: Worker | None = None, by_person: bool = False
) -> None:
    """From now on these moments; "" for none, None for what is usual here. Raises ValueError for what is no moment."""
    person.reminder_moments = None if moments is None else rules.written(rules.parse(moments))
    audit.record(
        session,
        actor_kind="person" if by_person else "worker",
        actor_id=person.id if by_person else worker.id if worker else None,
        verb="chose_reminders",
        family_id=person.family_id,
        object_id=person.id,
        detail={"moments": person.reminder_moments},
    )
    notify(session, f"family:{person.family_id}")
