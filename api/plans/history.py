"""Keeping a plan's versions: what it held after each change, what changed, when, by whom, at which review.

Promise: nothing in a plan is silently overwritten. Whoever changes one keeps a version in the same transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.plans import versions
from api.plans.models import Plan, PlanVersion
from api.webhooks import events as webhooks


def content_of(plan: Plan) -> dict[str, Any]:
    """What the plan holds, as versions keep it: its own fields and each part's lines by id."""

    def lines(rows: Sequence[Any], *names: str) -> dict[str, dict[str, Any]]:
        return {str(row.id): {name: _plain(getattr(row, name)) for name in names} for row in rows}

    own = ("started_on", "ended_on", "review_on", "contingency", "visit_every_days")
    return {
        versions.OWN: {
            **{name: _plain(getattr(plan, name)) for name in own},
            # Only where it is so: versions from before there was this choice say nothing of it.
            **({"family_may_see_contingency": True} if plan.family_may_see_contingency else {}),
            **{name: getattr(plan, name) for name in ("end_kind", "end_support") if getattr(plan, name)},
            "children": sorted(child.first_name for child in plan.children),
        },
        "risks": lines(plan.risks, "harm", "description", "level", "evidence", "lower_when", "kept_from_family"),
        "outcomes": lines(plan.outcomes, "title", "measure", "by_on", "state"),
        "actions": {
            key: {**line, "dropped": action.status == "dropped"}
            for action in plan.actions
            for key, line in lines(
                [action], "title", "why", "kind", "measure", "evidence", "due_on", "owner_person_id", "owner_name",
                "outcome_id",
            ).items()
        },
        "core_group": lines(plan.core_group, "name", "role", "organisation", "phone", "email", "responsibility"),
        "contingencies": lines(plan.contingencies, "trigger", "by_on", "response", "who", "kept_from_family"),
    }  # fmt: skip


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, int, bool)) else str(value)


def keep_version(
    session: Session,
    plan: Plan,
    worker_id: uuid.UUID | None,
    *,
    review_id: uuid.UUID | None = None,
    reason: str = "",
) -> PlanVersion | None:
    """Keep the plan as it is now, with what changed since the version before, who did it and why; None where nothing
    did.

    The caller has changed the plan in this transaction. A review gets a version of its own even where nothing changed.
    """
    session.flush()
    session.expire(plan, ["children", "risks", "outcomes", "actions", "core_group", "contingencies"])
    before = newest(session, plan.id)
    now = content_of(plan)
    changes = versions.compare(before.content, now) if before else []
    if before is not None and not changes and review_id is None:
        return None
    made = PlanVersion(
        id=uuid.uuid4(),
        plan_id=plan.id,
        number=before.number + 1 if before else 1,
        made_at=clock.now(),
        made_by=worker_id,
        review_id=review_id,
        reason=reason,
        changes=[change.as_json() for change in changes],
        content=now,
    )
    plan.version = made.number
    session.add(made)
    session.flush()
    if worker_id is not None and (changes or before is None):  # an import tells of all that it changed by itself
        _tell_programs(session, plan, before.content if before else None, now)
    return made


def _tell_programs(session: Session, plan: Plan, before: versions.Content | None, now: versions.Content) -> None:
    """The agency's own system hears that the plan is another, and which of its actions are."""
    where = {"family_id": plan.family_id, "plan_id": plan.id}
    what = "made" if before is None else "changed"
    webhooks.tell(session, webhooks.PLAN_CHANGED, **where, version=plan.version, what=what)
    was, actions = (before or {}).get("actions", {}), now["actions"]
    for key, line in actions.items():
        if was.get(key) == line:
            continue
        what = "added" if key not in was else "dropped" if line["dropped"] else "changed"
        webhooks.tell(session, "action.changed", **where, action_id=key, what=what)


def lock(session: Session, plan: Plan) -> None:
    """Nobody else changes the plan until this transaction ends; its version is the newest."""
    session.refresh(plan, with_for_update=True)


def begin(session: Session, plan: Plan) -> None:
    """Keep the plan as it stands, before it is changed, if no version of it was kept yet."""
    if newest(session, plan.id) is None:
        keep_version(session, plan, None)


def newest(session: Session, plan_id: uuid.UUID, *, imported: bool = False) -> PlanVersion | None:
    """The plan's newest version (``imported``: that no worker made), or None where none was kept yet."""
    kept = select(PlanVersion).filter_by(plan_id=plan_id)
    kept = kept.where(PlanVersion.made_by.is_(None)) if imported else kept
    return session.scalar(kept.order_by(PlanVersion.number.desc()).limit(1))


def first(session: Session, plan_id: uuid.UUID) -> PlanVersion | None:
    """The plan's first version, or None where none was kept yet."""
    return session.scalar(select(PlanVersion).filter_by(plan_id=plan_id).order_by(PlanVersion.number).limit(1))


def since(session: Session, plan: Plan, review_id: uuid.UUID | None) -> list[versions.Change]:
    """What changed in the plan since that review (since its first version where that is None)."""
    kept = select(PlanVersion).filter_by(plan_id=plan.id)
    kept = kept.filter_by(review_id=review_id) if review_id else kept
    first = session.scalar(kept.order_by(PlanVersion.number).limit(1))
    return versions.compare(first.content, content_of(plan)) if first else []


def at_review(session: Session, plan_id: uuid.UUID, review_id: uuid.UUID) -> PlanVersion | None:
    """The plan as that review found it; None where no version of it was kept."""
    kept = select(PlanVersion).filter_by(plan_id=plan_id, review_id=review_id)
    return session.scalar(kept.order_by(PlanVersion.number).limit(1))


def of_plan(session: Session, plan_id: uuid.UUID) -> list[PlanVersion]:
    """All versions of a plan, the newest first."""
    return list(session.scalars(select(PlanVersion).filter_by(plan_id=plan_id).order_by(PlanVersion.number.desc())))
