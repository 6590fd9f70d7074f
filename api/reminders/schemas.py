"""The JSON of reminders: when somebody wants them, and what became of each."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from api.appointments.models import KINDS
from api.families.models import Person
from api.reminders import queries, rules
from api.reminders.queries import Told
from api.rest.schemas import Given, Moment


def _moments(codes: list[str]) -> list[str]:
    return [moment.code for moment in rules.parse(",".join(codes))]


Moments = Annotated[list[str], Field(max_length=rules.MOST_MOMENTS, examples=[["3d", "1d", "2h"]])]
Chosen = Annotated[Moments, AfterValidator(_moments)]
Kind = Literal[KINDS]  # type: ignore[valid-type]


class RemindersIn(Given):
    """When to remind: each so many days (``3d``, at most 14) or hours (``2h``) before; an empty list is never, ``null``
    is what is usual in this installation. ``kinds``: kinds of appointment with moments of their own, all of them; left
    out, these stay as they are."""

    moments: Chosen | None
    kinds: dict[Kind, Chosen] | None = Field(None, examples=[{"court_hearing": ["7d", "1d"]}])

    def stored(self) -> str | None:
        """As it is kept."""
        return None if self.moments is None else ",".join(self.moments)

    def stored_kinds(self) -> dict[str, str] | None:
        """The same for kinds of appointment; None where nothing was said about them."""
        return None if self.kinds is None else {kind: ",".join(moments) for kind, moments in self.kinds.items()}


class ReminderOut(BaseModel):
    """One text. ``moment``: so long before the appointment, or moved, cancelled, restored (news of a change),
    added, removed (newly expected, or no longer).

    ``state``: planned, queued (``delivery`` says what became of the text: queued, sending, sent, delivered, failed,
    uncertain, cancelled) or skipped, for the ``reason``.
    """

    appointment_id: uuid.UUID
    moment: str
    starts_at: Moment = Field(description="The time of the appointment that it tells of.")
    due_at: Moment
    state: str
    reason: str
    delivery: str

    @classmethod
    def of(cls, told: Told) -> ReminderOut:
        """The reminder as JSON."""
        shown = {name: getattr(told.reminder, name) for name in cls.model_fields if name != "delivery"}
        return cls(**shown, delivery=told.delivery)


class RemindersOut(BaseModel):
    """When this person is reminded, and the reminders of what is coming. ``chosen`` is false where the installation's
    own moments hold. ``kinds``: the kinds of appointment with moments of their own."""

    person_id: uuid.UUID
    moments: list[str]
    chosen: bool
    kinds: dict[str, list[str]]
    reminders: list[ReminderOut]

    @classmethod
    def of(cls, person: Person, told: list[Told]) -> RemindersOut:
        """The person's reminders as JSON."""
        moments = [moment.code for moment in rules.parse(queries.moments_of(person))]
        chosen = person.reminder_moments is not None
        return cls(
            person_id=person.id,
            moments=moments,
            chosen=chosen,
            kinds={kind: [one.code for one in rules.parse(own)] for kind, own in sorted(person.reminder_kinds.items())},
            reminders=[ReminderOut.of(one) for one in told],
        )
