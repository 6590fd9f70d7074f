"""Ladders in the console: every worker sees them and rehearses; managers and administrators change them."""

from __future__ import annotations

import uuid
from datetime import datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from api import clock
from api.access import queries as access
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.console.inputs import Given, an_id, clock_time, field, local_moment
from api.console.layout import console_page
from api.database import reading, transaction
from api.escalations import ladder, patience, rules, world
from api.escalations.ladder import PERSON, PRIORITIES, Rule, Step
from api.imports import dates
from api.messages.cleaning import storable
from api.settings import settings

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]
NEW = "new"


@router.get("/ladders")
def show_ladders(request: Request, me: Me, at: str = "", priority: str = "emergency", lead: str = "") -> Response:
    """The ladders that hold, and who would be told at a time that one asks for (a local one; next Sunday at two)."""
    return _page(request, me, at, priority, lead)


def _page(
    request: Request,
    me: Visitor,
    at: str = "",
    priority: str = "emergency",
    lead: str = "",
    *,
    given: dict[str, str] | None = None,
    wrong: list[str] | None = None,
) -> Response:
    moment = _moment(at, me)
    priority = priority if priority in PRIORITIES else "emergency"
    lead_id = an_id(lead)
    with reading() as session:
        own = rules.own(session, me.agency_id)
        agency = access.agency_of(session, me)
        waits = given or {name: str(getattr(agency, name)) for name in patience.BOUNDS}
        played = rules.rehearsal(session, me.agency_id, priority, moment, lead_id)
    return console_page(
        request,
        me,
        "console/ladders.html",
        here="ladders",
        status=400 if wrong else 200,
        waits=waits,
        bounds=patience.BOUNDS,
        wrong=wrong or [],
        own=own,
        default=ladder.ladders(),
        priorities=PRIORITIES[::-1],
        played=played.tellings,
        members=_by_name(played.here.rota.members),
        names={f"{PERSON}{m.key}": m.name for m in played.here.rota.members.values()},
        at=moment.astimezone(ZoneInfo(me.timezone)).strftime("%Y-%m-%dT%H:%M"),
        priority=priority,
        lead=lead_id,
        may_change=access.leads(me),
    )


@router.post("/ladders/waits")
def change_waits(request: Request, me: Me, given: Given) -> Response:
    """How long somebody may wait for a worker who has taken over, or for a call that was promised."""
    access.leads_or_404(me)
    words = {name: field(given, name) for name in patience.BOUNDS}
    try:
        wanted = patience.checked(words)
    except patience.OutOfBounds as problem:
        return _page(request, me, given=words, wrong=problem.names)
    with transaction() as session:
        rules.set_waits(session, access.agency_of(session, me), me.worker, wanted)
    return RedirectResponse("/console/ladders#waits", 303)


@router.get("/ladders/new")
def new_ladder(request: Request, me: Me, priority: str = "emergency") -> Response:
    """The form for a ladder, filled with the steps that hold now."""
    access.leads_or_404(me)
    priority = priority if priority in PRIORITIES else "emergency"
    return _form(request, me, NEW, Rule(priority, ladder.ladders()[priority]))


@router.get("/ladders/{rule_id}")
def show_ladder(request: Request, me: Me, rule_id: uuid.UUID) -> Response:
    """The form for a ladder that is there."""
    with reading() as session:
        row = access.ladder_rule_or_404(session, me, rule_id)
        rule = world.rule_of(row)
    return _form(request, me, str(rule_id), rule)


@router.post("/ladders/new")
def add_ladder(request: Request, me: Me, given: Given) -> Response:
    """Add a ladder, behind the others."""
    access.leads_or_404(me)
    return _save(request, me, None, given)


@router.post("/ladders/{rule_id}")
def change_ladder(request: Request, me: Me, rule_id: uuid.UUID, given: Given) -> Response:
    """Change a ladder; ``do`` says what: save (else), up, remove."""
    if given.get("do") not in ("up", "remove"):
        return _save(request, me, rule_id, given)
    with transaction() as session:
        row = access.ladder_rule_or_404(session, me, rule_id)
        deed = rules.move_up if given.get("do") == "up" else rules.remove
        deed(session, me.worker, row)
    return RedirectResponse("/console/ladders", 303)


def _save(request: Request, me: Visitor, rule_id: uuid.UUID | None, given: FormData) -> Response:
    rule = _read(given)
    try:
        with transaction() as session:
            row = access.ladder_rule_or_404(session, me, rule_id) if rule_id else None
            rules.save(session, me.worker, row, rule)
    except rules.BadRule as problem:
        return _form(request, me, str(rule_id or NEW), rule, problem.mistakes, 400)
    return RedirectResponse("/console/ladders", 303)


def _form(
    request: Request,
    me: Visitor,
    name: str,
    rule: Rule,
    mistakes: list[tuple[str, int]] | None = None,
    status: int = 200,
) -> Response:
    with reading() as session:
        members = world.world(session, me.agency_id, clock.now()).rota.members
    context: dict[str, Any] = {
        "name_of_rule": name,
        "rule": rule,
        "steps": [*rule.steps, *[None] * (ladder.MOST_STEPS - len(rule.steps))],
        "mistakes": mistakes or [],
        "targets": ladder.TARGETS,
        "channels": ladder.CHANNELS,
        "windows": ladder.hours(),
        "mails": settings().mails,
        "pushes": settings().pushes,
        "person": PERSON,
        "members": _by_name(members),
        "teams": sorted({member.team for member in members.values() if member.team} | ({rule.team} - {""})),
        "priorities": PRIORITIES[::-1],
    }
    return console_page(request, me, "console/ladder.html", here="ladders", status=status, **context)


def _by_name(members: Any) -> list[Any]:
    return sorted(members.values(), key=lambda member: member.name)


def _read(given: FormData) -> Rule:
    """The rule in a form; what is no number or time is left out, and found wanting when it is checked."""

    def words(name: str) -> list[str]:
        return [value for value in given.getlist(name) if isinstance(value, str) and value]

    steps = []
    for number in range(1, ladder.MOST_STEPS + 1):
        targets = tuple(words(f"tell-{number}"))
        wait = next(iter(words(f"wait-{number}")), "")
        if targets or wait:
            minutes = int(wait) if wait.isdecimal() and len(wait) < 6 else 0
            by = tuple(channel for channel in ladder.CHANNELS if channel in words(f"by-{number}"))
            when = next(iter(words(f"when-{number}")), "")
            steps.append(Step(targets, timedelta(minutes=minutes), by or ladder.BY_TEXT, storable(when)[:100]))
    priority = next(iter(words("priority")), "")
    return Rule(
        priority if priority in PRIORITIES else "emergency",
        tuple(steps),
        storable(next(iter(words("team")), ""))[:100],
        frozenset(int(day) for day in words("day") if day in "0123456"),
        clock_time(field(given, "begins")),
        clock_time(field(given, "ends")),
    )


def _moment(local: str, me: Visitor) -> datetime:
    """The moment of a local time as a form sends it; by default next Sunday at two in the morning."""
    sunday = me.today + timedelta(days=(6 - me.today.weekday()) or 7)
    return local_moment(local, me.timezone) or dates.at(sunday, time(2), ZoneInfo(me.timezone))
