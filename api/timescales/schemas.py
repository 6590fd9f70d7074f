"""The JSON of statutory dates and of what happened in a case."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.jurisdiction.clocks import Event, Meeting
from api.rest.schemas import Day, ExternalId, Given, Moment, Paging, Text
from api.timescales.queries import DateRow, DateView, EventView

State = Literal["done", "done_late", "late", "soon", "running"]
EARLIEST = date(1900, 1, 1)


class DateOut(BaseModel):
    """A date that the jurisdiction's rules give. ``state``: running, soon (worth a warning), late, done or done_late.

    ``planned_on``: the day of a booked meeting that would do. ``source``: where the rule is written.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0b8f7c1e-4a53-4f6e-9d3a-0c7a4f3f9b11",
                    "plan_id": "5f0e2a31-77d0-4b5e-8f61-1f6f4f0c9a20",
                    "rule": "first_core_group",
                    "name": "first core group",
                    "started_on": "2026-11-02",
                    "due_on": "2026-11-16",
                    "warn_on": "2026-11-11",
                    "done_on": None,
                    "planned_on": "2026-11-13",
                    "state": "soon",
                    "source": "Working Together to Safeguard Children 2023, chapter 3",
                }
            ]
        }
    )

    id: uuid.UUID
    plan_id: uuid.UUID | None
    rule: str
    name: str
    started_on: date
    due_on: date
    warn_on: date
    done_on: date | None
    planned_on: date | None
    state: State
    source: str

    @classmethod
    def of(cls, view: DateView) -> DateOut:
        """The date as JSON."""
        return cls(**_fields(view))


def _fields(view: DateView) -> dict[str, Any]:
    row = view.deadline
    return {
        "id": row.id,
        "plan_id": row.plan_id,
        "rule": row.rule,
        "name": view.name,
        "started_on": row.started_on,
        "due_on": row.due_on,
        "warn_on": row.warn_on,
        "done_on": row.done_on,
        "planned_on": view.planned_on,
        "state": view.state,
        "source": view.source,
    }


class FamilyDateOut(DateOut):
    """The same in a list over families."""

    family_id: uuid.UUID
    family_name: str
    lead_worker: str

    @classmethod
    def of_row(cls, row: DateRow) -> FamilyDateOut:
        """The row as JSON."""
        return cls(family_id=row.family.id, family_name=row.family.name, lead_worker=row.lead, **_fields(row.date))


class DatesAsked(Paging):
    """Which dates: late ones only, or with them those that are near enough for a warning."""

    late: bool = Field(False, description="Only what is late.")


class EventIn(Given):
    """Something that happened in the case (or, with ``outcome`` missed, that should have and did not)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"kind": "strategy_discussion", "day": "2026-11-02", "external_id": "sd-1"}]},
    )

    kind: Literal[Event, Meeting]
    day: Day
    outcome: Literal["held", "missed"] = "held"
    plan_id: uuid.UUID | None = None
    note: Text = ""
    external_id: ExternalId | None = None


class HappenedIn(Given):
    """Whether an appointment took place (``held``) or did not (``missed``)."""

    outcome: Literal["held", "missed"]
    note: Text = ""


class EventOut(BaseModel):
    """Something that happened. One that was recorded by mistake has ``withdrawn_at`` and counts no more."""

    id: uuid.UUID
    external_id: str
    plan_id: uuid.UUID | None
    appointment_id: uuid.UUID | None
    kind: str
    day: date
    outcome: str
    note: str
    recorded_by: str
    recorded_at: Moment
    withdrawn_at: Moment | None

    @classmethod
    def of(cls, view: EventView) -> EventOut:
        """The event as JSON."""
        names = [name for name in cls.model_fields if name != "recorded_by"]
        return cls(recorded_by=view.by, **{name: getattr(view.event, name) for name in names})
