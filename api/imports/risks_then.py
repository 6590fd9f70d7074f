"""How the risks of a plan stood at a review, as a file tells it: risks have no ids there but are known by their words.

Promise: what the export wrote is understood as it was meant, also where a risk was worded anew or taken out since; and
a file that goes on telling of a risk in its own words is not held up because somebody here has worded it anew.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.imports.case_schemas import RiskFoundIn
from api.imports.writer import Path, Writer
from api.plans.lines import key
from api.plans.models import Plan, Risk
from api.reviews.models import Review
from api.reviews.service import RiskThen

NOT_HERE = "is no risk of this plan; write it as in its `risks`, or in `was` alone where it is no more on the plan"
TWICE = "names a risk of which the review has said already how it stood; take one of the two out"


def read(
    writer: Writer, plan: Plan, review: Review | None, path: Path, given: Sequence[RiskFoundIn], in_file: set[str]
) -> list[RiskThen]:
    """What the file says of each, in its order. ``review``: as it is recorded already; ``path``: where the review
    stands in the file; ``in_file``: how the file describes the risks of that plan."""
    here = _here(writer.session, plan)
    recorded = [(key([one.description]), one.risk_id) for one in review.risks] if review else []
    known = {*(key([words]) for words in in_file), *(words for words, _ in recorded)}
    then = {one.risk_id: one.description for one in review.risks if one.risk_id} if review else {}
    found: list[RiskThen] = []
    for n, one in enumerate(given):
        said = key([one.risk])
        meant = [risk for words, risk in (*here, *recorded) if one.risk and words == said and risk]
        taken = {other.risk_id for other in found}
        risk_id = next((risk for risk in meant if risk not in taken), None)
        if meant and risk_id is None:
            writer.refuse((*path, "risks", n), TWICE)
        elif one.risk and risk_id is None and said not in known:
            writer.refuse((*path, "risks", n, "risk"), NOT_HERE)
        words = one.was or (then.get(risk_id) if risk_id else None) or one.risk
        found.append(RiskThen(risk_id, words, one.change, one.words))
    return found


def _here(session: Session, plan: Plan) -> list[tuple[tuple[str, ...], uuid.UUID]]:
    risks = session.scalars(select(Risk).filter_by(plan_id=plan.id).order_by(Risk.position, Risk.id))
    return [(key([one.description]), one.id) for one in risks]


def of(plan: Plan, review: Review) -> list[dict[str, str]]:
    """How each risk stood, in the import's format: by how the plan describes it now, and by how it did then where that
    is otherwise."""
    now = {risk.id: risk.description for risk in plan.risks}
    found = []
    for one in review.risks:
        made = {"change": one.change, "words": one.words}
        if one.risk_id in now:
            made["risk"] = now[one.risk_id]
        if made.get("risk") != one.description:
            made["was"] = one.description
        found.append(made)
    return found


def same(review: Review, said: Sequence[RiskThen] | None) -> bool:
    """Does the review say that already? None: the file says nothing of them."""
    if said is None:
        return True
    there = [(str(one.risk_id), one.description, one.change, one.words) for one in review.risks]
    return sorted(there) == sorted((str(one.risk_id), one.description, one.change, one.words) for one in said)
