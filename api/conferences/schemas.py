"""The JSON of conferences."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.appointments.overlaps import Overlap
from api.appointments.schemas import MOST_ATTENDEES, WHY, OverlapOut, Reason
from api.appointments.series_schemas import LocalTime
from api.conferences.booking import Meeting
from api.conferences.models import Conference
from api.conferences.service import WORDS, CannotRecord, Details, Disagreed, Invited
from api.plans.models import Harm
from api.rest.schemas import Day, ExternalId, Given, Moment, Name, Text

Kind = Literal["initial", "review", "pre_birth", "transfer_in"]
Status = Literal["planned", "held", "cancelled"]
Decision = Literal["plan", "no_plan", "continue", "modify", "discontinue"]
AgencyKind = Literal["social_work", "police", "health", "education", "family", "child", "legal", "other"]
MOST_PEOPLE = MOST_ATTENDEES


class ChildIn(Given):
    """A child the conference is about, with the categories of harm it decided on."""

    person_id: uuid.UUID
    harms: list[Harm] = Field(default_factory=list, max_length=4)


class InvitedIn(Given):
    """Somebody invited: of the family (``person_id``) or a professional (``name``)."""

    person_id: uuid.UUID | None = None
    name: Text = ""
    role: Text = ""
    agency: AgencyKind
    attended: bool = False
    sent_report: bool = False

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if (self.person_id is None) == (not self.name):
            raise ValueError("give `person_id` (of this family) or `name`, one of them")
        return self


class DissentIn(Given):
    """Somebody who did not agree with the decision, and why, in their words."""

    name: Name
    role: Text = ""
    words: Name


class ConferenceIn(Given):
    """A conference, planned (``decision`` null) or held. A review conference is recorded as held by its review."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "kind": "initial",
                    "status": "held",
                    "held_on": "2026-09-18",
                    "chair": "Ruth Adeyemi",
                    "assessment": "Cold, damp home; missed eye clinic.",
                    "discussion": "School sees tiredness; the family wants help with the landlord.",
                    "decision": "plan",
                    "decision_reason": "Likely significant harm from neglect.",
                    "planning": "Outline plan agreed, first core group on 1 October.",
                    "children": [{"person_id": "5f0e2a31-77d0-4b5e-8f61-1f6f4f0c9a20", "harms": ["neglect"]}],
                    "attendees": [
                        {"name": "Jo Fielding", "role": "health visitor", "agency": "health", "attended": True}
                    ],
                    "dissents": [],
                }
            ]
        },
    )

    kind: Kind
    status: Status = "planned"
    held_on: Day
    at: LocalTime | None = Field(
        None,
        description="While it is planned: the local time at which it begins. An appointment is booked for those "
        "who are invited, or moved with it. Left out: as it was.",
    )
    minutes: int | None = Field(None, ge=5, le=1440, description="How long it takes; 120 where nobody says.")
    place: Text | None = Field(None, description="Where it is. Left out: as it was.")
    reason: Reason | None = Field(None, description=WHY)
    plan_id: uuid.UUID | None = None
    chair: Text = ""
    assessment: Text = ""
    discussion: Text = ""
    decision: Decision | None = None
    decision_reason: Text = ""
    planning: Text = ""
    children: list[ChildIn] = Field(default_factory=list, max_length=MOST_PEOPLE)
    attendees: list[InvitedIn] = Field(default_factory=list, max_length=MOST_PEOPLE)
    dissents: list[DissentIn] = Field(default_factory=list, max_length=MOST_PEOPLE)

    def details(self) -> Details:
        """What the service takes. Raises CannotRecord where a child stands there twice: only one of the lines would
        count."""
        if len({child.person_id for child in self.children}) < len(self.children):
            raise CannotRecord("child_twice")
        return Details(
            kind=self.kind,
            held_on=self.held_on,
            status=self.status,
            plan_id=self.plan_id,
            decision=self.decision or "",
            words={name: getattr(self, name) for name in WORDS},
            children={child.person_id: list(child.harms) for child in self.children},
            attendees=[Invited(**one.model_dump()) for one in self.attendees],
            dissents=[Disagreed(**one.model_dump()) for one in self.dissents],
            meeting=Meeting(self.at, self.minutes, self.place, self.reason),
        )


class NewConferenceIn(ConferenceIn):
    """The same with the id of the agency's own system."""

    external_id: ExternalId | None = None


class WithdrawnIn(Given):
    """Why the conference counts no more."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"why": "It was recorded for the wrong family."}]}
    )

    why: Name


class ConferenceChildOut(BaseModel):
    """A child the conference was about."""

    person_id: uuid.UUID
    name: str
    harms: list[str]


class AttendeeOut(BaseModel):
    """Somebody invited; whether they came and whether they sent a report."""

    person_id: uuid.UUID | None
    name: str
    role: str
    agency: str
    attended: bool
    sent_report: bool


class DissentOut(BaseModel):
    """Somebody who did not agree."""

    name: str
    role: str
    words: str


class ConferenceOut(BaseModel):
    """A conference; ``version`` counts its changes (it is the ETag as well). One that was withdrawn is cancelled, and
    has the moment in ``withdrawn_at``."""

    id: uuid.UUID
    external_id: str
    family_id: uuid.UUID
    plan_id: uuid.UUID | None
    kind: Kind
    status: Status
    held_on: date
    appointment_id: uuid.UUID | None = Field(description="The appointment that was booked for it while it was planned.")
    starts_at: Moment | None = Field(description="When that appointment begins, unless it was called off.")
    chair: str
    assessment: str
    discussion: str
    decision: Decision | None
    decision_reason: str
    planning: str
    version: int
    withdrawn_at: Moment | None
    children: list[ConferenceChildOut]
    attendees: list[AttendeeOut]
    dissents: list[DissentOut]

    @classmethod
    def of(cls, row: Conference) -> ConferenceOut:
        """The conference as JSON."""
        lists = ("children", "attendees", "dissents", "decision", "starts_at")
        booked = row.appointment if row.appointment and row.appointment.status == "scheduled" else None
        return cls.model_validate(
            {
                **{name: getattr(row, name) for name in cls.model_fields if name not in lists},
                "decision": row.decision or None,
                "starts_at": booked.starts_at if booked else None,
                "children": [
                    ConferenceChildOut(person_id=c.person_id, name=c.person.first_name, harms=c.harms)
                    for c in row.children
                ],
                "attendees": [
                    AttendeeOut(
                        person_id=a.person_id,
                        name=a.person.first_name if a.person else a.name,
                        role=a.role,
                        agency=a.agency,
                        attended=a.attended,
                        sent_report=a.sent_report,
                    )
                    for a in row.attendees
                ],
                "dissents": [DissentOut(name=d.name, role=d.role, words=d.words) for d in row.dissents],
            }
        )


class RecordedOut(ConferenceOut):
    """The conference as it was planned or recorded, and what else is at the time of its appointment: it is booked all
    the same."""

    overlaps: list[OverlapOut] = []

    @classmethod
    def with_overlaps(cls, row: Conference, overlaps: list[Overlap]) -> RecordedOut:
        """The conference as JSON, with what overlaps."""
        return cls(**dict(ConferenceOut.of(row)), overlaps=[OverlapOut.of(one) for one in overlaps])
