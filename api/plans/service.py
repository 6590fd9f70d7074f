"""What happens to an action: its owner reports it done or blocked and takes a report back; a worker decides.

A report is a claim, not the truth: status ``reported_done`` until a worker has checked it. What a worker has seen for
themselves, of a family's or a professional's action, needs no report first. Each function works in the caller's
transaction, and a family member's records nothing twice for one message. For a worker's the caller has checked that
they may see the family.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.audit import service as audit
from api.database import notify
from api.plans import history, lines, queries
from api.plans.editing import CannotChange
from api.plans.models import ActionEvent, PlanAction
from api.webhooks import events as webhooks

LONGEST_WORDS = 2000
#: Statuses in which an action is of the plan and not known to be done.
UNDONE = ("open", "blocked", "reported_done")


@dataclass(frozen=True)
class Decision:
    """What a worker decides on an action: the ``kind`` of its event, the status it leads ``to``, and the ``allowed``
    ones that it may be taken in."""

    kind: str
    to: str
    allowed: tuple[str, ...]


VERIFY = Decision("verified", "verified", ("reported_done",))
DONE = Decision("verified", "verified", UNDONE)
REOPEN = Decision("reopened", "open", ("reported_done", "verified", "blocked"))
BLOCK = Decision("blocked", "blocked", queries.WAITING)
UNBLOCK = Decision("unblocked", "open", ("blocked",))
DROP = Decision("dropped", "dropped", UNDONE)
RESTORE = Decision("restored", "open", ("dropped",))


class NotYours(LookupError):
    """The person has no such action or report (to them it does not exist)."""


class NotReported(ValueError):
    """The action is not in a state in which that can be decided (somebody was quicker)."""


class ReasonNeeded(ValueError):
    """That is not decided without saying why."""


def report_done(
    session: Session, person_id: uuid.UUID, action_id: uuid.UUID, *, message_id: uuid.UUID, words: str, now: datetime
) -> ActionEvent | None:
    """Record that the person says it is done. None if it was reported or checked already. Raises NotYours."""
    return _report(session, person_id, action_id, "reported_done", message_id=message_id, words=words, now=now)


def report_blocked(
    session: Session, person_id: uuid.UUID, action_id: uuid.UUID, *, message_id: uuid.UUID, words: str, now: datetime
) -> ActionEvent | None:
    """Record that something stops the person, with their own words as the reason. Raises NotYours."""
    return _report(session, person_id, action_id, "reported_blocked", message_id=message_id, words=words, now=now)


def undo(
    session: Session, person_id: uuid.UUID, event_id: uuid.UUID, *, message_id: uuid.UUID, now: datetime
) -> PlanAction | None:
    """Take a report back. None if there is nothing to take back (a worker has checked it, or it is undone already).

    Raises NotYours.
    """
    event = queries.report(session, event_id, person_id)
    action = queries.own_action(session, person_id, event.action_id) if event else None
    if event is None or action is None:
        raise NotYours
    reported = {"reported_done": "reported_done", "reported_blocked": "blocked"}.get(event.kind)
    latest = session.scalar(select(ActionEvent).filter_by(action_id=action.id).order_by(ActionEvent.at.desc()).limit(1))
    if action.status != reported or latest is None or latest.id != event.id:
        return None
    _record(session, action, "undone", person_id, message_id, "", now)
    action.status = event.status_before or "open"
    if event.kind == "reported_blocked":
        action.blocked_reason = _reason_before(session, event)
    _tell_changed(session, action, action.plan.family_id, "undone")
    _wake(session, action)
    return action


def _reason_before(session: Session, event: ActionEvent) -> str:
    """Why it was blocked before this report, if it was: what was taken back since does not count."""
    if event.status_before != "blocked":
        return ""
    stands: list[ActionEvent] = []
    happened = select(ActionEvent).where(ActionEvent.action_id == event.action_id, ActionEvent.at <= event.at)
    for one in session.scalars(happened.order_by(ActionEvent.at)):
        if one.kind == "undone" and stands:
            stands.pop()  # one takes back the newest report, and no other
        elif one.id != event.id and one.kind != "undone":
            stands.append(one)
    return next((one.words for one in reversed(stands) if one.kind in ("reported_blocked", "blocked")), "")


def lock(session: Session, action_id: uuid.UUID) -> None:
    """Nobody else decides on the action until this transaction ends."""
    session.execute(select(PlanAction.id).filter_by(id=action_id).with_for_update())


def verify(session: Session, action: PlanAction, family_id: uuid.UUID, worker: Worker, note: str = "") -> None:
    """The worker confirms that a reported action is done. Raises NotReported."""
    _decide(session, action, family_id, worker, VERIFY, note)


def reopen(session: Session, action: PlanAction, family_id: uuid.UUID, worker: Worker, note: str) -> None:
    """The action is not done after all; ``note`` says why, for the history. Raises NotReported."""
    _decide(session, action, family_id, worker, REOPEN, note)


def done(session: Session, action: PlanAction, family_id: uuid.UUID, worker: Worker, note: str) -> None:
    """The worker knows that it is done, whoever's it is and whether anybody reported it or not. Raises NotReported."""
    _decide(session, action, family_id, worker, DONE, note)


def block(session: Session, action: PlanAction, family_id: uuid.UUID, worker: Worker, reason: str) -> None:
    """Something is in the way; whose action it is can read the reason. Raises NotReported, ReasonNeeded, CannotChange
    (the plan has ended)."""
    _of_a_plan_that_goes_on(action)
    if not reason.strip():
        raise ReasonNeeded
    _decide(session, action, family_id, worker, BLOCK, reason)


def unblock(session: Session, action: PlanAction, family_id: uuid.UUID, worker: Worker, note: str) -> None:
    """Nothing is in the way any more. Raises NotReported, CannotChange."""
    _of_a_plan_that_goes_on(action)
    _decide(session, action, family_id, worker, UNBLOCK, note)


def drop(session: Session, action: PlanAction, family_id: uuid.UUID, worker: Worker, reason: str) -> None:
    """It is of the plan no more, and says why; a version of the plan is kept. Raises NotReported, ReasonNeeded,
    CannotChange."""
    if not reason.strip():
        raise ReasonNeeded
    _change_plan(session, action, family_id, worker, DROP, reason)


def restore(session: Session, action: PlanAction, family_id: uuid.UUID, worker: Worker, note: str) -> None:
    """A dropped action is of the plan again, and open; a version is kept. Raises NotReported, CannotChange."""
    _change_plan(session, action, family_id, worker, RESTORE, note)


def _of_a_plan_that_goes_on(action: PlanAction) -> None:
    if action.plan.ended_on is not None:
        raise CannotChange("plan_is_over")


def _change_plan(
    session: Session, action: PlanAction, family_id: uuid.UUID, worker: Worker, decision: Decision, words: str
) -> None:
    plan = action.plan
    history.lock(session, plan)
    _of_a_plan_that_goes_on(action)
    if decision is RESTORE and len(queries.lines_of(plan)["actions"]) >= lines.MOST_LINES:
        raise CannotChange("too_many_lines")
    history.begin(session, plan)
    _decide(session, action, family_id, worker, decision, words)
    history.keep_version(session, plan, worker.id)
    _wake(session, action)


def _decide(
    session: Session, action: PlanAction, family_id: uuid.UUID, worker: Worker, decision: Decision, words: str
) -> None:
    session.refresh(action, with_for_update=True)
    if action.status not in decision.allowed:
        raise NotReported
    words = words.strip()
    session.add(
        ActionEvent(
            action_id=action.id,
            kind=decision.kind,
            at=clock.now(),
            worker_id=worker.id,
            words=words,
            status_before=action.status,
        )
    )
    action.status, action.blocked_reason = decision.to, words if decision is BLOCK else ""
    audit.record(
        session,
        actor_kind="worker",
        actor_id=worker.id,
        verb=f"{decision.kind}_action",
        family_id=family_id,
        object_id=action.id,
    )
    if decision.kind == "verified":
        webhooks.tell(
            session,
            "action.verified",
            family_id=family_id,
            plan_id=action.plan_id,
            action_id=action.id,
            status=decision.to,
        )
    elif decision not in (DROP, RESTORE):  # of these the plan's version tells
        _tell_changed(session, action, family_id, decision.kind)
    notify(session, f"agency:{worker.agency_id}")


def _report(
    session: Session,
    person_id: uuid.UUID,
    action_id: uuid.UUID,
    kind: str,
    *,
    message_id: uuid.UUID,
    words: str,
    now: datetime,
) -> ActionEvent | None:
    action = queries.own_action(session, person_id, action_id)
    if action is None:
        raise NotYours
    known = session.scalar(select(ActionEvent).filter_by(action_id=action.id, message_id=message_id, kind=kind))
    if known is not None:
        return known
    if action.status not in queries.WAITING:
        return None
    event = _record(session, action, kind, person_id, message_id, words[:LONGEST_WORDS], now)
    if kind == "reported_done":
        action.status = "reported_done"
    else:
        action.status, action.blocked_reason = "blocked", words[:LONGEST_WORDS]
    session.flush()
    webhooks.tell(
        session, "action.reported", family_id=action.plan.family_id, plan_id=action.plan_id, action_id=action.id,
        status=action.status,
    )  # fmt: skip
    _wake(session, action)
    return event


def _record(
    session: Session,
    action: PlanAction,
    kind: str,
    person_id: uuid.UUID,
    message_id: uuid.UUID,
    words: str,
    now: datetime,
) -> ActionEvent:
    event = ActionEvent(
        id=uuid.uuid4(),
        action_id=action.id,
        kind=kind,
        at=now,
        person_id=person_id,
        message_id=message_id,
        words=words,
        status_before=action.status,
    )
    session.add(event)
    session.flush()
    return event


def _tell_changed(session: Session, action: PlanAction, family_id: uuid.UUID, what: str) -> None:
    webhooks.tell(
        session, "action.changed", family_id=family_id, plan_id=action.plan_id, action_id=action.id, what=what,
        status=action.status,
    )  # fmt: skip


def _wake(session: Session, action: PlanAction) -> None:
    notify(session, f"family:{action.plan.family_id}")
