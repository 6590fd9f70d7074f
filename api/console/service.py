"""What a worker decides on the family's page.

Callers have checked that the worker may see the family; nothing here commits.
"""

from __future__ import annotations

import uuid

from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.appointments.models import ChangeRequest
from api.audit import service as audit
from api.database import notify
from api.plans.models import ActionEvent, PlanAction


class NotReported(ValueError):
    """The action is not in a state in which that can be decided (somebody was quicker)."""


def verify(session: Session, action: PlanAction, family_id: uuid.UUID, worker: Worker) -> None:
    """The worker confirms that a reported action is done. Raises NotReported."""
    _decide(session, action, family_id, worker, "verified", "", to="verified", allowed=("reported_done",))


def reopen(session: Session, action: PlanAction, family_id: uuid.UUID, worker: Worker, note: str) -> None:
    """The action is not done after all; ``note`` says why, for the history. Raises NotReported."""
    allowed = ("reported_done", "verified", "blocked")
    _decide(session, action, family_id, worker, "reopened", note, to="open", allowed=allowed)


def _decide(
    session: Session,
    action: PlanAction,
    family_id: uuid.UUID,
    worker: Worker,
    kind: str,
    words: str,
    *,
    to: str,
    allowed: tuple[str, ...],
) -> None:
    session.refresh(action, with_for_update=True)
    if action.status not in allowed:
        raise NotReported
    session.add(
        ActionEvent(
            action_id=action.id,
            kind=kind,
            at=clock.now(),
            worker_id=worker.id,
            words=words.strip(),
            status_before=action.status,
        )
    )
    action.status = to
    if to == "open":
        action.blocked_reason = ""
    audit.record(
        session,
        actor_kind="worker",
        actor_id=worker.id,
        verb=f"{kind}_action",
        family_id=family_id,
        object_id=action.id,
    )
    notify(session, f"agency:{worker.agency_id}")


def handle_change(session: Session, request: ChangeRequest, family_id: uuid.UUID, worker: Worker) -> None:
    """Somebody has looked after a request to change an appointment; the first one counts."""
    session.refresh(request, with_for_update=True)
    if request.handled_at is not None:
        return
    request.handled_at, request.handled_by = clock.now(), worker.id
    audit.record(
        session,
        actor_kind="worker",
        actor_id=worker.id,
        verb="handled_change_request",
        family_id=family_id,
        object_id=request.id,
    )
    notify(session, f"agency:{worker.agency_id}")
