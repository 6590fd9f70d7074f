"""The JSON of escalations."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from api.escalations.queries import Card
from api.messages.cleaning import refuse_unstorable
from api.rest.schemas import Given, Moment, MomentIn, Paging

LONGEST_OUTCOME = 2000


class EscalationList(Paging):
    """Which escalations: those that are not closed yet, or the closed ones."""

    show: Literal["unresolved", "resolved"] = Field(
        "unresolved", description="unresolved: the most pressing first; resolved: the newest first."
    )


class Resolution(Given):
    """What came of it, in a few words."""

    outcome: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_OUTCOME),
        AfterValidator(refuse_unstorable),
    ] = Field(examples=["Rang her; safe at her mother's tonight. Visit tomorrow at 10."])
    kind: Literal["helped", "passed_on", "not_reached", "false_alarm", "other"] | None = Field(
        None, description="What came of it, in one word; by default what the outcome's words say."
    )
    seen: Annotated[int, Field(ge=0)] | None = Field(
        None,
        description="The escalation's `version` as you read it: 409 where it has changed since. Without it only what "
        "you have acknowledged yourself can be closed, or what is as it was when it opened.",
    )


class TakingOn(Given):
    """When the worker rings at the latest, if they say so: within 18 hours. The family hears the hour."""

    ring_by: MomentIn | None = None


class ToldOut(BaseModel):
    """Somebody was told, in a role, or could not be: then ``problem`` says why."""

    name: str
    role: str
    at: Moment
    problem: str


class EscalationOut(BaseModel):
    """A call for a human. Its ``id`` is the reference in workers' texts (``ACK 12``).

    ``state``: open (``next_rung_at`` says when ``next_names`` are told), acknowledged or resolved. ``words`` are the
    person's own. Family and person are null for somebody unknown, who is reached through the conversation only.
    ``version`` rises with all that is new, such as words: send it as ``seen`` when you close it.
    ``no_texts``: they asked not to be texted, because somebody else may read or hear the phone.
    """

    id: int
    kind: str
    priority: str
    state: str
    words: str
    reasons: list[str]
    opened_at: Moment
    family_id: uuid.UUID | None
    family_name: str
    person_id: uuid.UUID | None
    person_name: str
    conversation_id: uuid.UUID | None
    channel: str
    told: list[ToldOut]
    next_rung_at: Moment | None
    next_names: list[str]
    acknowledged_at: Moment | None
    acknowledged_by: str
    acknowledged_via: str
    resolved_at: Moment | None
    resolved_by: str
    outcome: str
    outcome_kind: str
    ring_by: Moment | None
    no_texts: bool = False
    version: int

    @classmethod
    def of(cls, card: Card) -> EscalationOut:
        """The card as JSON."""
        values = {name: getattr(card.escalation, name) for name in _SAME}
        return cls(
            **values,
            family_name=card.who.family_name,
            person_name=card.who.name,
            channel=card.channel,
            told=[ToldOut.model_validate(told, from_attributes=True) for told in card.told],
            next_names=card.next_names,
            acknowledged_by=card.acknowledged_by,
            resolved_by=card.resolved_by,
            no_texts=card.hushed,
        )


_SAME = (
    "id", "kind", "priority", "state", "words", "reasons", "opened_at", "family_id", "person_id", "conversation_id",
    "next_rung_at", "acknowledged_at", "acknowledged_via", "resolved_at", "outcome", "outcome_kind",
    "ring_by", "version",
)  # fmt: skip
