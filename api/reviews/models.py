"""Tables: reviews of a plan, with progress on each outcome, the effect of each action, and how each risk stands."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.database import Base, Id
from api.sealed import Sealed

PROGRESS = ("worse", "none", "some", "good", "achieved")
EFFECTS = ("helped", "helped_a_little", "did_not_help", "made_worse", "not_started")
RISK_CHANGES = ("higher", "same", "lower", "gone")
NEXT_STEPS = ("continue", "modify", "discontinue")


class Review(Base):
    """``next_step``: the plan goes on as it is, goes on changed, or ends (then ``support`` says what help remains)."""

    __tablename__ = "reviews"
    __table_args__ = (
        UniqueConstraint("plan_id", "external_id"),
        Index("uq_reviews_plan_day", "plan_id", "held_on", unique=True, postgresql_where=text("withdrawn_at IS NULL")),
        CheckConstraint("next_step IN ('continue','modify','discontinue')", name="next_step"),
    )

    id: Mapped[Id]
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plans.id"), index=True)
    conference_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("conferences.id"))
    external_id: Mapped[str]
    held_on: Mapped[date]
    changes: Mapped[str] = mapped_column(Sealed("reviews.changes"), default="")
    next_step: Mapped[str]
    reason: Mapped[str] = mapped_column(Sealed("reviews.reason"), default="")
    support: Mapped[str] = mapped_column(Sealed("reviews.support"), default="")
    next_review_on: Mapped[date | None]
    recorded_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workers.id"))
    recorded_at: Mapped[datetime]
    #: Actions of which the review did not say whether they helped (ids, as text): none since every one is asked for.
    not_assessed: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))
    #: Recorded by mistake: it counts no more. What it said, who withdrew it and why is an earlier version.
    withdrawn_at: Mapped[datetime | None]
    #: Counts the corrections, so that two people do not overwrite each other.
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    progress: Mapped[list[OutcomeProgress]] = relationship(cascade="all, delete-orphan")
    effects: Mapped[list[ActionEffect]] = relationship(cascade="all, delete-orphan")
    risks: Mapped[list[RiskFinding]] = relationship(cascade="all, delete-orphan", order_by="RiskFinding.position")


class OutcomeProgress(Base):
    """How far an outcome has come since the review before."""

    __tablename__ = "outcome_progress"
    __table_args__ = (CheckConstraint("progress IN ('worse','none','some','good','achieved')", name="progress"),)

    review_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reviews.id"), primary_key=True)
    outcome_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outcomes.id"), primary_key=True, index=True)
    progress: Mapped[str]
    words: Mapped[str] = mapped_column(Sealed("outcome_progress.words"), default="")


class ActionEffect(Base):
    """Whether an action has helped."""

    __tablename__ = "action_effects"
    __table_args__ = (
        CheckConstraint(
            "effect IN ('helped','helped_a_little','did_not_help','made_worse','not_started')", name="effect"
        ),
    )

    review_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reviews.id"), primary_key=True)
    action_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plan_actions.id"), primary_key=True, index=True)
    effect: Mapped[str]
    words: Mapped[str] = mapped_column(Sealed("action_effects.words"), default="")


class RiskFinding(Base):
    """How a risk of the plan stands since the review before: higher, the same, lower or gone. ``description`` is the
    risk's at the review: a risk may be taken out of the plan, and then ``risk_id`` is None."""

    __tablename__ = "risk_findings"
    __table_args__ = (
        UniqueConstraint("review_id", "risk_id"),
        CheckConstraint("change IN ('higher','same','lower','gone')", name="change"),
    )

    id: Mapped[Id]
    review_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reviews.id"))
    risk_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("risks.id", ondelete="SET NULL"), index=True)
    position: Mapped[int]
    description: Mapped[str] = mapped_column(Sealed("risk_findings.description"))
    change: Mapped[str]
    words: Mapped[str] = mapped_column(Sealed("risk_findings.words"), default="", server_default=text("''"))
