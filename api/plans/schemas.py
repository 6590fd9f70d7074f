"""The JSON of plans and actions, as they are shown (``change_schemas``: as they are changed)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.plans.queries import ActionView, PlanView
from api.rest.schemas import Moment, Paging
from api.rest.versions import of_content

Status = Literal["open", "reported_done", "verified", "blocked", "dropped"]


class RiskOut(BaseModel):
    """Why there is a plan. ``harm``: physical, emotional, sexual or neglect; ``level`` is empty if nobody has said."""

    id: uuid.UUID
    harm: str
    description: str
    level: str
    evidence: str
    lower_when: str
    kept_from_family: bool


class OutcomeOut(BaseModel):
    """What should be different for the children. ``state``: open, achieved or dropped."""

    id: uuid.UUID
    external_id: str
    title: str
    measure: str
    by_on: date | None
    state: str


class ContingencyOut(BaseModel):
    """If ``trigger`` (by ``by_on``), then ``response``."""

    id: uuid.UUID
    trigger: str
    by_on: date | None
    response: str
    who: str
    kept_from_family: bool


class CoreGroupOut(BaseModel):
    """A professional who carries out the plan with the family."""

    id: uuid.UUID
    name: str
    role: str
    organisation: str
    phone: str
    email: str
    responsibility: str


class PlanOut(BaseModel):
    """A plan; ``children`` are ids of the family's people. It goes on while ``ended_on`` is null. ``end_kind`` is empty
    where a review or an import ended it; ``withdrawn`` where the conference that made it was a mistake. ``end_support``
    is what help was to remain where no review said it."""

    id: uuid.UUID
    external_id: str
    started_on: date
    ended_on: date | None
    end_kind: Literal["", "moved", "of_age", "death", "court", "other", "withdrawn"]
    end_support: str
    review_on: date | None
    contingency: str
    family_may_see_contingency: bool = Field(description="Is `contingency` on the family's own page?")
    visit_every_days: int | None
    version: int
    children: list[uuid.UUID]
    risks: list[RiskOut]
    outcomes: list[OutcomeOut]
    core_group: list[CoreGroupOut]
    contingencies: list[ContingencyOut]

    @classmethod
    def of(cls, view: PlanView) -> PlanOut:
        """The plan as JSON."""
        plan = view.plan
        return cls(
            id=plan.id,
            external_id=plan.external_id,
            started_on=plan.started_on,
            ended_on=plan.ended_on,
            end_kind=plan.end_kind,  # type: ignore[arg-type]  # the table's constraint says so
            end_support=plan.end_support,
            review_on=plan.review_on,
            contingency=plan.contingency,
            family_may_see_contingency=plan.family_may_see_contingency,
            visit_every_days=plan.visit_every_days,
            version=plan.version,
            outcomes=[OutcomeOut.model_validate(outcome, from_attributes=True) for outcome in plan.outcomes],
            contingencies=[ContingencyOut.model_validate(one, from_attributes=True) for one in plan.contingencies],
            children=[child.id for child in plan.children],
            risks=[RiskOut.model_validate(risk, from_attributes=True) for risk in plan.risks],
            core_group=[CoreGroupOut.model_validate(member, from_attributes=True) for member in plan.core_group],
        )


class HistoryOut(BaseModel):
    """What happened to an action: reported_done, undone, reported_blocked (a family member said so); verified,
    reopened, blocked, unblocked, dropped or restored (a worker decided); by whom, in which words."""

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
    kind: str
    measure: str
    evidence: str
    outcome_id: uuid.UUID | None
    owner_person_id: uuid.UUID | None
    owner_name: str
    due_on: date | None
    status: Status
    overdue: bool
    blocked_reason: str
    history: list[HistoryOut]
    version: str = Field("", description="What to send as If-Match; another whenever anything above is another.")

    @classmethod
    def of(cls, view: ActionView) -> ActionOut:
        """The action as JSON."""
        action = view.action
        shown = cls.model_validate(
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
        # Not what only the calendar changes, nor a name that somebody has now.
        shown.version = of_content(shown.model_dump_json(exclude={"version", "overdue", "owner_name"}))
        return shown


_SAME = (
    "id", "external_id", "plan_id", "title", "why", "kind", "measure", "evidence", "outcome_id", "owner_person_id",
    "due_on", "status", "blocked_reason",
)  # fmt: skip


class ActionList(Paging):
    """Which actions: all, those of one status, those that are overdue or are not."""

    status: Status | None = Field(None, description="Only actions of this status.")
    overdue: bool | None = Field(
        None, description="true: only what is open or blocked and was due before today; false: only what is not."
    )

    def among(self, found: Iterable[ActionView]) -> list[ActionView]:
        """Those of ``found`` that are asked for, in their order."""
        return [
            one for one in found if self.status in (None, one.action.status) and self.overdue in (None, one.overdue)
        ]


class VersionOut(BaseModel):
    """What changed in a plan, when, by whom (empty: an import), at which review, and why, where that had to be said."""

    number: int
    made_at: Moment
    made_by: str
    review_id: uuid.UUID | None
    reason: str
    changes: list[dict[str, Any]]
