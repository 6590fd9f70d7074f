"""New people in a family, added in the console by a worker."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from api.access.models import Worker
from api.audit import service as audit
from api.families.models import Family, Person


def add(session: Session, family: Family, values: Mapping[str, Any], worker: Worker) -> Person:
    """The new person: discreet wording, no names, the usual hours, until they or their worker say otherwise."""
    person = Person(family_id=family.id, external_id=f"console-{uuid.uuid4()}", **values)
    session.add(person)
    session.flush()
    audit.record(
        session,
        actor_kind="worker",
        actor_id=worker.id,
        verb="added_person",
        family_id=family.id,
        object_id=person.id,
        detail={"kind": person.kind},
    )
    return person
