"""Keeping what a record said before it is changed. Promise: it is part of the caller's transaction, and sealed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.earlier.models import EarlierVersion


def keep(
    session: Session,
    kind: str,
    object_id: uuid.UUID,
    family_id: uuid.UUID,
    before: Mapping[str, Any],
    *,
    what: str,
    by: uuid.UUID | None,
    reason: str = "",
) -> EarlierVersion:
    """Keep what it said before. ``before`` is plain JSON (``plain``); the caller holds the record's lock."""
    last = session.scalar(select(func.max(EarlierVersion.number)).filter_by(object_id=object_id)) or 0
    made = EarlierVersion(
        id=uuid.uuid4(),
        family_id=family_id,
        kind=kind,
        object_id=object_id,
        number=last + 1,
        at=clock.now(),
        by_id=by,
        what=what,
        reason=reason,
        content=dict(before),
    )
    session.add(made)
    session.flush()
    return made


def plain(row: object, names: str) -> dict[str, Any]:
    """These fields of a row as JSON can keep them; moments in UTC."""

    def value(given: Any) -> Any:
        if isinstance(given, uuid.UUID | date | datetime | time):
            return str(given)
        return given

    return {name: value(getattr(row, name)) for name in names.split()}


def keyed(lines: list[tuple[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Lines by what they are known by; the second of the same name gets a number."""
    found: dict[str, dict[str, Any]] = {}
    for key, line in lines:
        known, number = key, 1
        while known in found:
            number += 1
            known = f"{key} #{number}"
        found[known] = line
    return found
