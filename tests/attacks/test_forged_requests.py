"""Somebody else's page, or nobody's, in front of a browser that is signed in: every door, from the route table.

Tried: another site's form and script, a form without the session's token and with another session's, a request that
only looks. What comes back is 403, and not one row is different.
"""

from __future__ import annotations

from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy.engine import Engine

from api.access.guards import from_our_page
from tests.access.test_every_route_has_a_guard import NO_COOKIES, calls
from tests.attacks.walk import ALL, Places, differences, everything, guards, label, places, routes
from tests.small_town import Town

#: Whoever calls these proves who they are in every request: no browser does it for another site.
FORMS = [route for route in ALL if not route.methods <= {"GET", "HEAD"} and not guards(route) & NO_COOKIES]
WITH_TOKEN = [route for route in FORMS if from_our_page in set(calls(route.dependant))]
#: Streams never end; the walk is over what does.
LOOKS = [route for route in routes("GET") if not route.path.endswith("/events")]
ELSEWHERE = (
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://testserver.evil.example"},
)


def sign_in(client: TestClient, town: Town, route: APIRoute) -> dict[str, str]:
    """The cookies that the route's own visitor has."""
    client.cookies.clear()
    cookies = town.chatting(town.mine.parent)[0] if route.path.startswith("/chat") else town.signed_in(town.manager)
    client.cookies.update(cookies)
    return cookies


def test_the_walk_finds_what_is_to_be_attacked() -> None:
    assert len(WITH_TOKEN) > 40 and len(FORMS) > len(WITH_TOKEN) and len(LOOKS) > 30
    areas = {route.path.split("/")[1] for route in FORMS}
    assert areas == {"console", "chat", "demo", "a", "u", "e", "api"}


def test_another_sites_page_changes_nothing_at_any_door(client: TestClient, town: Town, database: Engine) -> None:
    here = places(town)
    for route in FORMS:
        cookies = sign_in(client, town, route)
        before = everything(database)
        for headers in ELSEWHERE:
            # The worst case: the other site has even got hold of the form's token.
            answer = client.post(here.address(route), data=town.form(cookies), headers=headers)
            assert answer.status_code == 403, f"{label(route)} from {headers}"
        assert differences(before, everything(database)) == [], label(route)


def test_a_form_without_this_sessions_token_changes_nothing(client: TestClient, town: Town, database: Engine) -> None:
    here = places(town)
    for route in WITH_TOKEN:
        others = {
            "the other worker's": town.form(town.signed_in(town.duty)),
            "another chat's": town.form(town.chatting()[0]),
            "none": {},
            "empty": {"form_token": ""},
        }
        sign_in(client, town, route)
        before = everything(database)
        for whose, form in others.items():
            for headers in ({}, {"Origin": "null"}, {"Sec-Fetch-Site": "same-origin"}):
                answer = client.post(here.address(route), data=form, headers=headers)
                assert answer.status_code == 403, f"{label(route)} with {whose} token"
        assert differences(before, everything(database)) == [], label(route)


def test_the_same_forms_from_our_own_page_are_let_through(client: TestClient, town: Town) -> None:
    """Else the two above would show nothing."""
    here = places(town)
    for route in FORMS:
        cookies = sign_in(client, town, route)
        headers = {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"}
        answer = client.post(here.address(route), data=town.form(cookies), headers=headers)
        assert answer.status_code != 403 and answer.status_code < 500, label(route)


def test_a_token_in_the_address_or_as_a_file_is_no_token(client: TestClient, town: Town, database: Engine) -> None:
    """An address is logged, and a file's name is not a field."""
    here = places(town)
    route = next(route for route in WITH_TOKEN if route.path == "/console/e/{escalation_id}/acknowledge")
    form = town.form(sign_in(client, town, route))
    before = everything(database)
    there = here.address(route)
    assert client.post(there, params=form).status_code == 403
    assert client.post(there, files={"form_token": ("x", form["form_token"])}).status_code == 403
    assert differences(before, everything(database)) == []


def test_looking_changes_nothing(client: TestClient, town: Town, database: Engine) -> None:
    """So a picture, a link or a preview on another site can do nothing by making a browser look."""
    here = places(town)
    for route in LOOKS:
        sign_in(client, town, route)
        before = everything(database, but_traces_of_looking=True)
        answer = client.get(here.address(route), headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code < 500 or route.path == "/health", label(route)  # Rasa is not there, and it says so
        assert differences(before, everything(database, but_traces_of_looking=True)) == [], label(route)


def test_other_methods_do_not_get_round_the_token(client: TestClient, town: Town, database: Engine) -> None:
    """A method that nobody thought of does not reach the deed: not by its name, not by a header or field for it."""
    here: Places = places(town)
    for route in WITH_TOKEN:
        cookies = sign_in(client, town, route)
        before = everything(database, but_traces_of_looking=True)
        there = here.address(route)
        for method in ("PUT", "PATCH", "DELETE"):
            assert client.request(method, there, data=town.form(cookies)).status_code in (404, 405), label(route)
        override = {"X-HTTP-Method-Override": "POST", "X-Method-Override": "POST"}
        assert client.get(there, params={"_method": "POST"}, headers=override).status_code < 500, label(route)
        assert differences(before, everything(database, but_traces_of_looking=True)) == [], label(route)
