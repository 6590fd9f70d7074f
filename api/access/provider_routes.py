"""The way to the agency's OpenID Connect provider and back from it (not there where none is set).

It begins with a link and not with a form: a page's policy on where forms lead (``form-action``) would be asked about
the redirect to the provider too, and it stays as strict as it is.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.access import openid, provider_sign_in, service
from api.access.guards import WORKER_COOKIE, client_of, own_path, public, same_origin
from api.access.openid import Trip
from api.access.openid_discovery import Failed
from api.access.routes import HOME, browser_of, code_form, with_session
from api.settings import settings

PLACE = "/console/sign-in/provider"
TRIP_COOKIE = "hearthline_trip"
LONGEST = 4096
LONGEST_PATH = 1000


def _is_set() -> None:
    if not settings().oidc_issuer:
        raise HTTPException(404)


router = APIRouter(
    prefix=PLACE,
    include_in_schema=False,
    dependencies=[
        Depends(same_origin),
        Depends(public("signing in is for those who are not yet; the provider says who it is")),
        Depends(_is_set),
    ],
)


@router.get("")
def set_out(request: Request, next: str = HOME, again: str = "") -> Response:
    """Off to the provider; ``again`` asks it to make sure who it is."""
    next_path = own_path(next, HOME)
    if len(next_path) > LONGEST_PATH:  # browsers drop a cookie that is too long
        next_path = HOME
    try:
        trip, address = openid.set_out(next_path, again=bool(again))
    except Failed as failed:
        provider_sign_in.log.warning("sign-in by the provider: %s", failed.why)
        return _back(next_path, failed.problem)
    response = RedirectResponse(address, 303)
    # Lax: the provider's redirect back is another site's.
    response.set_cookie(
        TRIP_COOKIE,
        trip.cookie,
        max_age=int(openid.TRIP_LIFE.total_seconds()),
        path=PLACE,
        httponly=True,
        samesite="lax",
        secure=settings().https,
    )
    return response


@router.get("/return")
def come_back(
    request: Request,
    state: Annotated[str, Query()] = "",
    code: Annotated[str, Query()] = "",
    iss: Annotated[str, Query()] = "",
    error: Annotated[str, Query()] = "",
) -> Response:
    """Back from the provider: on to where they wanted to go, to the code of the second factor, or to the sign-in page
    with what was wrong."""
    trip = openid.trip_of(request.cookies.get(TRIP_COOKIE, ""))
    next_path = own_path(trip.next_path, HOME) if trip else HOME
    answer = provider_sign_in.Answer(state[:LONGEST], code[:LONGEST], iss[:LONGEST], error[:LONGEST])
    response = _arrived(request, trip, answer, next_path)
    if trip is None or trip.fits(answer.state):  # what another site's page made up does not end a trip under way
        response.delete_cookie(TRIP_COOKIE, path=PLACE, httponly=True, samesite="lax", secure=settings().https)
    return response


def _arrived(request: Request, trip: Trip | None, answer: provider_sign_in.Answer, next_path: str) -> Response:
    try:
        signed_in = provider_sign_in.sign_in(
            trip, answer, client_of(request), request.cookies.get(WORKER_COOKIE, ""), browser_of(request)
        )
    except Failed as failed:
        return _back(next_path, failed.problem)
    except service.TooManyTries:
        return _back(next_path, "too_many_tries")
    if isinstance(signed_in, service.SecondStep):
        return code_form(request, next_path, signed_in.ticket)
    return with_session(RedirectResponse(next_path, 303), signed_in)


def _back(next_path: str, problem: str) -> Response:
    return RedirectResponse(f"/console/sign-in?{urlencode({'problem': problem, 'next': next_path})}", 303)
