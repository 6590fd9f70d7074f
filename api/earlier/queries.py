"""Reads of earlier versions. The caller has checked that the viewer may see the family."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.access.queries import worker_names
from api.earlier.models import EarlierVersion
from api.plans import versions
from api.plans.versions import Change

#: The parts of such a record, and the field by which a line of each is called.
PARTS = {
    "children": "name",
    "attendees": "name",
    "dissents": "name",
    "progress": "name",
    "effects": "name",
    "risks": "name",
}
#: A record's own fields, told as one line.
OWN = "record"
Names = Mapping[str, str]


@dataclass(frozen=True)
class Told:
    """One change: what it said before, who changed it, and what was otherwise after it."""

    row: EarlierVersion
    by: str
    changes: list[Change]

    @staticmethod
    def typed(field: str, given: Any) -> Any:
        """A value of a change as pages show it: days and moments are dates again."""
        if given and field in ("held_on", "next_review_on", "born", "reconfirm_on"):
            return date.fromisoformat(given)
        return datetime.fromisoformat(given) if given and field in ("starts_at", "ends_at") else given


def told(
    session: Session, object_id: uuid.UUID, now: Mapping[str, Any], names: Names, *, limit: int = 50, offset: int = 0
) -> list[Told]:
    """How the record came to be as it is (``now``), the newest change first. ``names``: what lines that have only an
    id are called."""
    rows = of_object(session, object_id)
    by = worker_names(session, [row.by_id for row in rows])
    after = [now, *(row.content for row in rows)]
    return [
        Told(row, by.get(row.by_id, ""), differences(row.content, after[n], names))
        for n, row in list(enumerate(rows))[offset : offset + limit]
    ]


def of_object(session: Session, object_id: uuid.UUID) -> list[EarlierVersion]:
    """All that is kept of a record, the newest first."""
    query = select(EarlierVersion).filter_by(object_id=object_id).order_by(EarlierVersion.number.desc())
    return list(session.scalars(query))


def count(session: Session, object_id: uuid.UUID) -> int:
    """How many earlier versions of a record there are."""
    return session.scalar(select(func.count(EarlierVersion.id)).filter_by(object_id=object_id)) or 0


def differences(before: Mapping[str, Any], after: Mapping[str, Any], names: Names) -> list[Change]:
    """What is otherwise in ``after``; nothing where one of them does not open. A field that was not kept yet when
    ``before`` was written is no difference."""
    if "lost" in before or "lost" in after:
        return []
    own = {name: value for name, value in after.get(OWN, {}).items() if name in before.get(OWN, {})}
    return versions.compare(_called(before, names), {**_called(after, names), OWN: own}, PARTS, OWN)


def _called(content: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """The same, with a name in each line that has only an id."""
    return {
        part: {key: {"name": names.get(key, ""), **line} for key, line in lines.items()} if part in PARTS else lines
        for part, lines in content.items()
    }
