"""Signing in to the console: passwords, limits, sessions, and forms that come from somewhere else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select, update

from api import clock
from api.access import service
from api.access.guards import WORKER_COOKIE, own_path
from api.access.models import Worker, WorkerSession
from api.database import reading, transaction
from tests.small_town import PASSWORD, Town


def sign_in(client: TestClient, email: str = "lena@example.org", password: str = PASSWORD, **fields: str) -> Any:
    return client.post("/console/sign-in", data={"email": email, "password": password, **fields})


def test_the_right_password_gives_a_session_that_scripts_cannot_read(client: TestClient, town: Town) -> None:
    answer = sign_in(client, " Lena@Example.org ")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "max-age=43200" in cookie
    assert "secure" not in cookie  # the test's address is http; with https it is there
    assert client.get("/console").status_code == 200


def test_the_cookie_is_only_sent_over_https_where_the_service_is_https(
    client: TestClient, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.access.routes.settings", lambda: type("S", (), {"https": True}))
    assert "secure" in sign_in(client).headers["set-cookie"].lower()


def test_the_database_has_only_the_hash_of_the_token(client: TestClient, town: Town) -> None:
    sign_in(client)
    token = client.cookies[WORKER_COOKIE]
    with reading() as session:
        kept = session.scalars(select(WorkerSession.token_hash)).all()
    assert kept == [service.token_hash(token)] and token not in kept


def test_an_unknown_address_gets_the_same_answer_after_the_same_work(
    client: TestClient, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: list[bool] = []
    real = service._password_fits
    monkeypatch.setattr(service, "_password_fits", lambda *a: work.append(True) or real(*a))  # type: ignore[func-returns-value]
    known = sign_in(client, password="wrong")
    unknown = sign_in(client, "nobody@example.org", "wrong")
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
    assert known.status_code == 400 and len(work) == 2


def test_after_eight_wrong_tries_even_the_right_password_waits_a_quarter_of_an_hour(
    client: TestClient, town: Town
) -> None:
    for _ in range(service.TRIES_PER_EMAIL):
        assert sign_in(client, password="wrong").status_code == 400
    assert sign_in(client).status_code == 429
    assert sign_in(client, "dora@example.org").status_code == 303, "another worker is not locked out with her"
    clock.move(timedelta(minutes=16))
    assert sign_in(client).status_code == 303


def test_an_unknown_address_runs_into_the_same_limit(client: TestClient, town: Town) -> None:
    for _ in range(service.TRIES_PER_EMAIL):
        assert sign_in(client, "nobody@example.org").status_code == 400
    assert sign_in(client, "nobody@example.org").status_code == 429


def test_one_browser_cannot_try_many_addresses(client: TestClient, town: Town) -> None:
    for n in range(service.TRIES_PER_CLIENT):
        sign_in(client, f"guess{n}@example.org")
    assert sign_in(client).status_code == 429


def test_right_tries_do_not_count(client: TestClient, town: Town) -> None:
    for _ in range(service.TRIES_PER_EMAIL + 2):
        assert sign_in(client).status_code == 303


def test_signing_in_makes_a_new_token_and_ends_the_session_before_it(client: TestClient, town: Town) -> None:
    sign_in(client)
    first = client.cookies[WORKER_COOKIE]
    sign_in(client)
    assert client.cookies[WORKER_COOKIE] != first
    client.cookies.set(WORKER_COOKIE, first)
    assert client.get("/console").status_code == 303


def test_signing_out_ends_the_session_on_the_server(client: TestClient, town: Town) -> None:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    assert client.post("/console/sign-out", data=town.form(cookies)).status_code == 303
    client.cookies.update(cookies)  # somebody who kept the cookie
    assert client.get("/console").headers["location"].startswith("/console/sign-in")


def test_a_session_ends_after_twelve_hours(client: TestClient, town: Town) -> None:
    client.cookies.update(town.signed_in(town.worker))
    clock.move(timedelta(hours=11, minutes=59))
    assert client.get("/console").status_code == 200
    clock.move(timedelta(minutes=2))
    assert client.get("/console").status_code == 303


def test_who_was_signed_out_while_writing_gets_the_words_back(client: TestClient, town: Town) -> None:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    with transaction() as session:
        session.execute(delete(WorkerSession))
    words = "Gran says <b>the back door</b>\nstays open"
    form = town.form(cookies, place=words, minutes="45", new_password="my old dog")
    answer = client.post(f"/console/families/{town.mine.family.id}/appointments", data=form)
    assert answer.status_code == 401 and "no-store" in answer.headers["cache-control"]
    assert "Nothing of this has been saved" in answer.text
    assert "Gran says &lt;b&gt;the back door&lt;/b&gt;\nstays open</textarea>" in answer.text.replace("\r", "")
    assert "my old dog" not in answer.text and form["form_token"] not in answer.text
    elsewhere = {"sec-fetch-site": "cross-site"}
    refused = client.post(f"/console/families/{town.mine.family.id}/appointments", data=form, headers=elsewhere)
    assert refused.status_code == 403 and "back door" not in refused.text
    alone = client.post(f"/console/families/{town.mine.family.id}/appointments", data=town.form(cookies, minutes="45"))
    assert alone.status_code == 303 and alone.headers["location"].startswith("/console/sign-in")


def test_a_worker_who_left_is_out_at_once(client: TestClient, town: Town) -> None:
    client.cookies.update(town.signed_in(town.worker))
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == town.worker.id).values(active=False))
    assert client.get("/console").status_code == 303
    assert sign_in(client).status_code == 400


def test_the_link_in_a_text_shows_the_sign_in_page_and_comes_back(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    first = client.get(f"/console/e/{number}")
    assert first.headers["location"] == f"/console/sign-in?next=%2Fconsole%2Fe%2F{number}"
    page = client.get(first.headers["location"])
    assert f'value="/console/e/{number}"' in page.text
    assert sign_in(client, next=f"/console/e/{number}").headers["location"] == f"/console/e/{number}"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/console",
        "//evil.example/console",
        "/\\evil.example",
        "/console\\..\\..//evil.example",
        "javascript:alert(1)",
        "/console\r\nSet-Cookie: a=b",
        "///evil.example/console",
        "/chat",
        "",
    ],
)
def test_nobody_is_sent_to_another_place_after_signing_in(client: TestClient, town: Town, elsewhere: str) -> None:
    assert own_path(elsewhere, "/console") == "/console"
    assert sign_in(client, next=elsewhere).headers["location"] == "/console"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
    ],
)
def test_a_form_of_another_site_is_refused(client: TestClient, town: Town, headers: dict[str, str]) -> None:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    assert client.post("/console/sign-out", data=town.form(cookies), headers=headers).status_code == 403
    assert client.post("/console/sign-in", data={"email": "a", "password": "b"}, headers=headers).status_code == 403
    assert client.get("/console").status_code == 200, "she is still signed in"


@pytest.mark.parametrize("token", ["", "0" * 64, "é\ud83d".encode("utf-8", "replace").decode()])
def test_a_form_without_the_sessions_own_token_is_refused(client: TestClient, town: Town, token: str) -> None:
    client.cookies.update(town.signed_in(town.worker))
    assert client.post("/console/sign-out", data={"form_token": token}).status_code == 403


def test_the_form_token_of_another_session_is_refused(client: TestClient, town: Town) -> None:
    client.cookies.update(town.signed_in(town.worker))
    foreign = town.form(town.signed_in(town.duty))
    assert client.post("/console/sign-out", data=foreign).status_code == 403


def test_tries_at_the_same_moment_all_count(town: Town) -> None:
    subject = service.keyed_hash("sign-in-email", "lena@example.org")

    def attempt(_: int) -> bool:
        try:
            service.count_try({subject: service.TRIES_PER_EMAIL})
        except service.TooManyTries:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        allowed = sum(threads.map(attempt, range(48)))
    assert allowed <= service.TRIES_PER_EMAIL
