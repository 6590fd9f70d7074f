"""What a worker fills in about a person: the safe-contact profile, a new person, a number."""

from __future__ import annotations

import json
from datetime import date, time
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from api import texts
from api.families import zones
from api.families.addresses import checked
from api.families.models import Person
from api.families.wishes import EVERY_DAY
from api.imports.shapes import as_dialled
from api.messages.cleaning import refuse_unstorable
from api.rest.schemas import Day, ExternalId
from api.rest.versions import of_content

#: How long a phone stays open after the PIN, as the form offers it; in minutes.
SESSIONS = (5, 15, 60, 240)
#: The profile's fields that a worker sets.
FIELDS = (
    "wording", "language", "may_name_self", "may_name_children", "contact_from", "contact_until", "contact_days",
    "contact_channel", "timezone", "code_word", "use_code_word", "phone_seen_by", "phone_label", "session_minutes",
    "proof", "reconfirm_on",
)  # fmt: skip

Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(refuse_unstorable)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=24), AfterValidator(refuse_unstorable)]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80), AfterValidator(refuse_unstorable)
]

Optional = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80), AfterValidator(refuse_unstorable)]


def _language(code: str) -> str:
    if code not in texts.languages():
        raise ValueError("is no language that there are words in")
    return code


Language = Annotated[str, AfterValidator(_language)]
Number = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40), AfterValidator(as_dialled)]


class ProfileIn(BaseModel):
    """The safe-contact profile as the form sends it; a box that is not ticked is not there."""

    model_config = ConfigDict(extra="ignore")

    wording: Literal["discreet", "plain"]
    language: Language
    may_name_self: bool = False
    may_name_children: bool = False
    contact_from: time
    contact_until: time
    contact_days: str = Field(min_length=1)
    contact_channel: Literal["sms", "email"] = "sms"
    timezone: Annotated[str, AfterValidator(zones.checked)] | None = None
    code_word: Short = ""
    use_code_word: bool = False
    phone_seen_by: Words = ""
    phone_label: Short = ""
    session_minutes: Literal[5, 15, 60, 240]
    #: "": as the agency says.
    proof: bool | None = None
    reconfirm_on: date | None = None

    @field_validator("session_minutes", mode="before")
    @classmethod
    def _as_number(cls, value: object) -> object:
        return int(value) if isinstance(value, str) and value.isdecimal() else value

    @field_validator("reconfirm_on", "timezone", "proof", mode="before")
    @classmethod
    def _or_none(cls, value: object) -> object:
        return value or None

    @field_validator("contact_days")
    @classmethod
    def _known_days(cls, value: str) -> str:
        return "".join(day for day in EVERY_DAY if day in value)

    @model_validator(mode="after")
    def _has_its_word(self) -> Self:
        if self.use_code_word and not self.code_word:
            raise ValueError("a code word is needed to use one")
        return self


class CorrectionIn(BaseModel):
    """Who somebody is: what a worker mends where it was taken down wrong."""

    model_config = ConfigDict(extra="ignore")

    kind: Literal["parent", "carer", "young_person", "child"]
    first_name: Name
    last_name: Optional = ""
    born: Day | None = None

    @field_validator("born", mode="before")
    @classmethod
    def _or_none(cls, value: object) -> object:
        return value or None


class PersonIn(CorrectionIn):
    """Somebody new in a family, with the number they are asked at, if there is one."""

    language: Language
    phone: Number = ""
    phone_seen_by: Words = ""


class AdultIn(PersonIn):
    """The first of a new family: whom its worker talks with."""

    kind: Literal["parent", "carer"]


class ChildIn(CorrectionIn):
    """A child of a new family; a young person writes for herself."""

    kind: Literal["child", "young_person"] = "child"


class FamilyIn(BaseModel):
    """What the family is called among workers, its reference in the agency's own system, and whose it is."""

    model_config = ConfigDict(extra="ignore")

    name: Name
    reference: ExternalId | Literal[""] = ""


class HandOverIn(BaseModel):
    """Who is to lead the family."""

    model_config = ConfigDict(extra="ignore")

    worker: UUID


class NumberIn(BaseModel):
    """A number for somebody who is here already."""

    phone: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40), AfterValidator(as_dialled)
    ]


class AddressIn(BaseModel):
    """An e-mail address for somebody who is here already."""

    email_address: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300), AfterValidator(checked)]


def shown(person: Person) -> dict[str, Any]:
    """The profile as the form shows it."""
    return {name: getattr(person, name) for name in FIELDS} | {
        "contact_from": person.contact_from.strftime("%H:%M"),
        "contact_until": person.contact_until.strftime("%H:%M"),
        "proof": {True: "yes", False: "no", None: ""}[person.proof],
        "reconfirm_on": person.reconfirm_on.isoformat() if person.reconfirm_on else "",
    }


def version(person: Person) -> str:
    """Which profile a form shows: another one as soon as anything of it is changed, by whomever."""
    return of_content(json.dumps(shown(person), sort_keys=True))
