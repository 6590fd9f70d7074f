"""A review that was recorded wrongly is put right: it says something else from now on, or it is withdrawn.

Promise: what it said before, who changed it, when and why is kept and shown. What it did to the plan is taken back as
far as nobody has changed it since: a plan that it ended goes on, an outcome that it saw achieved is open again, and the
family's dates are worked out anew, all in one transaction.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.access import leading
from api.access.models import Worker
from api.audit import service as audit
from api.conferences import content as meetings
from api.conferences import withdrawing
from api.conferences.models import Conference
from api.database import notify
from api.earlier import queries as earlier
from api.earlier import service as keeping
from api.plans import history, versions
from api.plans.models import Plan, PlanVersion
from api.reviews import content, service
from api.reviews.models import Review
from api.reviews.service import CannotReview, Findings
from api.timescales import service as timescales


def lock(session: Session, plan: Plan, review: Review) -> None:
    """Nobody else corrects the review until this transaction ends."""
    history.lock(session, plan)
    session.refresh(review, with_for_update=True)


def correct(
    session: Session,
    plan: Plan,
    review: Review,
    worker: Worker,
    found: Findings,
    why: str,
    *,
    today: date,
) -> Review:
    """The review says this instead. Raises CannotReview as recording does, and: not theirs to correct, no reason,
    withdrawn already, another conference (it stays at its own)."""
    before = _begin(session, plan, review, worker, why)
    if found.conference_id not in (None, review.conference_id):
        raise CannotReview("conference_stays")
    _take_back(session, plan, review)
    session.flush()
    service.check(session, plan, found, today, whole=True, instead_of=review)
    if review.conference_id is not None:
        _same_at_conference(session, review, found, worker)
    _put(review, plan, found)
    session.flush()
    service.move_on(session, plan, found)
    return _end(session, plan, review, worker, before, "corrected", why)


def follow_file(session: Session, plan: Plan, review: Review, found: Findings, *, today: date) -> Review:
    """A review that came from a file says what the file says now. The file says itself what the plan is, and what its
    conference decided. Raises CannotReview as recording does."""
    lock(session, plan, review)
    before = content.content_of(review)
    service.check(session, plan, found, today, whole=False, instead_of=review)
    if found.conference_id is not None:
        meeting = session.get_one(Conference, found.conference_id)
        if meeting.plan_id != plan.id or meeting.status != "held":
            raise CannotReview("conference_of_another_plan")
        if meeting.held_on > found.held_on:
            raise CannotReview("review_before_its_conference")
        if meeting.decision != found.next_step:
            raise CannotReview("decision_differs")
    review.conference_id = found.conference_id
    _put(review, plan, found)
    session.flush()
    keeping.keep(session, "review", review.id, plan.family_id, before, what="corrected", by=None)
    timescales.refresh(session, plan.family_id)
    return review


def _put(review: Review, plan: Plan, found: Findings) -> None:
    review.held_on, review.next_step, review.next_review_on = found.held_on, found.next_step, found.next_review_on
    review.reason, review.changes, review.support = found.reason, found.changes, found.support
    service.say(review, plan, found)
    review.version += 1


def withdraw(session: Session, plan: Plan, review: Review, worker: Worker, why: str) -> Review:
    """The review was recorded by mistake: it stays to be read, and counts no more. Raises CannotReview: not theirs to
    withdraw, no reason, withdrawn already."""
    before = _begin(session, plan, review, worker, why)
    _take_back(session, plan, review)
    review.withdrawn_at = clock.now()
    review.version += 1
    if review.conference_id is not None:
        _not_held(session, review, worker, why)
    return _end(session, plan, review, worker, before, "withdrawn", why)


def _begin(session: Session, plan: Plan, review: Review, worker: Worker, why: str) -> dict[str, object]:
    if not leading.may_put_right(session, worker, plan.family_id):
        raise CannotReview("lead_or_manager")
    lock(session, plan, review)
    if review.withdrawn_at is not None:
        raise CannotReview("review_was_withdrawn")
    if not why.strip():
        raise CannotReview("why_needed")
    return content.content_of(review)


def _end(
    session: Session, plan: Plan, review: Review, worker: Worker, before: dict[str, object], what: str, why: str
) -> Review:
    session.flush()
    keeping.keep(
        session, "review", review.id, plan.family_id, before, what=what, by=worker.id, reason=why.strip()
    )  # fmt: skip
    history.keep_version(session, plan, worker.id, review_id=review.id)
    timescales.refresh(session, plan.family_id)
    audit.record(
        session,
        actor_kind="worker",
        actor_id=worker.id,
        verb=f"{what}_review",
        family_id=plan.family_id,
        object_id=review.id,
        detail={"next_step": review.next_step, "version": review.version, "plan_goes_on": plan.ended_on is None},
    )
    service.tell_programs(session, plan, review, what)
    notify(session, f"agency:{worker.agency_id}")
    notify(session, f"family:{plan.family_id}")
    return review


def _take_back(session: Session, plan: Plan, review: Review) -> None:
    """Undo what the review did to the plan, where it still stands as the review left it."""
    kept = session.scalars(
        select(PlanVersion).filter_by(plan_id=plan.id, review_id=review.id).order_by(PlanVersion.number)
    ).all()
    others = session.scalars(
        select(Review).where(Review.plan_id == plan.id, Review.id != review.id, Review.withdrawn_at.is_(None))
    ).all()
    first = kept[0] if kept else None
    older = session.scalar(select(PlanVersion).filter_by(plan_id=plan.id, number=first.number - 1)) if first else None
    if older is not None:
        was, left = older.content.get(versions.OWN, {}), kept[-1].content.get(versions.OWN, {})
        for name in ("ended_on", "review_on"):
            now = getattr(plan, name)
            if was.get(name) != left.get(name) and (str(now) if now else None) == left.get(name):
                setattr(plan, name, date.fromisoformat(was[name]) if was.get(name) else None)
        seen = {one.outcome_id for other in others for one in other.progress if one.progress == "achieved"}
        states = older.content.get("outcomes", {})
        for outcome in plan.outcomes:
            open_before = states.get(str(outcome.id), {}).get("state") == "open"
            mine = any(one.outcome_id == outcome.id and one.progress == "achieved" for one in review.progress)
            if open_before and mine and outcome.state == "achieved" and outcome.id not in seen:
                outcome.state = "open"
    ends = [other for other in others if other.next_step == "discontinue"]
    if review.next_step == "discontinue" and plan.ended_on == review.held_on and not (ends or plan.end_kind):
        plan.ended_on = None  # recorded by an import, which says itself when the plan ended


def _same_at_conference(session: Session, review: Review, found: Findings, worker: Worker) -> None:
    """The conference at which it was held says the same."""
    row = session.get_one(Conference, review.conference_id, with_for_update=True)
    before = meetings.content_of(row)
    if row.held_on == review.held_on:
        row.held_on = found.held_on
    elif row.held_on > found.held_on:
        raise CannotReview("review_before_its_conference")
    row.decision, row.decision_reason = found.next_step, found.reason
    row.version += 1
    session.flush()
    meetings.keep(session, row, before, worker.id, what="corrected")


def _not_held(session: Session, review: Review, worker: Worker, why: str) -> None:
    """The conference is again as it was before the review was recorded: one that the review brought along never was,
    and is withdrawn with it; one that was planned is planned; one that was recorded as held by itself stays."""
    row = session.get_one(Conference, review.conference_id, with_for_update=True)
    if row.status == "held" and row.external_id == service.own_conference(review.id):
        withdrawing.with_its_review(session, row, worker, why)
        return
    said = [one.content.get(earlier.OWN, {}).get("status", "held") for one in earlier.of_object(session, row.id)]
    status = next((status for status in said if status != "held"), "")
    if not status or row.status != "held":
        return
    before = meetings.content_of(row)
    row.status, row.decision, row.decision_reason = status, "", ""
    row.version += 1
    session.flush()
    meetings.keep(session, row, before, worker.id, what="withdrawn")
