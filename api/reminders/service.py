"""What a person wants of reminders: kept with the person, changed by them in conversation or by their worker.

Callers have checked that whoever asks may. Nothing here commits; what is planned follows by itself (planning).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy.orm import Session

from api.access.models import Worker
from api.audit import service as audit
from api.database import notify
from api.families import content
from api.families.models import Person
from api.reminders import rules


def choose(
    session: Session,
    person: Person,
    moments: str | None,
    *,
    kinds: Mapping[str, str] | None = None,
    worker: Worker | None = None,
    by_person: bool = False,
) -> None:
    """From now on these moments; "" for none, None for what is usual here. ``kinds``: the kinds of appointment with
    moments of their own, all of them; None leaves these as they are. Raises ValueError for what is no moment."""
    with content.kept(session, person, worker.id if worker and not by_person else None):
        person.reminder_moments = None if moments is None else rules.written(rules.parse(moments))
        if kinds is not None:
            person.reminder_kinds = rules.each(kinds)
    audit.record(
        session,
        actor_kind="person" if by_person else "worker",
        actor_id=person.id if by_person else worker.id if worker else None,
        verb="chose_reminders",
        family_id=person.family_id,
        object_id=person.id,
        detail={"moments": person.reminder_moments, "kinds": person.reminder_kinds},
    )
    notify(session, f"family:{person.family_id}")


def choose_for_kinds(
    session: Session,
    person: Person,
    kinds: Iterable[str],
    moments: str | None,
    *,
    worker: Worker | None = None,
    by_person: bool = False,
) -> None:
    """These moments for appointments of these kinds; None: the same as for every other. The rest stays."""
    changed = set(kinds)
    left = {kind: before for kind, before in person.reminder_kinds.items() if kind not in changed}
    if moments is not None:
        left |= dict.fromkeys(changed, moments)
    choose(session, person, person.reminder_moments, kinds=left, worker=worker, by_person=by_person)
