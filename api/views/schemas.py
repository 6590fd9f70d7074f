"""The JSON of what people said."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.rest.schemas import Day, ExternalId, Given, Moment, Text
from api.views.queries import Said

Audience = Literal["lead", "workers", "meeting"]
Way = Literal["said", "written", "drawn", "message", "through_somebody"]


class ViewIn(Given):
    """What a child or parent thinks and wants, exactly as they said it, and who may read it by their own choice:
    ``lead`` (their own worker and managers), ``workers`` (all of the family's), ``meeting`` (everybody at the meeting).
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "person_id": "5f0e2a31-77d0-4b5e-8f61-1f6f4f0c9a20",
                    "given_on": "2026-11-02",
                    "words": "I want to stay at my school.",
                    "audience": "meeting",
                }
            ]
        },
    )

    person_id: uuid.UUID
    given_on: Day
    words: Text = Field(min_length=1)
    way: Way = "said"
    audience: Audience = "lead"
    family_may_see: bool = Field(False, description="May the others of the family read it on their own page?")
    external_id: ExternalId | None = None


class ViewOut(BaseModel):
    """What somebody said."""

    id: uuid.UUID
    external_id: str
    person_id: uuid.UUID
    name: str
    given_on: date
    words: str
    way: str
    audience: Audience
    family_may_see: bool
    withdrawn_at: Moment | None

    @classmethod
    def of(cls, said: Said) -> ViewOut:
        """The view as JSON."""
        names = [name for name in cls.model_fields if name != "name"]
        return cls(name=said.name, **{name: getattr(said.view, name) for name in names})
