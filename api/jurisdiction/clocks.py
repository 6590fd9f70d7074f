"""The shape of a jurisdiction's clocks (``clocks`` in its pack): what starts one, what stops it, how long it runs.

Pure data: api.timescales works out the dates. Promise: no period and no start event is a constant in code.
"""

from __future__ import annotations

from datetime import date
from typing import Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

Words = dict[str, str]
#: Which way of counting api.timescales.due has. Another number, and every family's dates are worked out anew.
COUNTING = 3
#: What can happen in a case. Clocks start and stop with these; there are words for each (timescales.event.<name>).
EVENTS = (
    "concern_raised", "strategy_discussion", "enquiry_closed", "services_agreed", "court_order",
    "initial_conference", "review_conference", "record_shared", "plan_started", "plan_signed", "plan_ended",
    "core_group", "home_visit", "child_seen", "case_review", "administrative_review",
)  # fmt: skip
Event = Literal[
    "concern_raised", "strategy_discussion", "enquiry_closed", "services_agreed", "court_order",
    "initial_conference", "review_conference", "record_shared", "plan_started", "plan_signed", "plan_ended",
    "core_group", "home_visit", "child_seen", "case_review", "administrative_review",
]  # fmt: skip
#: Meetings that no rule counts; that they took place, or did not, is recorded all the same.
Meeting = Literal[
    "office_meeting", "school_meeting", "contact_session", "parenting_session", "support_group", "health_visit",
    "counselling", "key_work", "assessment", "court_hearing", "other",
]  # fmt: skip
MEETINGS: tuple[str, ...] = get_args(Meeting)
Unit = Literal["working_days", "days", "weeks", "months"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Span(_Strict):
    """So many working days, days, weeks or months."""

    number: int = Field(ge=1, le=1000)
    unit: Unit


class Calendar(_Strict):
    """Whose bank holidays are no working days: the country and its part, as the ``holidays`` library names them."""

    country: str = Field(pattern=r"^[A-Z]{2}$")
    subdivision: str = Field(pattern=r"^[A-Z]{2,3}$")


class Clock(_Strict):
    """One rule. ``within`` counts from the day after the start event.

    ``again``: "no"; "from_last" (each time it is done it starts anew); "from_start" (due at every multiple of
    ``within`` after the first start, whenever it was done). ``earliest``: so long before it is due, or nearer; what was
    done before that does not count.
    """

    name: Words
    start: list[Event] = Field(min_length=1)
    done: list[Event] = Field(min_length=1)
    stop: list[Event] = Field(min_length=1)
    within: Span
    again: Literal["no", "from_last", "from_start"] = "no"
    earliest: Span | None = None
    warn: Span
    source: str = Field(min_length=3)
    paragraph: str = Field(min_length=3)
    last_verified: date
    check: bool

    @property
    def of_a_plan(self) -> bool:
        """Does it run for a plan? A conference that decides on none does not begin it then."""
        return "plan_started" in self.start

    @model_validator(mode="after")
    def _stops(self) -> Self:
        if set(self.stop) & (set(self.start) | set(self.done)):
            raise ValueError("what stops a clock can neither start it nor be what it waits for")
        return self
