"""Shapes that all parts of an import file use: ids, texts, days and moments, phone numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationInfo, WithJsonSchema

from api.families.addresses import checked
from api.imports import dates
from api.jurisdiction import phones
from api.messages.cleaning import refuse_unstorable


def e164(text: str, country: str = "") -> str:
    """The number, checked; one as it is dialled in ``country`` ("GB") gets its code. Ofcom's drama numbers (07700
    900xxx) count too."""
    hint = "write it with its country code and without spaces, such as +447700900123"
    if not text.startswith("+") and not country:
        raise ValueError(f"is not an international phone number; {hint}")
    number = phones.e164(text, country)
    if not number:
        raise ValueError(f"is not a phone number; {hint}")
    if not phones.exists(number):
        raise ValueError("is not a number that exists in that country; look it up again")
    return number


def as_dialled(words: str, info: ValidationInfo) -> str:
    """A number as people write it; without a country code it is one of the ``country`` of the validation's context."""
    plain = "".join(sign for sign in words if sign not in " -().")
    return e164(plain, (info.context or {}).get("country", "")) if plain else ""


# Formats are checked against some day and zone here; the agency's own are known when the file is written.
def _day(words: str) -> str:
    dates.local_day(words, date(2026, 1, 1))
    return words


def _moment(words: str) -> str:
    dates.moment(words, datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))
    return words


Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000), AfterValidator(refuse_unstorable)]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(refuse_unstorable)
]
Email = Annotated[
    str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", to_lower=True, strip_whitespace=True, max_length=254)
]
#: As people have them, in the one way that they are kept.
FamilyEmail = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=300),
    AfterValidator(checked),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": 300}),
]
PhoneNumber = Annotated[str, AfterValidator(e164)]
Day = Annotated[str, AfterValidator(_day)]
Moment = Annotated[str, AfterValidator(_moment)]
Clock = Annotated[str, StringConstraints(pattern=r"^([01]?\d|2[0-3]):[0-5]\d$")]
ClockSeconds = Annotated[str, StringConstraints(pattern=r"^([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class Strict(BaseModel):
    """A field that is not known is a mistake."""

    model_config = ConfigDict(extra="forbid")
