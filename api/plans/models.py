"""Tables: the plan, its children, risks, actions with their history, and the core group."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.database import Base, Id
from api.families.models import Person

plan_children = Table(
    "plan_children",
    Base.metadata,
    Column("plan_id", ForeignKey("plans.id"), primary_key=True),
    Column("person_id", ForeignKey("people.id"), primary_key=True),
)


class Plan(Base):
    __tablename__ = "plans"
    __table_args__ = (UniqueConstraint("family_id", "external_id"),)

    id: Mapped[Id]
    family_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("families.id"), index=True)
    external_id: Mapped[str]
    started_on: Mapped[date]
    ended_on: Mapped[date | None]
    review_on: Mapped[date | None]
    contingency: Mapped[str] = mapped_column(default="")
    children: Mapped[list[Person]] = relationship(secondary=plan_children)
    risks: Mapped[list[Risk]] = relationship(order_by="Risk.position")
    actions: Mapped[list[PlanAction]] = relationship(back_populates="plan", order_by="PlanAction.due_on")
    core_group: Mapped[list[CoreGroupMember]] = relationship(order_by="CoreGroupMember.name")


class Risk(Base):
    __tablename__ = "risks"

    id: Mapped[Id]
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plans.id"), index=True)
    position: Mapped[int]
    harm: Mapped[str]  # physical, emotional, sexual, neglect
    description: Mapped[str]


class CoreGroupMember(Base):
    """A professional who carries out the plan with the family."""

    __tablename__ = "core_group_members"

    id: Mapped[Id]
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plans.id"), index=True)
    name: Mapped[str]
    role: Mapped[str]
    organisation: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")


class PlanAction(Base):
    """Something that somebody has agreed to do. Overdue is not a status: it follows from ``due_on``."""

    __tablename__ = "plan_actions"
    __table_args__ = (
        UniqueConstraint("plan_id", "external_id"),
        CheckConstraint("status IN ('open','reported_done','verified','blocked','dropped')", name="status"),
        Index("ix_plan_actions_owner", "owner_person_id", "status"),
    )

    id: Mapped[Id]
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plans.id"), index=True)
    external_id: Mapped[str]
    title: Mapped[str]
    why: Mapped[str] = mapped_column(default="")
    #: The family member whose action it is; None where a professional's (``owner_name`` says whose).
    owner_person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    owner_name: Mapped[str] = mapped_column(default="")
    due_on: Mapped[date | None]
    status: Mapped[str] = mapped_column(default="open")
    blocked_reason: Mapped[str] = mapped_column(default="")
    #: Other words by which a family may name it ("triple p", "the course").
    also_called: Mapped[list[str]] = mapped_column(default=list)
    plan: Mapped[Plan] = relationship(back_populates="actions")
    events: Mapped[list[ActionEvent]] = relationship(order_by="ActionEvent.at")


class ActionEvent(Base):
    """What happened to an action: reported_done, undone, reported_blocked, verified, reopened. Never changed."""

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
    words: Mapped[str] = mapped_column(default="")
    status_before: Mapped[str] = mapped_column(default="")
