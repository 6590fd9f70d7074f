"""Conferences in the console: planned, recorded and changed by one form."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from api import texts
from api.access import leading
from api.access import queries as access
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.appointments import overlaps
from api.appointments.service import REASONS
from api.audit import service as audit
from api.conferences import booking, content, queries, service, withdrawing
from api.conferences.schemas import ConferenceIn, ConferenceOut
from api.console import forms
from api.console.inputs import local_day
from api.console.layout import console_page
from api.database import transaction
from api.plans import queries as plans

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]
Fields = Annotated[dict[str, str], Depends(forms.fields)]
AGENCIES = ("social_work", "police", "health", "education", "family", "child", "legal", "other")
SPARE_LINES = 6
#: When and where it is while it is planned; the appointment has them.
MEETING = ("at", "minutes", "place")
OWN = ("kind", "status", "held_on", *MEETING, "plan_id", "decision", *service.WORDS)
#: Lists of the form, and what each is called there.
PARTS = {
    "children": "console.conference.children",
    "attendees": "console.conference.people",
    "dissents": "console.conference.dissent",
}


@router.get("/families/{family_id}/conferences")
def new_conference(request: Request, me: Me, family_id: uuid.UUID) -> Response:
    """An empty form for a conference of this family."""
    return _form(request, me, family_id, None, {})


@router.post("/families/{family_id}/conferences")
def record_conference(request: Request, me: Me, family_id: uuid.UUID, given: Fields) -> Response:
    """Plan or record a conference."""
    return _save(request, me, family_id, None, given)


@router.get("/conferences/{conference_id}")
def show_conference(request: Request, me: Me, conference_id: uuid.UUID) -> Response:
    """A conference, the form that changes it, and what it said before each change."""
    with transaction() as session:
        row = access.conference_or_404(session, me, conference_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_conference", family_id=row.family_id, object_id=row.id)
        family_id, shown = row.family_id, _as_fields(row, me)
    return _form(request, me, family_id, conference_id, shown)


@router.post("/conferences/{conference_id}")
def change_conference(request: Request, me: Me, conference_id: uuid.UUID, given: Fields) -> Response:
    """Say anew what is known of a conference."""
    with transaction() as session:
        family_id = access.conference_or_404(session, me, conference_id).family_id
    return _save(request, me, family_id, conference_id, given)


@router.post("/conferences/{conference_id}/withdraw")
def withdraw_conference(request: Request, me: Me, conference_id: uuid.UUID, given: Fields) -> Response:
    """The conference was recorded by mistake, and counts no more; the plan that it made ends."""
    problems: list[str] = []
    with transaction() as session:
        row = access.conference_or_404(session, me, conference_id)
        family_id = row.family_id
        try:
            withdrawing.withdraw(session, row, me.worker, given.get("why", ""), today=me.today)
        except service.CannotRecord as error:
            problems = [texts.render(f"rest.error.{error.code}", me.language)]
            session.rollback()
        shown = _as_fields(access.conference_or_404(session, me, conference_id), me)
    if problems:
        return _form(
            request, me, family_id, conference_id, {**shown, "why": given.get("why", ""), "sent": "withdraw"}, problems
        )
    return RedirectResponse(f"/console/conferences/{conference_id}", 303)


def _save(
    request: Request, me: Visitor, family_id: uuid.UUID, conference_id: uuid.UUID | None, given: dict[str, str]
) -> Response:
    problems = _headless(given, me.language)
    if problems:
        return _form(request, me, family_id, conference_id, given, problems)
    stale = False
    found: list[overlaps.Overlap] = []
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        try:
            details = ConferenceIn.model_validate(_as_body(given)).details()
            if "reason" in given:
                details = replace(details, meeting=replace(details.meeting, reason=forms.reason(given)))
            if conference_id is None:
                row = service.record(session, family, me.worker, details, today=me.today)
            else:
                row = access.conference_or_404(session, me, conference_id)
                session.refresh(row, with_for_update=True)
                stale = given.get("version") != str(row.version)
                if not stale:
                    service.change(session, row, me.worker, details, today=me.today)
            if not stale:
                found, given = overlaps.not_agreed(session, me, booking.planned(row), given)
                if found:
                    session.rollback()
        except ValidationError as error:
            problems = forms.mistakes(error, me.language)
        except service.CannotRecord as error:
            problems = [texts.render(f"rest.error.{error.code}", me.language)]
            session.rollback()
    if problems or stale or found:
        return _form(request, me, family_id, conference_id, given, problems, found, stale=stale)
    return RedirectResponse(f"/console/families/{family_id}#conferences", 303)


def _form(
    request: Request,
    me: Visitor,
    family_id: uuid.UUID,
    conference_id: uuid.UUID | None,
    given: dict[str, str],
    problems: list[str] | None = None,
    found: list[overlaps.Overlap] | None = None,
    *,
    stale: bool = False,
) -> Response:
    """``stale``: somebody changed the conference since this form was opened; what it says now is shown, and saved over
    only if this is saved again."""
    meanwhile: dict[str, Any] = {}
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        if stale and conference_id is not None:
            now = _as_fields(access.conference_or_404(session, me, conference_id), me)
            theirs, mine = _as_body(now), _as_body({"plan_id": now["plan_id"], **given})
            meanwhile = {
                name: theirs.get(name, "") for name in (*OWN, *PARTS) if theirs.get(name, "") != mine.get(name, "")
            }
            meanwhile |= {"held_on": local_day(now["held_on"])} if "held_on" in meanwhile else {}
            given = {**given, "version": now["version"]}
        people = sorted(queries.people(session, family_id).values(), key=lambda person: person.first_name)
        current = plans.of_family(session, family_id, me.today)
        told, withdrawn_at, may_withdraw, booked = [], None, False, None
        reasons: tuple[str, ...] = ()
        if conference_id is not None:
            row = access.conference_or_404(session, me, conference_id)
            withdrawn_at, booked = row.withdrawn_at, row.appointment
            reasons = REASONS if booking.planned(row) else ()
            may_withdraw = row.status == "held" and leading.may_put_right(session, me, family_id)
            told = content.history(session, row, queries.people(session, family_id))
    return console_page(
        request,
        me,
        "console/conference.html",
        here="families",
        status=400 if problems else 412 if stale else 409 if found else 200,
        overlaps=found or [],
        booked=booked,
        reasons=reasons,
        stale=stale,
        meanwhile=meanwhile,
        parts=PARTS,
        family=family,
        people=people,
        plans=[view.plan for view in current],
        given=given,
        conference_id=conference_id,
        told=told,
        withdrawn_at=withdrawn_at,
        said=_as_body(given) if withdrawn_at else {},
        held_on=local_day(given.get("held_on", "")),
        names={str(person.id): person.first_name for person in people},
        words=service.WORDS,
        may_withdraw=may_withdraw,
        problems=problems or [],
        agencies=AGENCIES,
        lines=_count(given, "guest") + SPARE_LINES,
        dissent_lines=_count(given, "dissent") + 2,
    )


def _headless(given: dict[str, str], language: str) -> list[str]:
    """Professionals and disagreements of whom something is written down, but not who they are."""
    said, flags = ("role", "attended", "sent_report"), ("role", "words")
    return [
        *forms.unfinished(given, "guest", "name", said, "console.conference.professionals", language),
        *forms.unfinished(given, "dissent", "name", flags, "console.conference.dissent", language),
    ]


def _count(given: dict[str, str], kind: str) -> int:
    return len({name.split("-")[1] for name in given if name.startswith(f"{kind}-") and given[name]})


def _as_body(given: dict[str, str]) -> dict[str, Any]:
    """The form's fields as the body that the API takes."""
    body: dict[str, Any] = forms.filled(given, OWN)
    body |= {"place": given["place"]} if "place" in given else {}
    harms: dict[str, list[str]] = {}
    for name, value in given.items():
        if name.startswith("child-") and value:
            harms.setdefault(name[6:], [])
        if name.startswith("harm-") and value:
            person, _, harm = name[5:].rpartition("-")
            harms.setdefault(person, []).append(harm)
    body["children"] = [{"person_id": person, "harms": found} for person, found in harms.items()]
    body["attendees"] = []
    # Who came, or sent their views, was invited, though that box was left.
    there = forms.lines(given, "attendee", "who", "attended", "sent_report")
    for line in there + forms.lines(given, "guest", "name"):
        one: dict[str, Any] = {
            "agency": line.get("agency") or "other",
            "role": line.get("role", ""),
            "attended": "attended" in line,
            "sent_report": "sent_report" in line,
        }
        relative = line.get("who") or line.get("person")
        one |= {"person_id": relative} if relative else {"name": line.get("name", "")}
        body["attendees"].append(one)
    body["dissents"] = forms.lines(given, "dissent", "name")
    return body


def _as_fields(row: Any, me: Visitor) -> dict[str, str]:
    """A conference as the form's fields; the hour and the place are those of its appointment, unless that was called
    off in the calendar."""
    shown = ConferenceOut.of(row)
    names = ("kind", "status", "held_on", "plan_id", "decision", "version", *service.WORDS)
    found = {name: str(getattr(shown, name) or "") for name in names}
    if row.appointment is not None and (shown.starts_at or row.status == "cancelled"):
        begin, minutes = row.appointment.starts_at, row.appointment.ends_at - row.appointment.starts_at
        found |= {"at": f"{begin.astimezone(ZoneInfo(me.timezone)):%H:%M}", "place": row.appointment.place}
        found["minutes"] = str(int(minutes.total_seconds() // 60))
    for child in shown.children:
        found[f"child-{child.person_id}"] = "on"
        found |= {f"harm-{child.person_id}-{harm}": "on" for harm in child.harms}
    family = professional = 0
    for one in shown.attendees:
        if one.person_id:
            family += 1
            line = f"attendee-{family}"
            found[f"{line}-who"] = str(one.person_id)
        else:
            professional += 1
            line = f"guest-{professional}"
            found[f"{line}-name"] = one.name
        found |= {f"{line}-role": one.role, f"{line}-agency": one.agency}
        found |= {f"{line}-{flag}": "on" for flag in ("attended", "sent_report") if getattr(one, flag)}
    for number, dissent in enumerate(shown.dissents, start=1):
        line = f"dissent-{number}"
        found |= {f"{line}-name": dissent.name, f"{line}-role": dissent.role, f"{line}-words": dissent.words}
    return found
