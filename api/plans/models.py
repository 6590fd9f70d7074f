"""Tables: the plan with all its parts: children, risks, outcomes, actions, core group, contingencies, versions."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.database import Base, Id
from api.families.models import Person
from api.sealed import Sealed, SealedJson, Unreadable, no_list


def _lost_changes(words: Unreadable) -> list[dict[str, Any]]:
    """What stands for a version's changes that do not open: one, that says so."""
    return [{"part": "plan", "what": "changed", "name": words, "fields": {}}]


def _lost_content(words: Unreadable) -> dict[str, Any]:
    return {"plan": {"contingency": words}}


#: The categories of harm: what a conference decides on, and what a risk is one of.
Harm = Literal["physical", "emotional", "sexual", "neglect"]
#: How a plan ended that no review ended: the family moved away, the child is of age or has died, a court decided
#: otherwise, something else; or the conference that made it was withdrawn.
END_KINDS = ("moved", "of_age", "death", "court", "other")
WITHDRAWN = "withdrawn"
#: What a worker decides on an action: what its events are called.
BY_WORKER = ("verified", "reopened", "blocked", "unblocked", "dropped", "restored")
#: And what a family member says.
EVENTS = ("reported_done", "reported_blocked", "undone", *BY_WORKER)

plan_children = Table(
    "plan_children",
    Base.metadata,
    Column("plan_id", ForeignKey("plans.id"), primary_key=True),
    Column("person_id", ForeignKey("people.id"), primary_key=True),
)


class Plan(Base):
    __tablename__ = "plans"
    __table_args__ = (
        UniqueConstraint("family_id", "external_id"),
        CheckConstraint("end_kind IN ('','moved','of_age','death','court','other','withdrawn')", name="end_kind"),
    )

    id: Mapped[Id]
    family_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("families.id"), index=True)
    external_id: Mapped[str]
    started_on: Mapped[date]
    ended_on: Mapped[date | None]
    #: One of END_KINDS or WITHDRAWN; empty while it goes on, and where a review or an import ended it.
    end_kind: Mapped[str] = mapped_column(default="", server_default=text("''"))
    #: What help remains for the family; a review that ends a plan says it itself.
    end_support: Mapped[str] = mapped_column(Sealed("plans.end_support"), default="", server_default=text("''"))
    review_on: Mapped[date | None]
    #: What happens, in general, if the plan does not work; ``contingencies`` has it step by step.
    contingency: Mapped[str] = mapped_column(Sealed("plans.contingency"), default="")
    #: Is it on the family's own page? Not until somebody has said so: it was long written for workers alone.
    family_may_see_contingency: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    #: How often the children are visited, in days; None where the plan does not say.
    visit_every_days: Mapped[int | None]
    #: Counts the changes: the number of the newest PlanVersion. Two workers do not overwrite each other.
    version: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    #: What files last said of it, as digests (``api.imports.said``); None: it is from before that was kept.
    said: Mapped[str | None] = mapped_column(Sealed("plans.said"), default="", server_default="")
    children: Mapped[list[Person]] = relationship(secondary=plan_children)
    risks: Mapped[list[Risk]] = relationship(order_by="Risk.position")
    actions: Mapped[list[PlanAction]] = relationship(back_populates="plan", order_by="PlanAction.due_on")
    core_group: Mapped[list[CoreGroupMember]] = relationship(order_by="CoreGroupMember.name")
    outcomes: Mapped[list[Outcome]] = relationship(order_by="Outcome.position")
    contingencies: Mapped[list[Contingency]] = relationship(order_by="Contingency.position")


class Risk(Base):
    """Why there is a plan. ``level`` is empty where nobody has said."""

    __tablename__ = "risks"
    __table_args__ = (CheckConstraint("level IN ('','low','medium','high')", name="level"),)

    id: Mapped[Id]
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plans.id"), index=True)
    position: Mapped[int]
    harm: Mapped[str]  # of Harm
    description: Mapped[str] = mapped_column(Sealed("risks.description"))
    level: Mapped[str] = mapped_column(default="", server_default=text("''"))
    evidence: Mapped[str] = mapped_column(Sealed("risks.evidence"), default="", server_default=text("''"))
    #: What would show that it is lower.
    lower_when: Mapped[str] = mapped_column(Sealed("risks.lower_when"), default="", server_default=text("''"))
    #: Not on the family's own page (it would put somebody at risk).
    kept_from_family: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


class Outcome(Base):
    """What should be different for the children, and how everybody will know. ``state``: open, achieved, dropped."""

    __tablename__ = "outcomes"
    __table_args__ = (
        UniqueConstraint("plan_id", "external_id"),
        CheckConstraint("state IN ('open','achieved','dropped')", name="state"),
    )

    id: Mapped[Id]
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plans.id"), index=True)
    external_id: Mapped[str]
    position: Mapped[int]
    title: Mapped[str] = mapped_column(Sealed("outcomes.title"))
    measure: Mapped[str] = mapped_column(Sealed("outcomes.measure"), default="")
    by_on: Mapped[date | None]
    state: Mapped[str] = mapped_column(default="open")


class Contingency(Base):
    """If this is not so by then, that happens."""

    __tablename__ = "contingencies"

    id: Mapped[Id]
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plans.id"), index=True)
    position: Mapped[int]
    trigger: Mapped[str] = mapped_column(Sealed("contingencies.trigger"))
    by_on: Mapped[date | None]
    response: Mapped[str] = mapped_column(Sealed("contingencies.response"))
    who: Mapped[str] = mapped_column(Sealed("contingencies.who"), default="")
    kept_from_family: Mapped[bool] = mapped_column(default=False)


class PlanVersion(Base):
    """The plan as it was after a change: what changed, when, by whom, and at which review. Never changed."""

    __tablename__ = "plan_versions"
    __table_args__ = (UniqueConstraint("plan_id", "number"),)

    id: Mapped[Id]
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plans.id"))
    number: Mapped[int]
    made_at: Mapped[datetime]
    #: None where an import made it.
    made_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    review_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("reviews.id"))
    #: Why, where that had to be said: its days were put right, it was ended or taken up again.
    reason: Mapped[str] = mapped_column(Sealed("plan_versions.reason"), default="", server_default=text("''"))
    changes: Mapped[list[Any]] = mapped_column(SealedJson("plan_versions.changes", _lost_changes))
    content: Mapped[dict[str, Any]] = mapped_column(SealedJson("plan_versions.content", _lost_content))


class CoreGroupMember(Base):
    """A professional who carries out the plan with the family."""

    __tablename__ = "core_group_members"

    id: Mapped[Id]
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plans.id"), index=True)
    name: Mapped[str]
    role: Mapped[str]
    organisation: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="", server_default=text("''"))
    #: What they do in the plan.
    responsibility: Mapped[str] = mapped_column(
        Sealed("core_group_members.responsibility"), default="", server_default=text("''")
    )


class PlanAction(Base):
    """Something that somebody has agreed to do. Overdue is not a status: it follows from ``due_on``."""

    __tablename__ = "plan_actions"
    __table_args__ = (
        UniqueConstraint("plan_id", "external_id"),
        CheckConstraint("status IN ('open','reported_done','verified','blocked','dropped')", name="status"),
        Index("ix_plan_actions_owner", "owner_person_id", "status"),
        Index(
            "ix_plan_actions_waiting",
            "plan_id",
            "due_on",
            postgresql_where=text("status IN ('open','blocked','reported_done')"),
        ),
    )

    id: Mapped[Id]
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plans.id"), index=True)
    external_id: Mapped[str]
    title: Mapped[str] = mapped_column(Sealed("plan_actions.title"))
    why: Mapped[str] = mapped_column(Sealed("plan_actions.why"), default="")
    #: The family member whose action it is; None where a professional's (``owner_name`` says whose).
    owner_person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    owner_name: Mapped[str] = mapped_column(default="")
    due_on: Mapped[date | None]
    status: Mapped[str] = mapped_column(default="open")
    blocked_reason: Mapped[str] = mapped_column(Sealed("plan_actions.blocked_reason"), default="")
    #: therapy, medical, practical, parenting, education, safety, other; empty where nobody has said.
    kind: Mapped[str] = mapped_column(default="", server_default=text("''"))
    #: How everybody will know that it is done.
    measure: Mapped[str] = mapped_column(Sealed("plan_actions.measure"), default="", server_default=text("''"))
    #: What shows that it is done.
    evidence: Mapped[str] = mapped_column(Sealed("plan_actions.evidence"), default="", server_default=text("''"))
    #: The outcome that it serves.
    outcome_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("outcomes.id"))
    #: Other words by which a family may name it ("triple p", "the course").
    also_called: Mapped[list[str]] = mapped_column(SealedJson("plan_actions.also_called", no_list), default=list)
    plan: Mapped[Plan] = relationship(back_populates="actions")
    events: Mapped[list[ActionEvent]] = relationship(order_by="ActionEvent.at")


class ActionEvent(Base):
    """What happened to an action (``kind``: EVENTS), by whom, in which words. Never changed."""

    __tablename__ = "action_events"
    __table_args__ = (UniqueConstraint("action_id", "message_id", "kind"),)

    id: Mapped[Id]
    action_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plan_actions.id"), index=True)
    kind: Mapped[str]
    at: Mapped[datetime]
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    worker_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    #: The message it came from, once per message: a retried turn records nothing twice.
    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("inbound_messages.id"))
    words: Mapped[str] = mapped_column(Sealed("action_events.words"), default="")
    status_before: Mapped[str] = mapped_column(default="")
