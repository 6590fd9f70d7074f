"""The shape of the parts of an import file about a case: what happened, conferences, reviews, what people said."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from api.imports.shapes import Day, Key, Name, Strict, Text
from api.jurisdiction.clocks import Event, Meeting
from api.plans.models import Harm

Words = Annotated[Text, StringConstraints(min_length=1)]


class OutcomeIn(Strict):
    """What should be different for the children, and how everybody will know."""

    id: Key
    title: Name
    measure: Text = ""
    by_on: Day | None = None
    state: Literal["open", "achieved", "dropped"] | None = None


class ContingencyIn(Strict):
    """If ``trigger`` (by ``by_on``), then ``response``."""

    trigger: Words
    by_on: Day | None = None
    response: Words
    who: Text = ""
    #: Left out: as it stands here (a new line: not kept from them).
    kept_from_family: bool | None = None


class ProgressIn(Strict):
    """How far an outcome (its id in this plan) had come."""

    outcome: Key
    progress: Literal["worse", "none", "some", "good", "achieved"]
    words: Text = ""


class EffectIn(Strict):
    """Whether an action (its id in this plan) had helped."""

    action: Key
    effect: Literal["helped", "helped_a_little", "did_not_help", "made_worse", "not_started"]
    words: Text = ""


class RiskFoundIn(Strict):
    """How a risk stood since the review before. ``risk``: as this plan's ``risks`` describe it; ``was``: as it was
    described then, where that is otherwise, or where it is no more on the plan (then alone)."""

    risk: Text = ""
    was: Text = ""
    change: Literal["higher", "same", "lower", "gone"]
    words: Text = ""

    @model_validator(mode="after")
    def _some_risk(self) -> Self:
        if not (self.risk or self.was):
            raise ValueError("give `risk` (a description of this plan's `risks`), or `was` where it is no more on it")
        return self


class ReviewIn(Strict):
    """A review of a plan that was held; ``conference``: the review conference of this family at which it was."""

    id: Key
    held_on: Day
    next_step: Literal["continue", "modify", "discontinue"]
    reason: Text = ""
    changes: Text = ""
    support: Text = ""
    next_review_on: Day | None = None
    conference: Key | None = None
    progress: list[ProgressIn] = Field(default_factory=list)
    effects: list[EffectIn] = Field(default_factory=list)
    #: Left out: what stands here of them stays.
    risks: list[RiskFoundIn] | None = None


class ConferenceChildIn(Strict):
    """A child (a person's id) the conference was about, with the categories of harm it decided on."""

    person: Key
    harms: list[Harm] = Field(default_factory=list)


class InvitedIn(Strict):
    """Somebody invited: of the family (``person``) or a professional (``name``)."""

    person: Key | None = None
    name: Text = ""
    role: Text = ""
    agency: Literal["social_work", "police", "health", "education", "family", "child", "legal", "other"]
    attended: bool = False
    sent_report: bool = False

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if (self.person is None) == (not self.name):
            raise ValueError("give `person` (an id of this family) or `name`, one of them")
        return self


class DissentIn(Strict):
    """Somebody who did not agree, and why, in their words."""

    name: Name
    role: Text = ""
    words: Words


class ConferenceIn(Strict):
    """A conference. ``plan``: the plan (its id in this family) that it made or looked at again."""

    id: Key
    kind: Literal["initial", "review", "pre_birth", "transfer_in"]
    status: Literal["planned", "held", "cancelled"] = "planned"
    held_on: Day
    plan: Key | None = None
    chair: Text = ""
    assessment: Text = ""
    discussion: Text = ""
    decision: Literal["plan", "no_plan", "continue", "modify", "discontinue"] | None = None
    decision_reason: Text = ""
    planning: Text = ""
    children: list[ConferenceChildIn] = Field(default_factory=list)
    attendees: list[InvitedIn] = Field(default_factory=list)
    dissents: list[DissentIn] = Field(default_factory=list)

    @model_validator(mode="after")
    def _made(self) -> Self:
        if self.decision == "plan" and self.plan is None:
            raise ValueError("decided on a plan, so say which one in `plan`")
        return self


class EventIn(Strict):
    """Something that happened in the case; the dates that the jurisdiction's rules give follow from it."""

    id: Key
    kind: Literal[Event, Meeting]
    day: Day
    outcome: Literal["held", "missed"] = "held"
    plan: Key | None = None
    note: Text = ""


class ViewIn(Strict):
    """What somebody of the family (``person``) said, word for word, and who may read it."""

    id: Key
    person: Key
    given_on: Day
    words: Words
    way: Literal["said", "written", "drawn", "message", "through_somebody"] = "said"
    audience: Literal["lead", "workers", "meeting"] = "lead"
    family_may_see: bool = False
