"""A walk over all routes: somebody stands at each door, and a change is never made for another site's page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from api.access.guards import from_our_page, same_origin
from api.app import create_app

GUARDS = {
    "signed_in_worker",
    "bearer_worker",
    "chat_session",
    "public",
    "in_demo_mode",
    "twilio_account",
    "turn",
    "signed_by_twilio",
    "metrics_reader",
}
#: Who calls these is a program with a secret of its own in every request: there are no cookies to ride on.
NO_COOKIES = {"bearer_worker", "turn", "signed_by_twilio", "twilio_account"}


def routes() -> Iterator[APIRoute]:
    waiting = list(create_app().routes)
    while waiting:
        route = waiting.pop()
        if isinstance(route, APIRoute):
            yield route
        waiting += getattr(getattr(route, "original_router", None), "routes", [])


def calls(dependant: Dependant) -> Iterator[object]:
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from calls(dependency)


def guards(route: APIRoute) -> set[str]:
    return {name for call in calls(route.dependant) if (name := getattr(call, "guard_name", ""))}


ALL = sorted(routes(), key=lambda route: (route.path, sorted(route.methods)))


def label(route: APIRoute) -> str:
    return f"{'/'.join(sorted(route.methods))} {route.path}"


def test_the_walk_finds_the_routes() -> None:
    paths = {route.path for route in ALL}
    assert {"/console", "/chat", "/chat/messages", "/channels/twilio/sms", "/demo"} <= paths


@pytest.mark.parametrize("route", ALL, ids=label)
def test_somebody_stands_at_the_door_of(route: APIRoute) -> None:
    assert guards(route) & GUARDS, f"{label(route)} has no guard: add one of {sorted(GUARDS)}"


@pytest.mark.parametrize("route", ALL, ids=label)
def test_a_public_door_says_why(route: APIRoute) -> None:
    for call in calls(route.dependant):
        if getattr(call, "guard_name", "") == "public":
            assert len(getattr(call, "reason", "")) > 10


@pytest.mark.parametrize("route", [r for r in ALL if not r.methods <= {"GET", "HEAD"}], ids=label)
def test_no_other_site_can_make_a_browser_use(route: APIRoute) -> None:
    if guards(route) & NO_COOKIES:
        return
    assert {same_origin, from_our_page} & set(calls(route.dependant)), f"{label(route)} takes forms from anywhere"


@pytest.mark.parametrize("route", [r for r in ALL if r.path.startswith("/console/") and "POST" in r.methods], ids=label)
def test_every_form_of_the_console_needs_the_sessions_token(route: APIRoute) -> None:
    if "public" not in guards(route):
        assert from_our_page in set(calls(route.dependant))
