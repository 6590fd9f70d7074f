"""Families in the console: the list, the page with the plan, and what a worker decides there."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from api import clock
from api.access import queries as access
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.access.reach import AGENCY_WIDE
from api.appointments import offers
from api.appointments import service as appointments
from api.audit import service as audit
from api.channels.webchat import service as webchat
from api.console.inputs import PER_PAGE, a_moment, a_page, an_id
from api.console.layout import console_page
from api.database import reading, transaction
from api.escalations import shifts
from api.evidence import queries as evidence
from api.families import contact, queries, service
from api.messages.cleaning import storable
from api.plans import editing, making
from api.plans import service as plans
from api.reminders import colleagues
from api.timescales.queries import RECORDABLE

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]
LONGEST_NOTE = 500
DECISIONS = {
    "done": plans.done,
    "block": plans.block,
    "unblock": plans.unblock,
    "drop": plans.drop,
    "restore": plans.restore,
}


@router.get("/families")
def list_families(request: Request, me: Me, only: str = "", lead: str = "", page: str = "") -> Response:
    """The families that this worker may see, by pages; ``only`` those of one of queries.ONLY, or of one ``lead``."""
    only = only if only in queries.ONLY else ""
    led, number = (an_id(lead) if me.role in AGENCY_WIDE else None), a_page(page)
    which = queries.chosen(me, only=only, lead=led)
    with reading() as session:
        rows = queries.families(session, which, limit=PER_PAGE, offset=(number - 1) * PER_PAGE)
        total = queries.count(session, which) if number > 1 or len(rows) == PER_PAGE else len(rows)
        workers = shifts.people(session, me.agency_id) if me.role in AGENCY_WIDE else []
        news = colleagues.to_see(session, me, me.id)
        given = service.news(session, me.id)
        opens = access.may_open(session, me)
    return console_page(
        request, me, "console/families.html", here="families", rows=rows, news=news, given=given, opens=opens,
        total=total, number=number, per_page=PER_PAGE, only=only, choices=queries.ONLY, lead=led, workers=workers,
    )  # fmt: skip


@router.post("/news/seen")
def mark_news_seen(me: Me, news: Annotated[list[uuid.UUID] | None, Form()] = None) -> Response:
    """The worker has seen what changed of appointments of theirs: what the page showed, and no more."""
    with transaction() as session:
        colleagues.mark_seen(session, me.id, (news or [])[: colleagues.MOST_SHOWN], clock.now())
    return RedirectResponse("/console/families", 303)


@router.get("/families/{family_id}")
def show_family(request: Request, me: Me, family_id: uuid.UUID) -> Response:
    """One family: people, plan, appointments, requests."""
    return family_page(request, me, family_id)


def family_page(
    request: Request,
    me: Visitor,
    family_id: uuid.UUID,
    *,
    problem: str = "",
    status: int = 200,
    code: str = "",
    code_for: str = "",
    **given: str,
) -> Response:
    """The family's page with what could not be done, and why (``problem``: a text id), and what was typed in
    (``sent``: into which of its forms)."""
    view, times, files = _view(me, family_id)
    return console_page(
        request, me, "console/family.html", here="families", status=status, view=view, problem=problem, given=given,
        code=code, code_for=code_for,
        recordable=RECORDABLE, now=clock.now(), times=times, evidence=files,
        asked="asked" in request.query_params, plan_by_hand=making.by_hand(me.jurisdiction),
        kinds=appointments.kinds_at(me.jurisdiction),
    )  # fmt: skip


def _view(
    me: Visitor, family_id: uuid.UUID
) -> tuple[queries.FamilyView, dict[uuid.UUID, offers.Times], evidence.OfFamily]:
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_family", family_id=family.id, object_id=family.id)
        view = queries.family_view(session, family, me.today, me.language, me)
        times = {change.request.id: offers.times(session, change.request) for change in view.changes}
        return view, times, evidence.of_family(session, family.id)


@router.post("/actions/{action_id}/verify")
def verify_action(me: Me, action_id: uuid.UUID) -> Response:
    """A reported action is really done."""
    with transaction() as session:
        action, family_id = access.action_or_404(session, me, action_id)
        with suppress(plans.NotReported):  # somebody was quicker: the page shows how it stands
            plans.verify(session, action, family_id, me.worker)
    return RedirectResponse(f"/console/families/{family_id}#action-{action_id}", 303)


@router.post("/actions/{action_id}/reopen")
def reopen_action(me: Me, action_id: uuid.UUID, note: Annotated[str, Form()] = "") -> Response:
    """An action is not done after all."""
    with transaction() as session:
        action, family_id = access.action_or_404(session, me, action_id)
        with suppress(plans.NotReported):  # somebody was quicker: the page shows how it stands
            plans.reopen(session, action, family_id, me.worker, storable(note)[:LONGEST_NOTE])
    return RedirectResponse(f"/console/families/{family_id}#action-{action_id}", 303)


@router.post("/actions/{action_id}/status")
def decide_action(
    request: Request, me: Me, action_id: uuid.UUID, do: Annotated[str, Form()] = "", note: Annotated[str, Form()] = ""
) -> Response:
    """What a worker knows of an action, whoever's it is: done, blocked or not any more, dropped or taken back."""
    problem = ""
    words = storable(note).strip()[:LONGEST_NOTE]
    with transaction() as session:
        action, family_id = access.action_or_404(session, me, action_id)
        try:
            if do in DECISIONS:
                DECISIONS[do](session, action, family_id, me.worker, words)
        except plans.NotReported:  # somebody was quicker: the page shows how it stands
            session.rollback()
        except plans.ReasonNeeded:
            problem = f"console.action.reason_needed.{do}"
        except editing.CannotChange as error:
            problem = f"rest.error.{error.code}"
            session.rollback()
    if problem:
        typed = {"action": str(action_id), "note": words}
        return family_page(request, me, family_id, problem=problem, status=400, sent="action", **typed)
    return RedirectResponse(f"/console/families/{family_id}#action-{action_id}", 303)


@router.post("/changes/{request_id}/handled")
def handle_change(me: Me, request_id: uuid.UUID) -> Response:
    """A request to change an appointment has been looked after."""
    with transaction() as session:
        change, family_id = access.change_request_or_404(session, me, request_id)
        appointments.handle_change(session, change, family_id, me.worker)
    return RedirectResponse(f"/console/families/{family_id}#changes", 303)


@router.post("/changes/{request_id}/offer")
def offer_times(
    request: Request, me: Me, request_id: uuid.UUID, starts_at: Annotated[list[str] | None, Form()] = None
) -> Response:
    """Offer other times to whoever cannot come, by one text."""
    problem = ""
    with transaction() as session:
        change, family_id = access.change_request_or_404(session, me, request_id)
        try:
            offers.offer(session, change, me.worker, [moment for one in starts_at or [] if (moment := a_moment(one))])
        except offers.CannotOffer as error:
            problem = f"console.offers.{error.code}"
            session.rollback()
    if problem:
        typed = {"change": str(request_id), "ticked": " ".join(starts_at or [])}
        return family_page(request, me, family_id, problem=problem, status=400, sent="offer", **typed)
    return RedirectResponse(f"/console/families/{family_id}#changes", 303)


@router.post("/people/{person_id}/chat-code")
def make_chat_code(request: Request, me: Me, person_id: uuid.UUID) -> Response:
    """A one-time code for the web chat. Shown once, on this answer only: it is in no address and no log."""
    with transaction() as session:
        person = access.person_or_404(session, me, person_id)
        contact.written_to(person)
        family = access.family_or_404(session, me, person.family_id)
        code = webchat.make_code(session, person, me.id)
        audit.record(
            session,
            actor_kind="worker",
            actor_id=me.id,
            verb="made_chat_code",
            family_id=family.id,
            object_id=person.id,
        )
    return family_page(request, me, family.id, code=code, code_for=person.first_name)
