"""The JSON of appointments."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from api.appointments.models import KINDS, REASONS, Appointment, Attendee
from api.appointments.overlaps import Overlap
from api.appointments.service import Expected
from api.rest.schemas import ExternalId, Given, Moment, MomentIn, Paging, Text

#: As many as a conference may invite.
MOST_ATTENDEES = 60


def _https(link: str) -> str:
    if link and not link.startswith("https://"):
        raise ValueError("must start with https://")
    return link


Link = Annotated[Text, AfterValidator(_https)]
Kind = Literal[KINDS]  # type: ignore[valid-type]
Reason = Literal[REASONS]  # type: ignore[valid-type]
WHY = "Why it is moved or called off; everybody expected is told so, in words that name nobody."


class AppointmentList(Paging):
    """Which of a family's appointments: those that end after ``from`` and start before ``to``."""

    begin: MomentIn | None = Field(None, alias="from", description="Only appointments that end after this moment.")
    end: MomentIn | None = Field(None, alias="to", description="Only appointments that start before this moment.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.begin and self.end and self.begin >= self.end:
            raise ValueError("`from` must be earlier than `to`")
        return self


class AttendeeIn(Given):
    """A family member (``person_id``; ``concerns``: a child it is about) or a professional (``name`` and ``role``)."""

    person_id: uuid.UUID | None = None
    name: Text = ""
    role: Text = ""
    concerns: bool = False

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if (self.person_id is None) == (not self.name):
            raise ValueError("give `person_id` (of this family) or `name`, one of them")
        return self

    def expected(self) -> Expected:
        """What the service takes."""
        return Expected(self.person_id, self.name, self.role, self.concerns)


class Details(Given):
    """What is known of an appointment beside its time."""

    place: Text = Field("", description="What the place is called, such as Seacroft Children's Centre.")
    address: Text = ""
    address_hidden: bool = Field(False, description="The address must not be written in a message (a refuge).")
    link: Link = Field("", description="Where to join online; starts with https://.")
    bring: Text = ""
    travel: Text = Field(
        "", description="Help with getting there: a taxi booked, fares paid back; the family reads it."
    )

    def details(self) -> dict[str, Any]:
        """Those that were given."""
        return {name: getattr(self, name) for name in Details.model_fields if name in self.model_fields_set}


class AppointmentIn(Details):
    """A new appointment. With an ``external_id`` (of your own system) it is booked once at most."""

    external_id: ExternalId | None = None
    kind: Kind
    starts_at: MomentIn
    ends_at: MomentIn
    attendees: list[AttendeeIn] = Field(min_length=1, max_length=MOST_ATTENDEES)


class AppointmentChange(Details):
    """Move it (``starts_at``, ``ends_at``), change its kind or what is known of it; or, by ``status``, cancel it or put
    it on again (``scheduled``) where it is still to come. Not both at once.

    Without ``ends_at`` it stays as long as it was. What people answered is taken back when it starts at another time.
    With ``attendees`` exactly those are expected; who stays keeps their answer, who is new or no longer expected is
    told.
    """

    kind: Kind | None = None
    starts_at: MomentIn | None = None
    ends_at: MomentIn | None = None
    status: Literal["cancelled", "scheduled"] | None = None
    reason: Reason | None = Field(None, description=WHY)
    attendees: list[AttendeeIn] | None = Field(None, min_length=1, max_length=MOST_ATTENDEES)

    @model_validator(mode="after")
    def _something(self) -> Self:
        changes = bool(self.kind or self.starts_at or self.ends_at or self.details() or self.attendees)
        if changes == (self.status is not None):
            raise ValueError("say what to change, or `status`: cancelled or scheduled; one of them")
        return self


def expected_of(attendees: Sequence[AttendeeIn] | None) -> list[Expected] | None:
    """What the service takes; None where nothing was said about who is expected."""
    return None if attendees is None else [one.expected() for one in attendees]


class AttendeeOut(BaseModel):
    """Somebody expected. ``answer``: none, confirmed, cannot_come or late."""

    person_id: uuid.UUID | None
    name: str
    role: str
    concerns: bool
    answer: str
    answered_at: Moment | None
    answer_words: str

    @classmethod
    def of(cls, attendee: Attendee) -> AttendeeOut:
        """The attendee as JSON: a family member by the name that they have now."""
        shown = cls.model_validate(attendee, from_attributes=True)
        if attendee.person is not None:
            shown.name = attendee.person.first_name
        return shown


class AppointmentOut(BaseModel):
    """An appointment; ``status`` is scheduled or cancelled. Among the attendees the family's people come first."""

    id: uuid.UUID
    external_id: str
    family_id: uuid.UUID
    kind: str
    starts_at: Moment
    ends_at: Moment
    place: str
    address: str
    address_hidden: bool
    link: str
    bring: str
    travel: str
    status: str
    change_reason: str = Field(description="Why it was moved or called off last, where somebody said so.")
    sequence: int = Field(description="How often it was changed since it was booked; what to send as If-Match.")
    series_id: uuid.UUID | None = Field(description="The series that it belongs to.")
    series_on: date | None = Field(description="Which of the series' days it stands for, wherever it was moved.")
    attendees: list[AttendeeOut]

    @classmethod
    def of(cls, appointment: Appointment) -> AppointmentOut:
        """The appointment as JSON."""
        names = [name for name in cls.model_fields if name != "attendees"]
        values = {name: getattr(appointment, name) for name in names}
        attendees = sorted(
            appointment.attendees, key=lambda a: (a.person_id is None, not a.concerns, a.name, str(a.id))
        )
        return cls(**values, attendees=[AttendeeOut.of(attendee) for attendee in attendees])


class OverlapOut(BaseModel):
    """Somebody is expected elsewhere at that time; of a family that you may not see, only who and when."""

    who: str
    starts_at: Moment
    ends_at: Moment
    appointment_id: uuid.UUID | None
    kind: str
    family: str

    @classmethod
    def of(cls, overlap: Overlap) -> OverlapOut:
        """The overlap as JSON."""
        return cls.model_validate(overlap, from_attributes=True)


class BookedOut(AppointmentOut):
    """The appointment as it was booked or moved, and what else is at that time: it is booked all the same."""

    overlaps: list[OverlapOut] = []

    @classmethod
    def with_overlaps(cls, appointment: Appointment, overlaps: list[Overlap]) -> BookedOut:
        """The appointment as JSON, with what overlaps."""
        shown = AppointmentOut.of(appointment)
        return cls(**dict(shown), overlaps=[OverlapOut.of(one) for one in overlaps])
