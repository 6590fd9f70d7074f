"""The JSON of earlier versions."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from api.earlier.queries import Told
from api.rest.schemas import Moment


class EarlierOut(BaseModel):
    """What a record said before one change, and what was otherwise after it."""

    number: int = Field(description="Counts the changes, from 1.")
    changed_at: Moment
    changed_by: str = Field(description="Empty: an import, or the family chose it.")
    what: str = Field(description="changed, moved, cancelled, corrected or withdrawn.")
    reason: str
    changes: list[dict[str, Any]] = Field(description="As in the versions of a plan.")
    before: dict[str, Any] = Field(description="All that it said until then.")

    @classmethod
    def of(cls, one: Told) -> EarlierOut:
        """The change as JSON."""
        return cls(
            number=one.row.number,
            changed_at=one.row.at,
            changed_by=one.by,
            what=one.row.what,
            reason=one.row.reason,
            changes=[change.as_json() for change in one.changes],
            before=one.row.content,
        )
