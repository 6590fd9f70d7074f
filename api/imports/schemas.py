"""The shape of an import file (data/demo/README.md describes it for people)."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, time
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

import phonenumbers
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api.appointments.models import KINDS as APPOINTMENT_KINDS
from api.imports import dates
from api.jurisdiction import packs
from api.messages.cleaning import refuse_unstorable

FORMAT = "hearthline-import-1"


def e164(text: str) -> str:
    """The number, checked. Ofcom's drama numbers (07700 900xxx), for demos and tests, count as numbers too."""
    hint = "write it with its country code and without spaces, such as +447700900123"
    if not text.startswith("+"):
        raise ValueError(f"is not an international phone number; {hint}")
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        raise ValueError(f"is not a phone number; {hint}") from None
    shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not (phonenumbers.is_valid_number(number) or (shown.startswith("+447700900") and len(shown) == 13)):
        raise ValueError("is not a number that exists in that country; look it up again")
    return shown


def _zone(name: str) -> str:
    if name not in zoneinfo.available_timezones():
        raise ValueError('is not a time zone; take an IANA name such as "Europe/London" or "America/New_York"')
    return name


def _jurisdiction(name: str) -> str:
    if name not in packs.names():
        raise ValueError(f"is not a jurisdiction pack; there are: {', '.join(packs.names())}")
    return name


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
PhoneNumber = Annotated[str, AfterValidator(e164)]
Day = Annotated[str, AfterValidator(_day)]
Moment = Annotated[str, AfterValidator(_moment)]
Clock = Annotated[str, StringConstraints(pattern=r"^([01]?\d|2[0-3]):[0-5]\d$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AgencyIn(_Strict):
    id: Key
    name: Name
    jurisdiction: Annotated[str, AfterValidator(_jurisdiction)]
    timezone: Annotated[str, AfterValidator(_zone)]
    phone: PhoneNumber | None = None
    language: Language = "en"


class ShiftIn(_Strict):
    """On call from ``starts`` to ``ends``, and again each day for ``repeat_days`` days at the same local times."""

    role: Literal["duty", "manager"]
    starts: Moment
    ends: Moment
    repeat_days: int = Field(1, ge=1, le=400)


class WorkerIn(_Strict):
    id: Key
    agency: Key
    name: Name
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", to_lower=True, max_length=254)]
    phone: PhoneNumber | None = None
    role: Literal["worker", "duty", "manager", "administrator"]
    active: bool = True
    team: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] | None = None
    password: Annotated[str, StringConstraints(min_length=12, max_length=200)] | None = None
    shifts: list[ShiftIn] | None = None


class SafeContactIn(_Strict):
    """How, when and in which words this person has said it is safe to write; the most careful where it is silent."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    wording: Literal["discreet", "plain"] = "discreet"
    may_name_children: bool = False
    begin: Clock = Field("08:00", alias="from")
    end: Clock = Field("20:00", alias="until")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if clock(self.begin) >= clock(self.end):
            raise ValueError("`from` must be earlier than `until` on the same day")
        return self


class PersonIn(_Strict):
    id: Key
    kind: Literal["parent", "carer", "young_person", "child"]
    first_name: Name
    last_name: Text = ""
    born: Day | None = None
    language: Language | None = None
    phone: PhoneNumber | None = None
    other_phones: list[PhoneNumber] = Field(default_factory=list, max_length=5)
    safe_contact: SafeContactIn = Field(default_factory=lambda: SafeContactIn.model_validate({}))

    @property
    def phones(self) -> list[str]:
        """All the person's numbers, the main one first, each once."""
        return list(dict.fromkeys([*([self.phone] if self.phone else []), *self.other_phones]))


class RiskIn(_Strict):
    harm: Literal["physical", "emotional", "sexual", "neglect"]
    description: Text


class HistoryIn(_Strict):
    """Something that happened to an action before it came here: by a family member or by a worker."""

    kind: Literal["reported_done", "reported_blocked", "verified", "reopened"]
    at: Moment
    person: Key | None = None
    worker: Key | None = None
    words: Text = ""

    @model_validator(mode="after")
    def _by_one(self) -> Self:
        if (self.person is None) == (self.worker is None):
            raise ValueError("say who it was: `person` or `worker`, one of them")
        return self


class ActionIn(_Strict):
    id: Key
    title: Name
    why: Text = ""
    owner: Key | None = None
    owner_name: Text = ""
    due_on: Day | None = None
    status: Literal["open", "reported_done", "verified", "blocked", "dropped"] = "open"
    blocked_reason: Text = ""
    also_called: list[Name] = Field(default_factory=list, max_length=30)
    history: list[HistoryIn] = Field(default_factory=list)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.owner is None and not self.owner_name:
            raise ValueError("say whose it is: `owner` (a person's id) or `owner_name` (a professional)")
        if self.status == "blocked" and not self.blocked_reason:
            raise ValueError("is blocked, so say why in `blocked_reason`")
        return self


class CoreGroupIn(_Strict):
    name: Name
    role: Name
    organisation: Text = ""
    phone: PhoneNumber | None = None


class PlanIn(_Strict):
    id: Key
    started_on: Day
    review_on: Day | None = None
    ended_on: Day | None = None
    contingency: Text = ""
    children: list[Key] = Field(min_length=1)
    risks: list[RiskIn] = Field(default_factory=list)
    actions: list[ActionIn] = Field(default_factory=list)
    core_group: list[CoreGroupIn] = Field(default_factory=list)


class AttendeeIn(_Strict):
    """A family member (``person``; ``concerns``: a child it is about) or a professional (``name`` and ``role``)."""

    person: Key | None = None
    concerns: bool = False
    name: Text = ""
    role: Text = ""

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if (self.person is None) == (not self.name):
            raise ValueError("give `person` (an id of this family) or `name`, one of them")
        return self


class AppointmentIn(_Strict):
    id: Key
    kind: Literal[APPOINTMENT_KINDS]  # type: ignore[valid-type]
    starts: Moment
    ends: Moment | None = None
    minutes: int | None = Field(None, ge=5, le=1440)
    place: Text = ""
    address: Text = ""
    address_hidden: bool = False
    link: Text = ""
    bring: Text = ""
    status: Literal["scheduled", "cancelled"] = "scheduled"
    attendees: list[AttendeeIn] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if (self.ends is None) == (self.minutes is None):
            raise ValueError("say how long it is: `minutes` or `ends`, one of them")
        if self.link and not self.link.startswith("https://"):
            raise ValueError("`link` must start with https://")
        return self


class FamilyIn(_Strict):
    id: Key
    agency: Key
    name: Name
    lead_worker: Key
    workers: list[Key] = Field(default_factory=list)
    people: list[PersonIn] = Field(min_length=1)
    plans: list[PlanIn] = Field(default_factory=list)
    appointments: list[AppointmentIn] = Field(default_factory=list)


class ImportFile(_Strict):
    format: Literal["hearthline-import-1"]
    demo: bool = False
    agencies: list[AgencyIn] = Field(default_factory=list)
    workers: list[WorkerIn] = Field(default_factory=list)
    families: list[FamilyIn] = Field(default_factory=list)


def clock(words: str) -> time:
    """ "08:30" as a time of day."""
    hour, minute = words.split(":")
    return time(int(hour), int(minute))
