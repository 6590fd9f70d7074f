"""The JSON of requests to change an appointment ("I cannot come"), and of the times offered instead."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Self

from pydantic import BaseModel, Field

from api.appointments.models import Appointment, ChangeRequest
from api.appointments.offers import Times
from api.appointments.proposals import COUNT
from api.rest.schemas import Given, Moment, MomentIn, Paging


class ChangesAsked(Paging):
    """Which of a family's requests."""

    open: bool = Field(False, description="Only those that nobody has handled yet.")


class OfferIn(Given):
    """When else it could be; each as long as the appointment is. What was offered before is taken back."""

    starts_at: list[MomentIn] = Field(min_length=1, max_length=COUNT)


class TimeOut(BaseModel):
    """Another time."""

    starts_at: Moment
    ends_at: Moment


class ChangeOut(BaseModel):
    """Somebody cannot come, or wants another time; open until ``handled_at``."""

    id: uuid.UUID
    appointment_id: uuid.UUID
    kind: str = Field(description="The appointment's.")
    starts_at: Moment = Field(description="When the appointment is.")
    person_id: uuid.UUID
    person_name: str
    words: str = Field(description="What they wrote.")
    created_at: Moment
    handled_at: Moment | None
    handled_by: str
    offered: list[TimeOut] = Field(description="What was offered to them by text and is not answered yet.")
    proposed: list[TimeOut] = Field(description="What could be offered: all who are expected are free then.")
    refused: bool = Field(description="None of the times offered suited.")
    due_on: date | None = Field(description="By when it has to be held, where a rule says so.")

    @classmethod
    def of(cls, request: ChangeRequest, appointment: Appointment, times: Times, *, person: str, by: str) -> Self:
        """The request as JSON; ``person`` and ``by``: what who asked and who handled it are called."""

        def slot(one: object) -> TimeOut:
            return TimeOut.model_validate(one, from_attributes=True)

        return cls(
            id=request.id,
            appointment_id=appointment.id,
            kind=appointment.kind,
            starts_at=appointment.starts_at,
            person_id=request.person_id,
            person_name=person,
            words=request.words,
            created_at=request.created_at,
            handled_at=request.handled_at,
            handled_by=by,
            offered=[slot(one) for one in times.offered],
            proposed=[slot(one) for one in times.proposed],
            refused=times.refused,
            due_on=times.due,
        )
