"""The JSON of series of appointments."""

from __future__ import annotations

import json
import uuid
from datetime import date, time, timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from api.appointments.models import AppointmentSeries
from api.appointments.recurrence import FREQUENCIES, MOST_WEEKS, frequency_of, weeks_of
from api.appointments.schemas import MOST_ATTENDEES, WHY, AttendeeIn, Details, Kind, OverlapOut, Reason
from api.appointments.series import Rhythm
from api.rest.schemas import ExternalId, Given, TimeOfDay
from api.rest.versions import of_content

Frequency = Literal[FREQUENCIES]  # type: ignore[valid-type]


def _near(day: date) -> date:
    if not 2000 <= day.year < 2200:
        raise ValueError("is too far away: years from 2000 to 2199 can be kept")
    return day


def _local(at: time) -> time:
    if at.tzinfo is not None:
        raise ValueError("is a local time of the place, such as 10:00, without a zone")
    return at.replace(microsecond=0)


Day = Annotated[date, AfterValidator(_near)]
LocalTime = Annotated[time, AfterValidator(_local), Field(examples=["10:00"])]


class _Rhythm(Given):
    """How often, at which local time (it stays the same when the clocks change), how long, and until when."""

    frequency: Frequency = Field(
        description="`monthly`: the weekday of the month that `starts_on` is, such as its first Tuesday (a fifth is "
        "the last); `monthly_last`: the last such weekday of each month."
    )
    every_weeks: int | None = Field(None, ge=1, le=MOST_WEEKS, description="For `weekly`: each so many weeks.")
    every_working_days: int | None = Field(None, ge=1, le=260, description="For `working_days`: each so many of them.")
    starts_on: Day = Field(description="The first day; the weekday of a weekly series is this one's.")
    ends_on: Day | None = Field(None, description="The last day that may be one of them.")
    at: LocalTime
    minutes: int = Field(60, ge=5, le=1440)

    @model_validator(mode="after")
    def _said(self) -> Self:
        if (self.frequency == "working_days") != (self.every_working_days is not None):
            raise ValueError("`every_working_days` belongs to `working_days`: give both, or neither")
        if self.every_weeks is not None and self.frequency != "weekly":
            raise ValueError("`every_weeks` belongs to `weekly`: take it out, or take `weekly`")
        return self

    def rhythm(self) -> Rhythm:
        """What the service takes."""
        return Rhythm(
            self.frequency, self.starts_on, self.at, self.minutes, self.every_working_days, self.ends_on,
            self.every_weeks,
        )  # fmt: skip


class SeriesIn(_Rhythm, Details):
    """A new series of appointments. They are written eight weeks ahead, and further as time goes on."""

    external_id: ExternalId | None = None
    kind: Kind
    attendees: list[AttendeeIn] = Field(min_length=1, max_length=MOST_ATTENDEES)


class SeriesChange(_Rhythm, Details):
    """What the series is from ``from`` on. What was moved or called off by itself stays as it is."""

    begin: Day = Field(alias="from", description="The first of its days that changes.")
    kind: Kind | None = None
    attendees: list[AttendeeIn] | None = Field(None, min_length=1, max_length=MOST_ATTENDEES)
    reason: Reason | None = Field(None, description=WHY)

    @model_validator(mode="after")
    def _not_before(self) -> Self:
        if self.starts_on <= self.begin - timedelta(days=7):
            raise ValueError("`starts_on` is the first day of what it changes to: not a week before `from`")
        return self


class SeriesEnd(Given):
    """From which of its days on the series is over."""

    begin: Day = Field(alias="from")
    reason: Reason | None = Field(None, description=WHY)


_WORKED_OUT = ("frequency", "every_weeks", "overlaps", "version")


class SeriesOut(BaseModel):
    """A series. ``rrule`` is RFC 5545's; with ``every_working_days`` only each so many of its days count, and no bank
    holiday. ``follows_id``: the series that it changed."""

    id: uuid.UUID
    external_id: str
    family_id: uuid.UUID
    kind: str
    frequency: str
    every_weeks: int | None = Field(description="Of `weekly`: how many weeks lie between, where it is not each week.")
    rrule: str
    every_working_days: int | None
    starts_on: date
    ends_on: date | None
    at: TimeOfDay
    minutes: int
    place: str
    address: str
    address_hidden: bool
    link: str
    bring: str
    travel: str
    follows_id: uuid.UUID | None
    version: str = Field("", description="What to send as If-Match; another whenever anything above is another.")
    overlaps: list[OverlapOut] = []

    @classmethod
    def of(cls, series: AppointmentSeries, overlaps: list[OverlapOut] | None = None) -> SeriesOut:
        """The series as JSON."""
        names = [name for name in cls.model_fields if name not in _WORKED_OUT]
        values = {name: getattr(series, name) for name in names}
        shown = cls(
            **values, frequency=frequency_of(series.rrule), every_weeks=weeks_of(series.rrule), overlaps=overlaps or []
        )
        shown.version = of_content(
            shown.model_dump_json(exclude={"version", "overlaps"}) + json.dumps(series.attendees)
        )
        return shown
