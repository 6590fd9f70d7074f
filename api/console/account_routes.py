"""One's own account: where one is signed in, the password, the second factor.

A secret or a recovery code is shown on the one answer that made it: it is in no address and no log.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from api import clock
from api.access import accounts, identities, second_factor, service, sessions
from api.access import queries as access
from api.access.guards import ACCOUNT, Visitor, client_of, from_our_page, signed_in_worker
from api.audit import service as audit
from api.channels.push import keys
from api.channels.push import queries as push
from api.console import forms
from api.console.inputs import clock_time
from api.console.layout import console_page
from api.database import reading, transaction
from api.settings import settings

router = APIRouter(prefix=ACCOUNT, include_in_schema=False, dependencies=[Depends(from_our_page)])

Me = Annotated[Visitor, Depends(signed_in_worker)]
Fields = Annotated[dict[str, str], Depends(forms.fields)]
#: What an address may say that has happened: account.note.<one of these>.
NOTES = (
    "password", "ended", "removed", "needed", "hours",
    "browser_on", "browser_off", "browser_refused", "browser_too_many",
)  # fmt: skip
LONGEST = 1024
TOO_MANY = "console.sign_in.too_many_tries"


@dataclass(frozen=True)
class Hours:
    """The form of one's working hours, as it is or as it was sent."""

    begin: time | None
    end: time | None
    days: str
    news_by: str


@router.get("")
def show_account(request: Request, me: Me, note: str = "") -> Response:
    """Sessions, password, second factor."""
    return _page(request, me, note=note if note in NOTES else "")


@router.post("/password")
def change_password(
    request: Request, me: Me, current: Annotated[str, Form()] = "", new: Annotated[str, Form()] = ""
) -> Response:
    """A new password; all other sessions end."""
    try:
        done = accounts.change_password(me.id, current[:LONGEST], new[:LONGEST], client_of(request), me.session_id)
    except accounts.TooShort:
        return _page(request, me, problem="account.problem.short", status=400)
    except service.TooManyTries:
        return _page(request, me, problem=TOO_MANY, status=429)
    if not done:
        return _page(request, me, problem="account.problem.password", status=400)
    return RedirectResponse(f"{ACCOUNT}?note=password", 303)


@router.post("/hours")
def change_hours(request: Request, me: Me, given: Fields) -> Response:
    """When one can be met, and how one hears of changed appointments."""
    begin, end = clock_time(given.get("works_from", "")), clock_time(given.get("works_until", ""))
    days = [n for n in "1234567" if given.get(f"day-{n}")]
    news_by = given.get("news_by", "")
    try:
        with transaction() as session:
            accounts.set_hours(session, me.id, begin, end, days, news_by)
    except accounts.BadHours as error:
        hours = Hours(begin, end, "".join(days), news_by)
        return _page(request, me, problem=f"account.problem.{error.code}", status=400, hours=hours)
    return RedirectResponse(f"{ACCOUNT}?note=hours", 303)


@router.post("/sessions/others/end")
def end_others(me: Me) -> Response:
    """Sign out everywhere but here."""
    with transaction() as session:
        sessions.end_others(session, me.id, me.session_id)
    return RedirectResponse(f"{ACCOUNT}?note=ended", 303)


@router.post("/sessions/{session_id}/end")
def end_session(me: Me, session_id: uuid.UUID) -> Response:
    """Sign out in one place."""
    with transaction() as session:
        if not sessions.end(session, me.id, session_id):
            raise access.NotVisible
    return RedirectResponse(f"{ACCOUNT}?note=ended", 303)


@router.post("/second-factor")
def begin(request: Request, me: Me, password: Annotated[str, Form()] = "") -> Response:
    """A fresh secret, for whoever knows the password or has just come from the agency's provider: an open browser alone
    is not enough to take an account over."""
    try:
        if not accounts.proves_again(me.id, password[:LONGEST], client_of(request), me.session_id):
            return _page(request, me, problem="account.problem.password", status=400)
        with transaction() as session:
            secret = second_factor.begin(session, me.id, clock.now())
    except service.TooManyTries:
        return _page(request, me, problem=TOO_MANY, status=429)
    except second_factor.HasOne:
        return RedirectResponse(ACCOUNT, 303)
    return _page(request, me, secret=secret)


@router.post("/second-factor/confirm")
def confirm(request: Request, me: Me, code: Annotated[str, Form()] = "") -> Response:
    """The first code; then the recovery codes, this once. Sessions that began without it end."""
    try:
        entries = service.count_try(service.limits(me.worker.email, client_of(request)))
        with transaction() as session:
            codes = second_factor.confirm(session, me.id, code[:40], clock.now())
            if codes:
                service.forget_tries(session, entries)
                sessions.end_others(session, me.id, me.session_id)
                _note(session, me, "added_second_factor")
            secret = second_factor.begun(session, me.id)
    except service.TooManyTries:
        return _page(request, me, problem=TOO_MANY, status=429)
    except second_factor.HasOne:
        return RedirectResponse(ACCOUNT, 303)
    if codes is None:
        return _page(request, me, problem="account.problem.first_code", status=400, secret=secret)
    return _page(request, me, codes=codes)


@router.post("/second-factor/remove")
def remove(request: Request, me: Me, code: Annotated[str, Form()] = "") -> Response:
    """Take it away, or make room for another one: by a code."""
    try:
        entries = service.count_try(service.limits(me.worker.email, client_of(request)))
        with transaction() as session:
            fits = second_factor.use(session, me.id, code[:40], clock.now())
            if fits:
                service.forget_tries(session, entries)
                second_factor.remove(session, me.id)
                _note(session, me, "removed_second_factor")
    except service.TooManyTries:
        return _page(request, me, problem=TOO_MANY, status=429)
    if not fits:
        return _page(request, me, problem="account.step.wrong", status=400)
    return RedirectResponse(f"{ACCOUNT}?note=removed", 303)


def _note(session: Any, me: Visitor, verb: str) -> None:
    audit.record(session, actor_kind="worker", actor_id=me.id, verb=verb, object_id=me.id)


def _page(
    request: Request,
    me: Visitor,
    *,
    note: str = "",
    problem: str = "",
    status: int = 200,
    secret: str = "",
    codes: list[str] | None = None,
    hours: Hours | None = None,
) -> Response:
    mine = me.worker
    with reading() as session:
        live = sessions.live(session, me.id)
        enrolled = second_factor.enrolled(session, me.id)
        left = second_factor.recovery_codes_left(session, me.id)
        browsers = push.of_worker(session, me.id)
        just = sessions.just_from_provider(session, me.session_id)
        password = identities.password_allowed(session, me.worker) and me.worker.password_hash != ""
    here = next((one for one in live if one.id == me.session_id), None)
    return console_page(
        request, me, "console/account.html", here="account", status=status,
        note=note, problem=problem, secret=secret, codes=codes or [], live=live, enrolled=enrolled, left=left,
        link=second_factor.link(secret, me.worker.email, me.agency_name) if secret else "",
        shortest=service.SHORTEST_PASSWORD, just=just, password=password, provider=settings().oidc_name,
        elsewhere=here is not None and here.factor == "provider",
        news_ways=accounts.NEWS_BY, mails=settings().mails,
        hours=hours or Hours(mine.works_from, mine.works_until, mine.works_on, mine.news_by),
        browsers=browsers, push_key=keys.public() if settings().pushes else "",
    )  # fmt: skip
