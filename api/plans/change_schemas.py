"""The JSON that changes plans and actions: a plan with its parts, a line of one, one action.

Promise: of a line that has an ``id`` only what was sent changes; a line without one is new, and needs what such a line
needs. What was not said is never taken for "no".
"""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidatorFunctionWrapHandler

from api.messages.cleaning import refuse_unstorable
from api.plans.editing import FIELDS, OWN
from api.plans.lines import FLAG, MOST_LINES
from api.plans.models import Harm
from api.rest.schemas import Day, ExternalId, Given, Name, Text

LONGEST_NOTE = 500
MOST_CHILDREN = 30
Note = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=LONGEST_NOTE), AfterValidator(refuse_unstorable)
]
ActionKind = Literal["", "therapy", "medical", "practical", "parenting", "education", "safety", "other"]
_UNSAID = object()


def _needed() -> Any:
    """A field that a new line must say, and a known one need not say again."""
    return Field(default_factory=lambda: _UNSAID, validate_default=True)


class _Partial(Given):
    """What is not sent stays; what a new line cannot be without is asked of a new one."""

    @field_validator("*", mode="wrap")
    @classmethod
    def _said(cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        if value is not _UNSAID:
            return handler(value)
        if "id" in cls.model_fields and info.data.get("id") is None:
            raise PydanticCustomError("missing", "Field required")
        return value

    def sent(self) -> dict[str, Any]:
        """What was sent, and nothing else."""
        return self.model_dump(exclude_unset=True)


class _Line(_Partial):
    id: uuid.UUID | None = None

    def values(self) -> dict[str, Any]:
        """What the service takes: of a known line what was sent; of a new one all but a flag that nobody said."""
        if self.id is not None:
            return self.sent()
        unsaid = {FLAG} - self.model_fields_set
        return {name: value for name, value in self.model_dump().items() if name not in unsaid}


class RiskIn(_Line):
    """A risk; with ``id`` what is sent of it is changed, without it is new (then ``harm`` and ``description`` are
    needed). ``kept_from_family`` stays where it is not sent; a new risk that may stand for one that goes and was kept
    from them is kept from them too, unless it says otherwise."""

    harm: Harm = _needed()
    description: Text = _needed()
    level: Literal["", "low", "medium", "high"] = ""
    evidence: Text = ""
    lower_when: Text = ""
    kept_from_family: bool = False


class OutcomeIn(_Line):
    """An outcome; with ``id`` what is sent of it is changed, without it is new (then ``title`` is needed)."""

    title: Name = _needed()
    measure: Text = ""
    by_on: Day | None = None


class _OfAction(Given):
    why: Text = ""
    kind: ActionKind = ""
    measure: Text = ""
    evidence: Text = ""
    due_on: Day | None = None
    owner_person_id: uuid.UUID | None = None
    owner_name: Text = ""
    outcome_id: uuid.UUID | None = None


class PlannedActionIn(_OfAction, _Line):
    """An action; with ``id`` what is sent of it is changed, without it is new (then ``title`` is needed). Whose it is:
    ``owner_person_id`` or ``owner_name``; sending one of them ends the other."""

    title: Name = _needed()


class ActionGiven(_OfAction):
    """A new action of a plan. Whose it is: ``owner_person_id`` or ``owner_name`` (a professional)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "title": "Ask the landlord to mend the boiler",
                    "why": "So that the children are warm.",
                    "owner_name": "Amara Okafor (social worker)",
                    "due_on": "2026-12-01",
                    "kind": "practical",
                }
            ]
        },
    )

    title: Name


class ActionChange(_OfAction, _Partial):
    """What is not sent stays. Sending ``owner_person_id`` or ``owner_name`` ends the other."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"due_on": "2026-12-15"}]})

    title: Name = _needed()


class CoreGroupIn(_Line):
    """Somebody of the core group; with ``id`` what is sent of them is changed, without they are new (then ``name`` and
    ``role`` are needed)."""

    name: Name = _needed()
    role: Name = _needed()
    organisation: Text = ""
    phone: Text = ""
    email: Text = ""
    responsibility: Text = ""


class ContingencyIn(_Line):
    """If ``trigger`` (by ``by_on``), then ``response``; with ``id`` what is sent of it is changed, without it is new
    (then both are needed). ``kept_from_family`` as of a risk."""

    trigger: Text = _needed()
    by_on: Day | None = None
    response: Text = _needed()
    who: Text = ""
    kept_from_family: bool = False


class PlanChange(Given):
    """The plan's parts. A part that is not named stays; in one that is, lines left out go (outcomes and actions are
    dropped, and stay to be seen), and of a line with its ``id`` only what is sent changes."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "review_on": "2026-12-10",
                    "outcomes": [{"title": "The children sleep in warm, dry beds", "measure": "Seen at every visit"}],
                    "contingencies": [
                        {
                            "trigger": "The boiler is not mended",
                            "by_on": "2026-12-01",
                            "response": "The core group meets",
                        }
                    ],
                }
            ]
        },
    )

    contingency: Text = ""
    family_may_see_contingency: bool = Field(
        False, description="Is `contingency` on the family's own page, for adults?"
    )
    review_on: Day | None = None
    visit_every_days: int | None = Field(None, ge=1, le=365)
    children: list[uuid.UUID] | None = Field(
        None, min_length=1, max_length=MOST_CHILDREN, description="All whom it is for from now on: ids of people."
    )
    risks: list[RiskIn] | None = Field(None, max_length=MOST_LINES)
    outcomes: list[OutcomeIn] | None = Field(None, max_length=MOST_LINES)
    actions: list[PlannedActionIn] | None = Field(None, max_length=MOST_LINES)
    core_group: list[CoreGroupIn] | None = Field(None, max_length=MOST_LINES)
    contingencies: list[ContingencyIn] | None = Field(None, max_length=MOST_LINES)

    def own(self) -> dict[str, Any]:
        """The plan's own fields that were given."""
        given = {name: getattr(self, name) for name in OWN if name in self.model_fields_set}
        return given if self.children is None else {**given, "children": self.children}

    def parts(self) -> dict[str, list[dict[str, Any]]]:
        """The parts that were given, as the service takes them."""
        named = {part: getattr(self, part) for part in FIELDS}
        return {part: [line.values() for line in lines] for part, lines in named.items() if lines is not None}


class PlanGiven(Given):
    """A new plan of a family, where no conference makes it. Its parts are put into it with `PATCH`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "started_on": "2026-11-20",
                    "review_on": "2027-02-18",
                    "children": ["7f1b4c1e-2d35-4a3b-9a39-6f4a6c6b7a10"],
                    "external_id": "case-plan-2026",
                }
            ]
        },
    )

    started_on: Day
    children: list[uuid.UUID] = Field(min_length=1, max_length=MOST_CHILDREN)
    review_on: Day | None = None
    visit_every_days: int | None = Field(None, ge=1, le=365)
    contingency: Text = ""
    family_may_see_contingency: bool = Field(
        False, description="Is `contingency` on the family's own page, for adults?"
    )
    external_id: ExternalId | None = None


class Reopening(Given):
    """Why an action is not done after all; it stands in its history."""

    note: Note = ""


class ActionNote(Given):
    """What there is to say to it; it stands in the action's history."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"note": "Seen at the visit."}]})

    note: Note = ""


class ActionReason(Given):
    """Why; it stands in the action's history."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "The course is full."}]})

    reason: Annotated[Note, StringConstraints(min_length=1)]
