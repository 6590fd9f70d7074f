"""The JSON of plans and actions."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from api.messages.cleaning import refuse_unstorable
from api.plans.queries import ActionView, PlanView
from api.rest.schemas import Given, Moment, Paging

LONGEST_NOTE = 500
Status = Literal["open", "reported_done", "verified", "blocked", "dropped"]


class RiskOut(BaseModel):
    """Why there is a plan. ``harm``: physical, emotional, sexual or neglect."""

    id: uuid.UUID
    harm: str
    description: str


class CoreGroupOut(BaseModel):
    """A professional who carries out the plan with the family."""

    id: uuid.UUID
    name: str
    role: str
    organisation: str
    phone: str


class PlanOut(BaseModel):
    """A plan; ``children`` are ids of the family's people. It goes on while ``ended_on`` is null."""

    id: uuid.UUID
    external_id: str
    started_on: date
    ended_on: date | None
    review_on: date | None
    contingency: str
    children: list[uuid.UUID]
    risks: list[RiskOut]
    core_group: list[CoreGroupOut]

    @classmethod
    def of(cls, view: PlanView) -> PlanOut:
        """The plan as JSON."""
        plan = view.plan
        return cls(
            id=plan.id,
            external_id=plan.external_id,
            started_on=plan.started_on,
            ended_on=plan.ended_on,
            review_on=plan.review_on,
            contingency=plan.contingency,
            children=[child.id for child in plan.children],
            risks=[RiskOut.model_validate(risk, from_attributes=True) for risk in plan.risks],
            core_group=[CoreGroupOut.model_validate(member, from_attributes=True) for member in plan.core_group],
        )


class HistoryOut(BaseModel):
    """What happened to an action: reported_done, undone, reported_blocked, verified or reopened; by whom, in which
    words."""

    kind: str
    at: Moment
    by: str
    words: str


class ActionOut(BaseModel):
    """Something that somebody has agreed to do. ``reported_done`` is a family member's word until a worker verifies
    it. ``owner_person_id`` is null where a professional has to do it. ``overdue``: it waits, and was due before today.
    """

    id: uuid.UUID
    external_id: str
    plan_id: uuid.UUID
    title: str
    why: str
    owner_person_id: uuid.UUID | None
    owner_name: str
    due_on: date | None
    status: Status
    overdue: bool
    blocked_reason: str
    history: list[HistoryOut]

    @classmethod
    def of(cls, view: ActionView) -> ActionOut:
        """The action as JSON."""
        action = view.action
        return cls.model_validate(
            {
                **{name: getattr(action, name) for name in _SAME},
                "owner_name": view.owner,
                "overdue": view.overdue,
                "history": [
                    HistoryOut(kind=line.event.kind, at=line.event.at, by=line.by, words=line.event.words)
                    for line in view.history
                ],
            }
        )


_SAME = (
    "id", "external_id", "plan_id", "title", "why", "owner_person_id", "due_on", "status", "blocked_reason",
)  # fmt: skip


class ActionList(Paging):
    """Which of a family's actions: all, or those of one status."""

    status: Status | None = Field(None, description="Only actions of this status.")


class Reopening(Given):
    """Why an action is not done after all; it stands in its history."""

    note: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=LONGEST_NOTE), AfterValidator(refuse_unstorable)
    ] = ""
