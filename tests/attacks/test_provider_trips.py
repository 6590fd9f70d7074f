"""Attacks on signing in by the agency's provider: trips that are another's, stale, used or made up; issuers mixed up;
and what of all this can be read afterwards.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from api import clock
from api.access import openid, openid_discovery, provider_sign_in, service
from api.access.guards import WORKER_COOKIE
from api.access.identities import worker_of
from api.access.provider_routes import TRIP_COOKIE
from api.app import create_app
from api.database import transaction
from api.settings import settings
from tests.access.test_openid import DOOR, identities, problem
from tests.attacks.trips import come_in, nobody_is_in, provider, way_there
from tests.harness.provider import SECRET, LyingProvider
from tests.small_town import Town

__all__ = ["provider"]


STATES = {
    "none": {"state": ""},
    "a made-up one": {"state": "0" * 64},
    "one that is no text": {"state": "é\U0001f600"},
    "no code": {"code": ""},
}


@pytest.mark.parametrize("changes", STATES.values(), ids=STATES.keys())
def test_an_answer_that_is_not_this_trips_signs_nobody_in(
    client: TestClient, town: Town, provider: LyingProvider, changes: dict[str, str]
) -> None:
    assert problem(come_in(client, provider, **changes)) == "over"
    assert "/token" not in provider.asked and nobody_is_in(), "its code is not even looked at"


def test_another_browser_cannot_be_made_to_finish_somebodys_sign_in(
    client: TestClient, town: Town, provider: LyingProvider
) -> None:
    """The attacker signs in as themself and hands the last address to a worker: she would write into their account."""
    theirs = provider.authorize(way_there(client))
    client.cookies.clear()
    assert problem(client.get(f"{DOOR}/return", params=theirs)) == "over", "a browser that never set out"
    way_there(client)
    assert problem(client.get(f"{DOOR}/return", params=theirs)) == "over", "one that set out by itself"
    assert "/token" not in provider.asked and nobody_is_in()


def test_another_sites_page_cannot_end_a_trip_that_is_under_way(
    client: TestClient, town: Town, provider: LyingProvider
) -> None:
    address = way_there(client)
    for made_up in ({"state": "0" * 64, "code": "x"}, {"error": "access_denied"}, {}):
        assert problem(client.get(f"{DOOR}/return", params=made_up)) in ("over", "cancelled")
    assert client.get(f"{DOOR}/return", params=provider.authorize(address)).headers["location"] == "/console"


def test_of_many_people_with_her_address_at_once_one_is_kept(town: Town, provider: LyingProvider) -> None:
    def first_time(number: int) -> bool:
        identity = openid.Identity(provider.issuer, f"lena-{number}", "lena@example.org", True, False)
        with transaction() as session:
            return worker_of(session, identity) is not None

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(first_time, range(6))) == 1
    assert len(identities()) == 1


def test_a_stolen_code_is_of_no_use_in_another_browser(client: TestClient, town: Town, provider: LyingProvider) -> None:
    stolen = provider.authorize(way_there(client))["code"]
    client.cookies.clear()
    answer = come_in(client, provider, code=stolen)
    assert problem(answer) == "over" and nobody_is_in(), "the provider saw another PKCE challenge"


def test_an_answer_works_once_in_the_same_browser_too(client: TestClient, town: Town, provider: LyingProvider) -> None:
    address = way_there(client)
    trip = client.cookies[TRIP_COOKIE]
    answer = provider.authorize(address)
    assert client.get(f"{DOOR}/return", params=answer).headers["location"] == "/console"
    client.cookies.clear()
    for again in (answer, provider.authorize(address)):  # the same code, and a fresh one for the same trip
        client.cookies.set(TRIP_COOKIE, trip, path=DOOR)
        assert problem(client.get(f"{DOOR}/return", params=again)) == "over"
    assert provider.asked.count("/token") == 1


def test_of_many_at_once_one_is_let_in_at_most(town: Town, provider: LyingProvider) -> None:
    trip, address = openid.set_out("/console")
    given = provider.authorize(address)
    answer = provider_sign_in.Answer(given["state"], given["code"])

    def once(_: int) -> bool:
        try:
            provider_sign_in.sign_in(trip, answer, "client", "", "")
        except openid_discovery.Failed:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(once, range(16))) <= 1


def test_a_trip_lasts_ten_minutes(client: TestClient, town: Town, provider: LyingProvider) -> None:
    answer = provider.authorize(way_there(client))
    trip = client.cookies[TRIP_COOKIE]
    clock.move(openid.TRIP_LIFE + timedelta(seconds=2))
    client.cookies.set(TRIP_COOKIE, trip, path=DOOR)
    assert problem(client.get(f"{DOOR}/return", params=answer)) == "over"


@pytest.mark.parametrize("made", ["", "x", "a.b.c", "WyJzIiwiL2NvbnNvbGUiLDk5OTk5OTk5OTldCg.AAAA"], ids=range(4))
def test_a_trip_that_somebody_made_up_is_none(
    client: TestClient, town: Town, provider: LyingProvider, made: str
) -> None:
    answer = provider.authorize(way_there(client))
    client.cookies.clear()
    client.cookies.set(TRIP_COOKIE, made, path=DOOR)
    assert problem(client.get(f"{DOOR}/return", params=answer)) == "over"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/console",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/chat",
        "/console" + "x" * 4000,
    ],
    ids=["site", "slashes", "backslash", "script", "chat", "endless"],
)
def test_nobody_is_sent_to_another_place_afterwards(
    client: TestClient, town: Town, provider: LyingProvider, elsewhere: str
) -> None:
    address = client.get(DOOR, params={"next": elsewhere}).headers["location"]
    assert address.startswith(f"{provider.issuer}/authorize?") and "evil" not in address
    answer = client.get(f"{DOOR}/return", params=provider.authorize(address))
    assert answer.headers["location"] == "/console"


def test_an_answer_of_another_issuer_is_not_carried_to_this_one(
    client: TestClient, town: Town, provider: LyingProvider
) -> None:
    assert problem(come_in(client, provider, iss="https://evil.example")) == "failed"
    assert "/token" not in provider.asked
    assert come_in(client, provider, iss=provider.issuer).headers["location"] == "/console"
    provider.description = {"authorization_response_iss_parameter_supported": True}
    openid_discovery.forget()
    assert problem(come_in(client, provider)) == "failed", "it always says so, and now it does not"


def test_answers_of_no_use_count_as_tries(client: TestClient, town: Town, provider: LyingProvider) -> None:
    provider.person = {"sub": "x", "email": "nobody@example.org", "email_verified": True}
    for _ in range(service.TRIES_PER_CLIENT):
        assert problem(come_in(client, provider)) == "stranger"
    answer = come_in(client, provider)
    assert problem(answer) == "too_many_tries"
    assert "wait 15 minutes" in client.get(answer.headers["location"]).text


def test_the_page_that_sends_away_and_takes_back_has_no_looser_policy_and_no_form_leads_out(
    client: TestClient, town: Town, provider: LyingProvider
) -> None:
    page = client.get("/console/sign-in")
    assert provider.issuer not in page.text and "form-action 'self' https://www.bbc.co.uk" in str(page.headers)
    answer = client.get(DOOR)
    assert provider.issuer not in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "no-referrer" and answer.headers["cache-control"] == "no-store"


def test_nothing_of_a_person_a_code_or_a_token_is_logged_or_in_the_address(
    client: TestClient, town: Town, provider: LyingProvider, caplog: pytest.LogCaptureFixture
) -> None:
    seen = ["canary-access-token", SECRET, "lena@example.org", "lena-1", "canary-error"]
    places = []
    with caplog.at_level(logging.DEBUG, "api"):
        for claims in ({}, {"aud": "x"}, {"email": "nobody@example.org"}, {"sub": "lena-2"}):
            provider.claims = claims
            client.cookies.clear()
            address = way_there(client)
            query = parse_qs(urlsplit(address).query)
            seen += [query["state"][0], query["nonce"][0], client.cookies[TRIP_COOKIE]]
            places.append(client.get(f"{DOOR}/return", params=provider.authorize(address)).headers["location"])
        for error in ("canary-error", "access_denied"):
            answer = client.get(f"{DOOR}/return", params={"error": error, "error_description": "canary-error"})
            places.append(answer.headers["location"])
            assert "canary" not in client.get(answer.headers["location"]).text
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("api"))
    assert "InvalidClaimError aud" in ours and "nobody_here" in ours and "unknown_error" in ours
    for word in [*seen, *provider.issued]:
        assert word not in ours and not any(word in place for place in places), word


def test_neither_cookie_nor_address_tells_the_verifier(client: TestClient, town: Town, provider: LyingProvider) -> None:
    address = way_there(client)
    trip = openid.trip_of(client.cookies[TRIP_COOKIE])
    assert trip is not None and len(trip.verifier) == 64
    assert trip.verifier not in address and trip.verifier not in client.cookies[TRIP_COOKIE]
    assert trip.secret not in address and trip.secret not in repr(trip)


def test_over_https_the_trips_cookie_is_sent_over_https_only(
    client: TestClient, town: Town, provider: LyingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "public_url", "https://help.example.org")
    with TestClient(create_app(), base_url="https://help.example.org", follow_redirects=False) as secured:
        answer = secured.get(DOOR)
    assert "secure" in answer.headers["set-cookie"].lower()
    given = parse_qs(urlsplit(answer.headers["location"]).query)["redirect_uri"]
    assert given == [f"https://help.example.org{DOOR}/return"]


def test_a_trips_cookie_opens_nothing_else(client: TestClient, town: Town, provider: LyingProvider) -> None:
    way_there(client)
    trip = client.cookies[TRIP_COOKIE]
    client.cookies.clear()
    client.cookies.set(WORKER_COOKIE, trip)
    assert client.get("/console").status_code == 303
    assert client.get("/api/v1/families", headers={"Authorization": f"Bearer {trip}"}).status_code == 401
