"""Appointments in the console: booked, once or again and again; moved, changed, called off, alone or with what follows.

What is at the same time is shown before it is booked; the worker books it all the same, or not. What somebody else has
changed since the form was opened is shown before it is overwritten.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session

from api import clock, texts
from api.access import queries as access
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.appointments import content, overlaps, queries, series, service
from api.appointments.recurrence import FREQUENCIES, frequency_of, weeks_of
from api.appointments.schemas import AppointmentChange, AppointmentIn, AppointmentOut, expected_of
from api.appointments.series_schemas import SeriesChange, SeriesIn
from api.audit import service as audit
from api.conferences.queries import people as people_of
from api.console import forms
from api.console.inputs import local_day, local_moment
from api.console.layout import console_page
from api.database import transaction
from api.families.queries import lead_of
from api.plans import queries as plans
from api.reminders import professionals

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]
Fields = Annotated[dict[str, str], Depends(forms.fields)]
SPARE_LINES = 2
DETAILS = ("place", "address", "link", "bring", "travel")
#: What the form shows when somebody else has changed it meanwhile.
COMPARED = ("kind", "day", "at", "minutes", *DETAILS, "address_hidden")
#: An hour, where nobody says how long.
USUAL_MINUTES = "60"


@router.get("/families/{family_id}/appointments")
def new_appointment(request: Request, me: Me, family_id: uuid.UUID) -> Response:
    """An empty form for an appointment of this family, or one that comes again."""
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        lead = lead_of(session, family.id)
        visits = plans.visits_every(session, family.id)
    given = {"minutes": USUAL_MINUTES, "kind": "home_visit", "guest-1-name": lead.name if lead else me.worker.name}
    if visits:  # what the plan says is counted in days; five of seven are worked
        given["every_working_days"] = str(max(1, visits * 5 // 7))
    return _form(request, me, family_id, None, given)


@router.post("/families/{family_id}/appointments")
def book_appointment(request: Request, me: Me, family_id: uuid.UUID, given: Fields) -> Response:
    """Book it. With something at the same time it is not booked before the worker has seen what, and says so."""
    found: list[overlaps.Overlap] = []
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        problems = _unfinished(session, family_id, given, me.language)
        try:
            booked = [] if problems else _book(session, me, family, given)
            found, given = overlaps.not_agreed(session, me, booked, given)
            if found:
                session.rollback()
        except ValidationError as error:
            problems = forms.mistakes(error, me.language)
        except service.CannotBook as error:
            problems = [texts.render(f"rest.error.{error.code}", me.language)]
            session.rollback()
    if problems or found:
        return _form(request, me, family_id, None, given, problems, found)
    return RedirectResponse(f"/console/families/{family_id}#appointments", 303)


@router.get("/appointments/{appointment_id}")
def show_appointment(request: Request, me: Me, appointment_id: uuid.UUID) -> Response:
    """An appointment, and the form that moves, changes or calls it off."""
    with transaction() as session:
        one = access.appointment_or_404(session, me, appointment_id)
        audit.record_view(
            session, worker_id=me.id, verb="viewed_appointment", family_id=one.family_id, object_id=one.id
        )
        family_id, shown = one.family_id, _as_fields(AppointmentOut.of(one), me)
    return _form(request, me, family_id, appointment_id, shown)


@router.post("/appointments/{appointment_id}")
def change_appointment(request: Request, me: Me, appointment_id: uuid.UUID, given: Fields) -> Response:
    """Move it, change it or call it off: this one, or it and all that follow in its series; or put it on again."""
    found: list[overlaps.Overlap] = []
    with transaction() as session:
        one = access.appointment_or_404(session, me, appointment_id)
        family_id = one.family_id
        whole = given.get("which") == "on" and one.series_id is not None
        if whole:  # the series first, as whoever changes it holds it before its appointments
            in_series = access.series_or_404(session, me, one.series_id or uuid.uuid4())
            session.refresh(in_series, with_for_update=True)
        session.refresh(one, with_for_update=True)
        whole = whole and one.series_id is not None
        stale = given.get("version") != str(one.sequence)
        problems = [] if given.get("do") == "cancel" else _unfinished(session, family_id, given, me.language)
        try:
            if stale or problems:
                pass
            elif given.get("do") == "cancel" and whole:
                series.end_from(session, access.series_or_404(session, me, one.series_id or uuid.uuid4()), me.worker,
                                one.series_on or me.today, reason=forms.reason(given))  # fmt: skip
            elif given.get("do") == "cancel":
                service.cancel(session, one, me.worker, reason=forms.reason(given))
            else:
                if given.get("do") == "restore":
                    service.restore(session, one, me.worker)
                    changed = [one]
                else:
                    changed = _change(session, me, one, given, whole=whole)
                found, given = overlaps.not_agreed(session, me, changed, given)
                if found:
                    session.rollback()
        except ValidationError as error:
            problems = forms.mistakes(error, me.language)
            session.rollback()
        except service.CannotBook as error:
            problems = [texts.render(f"rest.error.{error.code}", me.language)]
            session.rollback()
    if stale or problems or found:
        return _form(request, me, family_id, appointment_id, given, problems, found, stale=stale)
    return RedirectResponse(f"/console/families/{family_id}#appointments", 303)


def _book(session: Session, me: Visitor, family: Any, given: dict[str, str]) -> list[Any]:
    attendees = _attendees(given)
    if given.get("repeat"):
        repeated = SeriesIn.model_validate(
            {
                **_details(given), **_rhythm(given), "kind": given.get("kind"), "attendees": attendees,
            }
        )  # fmt: skip
        booked = series.book(
            session, family, me.worker, repeated.rhythm(), kind=repeated.kind,
            attendees=[one.expected() for one in repeated.attendees], details=repeated.details(),
        )  # fmt: skip
        return list(queries.of_series(session, booked.id))
    single = AppointmentIn.model_validate(
        {**_details(given), **_moments(given, me), "kind": given.get("kind"), "attendees": attendees}
    )
    one = service.book(
        session,
        family,
        me.worker,
        external_id="",
        kind=single.kind,
        starts_at=single.starts_at,
        ends_at=single.ends_at,
        attendees=[one.expected() for one in single.attendees],
        details=single.details(),
    )
    return [one]


def _change(session: Session, me: Visitor, one: Any, given: dict[str, str], *, whole: bool) -> list[Any]:
    who = {"attendees": _attendees(given, one)} if given.get("who") else {}
    said = {**_details(given), **who, "kind": given.get("kind") or None}
    if not whole:
        change = AppointmentChange.model_validate({**said, **_moments(given, me)})
        service.change(
            session, one, me.worker, kind=change.kind, starts_at=change.starts_at, ends_at=change.ends_at,
            details=change.details(), reason=forms.reason(given), attendees=expected_of(change.attendees),
        )  # fmt: skip
        return [one]
    old = access.series_or_404(session, me, one.series_id)
    on = SeriesChange.model_validate({**said, **_rhythm({**_repetition(old), **given}), "from": one.series_on})
    new = series.change_from(
        session, old, me.worker, one.series_on, on.rhythm(), kind=on.kind, attendees=expected_of(on.attendees),
        details=on.details(), reason=forms.reason(given),
    )  # fmt: skip
    return list(queries.of_series(session, new.id))


def _rhythm(given: dict[str, str]) -> dict[str, Any]:
    """From which local day and time, how long, how often and until when, as the form says it."""
    repeat = given["repeat"]
    return {
        "frequency": repeat,
        "starts_on": given.get("day", ""),
        "at": given.get("at", ""),
        "minutes": given.get("minutes", ""),
        "ends_on": given.get("ends_on") or None,
        "every_weeks": given.get("every_weeks") or None if repeat == "weekly" else None,
        "every_working_days": given.get("every_working_days", "") if repeat == "working_days" else None,
    }


def _repetition(of: series.Series) -> dict[str, str]:
    """How often a series comes, and until when, as fields of the form."""
    return {
        "repeat": frequency_of(of.rrule),
        "every_weeks": str(weeks_of(of.rrule) or ""),
        "every_working_days": str(of.every_working_days or ""),
        "ends_on": of.ends_on.isoformat() if of.ends_on else "",
    }


def _moments(given: dict[str, str], me: Visitor) -> dict[str, Any]:
    """When it begins and ends, from a local day, time and length; what is missing stays missing, and is refused."""
    starts_at = local_moment(f"{given.get('day', '')}T{given.get('at', '')}", me.timezone)
    minutes = given.get("minutes", "")
    if starts_at is None or not minutes.isdigit() or not 0 < int(minutes) <= 1440:
        return {"starts_at": "", "ends_at": ""}
    return {"starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=int(minutes))}


def _details(given: dict[str, str]) -> dict[str, Any]:
    return {**{name: given.get(name, "") for name in DETAILS}, "address_hidden": bool(given.get("address_hidden"))}


def _attendees(given: dict[str, str], one: Any = None) -> list[dict[str, Any]]:
    """Who the form says is expected; a relative's role, which it does not have, stays as ``one`` has it."""
    roles = {str(place.person_id): place.role for place in one.attendees} if one is not None else {}
    found: list[dict[str, Any]] = [
        {"person_id": line["who"], "concerns": "concerns" in line, "role": roles.get(line["who"], "")}
        for line in forms.lines(given, "person", "who")
    ]
    return found + [
        {"name": line["name"], "role": line.get("role", "")} for line in forms.lines(given, "guest", "name")
    ]


def _as_fields(shown: AppointmentOut, me: Visitor) -> dict[str, str]:
    local = shown.starts_at.astimezone(ZoneInfo(me.timezone))
    minutes = int((shown.ends_at - shown.starts_at).total_seconds() // 60)
    found = {name: getattr(shown, name) for name in ("kind", "status", *DETAILS)} | {"version": str(shown.sequence)}
    found |= {"day": local.date().isoformat(), "at": f"{local:%H:%M}", "minutes": str(minutes)}
    found |= {"series": "on"} if shown.series_id else {}
    return found | ({"address_hidden": "on"} if shown.address_hidden else {})


def _places_as_fields(places: Any, people: list[uuid.UUID]) -> dict[str, str]:
    """Who is expected as the form's lines: the family's by their place among its people, then professionals."""
    found: dict[str, str] = {}
    here = {place.person_id: place for place in places if place.person_id}
    for n, person_id in enumerate(people, start=1):
        if person_id in here:
            found[f"person-{n}-who"] = str(person_id)
            found |= {f"person-{n}-concerns": "on"} if here[person_id].concerns else {}
    guests = [place for place in places if not place.person_id]
    for n, place in enumerate(guests, start=1):
        found |= {f"guest-{n}-name": place.name, f"guest-{n}-role": place.role}
    return found


def _unfinished(session: Session, family_id: uuid.UUID, given: dict[str, str], language: str) -> list[str]:
    """A sentence for each line that says something and would not be taken: a role without a name, and a child that it
    is about who is not ticked as expected."""
    people = _in_order(people_of(session, family_id).values())
    about = [
        texts.render("console.appointment.concerns_whom", language, name=people[number - 1].first_name)
        for number, line in forms.numbered(given, "person").items()
        if line.get("concerns") and not line.get("who") and 0 < number <= len(people)
    ]
    headless = forms.unfinished(given, "guest", "name", ("role",), "console.conference.professionals", language)
    return [*about, *headless]


def _in_order(people: Any) -> list[Any]:
    """The family's people as the form lists them."""
    return sorted(people, key=lambda person: person.first_name)


def _named(given: dict[str, str], people: Any) -> set[str]:
    names = {str(person.id): person.first_name for person in people}
    family = {names.get(line["who"], "") for line in forms.lines(given, "person", "who")}
    return family | {line["name"] for line in forms.lines(given, "guest", "name")}


def _said(given: dict[str, str]) -> list[str]:
    """What of COMPARED the form that was sent has: the button that puts it on again has nothing of it. A box that is
    not ticked is not sent."""
    said = [name for name in COMPARED if name in given]
    return [*said, "address_hidden"] if said and "address_hidden" not in said else said


def _form(
    request: Request,
    me: Visitor,
    family_id: uuid.UUID,
    appointment_id: uuid.UUID | None,
    given: dict[str, str],
    problems: list[str] | None = None,
    found: list[overlaps.Overlap] | None = None,
    *,
    stale: bool = False,
) -> Response:
    """``stale``: somebody changed the appointment since this form was opened; what differs is shown, and saved over
    only if they save again."""
    meanwhile: dict[str, Any] = {}
    told, heard_of = list[Any](), list[professionals.Told]()
    coming = True
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        people = _in_order(people_of(session, family_id).values())
        if appointment_id is not None:
            one = access.appointment_or_404(session, me, appointment_id)
            now, told = _as_fields(AppointmentOut.of(one), me), content.history(session, one)
            heard_of = professionals.of_appointment(session, appointment_id)
            coming = one.starts_at > clock.now()
            if stale:
                said = _said(given)
                meanwhile = {name: now.get(name, "") for name in said if now.get(name, "") != given.get(name, "")}
                meanwhile |= {"day": local_day(now["day"])} if "day" in meanwhile else {}
                given = {**given, "version": now["version"]}
            who = _places_as_fields(one.attendees, [person.id for person in people])
            if stale and given.get("who") and _named(given, people) != _named(who, people):
                meanwhile["attendees"] = ", ".join(sorted(_named(who, people)))
            if one.series_id is not None:
                now |= _repetition(access.series_or_404(session, me, one.series_id))
            if given.get("who"):  # the whole form was sent, and in it a box that is not ticked is not there
                now.pop("address_hidden", None)
            given = {**now, **({} if given.get("who") else who), **given, "status": now["status"]}
    guests = {name.split("-")[1] for name in given if name.startswith("guest-") and given[name]}
    return console_page(
        request, me, "console/appointment.html", here="families",
        status=400 if problems else 412 if stale else 409 if found else 200, meanwhile=meanwhile, stale=stale,
        family=family, people=people, given=given, problems=problems or [], overlaps=found or [],
        appointment_id=appointment_id, coming=coming, told=told, heard_of=heard_of,
        kinds=service.kinds_at(me.jurisdiction, given.get("kind", "")),
        reasons=service.REASONS, frequencies=FREQUENCIES, lines=len(guests) + SPARE_LINES,
    )  # fmt: skip
