"""The second factor: RFC 6238's numbers, enrolling, signing in with it, replay, guessing, recovery, and who must."""

from __future__ import annotations

import base64
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from api import clock
from api.access import second_factor, service, tickets
from api.access.guards import WORKER_COOKIE
from api.access.models import Agency, RecoveryCode, SecondFactor, Worker, WorkerSession
from api.audit.models import AuditEntry
from api.database import reading, transaction
from tests.small_town import PASSWORD, Town

BEGIN, CONFIRM = "/console/account/second-factor", "/console/account/second-factor/confirm"
REMOVE = "/console/account/second-factor/remove"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_the_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()
    assert pyotp.TOTP(secret).generate_otp(seconds // second_factor.STEP_SECONDS) == code


def code_of(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).generate_otp(int(clock.now().timestamp()) // 30 + steps)


def enrol(town: Town, worker: Worker) -> tuple[str, list[str]]:
    """The secret and the recovery codes of a worker who has a second factor from now on; a fresh code works."""
    with transaction() as session:
        secret = second_factor.begin(session, worker.id, clock.now())
        codes = second_factor.confirm(session, worker.id, code_of(secret), clock.now())
    assert codes
    clock.move(timedelta(seconds=90))
    return secret, codes


def password_step(client: TestClient, email: str = "lena@example.org") -> str:
    answer = client.post("/console/sign-in", data={"email": email, "password": PASSWORD})
    assert answer.status_code == 200 and WORKER_COOKIE not in client.cookies
    found = re.search(r'name="ticket" value="([^"]+)"', answer.text)
    assert found
    return found[1]


def code_step(client: TestClient, ticket: str, code: str, **fields: str) -> Any:
    return client.post("/console/sign-in/code", data={"ticket": ticket, "code": code, **fields})


def test_a_worker_enrols_in_the_console_and_is_asked_for_a_code_from_then_on(client: TestClient, town: Town) -> None:
    elsewhere = town.signed_in(town.worker)
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    assert client.post(BEGIN, data=town.form(cookies, password="wrong")).status_code == 400
    shown = client.post(BEGIN, data=town.form(cookies, password=PASSWORD)).text
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", shown)
    assert secret and f"otpauth://totp/Near%20Services:lena%40example.org?secret={secret[1]}" in shown
    wrong = "000000" if code_of(secret[1]) != "000000" else "000001"
    again = client.post(CONFIRM, data=town.form(cookies, code=wrong))
    assert again.status_code == 400 and secret[1] in again.text
    done = client.post(CONFIRM, data=town.form(cookies, code=code_of(secret[1])))
    codes = re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", done.text)
    assert done.status_code == 200 and len(set(codes)) == second_factor.RECOVERY_CODES
    later = client.get("/console/account").text
    assert secret[1] not in later and not any(code in later for code in codes)
    client.cookies.update(elsewhere)
    assert client.get("/console").status_code == 303, "a session from before, without it, has ended"
    client.cookies.clear()
    clock.move(timedelta(seconds=90))
    ticket = password_step(client)
    signed_in = code_step(client, ticket, code_of(secret[1]), next="/console/families")
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/console/families")
    assert client.get("/console").status_code == 200


def test_neither_the_secret_nor_a_recovery_code_is_in_the_database(town: Town) -> None:
    secret, codes = enrol(town, town.worker)
    with reading() as session:
        kept = [repr(vars(row)) for table in (SecondFactor, RecoveryCode) for row in session.scalars(select(table))]
    raw = base64.b32decode(secret).hex()
    for row in kept:
        assert secret not in row and raw not in row
        assert not any(code in row or code.replace("-", "") in row for code in codes)


def test_a_code_works_once(client: TestClient, town: Town) -> None:
    secret, _ = enrol(town, town.worker)
    code = code_of(secret)
    assert code_step(client, password_step(client), code).status_code == 303
    client.cookies.clear()
    replayed = code_step(client, password_step(client), code)
    assert replayed.status_code == 400 and WORKER_COOKIE not in client.cookies
    assert code_step(client, password_step(client), code_of(secret, -1)).status_code == 400, "nor one from before it"
    clock.move(timedelta(seconds=30))
    assert code_step(client, password_step(client), code_of(secret)).status_code == 303


def test_of_many_who_use_one_code_at_the_same_moment_one_is_let_in(town: Town) -> None:
    secret, _ = enrol(town, town.worker)
    code, now = code_of(secret), clock.now()

    def attempt(_: int) -> str | None:
        with transaction() as session:
            return second_factor.use(session, town.worker.id, code, now)

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(attempt, range(16))).count("code") == 1


def test_a_code_of_long_ago_or_of_somebody_else_does_not_fit(client: TestClient, town: Town) -> None:
    secret, _ = enrol(town, town.worker)
    others, _ = enrol(town, town.duty)
    ticket = password_step(client)
    for code in (code_of(secret, -5), code_of(secret, 5), code_of(others), "", "12345", "１２３４５６", "abc\u0000"):
        assert code_step(client, ticket, code).status_code == 400
    assert code_step(client, ticket, code_of(secret)).status_code in (303, 429)


def test_guessing_codes_runs_into_the_passwords_limit(client: TestClient, town: Town) -> None:
    secret, _ = enrol(town, town.worker)
    ticket = password_step(client)
    wrong = next(f"{n:06}" for n in range(9) if all(f"{n:06}" != code_of(secret, s) for s in (-1, 0, 1, 2)))
    for _ in range(service.TRIES_PER_EMAIL):
        assert code_step(client, ticket, wrong).status_code == 400
    assert code_step(client, ticket, code_of(secret)).status_code == 429
    assert client.post("/console/sign-in", data={"email": "lena@example.org", "password": PASSWORD}).status_code == 429
    with reading() as session:
        assert session.scalars(select(WorkerSession)).all() == []


def test_the_ticket_opens_nothing_lasts_five_minutes_and_cannot_be_made_for_another(
    client: TestClient, town: Town
) -> None:
    secret, _ = enrol(town, town.worker)
    ticket = password_step(client)
    client.cookies.set(WORKER_COOKIE, ticket)
    assert client.get("/console").status_code == 303
    client.cookies.clear()
    whose, ends, by, seal = ticket.split(".")
    forged = [
        f"{town.duty.id.hex}.{ends}.{by}.{seal}",
        f"{whose}.{int(ends) + 600}.{by}.{seal}",
        f"{whose}.{ends}.provider.{seal}",
        f"{whose}.{ends}.{by}.é",
        "",
        "a.b.c",
    ]
    for bad in forged:
        assert "five minutes" in code_step(client, bad, code_of(secret)).text
    clock.move(tickets.LIFE + timedelta(seconds=2))
    assert code_step(client, ticket, code_of(secret)).status_code == 400
    ticket = password_step(client)
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == town.worker.id).values(password_hash="changed"))
    assert code_step(client, ticket, code_of(secret)).status_code == 400, "a new password ends it"


def test_signing_in_with_a_code_makes_a_new_token_whatever_the_browser_brought(client: TestClient, town: Town) -> None:
    secret, _ = enrol(town, town.worker)
    ticket = password_step(client)
    planted = town.signed_in(town.duty)[WORKER_COOKIE]  # somebody else's session, put into this browser
    client.cookies.set(WORKER_COOKIE, planted)
    answer = code_step(client, ticket, code_of(secret))
    assert answer.status_code == 303
    assert answer.cookies[WORKER_COOKIE] != planted
    with reading() as session:
        row = session.scalars(select(WorkerSession).filter_by(token_hash=service.token_hash(planted))).one()
    assert row.revoked_at is not None


def test_a_recovery_code_works_once_in_any_spelling(client: TestClient, town: Town) -> None:
    _, codes = enrol(town, town.worker)
    assert code_step(client, password_step(client), f" {codes[0].upper()} ").status_code == 303
    client.cookies.clear()
    assert code_step(client, password_step(client), codes[0]).status_code == 400
    with reading() as session:
        assert second_factor.recovery_codes_left(session, town.worker.id) == second_factor.RECOVERY_CODES - 1
        entry = session.scalars(select(AuditEntry).filter_by(verb="signed_in").order_by(AuditEntry.id.desc())).first()
    assert entry is not None and entry.detail["second_factor"] == "recovery"


def test_it_is_removed_by_a_code_only(client: TestClient, town: Town) -> None:
    secret, _ = enrol(town, town.worker)
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    assert client.post(REMOVE, data=town.form(cookies, code="wrong")).status_code == 400
    assert client.post(BEGIN, data=town.form(cookies, password=PASSWORD)).status_code == 303, "none beside the first"
    assert client.post(REMOVE, data=town.form(cookies, code=code_of(secret))).status_code == 303
    with reading() as session:
        assert session.scalars(select(SecondFactor)).all() == [] == session.scalars(select(RecoveryCode)).all()


def test_a_program_gives_a_code_with_the_password(client: TestClient, town: Town) -> None:
    secret, _ = enrol(town, town.worker)
    body = {"email": "lena@example.org", "password": PASSWORD}
    answer = client.post("/api/v1/token", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "code_needed")
    code = code_of(secret)
    assert client.post("/api/v1/token", json={**body, "code": code}).status_code == 201
    assert client.post("/api/v1/token", json={**body, "code": code}).status_code == 401


def require(*roles: str) -> None:
    with transaction() as session:
        session.execute(update(Agency).values(second_factor_roles=list(roles)))


def test_where_the_agency_requires_it_nothing_else_opens_before(client: TestClient, town: Town) -> None:
    cookies = town.signed_in(town.manager)
    client.cookies.update(cookies)
    program = town.program(town.manager)
    require("manager", "administrator")
    for path in ("/console", "/console/families", f"/console/families/{town.mine.family.id}"):
        assert client.get(path).headers["location"] == "/console/account?note=needed"
    answer = client.get("/api/v1/families", headers=program)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "second_factor_missing")
    assert "asks for a second factor" in client.get("/console/account?note=needed").text
    enrol(town, town.manager)
    assert client.get("/console/families").status_code == 200
    assert client.get("/api/v1/families", headers=program).status_code == 200
    client.cookies.update(town.signed_in(town.worker))
    assert client.get("/console/families").status_code == 200, "of other roles it is not asked"
