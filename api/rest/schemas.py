"""Shapes that all parts of ``/api/v1`` use: moments, texts, pages of a list.

Promise: a moment always says its zone, going in and coming out (RFC 3339); what cannot be stored is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Annotated, Generic, Self, TypeVar

from fastapi import Response
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from api.messages.cleaning import refuse_unstorable

T = TypeVar("T")
LARGEST_PAGE = 100
#: RFC 3339, section 5.6: a date, a time, and always a zone.
_RFC3339 = re.compile(r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)$")
_DAY = re.compile(r"^\d{4}-\d\d-\d\d$")
_YEARS = range(1900, 2200)
#: The kind of mistake (pydantic's ``type``) of a day that the calendar does not have.
NO_SUCH_DAY = "no_such_day"


def _moment(value: object) -> object:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _RFC3339.match(value):
        raise ValueError("is not a moment with its zone, such as 2026-12-01T10:00:00Z or 2026-12-01T10:00:00+01:00")
    try:
        moment = datetime.fromisoformat(value.upper())
    except ValueError:
        raise ValueError("is a day or a time that does not exist; look at the calendar again") from None
    if moment.year not in _YEARS:
        raise ValueError(f"is too far away: years from {_YEARS[0]} to {_YEARS[-1]} can be kept")
    return moment.astimezone(UTC)


def _day(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _DAY.match(value):
        raise ValueError("is not a day such as 2026-12-01")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError(NO_SUCH_DAY, "is a day that does not exist; look at the calendar again") from None
    if day.year < _YEARS[0]:
        raise ValueError("is before 1900; look at the year again")
    return day


def rfc3339(moment: datetime) -> str:
    """The moment in UTC, such as 2026-12-01T10:00:00Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


_AS_TEXT = WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-12-01T10:00:00Z"]})
#: A moment that somebody sends: with its zone, and on a day that exists.
MomentIn = Annotated[datetime, BeforeValidator(_moment), _AS_TEXT]
#: A day that somebody sends: one that the calendar has.
Day = Annotated[date, BeforeValidator(_day), Field(examples=["2026-11-02"])]
#: A moment that is sent to somebody: in UTC.
Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str), _AS_TEXT]
#: A time of day where the agency is. OpenAPI's own "time" has a zone, and this has none.
TimeOfDay = Annotated[
    time, WithJsonSchema({"type": "string", "pattern": r"^\d\d:\d\d:\d\d$", "examples": ["08:00:00"]})
]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000), AfterValidator(refuse_unstorable)]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(refuse_unstorable)
]
#: The id of something in the agency's own system.
ExternalId = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$"), Field(examples=["appointment-4711"])
]


class Given(BaseModel):
    """A body that somebody sends: a field that is not known here is a mistake, not a wish."""

    model_config = ConfigDict(extra="forbid")


class Paging(Given):
    """Which page of a list; ``page`` counts from 1."""

    page: int = Field(1, ge=1, le=1_000_000, description="Which page, from 1.")
    per_page: int = Field(50, ge=1, le=LARGEST_PAGE, description="How many on a page.")

    @property
    def offset(self) -> int:
        """How many come before this page."""
        return (self.page - 1) * self.per_page

    def of(self, found: Sequence[T]) -> Sequence[T]:
        """The page's part of a whole list."""
        return found[self.offset : self.offset + self.per_page]


class Part(Given):
    """A part of a list that comes whole where nobody asks for a part: ``page`` counts from 1."""

    page: int | None = Field(None, ge=1, le=1_000_000, description="Which page, from 1. Without: the whole list.")
    per_page: int | None = Field(
        None, ge=1, le=LARGEST_PAGE, description="How many on a page (50 unless said). Without both: the whole list."
    )

    def of(self, found: Sequence[T], response: Response) -> Sequence[T]:
        """What was asked for of the list; how many it has in all goes into the header ``X-Total-Count``."""
        response.headers["X-Total-Count"] = str(len(found))
        if self.page is None and self.per_page is None:
            return found
        many = self.per_page or 50
        begin = ((self.page or 1) - 1) * many
        return found[begin : begin + many]


class Page(BaseModel, Generic[T]):
    """One page of a list; ``total`` counts all pages' items."""

    items: list[T]
    page: int
    per_page: int
    total: int

    @classmethod
    def at(cls, asked: Paging, items: list[T], total: int) -> Self:
        """The page that was asked for, with what is on it."""
        return cls(items=items, page=asked.page, per_page=asked.per_page, total=total)
