"""The shape of an import file (data/demo/README.md describes it for people)."""

from __future__ import annotations

import json
from datetime import time
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from api.appointments.models import KINDS as APPOINTMENT_KINDS
from api.appointments.models import REASONS
from api.appointments.recurrence import FREQUENCIES, MOST_WEEKS
from api.families import zones
from api.imports.case_schemas import ConferenceIn, ContingencyIn, EventIn, OutcomeIn, ReviewIn, ViewIn
from api.imports.shapes import (
    Clock,
    ClockSeconds,
    Day,
    Email,
    FamilyEmail,
    Key,
    Language,
    Moment,
    Name,
    PhoneNumber,
    Strict,
    Text,
)
from api.jurisdiction import packs
from api.plans.lines import MOST_LINES
from api.plans.models import EVENTS, Harm
from api.reminders import rules

FORMAT = "hearthline-import-1"


def _jurisdiction(name: str) -> str:
    if name not in packs.names():
        raise ValueError(f"is not a jurisdiction pack; there are: {', '.join(packs.names())}")
    return name


class AgencyIn(Strict):
    id: Key
    name: Name
    jurisdiction: Annotated[str, AfterValidator(_jurisdiction)]
    timezone: Annotated[str, AfterValidator(zones.checked)]
    phone: PhoneNumber | None = None
    language: Language = "en"


class ShiftIn(Strict):
    """On call from ``starts`` to ``ends``, and again each day for ``repeat_days`` days at the same local times."""

    role: Literal["duty", "manager"]
    starts: Moment
    ends: Moment
    repeat_days: int = Field(1, ge=1, le=400)


class WorkerIn(Strict):
    id: Key
    agency: Key
    name: Name
    email: Email
    phone: PhoneNumber | None = None
    role: Literal["worker", "duty", "manager", "administrator"]
    #: Left out: active when new, and afterwards as an administrator has set it here.
    active: bool | None = None
    team: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] | None = None
    password: Annotated[str, StringConstraints(min_length=12, max_length=200)] | None = None
    shifts: list[ShiftIn] | None = None


class SafeContactIn(Strict):
    """How, when and in which words this person has said it is safe to write; the most careful where it is silent."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    wording: Literal["discreet", "plain"] = "discreet"
    may_name_children: bool = False
    begin: Clock = Field("08:00", alias="from")
    end: Clock = Field("20:00", alias="until")
    #: Where they live, if their local time is not the agency's; the hours are in it.
    timezone: Annotated[str, AfterValidator(zones.checked)] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if clock(self.begin) >= clock(self.end):
            raise ValueError("`from` must be earlier than `until` on the same day")
        return self


def _moments(codes: list[str]) -> list[str]:
    return [moment.code for moment in rules.parse(",".join(codes))]


Moments = Annotated[list[str], Field(max_length=rules.MOST_MOMENTS), AfterValidator(_moments)]


class RemindersIn(Strict):
    """When to remind: days (3d) or hours (2h) before; an empty list is never. ``kinds``: others for these kinds."""

    #: null: as is usual in this installation.
    moments: Moments | None = None
    kinds: dict[Literal[APPOINTMENT_KINDS], Moments] = Field(default_factory=dict)  # type: ignore[valid-type]


class ClosedPhoneIn(Strict):
    """A number that must not be written to: its holder opted out, or has not agreed yet."""

    number: PhoneNumber
    state: Literal["opted_out", "pending"]


class PersonIn(Strict):
    """``shared_phones``: numbers that somebody else has as well, on purpose."""

    id: Key
    kind: Literal["parent", "carer", "young_person", "child"]
    first_name: Name
    last_name: Text = ""
    born: Day | None = None
    language: Language | None = None
    phone: PhoneNumber | None = None
    other_phones: list[PhoneNumber] = Field(default_factory=list, max_length=5)
    shared_phones: list[PhoneNumber] = Field(default_factory=list, max_length=5)
    closed_phones: list[ClosedPhoneIn] = Field(default_factory=list, max_length=20)
    #: Written to only once its code came back, whatever the file says; a file takes none away.
    email: FamilyEmail | None = None
    safe_contact: SafeContactIn = Field(default_factory=lambda: SafeContactIn.model_validate({}))
    #: Once a person is here, this is theirs to say, as safe contact is.
    reminders: RemindersIn = Field(default_factory=RemindersIn)

    @property
    def phones(self) -> dict[str, str]:
        """All the person's numbers with their states, the main one first, each once."""
        in_use = [*([self.phone] if self.phone else []), *self.other_phones, *self.shared_phones]
        return dict.fromkeys(in_use, "active") | {closed.number: closed.state for closed in self.closed_phones}


class RiskIn(Strict):
    harm: Harm
    description: Text
    level: Literal["", "low", "medium", "high"] = ""
    evidence: Text = ""
    lower_when: Text = ""
    #: Left out: as it stands here (a new line: not kept from them).
    kept_from_family: bool | None = None


class HistoryIn(Strict):
    """Something that happened to an action before it came here: by a family member or by a worker."""

    kind: Literal[EVENTS]  # type: ignore[valid-type]
    at: Moment
    person: Key | None = None
    worker: Key | None = None
    words: Text = ""

    @model_validator(mode="after")
    def _by_one(self) -> Self:
        if (self.person is None) == (self.worker is None):
            raise ValueError("say who it was: `person` or `worker`, one of them")
        return self


class ActionIn(Strict):
    id: Key
    title: Name
    why: Text = ""
    owner: Key | None = None
    owner_name: Text = ""
    due_on: Day | None = None
    status: Literal["open", "reported_done", "verified", "blocked", "dropped"] = "open"
    blocked_reason: Text = ""
    kind: Literal["", "therapy", "medical", "practical", "parenting", "education", "safety", "other"] = ""
    measure: Text = ""
    evidence: Text = ""
    outcome: Key | None = None
    also_called: list[Name] = Field(default_factory=list, max_length=30)
    history: list[HistoryIn] = Field(default_factory=list)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.owner is None and not self.owner_name:
            raise ValueError("say whose it is: `owner` (a person's id) or `owner_name` (a professional)")
        if self.status == "blocked" and not self.blocked_reason:
            raise ValueError("is blocked, so say why in `blocked_reason`")
        return self


class CoreGroupIn(Strict):
    name: Name
    role: Name
    organisation: Text = ""
    phone: PhoneNumber | None = None
    email: Text = ""
    responsibility: Text = ""


class PlanIn(Strict):
    id: Key
    started_on: Day
    review_on: Day | None = None
    ended_on: Day | None = None
    contingency: Text = ""
    family_may_see_contingency: bool | None = None
    children: list[Key] = Field(min_length=1)
    risks: list[RiskIn] | None = Field(None, max_length=MOST_LINES)
    actions: list[ActionIn] = Field(default_factory=list)
    core_group: list[CoreGroupIn] | None = Field(None, max_length=MOST_LINES)
    visit_every_days: int | None = Field(None, ge=1, le=365)
    outcomes: list[OutcomeIn] | None = None
    contingencies: list[ContingencyIn] | None = Field(None, max_length=MOST_LINES)
    reviews: list[ReviewIn] = Field(default_factory=list)

    @model_validator(mode="after")
    def _not_too_many(self) -> Self:
        for part, rows, gone in (
            ("actions", self.actions, sum(one.status == "dropped" for one in self.actions)),
            ("outcomes", self.outcomes or [], sum(one.state == "dropped" for one in self.outcomes or [])),
        ):
            if len(rows) - gone > MOST_LINES:
                raise ValueError(f"has more than {MOST_LINES} `{part}` that are not dropped; drop those that are over")
        return self


class AttendeeIn(Strict):
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


class AppointmentIn(Strict):
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
    #: Help with getting there; the family reads it.
    travel: Text = ""
    status: Literal["scheduled", "cancelled"] = "scheduled"
    #: Why it was moved or called off: everybody expected is told.
    reason: Literal[REASONS] | None = None  # type: ignore[valid-type]
    #: It is one of a series: that of this day, wherever it was moved.
    series: Key | None = None
    series_on: Day | None = None
    attendees: list[AttendeeIn] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if (self.ends is None) == (self.minutes is None):
            raise ValueError("say how long it is: `minutes` or `ends`, one of them")
        if self.link and not self.link.startswith("https://"):
            raise ValueError("`link` must start with https://")
        if (self.series is None) != (self.series_on is None):
            raise ValueError("`series` and `series_on` belong together: give both, or neither")
        return self


class SeriesIn(Strict):
    """Appointments that come again; they are written from this. List only those that were moved or called off."""

    id: Key
    kind: Literal[APPOINTMENT_KINDS]  # type: ignore[valid-type]
    frequency: Literal[FREQUENCIES]  # type: ignore[valid-type]
    every_weeks: int | None = Field(None, ge=1, le=MOST_WEEKS)
    every_working_days: int | None = Field(None, ge=1, le=260)
    starts_on: Day
    ends_on: Day | None = None
    #: Local, and the same when the clocks change.
    at: ClockSeconds
    minutes: int = Field(ge=5, le=1440)
    place: Text = ""
    address: Text = ""
    address_hidden: bool = False
    link: Text = ""
    bring: Text = ""
    #: Help with getting there; the family reads it.
    travel: Text = ""
    attendees: list[AttendeeIn]
    #: The series that this one goes on with.
    follows: Key | None = None
    #: Its appointments up to this day are in the file (an export says so).
    written_until: Day | None = None

    @model_validator(mode="after")
    def _said(self) -> Self:
        if (self.frequency == "working_days") != (self.every_working_days is not None):
            raise ValueError("`every_working_days` belongs to `working_days`: give both, or neither")
        if self.every_weeks is not None and self.frequency != "weekly":
            raise ValueError("`every_weeks` belongs to `weekly`: take it out, or take `weekly`")
        if self.link and not self.link.startswith("https://"):
            raise ValueError("`link` must start with https://")
        return self


class FamilyIn(Strict):
    id: Key
    agency: Key
    name: Name
    #: Said always; null where nobody leads yet.
    lead_worker: Key | None
    workers: list[Key] = Field(default_factory=list)
    people: list[PersonIn] = Field(min_length=1)
    plans: list[PlanIn] = Field(default_factory=list)
    series: list[SeriesIn] = Field(default_factory=list)
    appointments: list[AppointmentIn] = Field(default_factory=list)
    conferences: list[ConferenceIn] = Field(default_factory=list)
    events: list[EventIn] = Field(default_factory=list)
    views: list[ViewIn] = Field(default_factory=list)


class ImportFile(Strict):
    format: Literal["hearthline-import-1"]
    demo: bool = False
    #: New numbers are not agreed yet and get one question; else they count as agreed by the agency's own record.
    ask_first: bool = False
    agencies: list[AgencyIn] = Field(default_factory=list)
    workers: list[WorkerIn] = Field(default_factory=list)
    families: list[FamilyIn] = Field(default_factory=list)


def clock(words: str) -> time:
    """ "08:30" as a time of day."""
    hour, minute, second, *_ = (*map(int, words.split(":")), 0)
    return time(hour, minute, second)


def json_schema() -> str:
    """The JSON Schema of an import file, as data/demo/import.schema.json has it (a test compares them)."""
    shape = {"$schema": "https://json-schema.org/draft/2020-12/schema", **ImportFile.model_json_schema()}
    return json.dumps(shape, indent=1, ensure_ascii=False) + "\n"
