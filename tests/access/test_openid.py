"""Signing in by the agency's OpenID Connect provider: oidc-provider-mock, a real one, on a port of this machine."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update

from api import clock
from api.access import openid_requests
from api.access.guards import WORKER_COOKIE
from api.access.models import SignInAttempt, Worker, WorkerIdentity, WorkerSession
from api.access.provider_routes import TRIP_COOKIE
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.settings import settings
from tests.harness.processes import free_port
from tests.harness.provider import connect
from tests.small_town import PASSWORD, Town

DOOR = "/console/sign-in/provider"
LENA = {"email": "lena@example.org", "email_verified": True}


@dataclass
class Agencys:
    """The agency's provider, and what somebody does there."""

    issuer: str

    def person(self, subject: str, **claims: Any) -> None:
        httpx.put(f"{self.issuer}/users/{subject}", json=claims).raise_for_status()

    def visit(self, address: str, subject: str = "", **form: str) -> dict[str, str]:
        """Sign in there as ``subject`` (or do something else): what stands in the address it sends the browser to."""
        assert address.startswith(f"{self.issuer}/oauth2/authorize?"), address
        assert httpx.get(address).status_code == 200
        answer = httpx.post(address, data={"sub": subject, **form} if subject else form)
        assert answer.status_code == 302, answer.text
        there = urlsplit(answer.headers["location"])
        assert f"{there.scheme}://{there.netloc}{there.path}" == f"http://testserver{DOOR}/return"
        return {name: values[0] for name, values in parse_qs(there.query).items()}


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Agencys]:
    """The provider, with this installation as its registered client, and Lena as ``lena-1``."""
    with oidc_provider_mock.run_server_in_thread(require_client_registration=True, require_nonce=True) as server:
        there = Agencys(f"http://localhost:{server.server_port}")
        told = {"redirect_uris": [f"http://testserver{DOOR}/return"], "scope": "openid email"}
        ours = httpx.post(f"{there.issuer}/oauth2/clients", json=told).json()
        connect(monkeypatch, there.issuer, ours["client_id"], ours["client_secret"])
        there.person("lena-1", **LENA)
        yield there


def come_in(client: TestClient, provider: Agencys, subject: str = "lena-1", **set_out: str) -> httpx.Response:
    """From the link on the sign-in page to where the provider's answer leads."""
    address = client.get(DOOR, params=set_out).headers["location"]
    answer: httpx.Response = client.get(f"{DOOR}/return", params=provider.visit(address, subject))
    return answer


def problem(answer: httpx.Response) -> str:
    """What the sign-in page is told was wrong; nobody is signed in."""
    there = urlsplit(answer.headers["location"])
    assert (answer.status_code, there.path) == (303, "/console/sign-in") and WORKER_COOKIE not in answer.cookies
    given = parse_qs(there.query)
    assert set(given) <= {"problem", "next"}
    return given["problem"][0]


def last_entry(verb: str) -> AuditEntry | None:
    with reading() as session:
        return session.scalars(select(AuditEntry).filter_by(verb=verb).order_by(AuditEntry.id.desc())).first()


def identities() -> list[tuple[Any, str]]:
    with reading() as session:
        return [(row.worker_id, row.subject) for row in session.scalars(select(WorkerIdentity))]


def test_a_worker_signs_in_by_the_agencys_provider(client: TestClient, town: Town, provider: Agencys) -> None:
    page = client.get("/console/sign-in", params={"next": "/console/families?page=2"}).text
    assert "Sign in with Near account" in page and 'type="password"' in page
    assert f'href="{DOOR}?next=/console/families%3Fpage%3D2"' in page
    away = client.get(DOOR, params={"next": "/console/families?page=2"})
    cookie = away.headers["set-cookie"].lower()
    assert cookie.startswith(TRIP_COOKIE) and "httponly" in cookie and "samesite=lax" in cookie
    assert f"path={DOOR}" in cookie and "max-age=600" in cookie
    asked = {name: values[0] for name, values in parse_qs(urlsplit(away.headers["location"]).query).items()}
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["scope"] == "openid email" and len(asked["state"]) == len(asked["nonce"]) == 64
    assert asked["redirect_uri"] == f"http://testserver{DOOR}/return"
    back = client.get(f"{DOOR}/return", params=provider.visit(away.headers["location"], "lena-1"))
    assert (back.status_code, back.headers["location"]) == (303, "/console/families?page=2")
    session_cookie = next(one.lower() for one in back.headers.get_list("set-cookie") if one.startswith(WORKER_COOKIE))
    assert "httponly" in session_cookie and "samesite=lax" in session_cookie and "max-age=43200" in session_cookie
    assert TRIP_COOKIE not in client.cookies
    assert "Lena Worker" in client.get("/console").text
    entry = last_entry("signed_in")
    assert entry is not None and entry.actor_id == town.worker.id
    assert entry.detail == {"via": "cookie", "second_factor": "none", "by": "provider"}
    assert identities() == [(town.worker.id, "lena-1")]
    with reading() as session:
        tries = session.scalar(select(func.count()).select_from(SignInAttempt))
    assert tries == 1, "that this trip is over is kept; a right try does not count"


def test_the_second_time_the_subject_says_who_it_is_whatever_the_address(
    client: TestClient, town: Town, provider: Agencys
) -> None:
    come_in(client, provider)
    client.cookies.clear()
    provider.person("lena-1", email="dora@example.org", email_verified=False)
    assert come_in(client, provider).headers["location"] == "/console"
    assert "Lena Worker" in client.get("/console").text
    assert identities() == [(town.worker.id, "lena-1")]


def test_another_subject_with_her_address_is_refused_and_recorded_until_an_administrator_forgets_the_first(
    client: TestClient, town: Town, provider: Agencys
) -> None:
    come_in(client, provider)
    hers = {WORKER_COOKIE: client.cookies[WORKER_COOKIE]}
    client.cookies.clear()
    provider.person("lena-2", **LENA)
    assert problem(come_in(client, provider, "lena-2")) == "stranger"
    entry = last_entry("refused_provider_sign_in")
    assert entry is not None and entry.detail == {"why": "other_subject"} and entry.object_id == str(town.worker.id)
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == town.manager.id).values(role="administrator"))
    cookies = town.signed_in(town.manager)
    client.cookies.update(cookies)
    assert "New account at the agency" in client.get("/console/workers").text
    forget = f"/console/workers/{town.worker.id}/provider/forget"
    assert client.post(forget, data=town.form(cookies)).status_code == 303
    assert "New account at the agency" not in client.get("/console/workers").text
    assert last_entry("forgot_provider_identity") is not None
    client.cookies.clear()
    client.cookies.update(hers)
    assert client.get("/console").status_code == 303, "what the first one had open has ended"
    client.cookies.clear()
    assert come_in(client, provider, "lena-2").headers["location"] == "/console"
    assert identities() == [(town.worker.id, "lena-2")]


def test_only_an_administrator_of_the_agency_forgets_who_somebody_is_there(
    client: TestClient, town: Town, provider: Agencys
) -> None:
    come_in(client, provider)
    for who in (town.worker, town.manager, town.far_manager):
        cookies = town.signed_in(who)
        client.cookies.clear()
        client.cookies.update(cookies)
        forget = f"/console/workers/{town.worker.id}/provider/forget"
        assert client.post(forget, data=town.form(cookies)).status_code == 404
    assert identities() == [(town.worker.id, "lena-1")]


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"email": "nobody@example.org", "email_verified": True}, "no_worker"),
        ({"email": "lena@example.org", "email_verified": False}, "email_not_verified"),
        ({"email": "lena@example.org"}, "email_not_verified"),
        ({"email": "lena@example.org", "email_verified": "yes"}, "email_not_verified"),
        ({"email": "fara@example.org", "email_verified": True}, "no_worker"),
        ({"email": ["lena@example.org"], "email_verified": True}, "no_email"),
        ({}, "no_email"),
    ],
    ids=["unknown", "not verified", "nothing said", "not said so", "another agency's", "no text", "no address"],
)
def test_who_is_no_worker_of_the_agency_is_not_made_one(
    client: TestClient, town: Town, provider: Agencys, claims: dict[str, Any], why: str
) -> None:
    provider.person("somebody", **claims)
    with reading() as session:
        before = session.scalar(select(func.count()).select_from(Worker))
    answer = come_in(client, provider, "somebody")
    assert problem(answer) == "stranger"
    page = client.get(answer.headers["location"])
    assert "no account here that fits" in page.text and "Near account" in page.text
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Worker)) == before
    entry = last_entry("refused_provider_sign_in")
    assert entry is not None and entry.detail == {"why": why} and identities() == []


def test_a_worker_who_left_is_refused_before_and_after_their_subject_is_known(
    client: TestClient, town: Town, provider: Agencys
) -> None:
    def active(value: bool) -> None:
        with transaction() as session:
            session.execute(update(Worker).where(Worker.id == town.worker.id).values(active=value))

    active(False)
    assert problem(come_in(client, provider)) == "stranger" and identities() == []
    active(True)
    come_in(client, provider)
    client.cookies.clear()
    active(False)
    assert problem(come_in(client, provider)) == "stranger"
    entry = last_entry("refused_provider_sign_in")
    assert entry is not None and entry.detail == {"why": "inactive"}


def test_where_there_are_two_agencies_and_none_is_set_nobody_is_let_in(
    client: TestClient, town: Town, provider: Agencys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "oidc_agency", "")
    assert problem(come_in(client, provider)) == "stranger"
    entry = last_entry("refused_provider_sign_in")
    assert entry is not None and entry.detail == {"why": "no_agency"}


def test_a_subject_of_an_agency_that_the_provider_does_not_speak_for_any_more_is_refused(
    client: TestClient, town: Town, provider: Agencys, monkeypatch: pytest.MonkeyPatch
) -> None:
    come_in(client, provider)
    client.cookies.clear()
    monkeypatch.setattr(settings(), "oidc_agency", "far")
    assert problem(come_in(client, provider)) == "stranger"


def test_the_address_may_be_told_in_words_and_in_capitals(client: TestClient, town: Town, provider: Agencys) -> None:
    provider.person("lena-1", email=" Lena@Example.ORG", email_verified="true")
    assert come_in(client, provider).headers["location"] == "/console"


def test_another_claim_can_say_that_the_address_is_verified(
    client: TestClient, town: Town, provider: Agencys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "oidc_verified_claim", "xms_edov")
    assert problem(come_in(client, provider)) == "stranger"
    provider.person("lena-1", email="lena@example.org", xms_edov=1)
    assert come_in(client, provider).headers["location"] == "/console"


def test_who_stops_at_the_provider_reads_so_and_can_begin_anew(
    client: TestClient, town: Town, provider: Agencys
) -> None:
    away = client.get(DOOR, params={"next": "/console/families"})
    answer = client.get(f"{DOOR}/return", params=provider.visit(away.headers["location"], action="deny"))
    assert problem(answer) == "cancelled"
    page = client.get(answer.headers["location"])
    assert "it was stopped at Near account" in page.text and "next=/console/families" in page.text
    assert come_in(client, provider, next="/console/families").headers["location"] == "/console/families"


def test_a_wrong_secret_is_said_in_plain_words_and_its_kind_is_logged(
    client: TestClient,
    town: Town,
    provider: Agencys,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(settings(), "oidc_client_secret", "canary-wrong-secret")
    with caplog.at_level(logging.INFO, "api"):
        answer = come_in(client, provider)
    assert problem(answer) == "failed"
    assert "It is nothing you did" in client.get(answer.headers["location"]).text
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("api.")]
    assert ours == ["sign-in by the provider: invalid_client"]


def test_a_provider_that_is_not_there_is_said_in_plain_words_and_passwords_still_work(
    client: TestClient, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, f"http://localhost:{free_port()}")
    answer = client.get(DOOR)
    assert problem(answer) == "unreachable"
    assert "does not answer just now" in client.get(answer.headers["location"]).text
    assert client.post("/console/sign-in", data={"email": "lena@example.org", "password": PASSWORD}).status_code == 303


def test_a_provider_that_goes_away_on_the_way_is_said_too(client: TestClient, town: Town, provider: Agencys) -> None:
    back = provider.visit(client.get(DOOR).headers["location"], "lena-1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openid_requests, "_ask", _refused)
        assert problem(client.get(f"{DOOR}/return", params=back)) == "unreachable"
    assert problem(client.get(f"{DOOR}/return", params=back)) == "over", "the trip has ended"


def _refused(*_: object) -> httpx.Response:
    raise httpx.ConnectError("canary")


def test_the_session_that_the_browser_had_ends_and_the_new_one_has_a_fresh_token(
    client: TestClient, town: Town, provider: Agencys
) -> None:
    planted = town.signed_in(town.duty)[WORKER_COOKIE]
    client.cookies.set(WORKER_COOKIE, planted)
    answer = come_in(client, provider)
    assert answer.cookies[WORKER_COOKIE] != planted
    client.cookies.clear()
    client.cookies.set(WORKER_COOKIE, planted)
    assert client.get("/console").status_code == 303


def test_a_session_from_the_provider_ends_like_any_other(client: TestClient, town: Town, provider: Agencys) -> None:
    come_in(client, provider)
    kept = client.cookies[WORKER_COOKIE]
    client.post("/console/sign-out", data=town.form({WORKER_COOKIE: kept}))
    client.cookies.clear()
    client.cookies.set(WORKER_COOKIE, kept)
    assert client.get("/console").status_code == 303
    client.cookies.clear()
    come_in(client, provider)
    clock.move(timedelta(hours=12, minutes=1))
    assert client.get("/console").status_code == 303


def test_without_a_provider_the_door_is_not_there_and_the_page_is_as_it_was(client: TestClient, town: Town) -> None:
    assert client.get(DOOR).status_code == 404
    assert client.get("/console/sign-in/provider/return", params={"code": "x", "state": "y"}).status_code == 404
    page = client.get("/console/sign-in", params={"problem": "<b>"}).text
    assert DOOR not in page and "<b>" not in page and 'role="alert"' not in page


def test_the_page_speaks_spanish_too(client: TestClient, town: Town, provider: Agencys) -> None:
    page = client.get("/console/sign-in", params={"language": "es", "problem": "stranger"}).text
    assert "Entrar con Near account" in page and "Near account le conoce" in page


def test_the_database_keeps_no_word_of_the_providers_but_the_subject(
    client: TestClient, town: Town, provider: Agencys
) -> None:
    come_in(client, provider)
    with reading() as session:
        row = session.scalars(select(WorkerSession)).one()
        kept = session.scalars(select(WorkerIdentity)).one()
    assert (row.proved_by, row.factor, row.via) == ("provider", "", "cookie")
    assert set(vars(kept)) - {"_sa_instance_state"} == {
        "id", "worker_id", "issuer", "subject", "created_at", "last_used_at"
    }  # fmt: skip
