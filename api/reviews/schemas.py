"""The JSON of reviews, and of what a review needs to be prepared."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.plans.schemas import ActionOut
from api.rest.schemas import Day, ExternalId, Given, Moment, Name, Text
from api.reviews.models import Review
from api.reviews.queries import Preparation
from api.reviews.service import Findings
from api.timescales.queries import EventView
from api.timescales.schemas import DateOut, EventOut

Progress = Literal["worse", "none", "some", "good", "achieved"]
Effect = Literal["helped", "helped_a_little", "did_not_help", "made_worse", "not_started"]
RiskChange = Literal["higher", "same", "lower", "gone"]
NextStep = Literal["continue", "modify", "discontinue"]
MOST = 200


class ProgressIn(Given):
    """How far an outcome has come since the review before."""

    outcome_id: uuid.UUID
    progress: Progress
    words: Text = ""


class EffectIn(Given):
    """Whether an action has helped."""

    action_id: uuid.UUID
    effect: Effect
    words: Text = ""


class RiskFindingIn(Given):
    """How a risk of the plan stands since the review before."""

    risk_id: uuid.UUID
    change: RiskChange
    words: Text = ""


class ReviewIn(Given):
    """A review that was held. ``support``: what help remains when the plan is discontinued (needed then).
    ``progress`` has every open outcome, ``effects`` every action that was not dropped ("not_started" is an answer too);
    ``risks`` those that somebody said something of.

    ``at_conference``: it was held at a review conference (``conference_id``, or one that is recorded with it).
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "held_on": "2026-12-10",
                    "next_step": "continue",
                    "reason": "Home is warm and clean; school attendance is still low.",
                    "changes": "The family has a new landlord.",
                    "next_review_on": "2027-06-03",
                    "progress": [
                        {"outcome_id": "5f0e2a31-77d0-4b5e-8f61-1f6f4f0c9a20", "progress": "some", "words": "82 %"}
                    ],
                    "effects": [{"action_id": "0b0c9c0e-5a0e-4f4c-9a43-0f3d0c6f4d11", "effect": "helped"}],
                    "risks": [
                        {"risk_id": "7c1d2b90-3b1f-4a53-9a55-0a7a2a4f1e22", "change": "lower", "words": "Warm all year"}
                    ],
                }
            ]
        },
    )

    external_id: ExternalId | None = None
    held_on: Day
    next_step: NextStep
    reason: Text = ""
    changes: Text = ""
    support: Text = ""
    next_review_on: Day | None = None
    conference_id: uuid.UUID | None = None
    at_conference: bool = True
    progress: list[ProgressIn] = Field(default_factory=list, max_length=MOST)
    effects: list[EffectIn] = Field(default_factory=list, max_length=MOST)
    risks: list[RiskFindingIn] = Field(default_factory=list, max_length=MOST)

    def findings(self) -> Findings:
        """What the service takes."""
        same = ("held_on", "next_step", "reason", "changes", "support", "next_review_on", "conference_id")
        return Findings(
            **{name: getattr(self, name) for name in same},
            progress={one.outcome_id: (one.progress, one.words) for one in self.progress},
            effects={one.action_id: (one.effect, one.words) for one in self.effects},
            risks={one.risk_id: (one.change, one.words) for one in self.risks},
        )


class CorrectionIn(ReviewIn):
    """What the review says instead, whole, and why. It stays at its conference; ``external_id`` and ``at_conference``
    change nothing."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "why": "The wrong plan was ended: this family's goes on.",
                    "held_on": "2026-12-10",
                    "next_step": "continue",
                    "reason": "Home is warm and clean; school attendance is still low.",
                    "next_review_on": "2027-06-03",
                    "progress": [{"outcome_id": "5f0e2a31-77d0-4b5e-8f61-1f6f4f0c9a20", "progress": "some"}],
                    "effects": [{"action_id": "0b0c9c0e-5a0e-4f4c-9a43-0f3d0c6f4d11", "effect": "helped"}],
                }
            ]
        },
    )

    why: Name


class WithdrawalIn(Given):
    """Why the review counts no more."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"why": "It was recorded for the wrong family."}]}
    )

    why: Name


class ProgressOut(BaseModel):
    """How far an outcome had come."""

    outcome_id: uuid.UUID
    progress: Progress
    words: str


class EffectOut(BaseModel):
    """Whether an action had helped."""

    action_id: uuid.UUID
    effect: Effect
    words: str


class RiskFindingOut(BaseModel):
    """How a risk stood. ``description`` is what it was at the review; ``risk_id`` is null where the risk is no more on
    the plan."""

    risk_id: uuid.UUID | None
    description: str
    change: RiskChange
    words: str


class ReviewOut(BaseModel):
    """A review of a plan."""

    id: uuid.UUID
    external_id: str
    plan_id: uuid.UUID
    conference_id: uuid.UUID | None
    held_on: date
    next_step: NextStep
    reason: str
    changes: str
    support: str
    next_review_on: date | None
    recorded_at: Moment
    progress: list[ProgressOut]
    effects: list[EffectOut]
    risks: list[RiskFindingOut] = Field(description="Empty in reviews from before that was recorded.")
    not_assessed: list[uuid.UUID] = Field(
        description="Only in old reviews: actions of which the review did not say whether they helped."
    )
    version: int = Field(description="Counts its corrections; it is the ETag as well.")
    withdrawn_at: Moment | None = Field(description="Recorded by mistake, and counts no more since then.")
    next_review_by: date | None = Field(
        None, description="By when the rules of the place want the next one; only where one review is answered."
    )
    warnings: list[Literal["next_review_after_limit"]] = Field(
        default_factory=list, description="What is allowed and looks wrong; only where one review is answered."
    )

    @classmethod
    def of(cls, row: Review, limit: date | None = None) -> ReviewOut:
        """The review as JSON; ``limit``: by when the rules want the next."""
        made = cls.model_validate(row, from_attributes=True)
        made.next_review_by = limit
        if limit is not None and row.next_review_on is not None and row.next_review_on > limit:
            made.warnings = ["next_review_after_limit"]
        return made

    model_config = ConfigDict(from_attributes=True)


class OutcomeStateOut(BaseModel):
    """An outcome, with the progress that the last review saw (null where none has looked)."""

    id: uuid.UUID
    title: str
    measure: str
    by_on: date | None
    state: str
    last_progress: Progress | None
    last_words: str


class SaidOut(BaseModel):
    """What somebody of the family said, exactly as they said it."""

    id: uuid.UUID
    person_id: uuid.UUID
    name: str
    given_on: date
    words: str
    audience: str


class ContingencyDueOut(BaseModel):
    """What happens if something is not so by a day, and how that day stands."""

    id: uuid.UUID
    trigger: str
    by_on: date | None
    response: str
    who: str
    state: Literal["none", "coming", "passed"] = Field(description="coming: within five days.")


class PreparationOut(BaseModel):
    """All that a review needs: what happened since the last one (or since the plan began)."""

    plan_id: uuid.UUID
    since: date
    outcomes: list[OutcomeStateOut]
    actions: dict[str, list[ActionOut]]
    meetings_held: list[EventOut]
    meetings_missed: list[EventOut]
    not_recorded: list[uuid.UUID] = Field(description="Appointments that are over; nobody said if they took place.")
    changes: list[dict[str, Any]] = Field(description="What changed in the plan since then.")
    views: list[SaidOut]
    dates: list[DateOut]
    last_effects: list[EffectOut] = Field(description="What the last review said of actions.")
    last_risks: list[RiskFindingOut] = Field(description="What the last review said of risks.")
    next_review_by: date | None = Field(
        description="By when the rules of the place want the next review, if this one is held today at a conference."
    )
    contingencies: list[ContingencyDueOut] = Field(description="What was agreed for when the plan does not work.")
    not_heard: list[uuid.UUID] = Field(
        description="Children of the plan and parents of whom no view was written down since, whoever may read it."
    )

    @classmethod
    def of(cls, one: Preparation) -> PreparationOut:
        """The preparation as JSON."""

        def events(views: list[EventView]) -> list[EventOut]:
            return [EventOut.of(view) for view in views]

        return cls(
            plan_id=one.plan.plan.id,
            since=one.since,
            outcomes=[
                OutcomeStateOut.model_validate(
                    {
                        **{name: getattr(o.outcome, name) for name in ("id", "title", "measure", "by_on", "state")},
                        "last_progress": o.before or None,
                        "last_words": o.before_words,
                    }
                )
                for o in one.outcomes
            ],
            actions={status: [ActionOut.of(a) for a in actions] for status, actions in one.actions.items()},
            meetings_held=events(one.held),
            meetings_missed=events(one.missed),
            not_recorded=[appointment.id for appointment in one.unrecorded],
            changes=[change.as_json() for change in one.changes],
            views=[
                SaidOut(
                    id=said.view.id,
                    person_id=said.view.person_id,
                    name=said.name,
                    given_on=said.view.given_on,
                    words=said.view.words,
                    audience=said.view.audience,
                )
                for said in one.views
            ],
            dates=[DateOut.of(date) for date in one.dates],
            last_effects=[EffectOut.model_validate(e, from_attributes=True) for e in one.effects.values()],
            last_risks=[RiskFindingOut.model_validate(r, from_attributes=True) for r in one.risks.values()],
            next_review_by=one.next_by,
            contingencies=[
                ContingencyDueOut.model_validate(
                    {
                        **{n: getattr(s.contingency, n) for n in ("id", "trigger", "by_on", "response", "who")},
                        "state": s.state,
                    }
                )
                for s in one.steps
            ],
            not_heard=[person.id for person in one.unheard],
        )
