"""Actions under /api/v1: read, added and changed, and what becomes of them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy.orm import Session

from api.access import queries as access
from api.access.guards import Visitor, bearer_worker
from api.audit import service as audit
from api.database import transaction
from api.plans import editing, history, queries, service
from api.plans.change_schemas import ActionChange, ActionGiven, ActionNote, ActionReason, Reopening
from api.plans.routes import refusal
from api.plans.schemas import ActionList, ActionOut
from api.rest.errors import DECIDES, READS, WRITES, Refused
from api.rest.schemas import Page
from api.rest.versions import STALE, IfMatch, refuse_stale, show_version

router = APIRouter(prefix="/api/v1", tags=["Plans"])

Me = Annotated[Visitor, Depends(bearer_worker)]


@router.get("/families/{family_id}/actions", responses=READS)
def list_actions(me: Me, family_id: uuid.UUID, asked: Annotated[ActionList, Query()]) -> Page[ActionOut]:
    """The actions of all the family's plans, or those that are overdue: of the plan that goes on first, and what waits
    for a worker first."""
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_actions", family_id=family.id, object_id=family.id)
        plans = queries.of_family(session, family.id, me.today)
        found = asked.among(action for plan in plans for action in plan.actions)
        items = [ActionOut.of(one) for one in asked.of(found)]
    return Page.at(asked, items, len(found))


@router.post("/plans/{plan_id}/actions", status_code=201, responses={**WRITES, **STALE})
def add_action(
    me: Me, plan_id: uuid.UUID, given: ActionGiven, response: Response, if_match: IfMatch = None
) -> ActionOut:
    """Add an action to a plan; a version of the plan is kept. `If-Match` is the plan's.

    422 where it cannot be so (an owner of another family, a date before the plan began), 409 where the plan has ended.
    """
    with transaction() as session:
        plan = access.plan_or_404(session, me, plan_id)
        history.lock(session, plan)
        refuse_stale(if_match, plan.version)
        try:
            made = editing.add_action(session, plan, me.worker, given.model_dump())
        except editing.CannotChange as error:
            raise refusal(error) from None
        return _shown(session, me, made.id, plan.family_id, response)


@router.patch("/actions/{action_id}", responses={**WRITES, **STALE})
def change_action(
    me: Me, action_id: uuid.UUID, given: ActionChange, response: Response, if_match: IfMatch = None
) -> ActionOut:
    """Change what an action says; a version of the plan is kept. What is not sent stays; its status has routes of its
    own."""
    with transaction() as session:
        action, family_id = access.action_or_404(session, me, action_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_actions", family_id=family_id, object_id=family_id)
        history.lock(session, action.plan)  # before the action's own lock, as whoever changes the plan does it
        _refuse_stale(session, me, action_id, family_id, if_match)
        try:
            editing.change_action(session, action, me.worker, given.sent())
        except editing.CannotChange as error:
            raise refusal(error) from None
        return _shown(session, me, action_id, family_id, response)


@router.post("/actions/{action_id}/verify", responses={**DECIDES, **STALE})
def verify_action(me: Me, action_id: uuid.UUID, response: Response, if_match: IfMatch = None) -> ActionOut:
    """An action that somebody reported is really done. 409 if it is not (or no longer) reported."""
    return _decided(me, action_id, service.verify, "", if_match, response)


@router.post("/actions/{action_id}/reopen", responses={**WRITES, **STALE})
def reopen_action(
    me: Me, action_id: uuid.UUID, response: Response, given: Reopening | None = None, if_match: IfMatch = None
) -> ActionOut:
    """An action that was reported, verified or blocked is open after all. 409 if it is open or dropped."""
    return _decided(me, action_id, service.reopen, given.note if given else "", if_match, response)


@router.post("/actions/{action_id}/done", responses={**WRITES, **STALE})
def finish_action(
    me: Me, action_id: uuid.UUID, response: Response, given: ActionNote | None = None, if_match: IfMatch = None
) -> ActionOut:
    """You know that it is done, of a family member's or a professional's action, reported or not: it is verified. 409
    if it is verified or dropped."""
    return _decided(me, action_id, service.done, given.note if given else "", if_match, response)


@router.post("/actions/{action_id}/block", responses={**WRITES, **STALE})
def block_action(
    me: Me, action_id: uuid.UUID, given: ActionReason, response: Response, if_match: IfMatch = None
) -> ActionOut:
    """Something is in the way of an open action (or something else of a blocked one). Whose action it is can read the
    reason. 409 if it is neither, or the plan has ended."""
    return _decided(me, action_id, service.block, given.reason, if_match, response)


@router.post("/actions/{action_id}/unblock", responses={**WRITES, **STALE})
def unblock_action(
    me: Me, action_id: uuid.UUID, response: Response, given: ActionNote | None = None, if_match: IfMatch = None
) -> ActionOut:
    """Nothing is in the way any more: it is open. 409 if it is not blocked, or the plan has ended."""
    return _decided(me, action_id, service.unblock, given.note if given else "", if_match, response)


@router.post("/actions/{action_id}/drop", responses={**WRITES, **STALE})
def drop_action(
    me: Me, action_id: uuid.UUID, given: ActionReason, response: Response, if_match: IfMatch = None
) -> ActionOut:
    """Take an action that is not verified off the plan; it stays to be seen, with the reason, and a version of the plan
    is kept. 409 if it is verified or dropped, or the plan has ended."""
    return _decided(me, action_id, service.drop, given.reason, if_match, response)


@router.post("/actions/{action_id}/restore", responses={**WRITES, **STALE})
def restore_action(
    me: Me, action_id: uuid.UUID, response: Response, given: ActionNote | None = None, if_match: IfMatch = None
) -> ActionOut:
    """A dropped action is of the plan again, and open; a version is kept. 409 if it is not dropped, or the plan has
    ended."""
    return _decided(me, action_id, service.restore, given.note if given else "", if_match, response)


Decide = Callable[[Session, Any, uuid.UUID, Any, str], None]


def _decided(
    me: Visitor, action_id: uuid.UUID, decide: Decide, words: str, if_match: str | None, response: Response
) -> ActionOut:
    with transaction() as session:
        action, family_id = access.action_or_404(session, me, action_id)
        history.lock(session, action.plan)
        _refuse_stale(session, me, action_id, family_id, if_match)
        try:
            decide(session, action, family_id, me.worker, words)
        except service.NotReported:
            raise Refused(409, "action_not_reported") from None
        except editing.CannotChange as error:
            raise refusal(error) from None
        return _shown(session, me, action_id, family_id, response)


def _refuse_stale(
    session: Session, me: Visitor, action_id: uuid.UUID, family_id: uuid.UUID, if_match: str | None
) -> None:
    """Two who decide on what they saw: the second looks again."""
    if if_match is not None:
        service.lock(session, action_id)
        refuse_stale(if_match, ActionOut.of(queries.one_action(session, family_id, action_id, me.today)).version)


def _shown(session: Session, me: Visitor, action_id: uuid.UUID, family_id: uuid.UUID, response: Response) -> ActionOut:
    shown = ActionOut.of(queries.one_action(session, family_id, action_id, me.today))
    show_version(response, shown.version)
    return shown
