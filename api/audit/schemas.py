"""The JSON of the audit trail."""

from __future__ import annotations

import uuid
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.audit.queries import Entry
from api.rest.schemas import Day, Moment, Paging


class FamilyEntriesAsked(Paging):
    """Which lines of a family's trail."""

    only: Literal["looks", "changes"] | None = Field(
        None, description="Only who looked, or only who changed something."
    )


class EntriesAsked(FamilyEntriesAsked):
    """Which lines of the agency's trail."""

    worker_id: uuid.UUID | None = Field(None, description="Only what this worker did.")
    day: Day | None = Field(None, description="Only of this day, where the agency is.")


class EntryOut(BaseModel):
    """A line of the trail. ``actor_kind``: worker, person (of a family) or system. ``detail`` has ids, counts and
    states, never anybody's words."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 4711,
                    "at": "2026-11-18T10:00:00Z",
                    "actor_kind": "worker",
                    "actor_id": "0b8f7c1e-4a53-4f6e-9d3a-0c7a4f3f9b11",
                    "actor_name": "Amara Okafor",
                    "verb": "viewed_family",
                    "family_id": "5f0e2a31-77d0-4b5e-8f61-1f6f4f0c9a20",
                    "object_id": "5f0e2a31-77d0-4b5e-8f61-1f6f4f0c9a20",
                    "detail": {},
                }
            ]
        }
    )

    id: int
    at: Moment
    actor_kind: str
    actor_id: uuid.UUID | None
    actor_name: str
    verb: str
    family_id: uuid.UUID | None
    object_id: str
    detail: dict[str, Any]

    @classmethod
    def of(cls, one: Entry) -> EntryOut:
        """The line as JSON."""
        names = [name for name in cls.model_fields if name != "actor_name"]
        return cls(actor_name=one.who, **{name: getattr(one.entry, name) for name in names})
