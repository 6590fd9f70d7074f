"""What a review says, as its earlier versions keep it, and how it came to say so."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from api.earlier import queries as earlier
from api.earlier import service as keeping
from api.earlier.queries import OWN, Told
from api.plans.models import Plan
from api.reviews.models import Review

_OWN = "held_on next_step reason changes support next_review_on"


def content_of(row: Review) -> dict[str, Any]:
    """All of it, as plain JSON; outcomes, actions and risks by id."""
    return {
        OWN: {**keeping.plain(row, _OWN), "withdrawn": row.withdrawn_at is not None},
        "progress": {str(one.outcome_id): keeping.plain(one, "progress words") for one in row.progress},
        "effects": {str(one.action_id): keeping.plain(one, "effect words") for one in row.effects},
        "risks": {str(one.risk_id or one.id): keeping.plain(one, "change words") for one in row.risks},
    }


def history(session: Session, plan: Plan, row: Review, *, limit: int = 50, offset: int = 0) -> list[Told]:
    """How it came to say what it says, the newest correction first."""
    names = {str(one.id): one.title for one in plan.outcomes} | {str(one.id): one.title for one in plan.actions}
    names |= {str(one.risk_id or one.id): one.description for one in row.risks}
    names |= {str(one.id): one.description for one in plan.risks}
    return earlier.told(session, row.id, content_of(row), names, limit=limit, offset=offset)
