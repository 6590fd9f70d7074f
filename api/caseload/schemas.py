"""The JSON of what needs doing today."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.caseload import timeline
from api.caseload.today import Line
from api.plans.queries import ActionView
from api.plans.schemas import ActionOut
from api.rest.schemas import Moment, Paging

What = Literal[
    "emergency", "urgent", "held", "routine", "taken", "unanswered", "undelivered", "today", "change", "date_late",
    "contingency", "overdue", "blocked", "not_reminded", "to_verify", "tomorrow", "unrecorded", "date_soon",
    "safe_contact",
]  # fmt: skip


TimelineKind = Literal["conference", "review", "plan", "event", "action", "view", "escalation", "takeover", "message"]


class TodayAsked(Paging):
    """Which lines: of one sort, of the families that one worker leads."""

    what: What | None = Field(None, description="Only lines of this sort.")
    lead_worker_id: uuid.UUID | None = Field(None, description="Only families that this worker leads.")


class FamilyActionOut(ActionOut):
    """An action in a list over families."""

    family_id: uuid.UUID
    family_name: str

    @classmethod
    def of_row(cls, view: ActionView, family_id: uuid.UUID, family: str) -> FamilyActionOut:
        """The row as JSON."""
        return cls(**ActionOut.of(view).model_dump(), family_id=family_id, family_name=family)


class TimelineAsked(Paging):
    """Which lines of a family's timeline."""

    kind: TimelineKind | None = Field(None, description="Only lines of this kind.")


class TimelineOut(BaseModel):
    """Something that happened on ``day``, ``at`` a time where that is known. ``what``: a conference's, event's or
    action event's kind, a review's decision, a plan version's number, a step of an escalation. ``state``: a
    conference's status, an event's outcome, an escalation's priority; ``result``: a conference's decision. ``title``:
    the action's, or an escalation's kind. A ``message`` line counts the day's messages, in and out; a ``takeover``
    line those while workers (``by``) had the conversation ``object_id``, to the moment it was handed back."""

    kind: TimelineKind
    day: date
    at: Moment | None
    object_id: str
    what: str
    state: str
    result: str
    title: str
    by: str
    to: str
    came: int
    went: int

    @classmethod
    def of(cls, line: timeline.Line) -> TimelineOut:
        """The line as JSON."""
        return cls(**vars(line))


class LineOut(BaseModel):
    """Something to do for a family (null: somebody unknown wrote). ``count`` are alike in this family; ``day`` or
    ``at``, ``kind``, ``object_id`` and ``title`` are the first's. The object of ``unanswered`` and ``undelivered`` is
    the conversation, of ``not_reminded`` and ``safe_contact`` the person, else what ``what`` names: an escalation, an
    appointment (``today``, ``tomorrow``, ``unrecorded``), a change request, a date, an action, a contingency."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "what": "overdue",
                    "count": 2,
                    "family_id": "5f0e2a31-77d0-4b5e-8f61-1f6f4f0c9a20",
                    "family_name": "Rowan",
                    "lead_worker": "Amara Okafor",
                    "day": "2026-11-02",
                    "at": None,
                    "object_id": "0b8f7c1e-4a53-4f6e-9d3a-0c7a4f3f9b11",
                    "kind": "",
                    "title": "Finish the parenting course",
                }
            ]
        }
    )

    what: What
    count: int
    family_id: uuid.UUID | None
    family_name: str
    lead_worker: str
    day: date | None
    at: Moment | None
    object_id: str
    kind: str
    title: str

    @classmethod
    def of(cls, line: Line) -> LineOut:
        """The line as JSON."""
        shown: dict[str, Any] = {"family_name": line.family, "lead_worker": line.lead}
        return cls(**shown, **{name: getattr(line, name) for name in cls.model_fields if name not in shown})
