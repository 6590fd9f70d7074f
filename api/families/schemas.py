"""The JSON of families and their people. Codes and their hashes are in none of it."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, WithJsonSchema

from api import texts
from api.families.addresses import checked
from api.families.models import Person
from api.families.queries import ChangeView, FamilyRow, FamilyView
from api.imports.shapes import e164
from api.messages.cleaning import refuse_unstorable
from api.plans.schemas import PlanOut
from api.rest.schemas import Day, ExternalId, Given, Moment, Paging, TimeOfDay


class FamiliesAsked(Paging):
    """Which families. (Not by name: addresses stand in logs.)"""

    external_id: ExternalId | None = Field(None, description="Only the one with this id of your own system.")


class FamilySummary(BaseModel):
    """A family in the list, with how much waits for a worker."""

    id: uuid.UUID
    external_id: str
    name: str
    lead_worker: str = Field(description="The name of the family's own worker; empty where it has none.")
    actions_to_verify: int
    unresolved_escalations: int

    @classmethod
    def of(cls, row: FamilyRow) -> FamilySummary:
        """The row as JSON."""
        return cls(
            id=row.family.id,
            external_id=row.family.external_id,
            name=row.family.name,
            lead_worker=row.lead,
            actions_to_verify=row.to_verify,
            unresolved_escalations=row.escalations,
        )


class ContactPointOut(BaseModel):
    """A phone number (E.164; ``channel`` sms) or an e-mail address (``email``). ``state``: pending (not agreed yet; an
    address: its code has not come back), active, opted_out, or quarantined (it may be somebody else's now)."""

    channel: str
    address: str
    state: str


class SafeContactOut(BaseModel):
    """How this person has said that it is safe to write to them; the times are local in ``timezone`` (an IANA name),
    or where the agency is where that is null."""

    wording: str
    may_name_children: bool
    contact_from: TimeOfDay
    contact_until: TimeOfDay
    timezone: str | None
    contact_channel: str = Field(description="sms or email: how what nobody asked for reaches them.")


Kind = Literal["parent", "carer", "young_person", "child"]
ShortName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=80),
    AfterValidator(refuse_unstorable),
    Field(examples=["Rita"]),
]
LastName = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=80), AfterValidator(refuse_unstorable),
    Field(examples=["Rowan"]),
]  # fmt: skip
Born = Annotated[Day, Field(examples=["2019-02-28"], description="Of a child on the way: the day it is expected.")]


def _spoken(code: str) -> str:
    if code not in texts.languages():
        raise ValueError("is no language that there are words in")
    return code


Language = Annotated[
    str, AfterValidator(_spoken), WithJsonSchema({"type": "string", "enum": texts.languages(), "examples": ["en"]})
]


class FamilyGiven(Given):
    """A new family. Its people are added one by one."""

    name: ShortName = Field(description="What workers call the family.", examples=["Rowan"])
    external_id: ExternalId | None = Field(None, description="Of your own system; one family's in the agency.")
    lead_worker_id: uuid.UUID | None = Field(
        None, description="The family's own worker. Left out: the one who asks, or nobody yet for whoever sees all."
    )


class FamilyChange(Given):
    """What is to be any other of a family; what is left out stays. Another lead worker takes a manager."""

    name: ShortName | None = None
    external_id: ExternalId | None = None
    lead_worker_id: uuid.UUID | None = None


class PersonGiven(Given):
    """Somebody new in a family: discreet wording and the usual hours, until something else is agreed with them."""

    kind: Kind
    first_name: ShortName
    last_name: LastName = ""
    born: Born | None = None
    language: Language | None = Field(None, description="Left out: the agency's.")
    external_id: ExternalId | None = Field(None, description="Of your own system; one person's in the family.")
    phone: Annotated[str, StringConstraints(max_length=40), AfterValidator(e164)] | None = Field(
        None, description="E.164. Nothing is sent there before they have agreed.", examples=["+447700900123"]
    )
    email: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300), AfterValidator(checked)] | None = (
        Field(None, description="Nothing but a code is sent there before it came back.", examples=["rita@example.org"])
    )
    ask: bool = Field(
        False,
        description="Ask now: by one discreet text, if we may write to `phone`; by one e-mail with a code, at `email`.",
    )


class PersonChange(Given):
    """What was taken down wrong of somebody; what is left out stays. ``left``: they are of the family no more (nothing
    is sent to them, no way in is left), or are again."""

    kind: Kind | None = None
    first_name: ShortName | None = None
    last_name: LastName | None = None
    born: Born | None = Field(None, description="null: it is not known.")
    left: bool | None = None

    def values(self) -> dict[str, Any]:
        """What is to be mended."""
        named = {name: getattr(self, name) for name in ("kind", "first_name", "last_name")}
        given = {name: value for name, value in named.items() if value is not None}
        return given | ({"born": self.born} if "born" in self.model_fields_set else {})


class PersonOut(BaseModel):
    """Somebody in the family. ``kind``: parent, carer, young_person or child."""

    id: uuid.UUID
    external_id: str
    kind: str
    first_name: str
    last_name: str
    born: date | None
    language: str
    safe_contact: SafeContactOut
    contact_points: list[ContactPointOut]
    left_at: Moment | None = Field(description="They are of the family no more, since then.")

    @classmethod
    def of(cls, person: Person) -> PersonOut:
        """The person as JSON."""
        return cls(
            id=person.id,
            external_id=person.external_id,
            kind=person.kind,
            first_name=person.first_name,
            last_name=person.last_name,
            born=person.born,
            language=person.language,
            safe_contact=SafeContactOut.model_validate(person, from_attributes=True),
            contact_points=[ContactPointOut.model_validate(c, from_attributes=True) for c in person.contact_points],
            left_at=person.left_at,
        )


class FamilyWorkerOut(BaseModel):
    """A worker who is assigned to the family; one may lead."""

    id: uuid.UUID
    name: str
    role: str
    lead: bool


class ConversationOut(BaseModel):
    """A conversation with somebody of the family; its messages are at /api/v1/conversations/{id}/messages."""

    id: uuid.UUID
    person_id: uuid.UUID
    channel: str
    last_inbound_at: Moment | None
    taken_over: bool


class ChangeRequestOut(BaseModel):
    """Somebody cannot come or wants another time, in their own words; no worker has handled it yet."""

    id: uuid.UUID
    appointment_id: uuid.UUID
    person_id: uuid.UUID
    words: str
    created_at: Moment

    @classmethod
    def of(cls, view: ChangeView) -> ChangeRequestOut:
        """The request as JSON."""
        return cls.model_validate(view.request, from_attributes=True)


class FamilyOut(BaseModel):
    """A family with all that hangs on it but its appointments and actions, which have addresses of their own.

    ``plans``: the one that goes on first. ``timezone`` is the agency's: local times in it are local
    there, but for a person's own (``safe_contact``).
    """

    id: uuid.UUID
    external_id: str
    name: str
    timezone: str
    people: list[PersonOut]
    workers: list[FamilyWorkerOut]
    plans: list[PlanOut]
    change_requests: list[ChangeRequestOut]
    conversations: list[ConversationOut]

    @classmethod
    def of(cls, view: FamilyView, timezone: str) -> FamilyOut:
        """The family as JSON."""
        return cls(
            id=view.family.id,
            external_id=view.family.external_id,
            name=view.family.name,
            timezone=timezone,
            people=[PersonOut.of(person) for person in (*view.people, *view.left)],
            workers=[
                FamilyWorkerOut(id=worker.id, name=worker.name, role=worker.role, lead=lead)
                for worker, lead in view.workers
            ],
            plans=[PlanOut.of(plan) for plan in view.plans],
            change_requests=[ChangeRequestOut.of(change) for change in view.changes],
            conversations=[
                ConversationOut(
                    id=conversation.id,
                    person_id=person_id,
                    channel=conversation.channel,
                    last_inbound_at=conversation.last_inbound_at,
                    taken_over=conversation.taken_over_by is not None,
                )
                for person_id, conversations in view.conversations.items()
                for conversation in conversations
            ],
        )
