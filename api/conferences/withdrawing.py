"""A conference that was recorded by mistake is withdrawn.

Promise: what it said, who withdrew it, when and why is kept and shown. The plan that it made ends in the same
transaction with the same reason, and so do the clocks of that plan, as if it had never been; where others have built
on that plan nothing is done.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from api import clock
from api.access import leading
from api.access.models import Worker
from api.conferences import booking, content, queries, service
from api.conferences.models import Conference
from api.conferences.service import CannotRecord
from api.database import notify
from api.earlier import service as keeping
from api.plans import history
from api.plans import queries as plans
from api.plans.models import WITHDRAWN, Plan
from api.timescales import service as timescales


def lock(session: Session, conference: Conference) -> None:
    """Nobody else changes the conference or its plan until this transaction ends (a review locks the plan first)."""
    if conference.plan_id is not None:
        history.lock(session, session.get_one(Plan, conference.plan_id))
    service.lock(session, conference)


def withdraw(session: Session, conference: Conference, worker: Worker, why: str, *, today: date) -> None:
    """It counts as cancelled from now on. ``today`` is the agency's: the day on which its plan ends.

    Raises CannotRecord: not theirs to withdraw, withdrawn already, never held, no reason, the conference of a review,
    or others have built on the plan that it made.
    """
    if not leading.may_put_right(session, worker, conference.family_id):
        raise CannotRecord("lead_or_manager")
    lock(session, conference)
    if conference.withdrawn_at is not None:
        raise CannotRecord("conference_was_withdrawn")
    if conference.status != "held":
        raise CannotRecord("conference_not_held")
    if not why.strip():
        raise CannotRecord("why_needed")
    if queries.has_review(session, conference.id):
        raise CannotRecord("withdraw_the_review")
    plan = queries.own_plan(session, conference)
    if plan is not None and _built_on(session, plan, conference):
        raise CannotRecord("plan_is_built_on")
    _count_no_more(session, conference, worker, why)
    if plan is not None:
        history.begin(session, plan)
        # From today, also where it had been ended before: the version before this one keeps that day and what help was
        # said to remain, and neither is told to the family any more.
        plan.ended_on, plan.review_on = today, None
        plan.end_kind, plan.end_support = WITHDRAWN, ""
        history.keep_version(session, plan, worker.id, reason=why.strip())
    timescales.refresh(session, conference.family_id)
    service.tell(session, worker, conference, "withdrew_conference", "withdrawn")
    notify(session, f"family:{conference.family_id}")


def with_its_review(session: Session, conference: Conference, worker: Worker, why: str) -> None:
    """The review with which it was recorded was a mistake, and so was the conference: it never took place. The caller
    holds the plan's lock, has checked that the worker may, and works the family's dates out anew."""
    lock(session, conference)
    _count_no_more(session, conference, worker, why)
    service.tell(session, worker, conference, "withdrew_conference", "withdrawn")


def _count_no_more(session: Session, conference: Conference, worker: Worker, why: str) -> None:
    before = content.content_of(conference)
    conference.withdrawn_at = clock.now()
    conference.status, conference.decision = "cancelled", ""
    conference.version += 1
    session.flush()
    booking.over(session, conference, worker)
    keeping.keep(
        session, "conference", conference.id, conference.family_id, before, what="withdrawn", by=worker.id,
        reason=why.strip(),
    )  # fmt: skip


def _built_on(session: Session, plan: Plan, conference: Conference) -> bool:
    """Has anybody put something into the plan, reviewed it, or recorded anything of it since it was made?"""
    return any(plans.lines_of(plan).values()) or queries.others_of_plan(session, plan.id, conference.id)
