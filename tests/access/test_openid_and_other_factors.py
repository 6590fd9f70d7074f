"""Signing in by the agency's provider beside the other ways: our own second factor, and passwords that are off."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from api import clock
from api.access.guards import WORKER_COOKIE
from api.access.models import Agency, Worker
from api.database import transaction
from api.settings import settings
from tests.access.test_openid import DOOR, LENA, Agencys, come_in, last_entry, provider
from tests.access.test_second_factor import code_of, code_step, enrol
from tests.harness.provider import LyingProvider, connect
from tests.small_town import PASSWORD, Town

__all__ = ["provider"]


@pytest.fixture
def lying(monkeypatch: pytest.MonkeyPatch) -> Iterator[LyingProvider]:
    """A provider that says of when it asked whatever a test wants."""
    there = LyingProvider()
    connect(monkeypatch, there.issuer)
    yield there
    there.stop()


def test_her_own_second_factor_is_asked_for_where_the_provider_vouches_for_none(
    client: TestClient, town: Town, provider: Agencys
) -> None:
    secret, _ = enrol(town, town.worker)
    answer = come_in(client, provider, next="/console/families")
    assert answer.status_code == 200 and WORKER_COOKIE not in client.cookies
    ticket = answer.text.partition('name="ticket" value="')[2].partition('"')[0]
    done = code_step(client, ticket, code_of(secret), next="/console/families")
    assert (done.status_code, done.headers["location"]) == (303, "/console/families")
    entry = last_entry("signed_in")
    assert entry is not None and entry.detail == {"via": "cookie", "second_factor": "code", "by": "provider"}


@pytest.mark.parametrize("claims", [{"amr": ["pwd", "mfa"]}, {"acr": "mfa"}], ids=["amr", "acr"])
def test_no_second_code_is_asked_for_where_the_provider_vouches_for_one(
    client: TestClient, town: Town, provider: Agencys, claims: dict[str, Any]
) -> None:
    enrol(town, town.worker)
    provider.person("lena-1", **LENA, **claims)
    assert come_in(client, provider).status_code == 303
    entry = last_entry("signed_in")
    assert entry is not None and entry.detail["second_factor"] == "provider"


def _must_have_one(town: Town) -> None:
    with transaction() as session:
        session.get_one(Agency, town.agency.id).second_factor_roles = ["worker"]


def test_the_providers_second_factor_is_one_where_the_role_must_have_one(
    client: TestClient, town: Town, provider: Agencys, monkeypatch: pytest.MonkeyPatch
) -> None:
    _must_have_one(town)
    provider.person("lena-1", **LENA, amr=["pwd", "otp", "mfa"])
    come_in(client, provider)
    assert client.get("/console").status_code == 200
    assert "asks you for a second factor already" in client.get("/console/account").text
    client.cookies.clear()
    monkeypatch.setattr(settings(), "oidc_second_factor", "phr, hwk")
    come_in(client, provider)
    assert client.get("/console").headers["location"] == "/console/account?note=needed", "not what this agency wants"


def test_who_has_no_password_sets_a_second_factor_up_within_ten_minutes_of_being_asked_again(
    client: TestClient, town: Town, provider: Agencys
) -> None:
    _must_have_one(town)
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == town.worker.id).values(password_hash=""))
    come_in(client, provider)
    begin = "/console/account/second-factor"
    assert client.get("/console").headers["location"] == "/console/account?note=needed"
    page = client.get("/console/account").text
    assert 'id="factor-password"' not in page and 'id="current"' not in page
    assert f'href="{DOOR}?next=/console/account&amp;again=1"' in page
    form = town.form({WORKER_COOKIE: client.cookies[WORKER_COOKIE]})
    assert client.post(begin, data=form).status_code == 400, "the provider may have let this browser in unasked"
    asked_again(client, provider)
    form = town.form({WORKER_COOKIE: client.cookies[WORKER_COOKIE]})
    assert "Set it up" in client.get("/console/account").text
    assert "<code>" in client.post(begin, data=form).text
    clock.move(timedelta(minutes=11))
    assert client.post(begin, data=form).status_code == 400


def asked_again(client: TestClient, provider: Agencys) -> None:
    """The link on one's account, and signing in at the provider once more."""
    address = client.get(DOOR, params={"next": "/console/account", "again": "1"}).headers["location"]
    asked = parse_qs(urlsplit(address).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    provider.person("lena-1", **LENA, auth_time=int(time.time()))
    back = client.get(f"{DOOR}/return", params=provider.visit(address, "lena-1"))
    assert back.headers["location"] == "/console/account"


@pytest.mark.parametrize(
    "ago", [None, "now", True, 3600, 90], ids=["not said", "words", "true", "an hour ago", "before setting out"]
)
def test_who_was_not_really_asked_again_sets_no_second_factor_up(
    client: TestClient, town: Town, lying: LyingProvider, ago: object
) -> None:
    lying.claims["auth_time"] = int(time.time()) - ago if type(ago) is int else ago
    address = client.get(DOOR, params={"next": "/console/account", "again": "1"}).headers["location"]
    back = client.get(f"{DOOR}/return", params=lying.authorize(address))
    assert back.status_code == 303
    if WORKER_COOKIE in client.cookies:  # (what is no time is no token of ours)
        form = town.form({WORKER_COOKIE: client.cookies[WORKER_COOKIE]})
        assert client.post("/console/account/second-factor", data=form).status_code == 400
    assert (WORKER_COOKIE in client.cookies) == (ago != "now")


@pytest.mark.parametrize("way", ["stripped", "plain"])
def test_a_browser_cannot_say_itself_that_it_was_asked_again(
    client: TestClient, town: Town, lying: LyingProvider, way: str
) -> None:
    """An open browser takes the plain way, or strips from the address what makes the provider ask."""
    again = {"again": "1"} if way == "stripped" else {}
    address = client.get(DOOR, params={"next": "/console/account", **again}).headers["location"]
    lying.claims["auth_time"] = int(time.time()) - (600 if again else 0)
    stripped = address.replace("&prompt=login", "").replace("&max_age=0", "")
    assert client.get(f"{DOOR}/return", params=lying.authorize(stripped)).status_code == 303
    form = town.form({WORKER_COOKIE: client.cookies[WORKER_COOKIE]})
    assert client.post("/console/account/second-factor", data=form).status_code == 400


def test_a_session_by_password_still_needs_the_password_to_set_a_second_factor_up(
    client: TestClient, town: Town, provider: Agencys
) -> None:
    client.post("/console/sign-in", data={"email": "lena@example.org", "password": PASSWORD})
    form = town.form({WORKER_COOKIE: client.cookies[WORKER_COOKIE]})
    assert client.post("/console/account/second-factor", data=form).status_code == 400


def test_where_the_provider_is_the_only_way_passwords_are_refused_but_an_administrators(
    client: TestClient, town: Town, provider: Agencys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "oidc_only", True)
    page = client.get("/console/sign-in").text
    assert 'type="password"' not in page and "Sign in with Near account" in page
    hidden = client.get("/console/sign-in", params={"way": "password"}).text
    assert 'type="password"' in hidden and "Only administrators" in hidden
    right = {"email": "lena@example.org", "password": PASSWORD}
    wrong = client.post("/console/sign-in", data={**right, "password": "not this one"})
    refused = client.post("/console/sign-in", data=right)
    assert (refused.status_code, refused.text) == (400, wrong.text), "it does not say that the password was right"
    assert client.post("/api/v1/token", json=right).status_code == 401
    assert come_in(client, provider).headers["location"] == "/console"
    client.cookies.clear()
    others = client.post("/console/sign-in", data={"email": "fara@example.org", "password": PASSWORD})
    assert others.status_code == 303, "another agency's workers have no such provider"
    client.cookies.clear()
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == town.manager.id).values(role="administrator"))
    emergency = client.post("/console/sign-in", data={"email": "mona@example.org", "password": PASSWORD})
    assert emergency.status_code == 303
    entry = last_entry("signed_in")
    assert entry is not None and entry.actor_id == town.manager.id and entry.detail["by"] == "password"
    client.cookies.clear()
    monkeypatch.setattr(settings(), "oidc_agency", "nobody's")
    assert client.post("/console/sign-in", data=right).status_code == 303, "a slip in the settings shuts nobody out"
    client.cookies.clear()
    monkeypatch.setattr(settings(), "oidc_agency", "near")
    monkeypatch.setattr(settings(), "oidc_only", False)  # the way back
    assert client.post("/console/sign-in", data=right).status_code == 303
