"""Sessions that one sees and ends; what administrators do about the agency's workers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.access import second_factor, sessions
from api.access.guards import WORKER_COOKIE
from api.access.models import Agency, Worker, WorkerSession
from api.audit.models import AuditEntry
from api.database import reading, transaction
from tests.access.test_second_factor import enrol
from tests.small_town import PASSWORD, Town

NEW = "another long password"


@pytest.fixture
def administrator(town: Town) -> Worker:
    with transaction() as session:
        made = Worker(
            agency_id=town.agency.id,
            external_id="Ada",
            name="Ada Worker",
            email="ada@example.org",
            role="administrator",
        )
        session.add(made)
    return made


def open_session(client: TestClient, cookies: dict[str, str]) -> bool:
    client.cookies.update(cookies)
    return client.get("/console/account").status_code == 200


def verbs() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(AuditEntry.verb).where(AuditEntry.verb != "signed_in")))


@pytest.mark.parametrize(
    ("sent", "family"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36", "Chrome, Android"),
        ("<script>alert(1)</script>", ""),
        ("", ""),
    ],
)
def test_of_what_a_browser_says_only_its_family_is_kept(sent: str, family: str) -> None:
    assert sessions.browser_family(sent) == family


def test_one_sees_ones_own_sessions_and_ends_one(client: TestClient, town: Town) -> None:
    body = {"email": "lena@example.org", "password": PASSWORD}
    client.post("/console/sign-in", data=body, headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"})
    old = {WORKER_COOKIE: client.cookies[WORKER_COOKIE]}
    here = town.signed_in(town.worker)
    with reading() as session:
        ids = {row.browser: row.id for row in session.scalars(select(WorkerSession))}
    client.cookies.update(here)
    page = client.get("/console/account").text
    assert "Firefox, Linux" in page and "this one" in page
    address = f"/console/account/sessions/{ids['Firefox, Linux']}/end"
    stranger = town.signed_in(town.duty)
    client.cookies.update(stranger)
    assert client.post(address, data=town.form(stranger)).status_code == 404, "nobody ends somebody else's"
    assert open_session(client, old)
    client.cookies.update(here)
    assert client.post(address, data=town.form(here)).status_code == 303
    assert not open_session(client, old) and open_session(client, here)
    assert "ended_session" in verbs()


def test_one_ends_all_sessions_but_this_one(client: TestClient, town: Town) -> None:
    here, other, program = town.signed_in(town.worker), town.signed_in(town.worker), town.program(town.worker)
    client.cookies.update(here)
    client.post("/console/account/sessions/others/end", data=town.form(here))
    assert open_session(client, here) and not open_session(client, other)
    assert client.get("/api/v1/families", headers=program).status_code == 401


def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(client: TestClient, town: Town) -> None:
    here, other = town.signed_in(town.worker), town.signed_in(town.worker)
    client.cookies.update(here)
    address = "/console/account/password"
    assert client.post(address, data=town.form(here, current="wrong", new=NEW)).status_code == 400
    assert client.post(address, data=town.form(here, current=PASSWORD, new="short")).status_code == 400
    assert open_session(client, other)
    client.cookies.update(here)
    assert client.post(address, data=town.form(here, current=PASSWORD, new=NEW)).status_code == 303
    assert open_session(client, here) and not open_session(client, other)
    signed_in = client.post("/console/sign-in", data={"email": "lena@example.org", "password": NEW})
    assert signed_in.status_code == 303


def test_when_one_was_last_seen_is_kept_to_a_few_minutes(client: TestClient, town: Town) -> None:
    client.cookies.update(town.signed_in(town.worker))

    def seen() -> object:
        with reading() as session:
            return session.scalars(select(WorkerSession.last_seen_at)).one()

    first = seen()
    client.get("/console/account")
    assert seen() == first
    clock.move(sessions.SEEN_EVERY + timedelta(seconds=1))
    client.get("/console/account")
    assert seen() != first


def test_an_administrator_signs_somebody_out_everywhere(client: TestClient, town: Town, administrator: Worker) -> None:
    theirs, mine = town.signed_in(town.worker), town.signed_in(administrator)
    client.cookies.update(mine)
    assert "Lena Worker" in client.get("/console/workers").text
    client.post(f"/console/workers/{town.worker.id}/sessions/end", data=town.form(mine))
    assert not open_session(client, theirs) and verbs() == ["ended_workers_sessions"]


def test_a_worker_who_is_deactivated_is_out_and_comes_back_when_reactivated(
    client: TestClient, town: Town, administrator: Worker
) -> None:
    theirs, mine = town.signed_in(town.worker), town.signed_in(administrator)
    client.cookies.update(mine)
    client.post(f"/console/workers/{town.worker.id}/deactivate", data=town.form(mine))
    client.post(f"/console/workers/{administrator.id}/deactivate", data=town.form(mine))
    assert open_session(client, mine), "nobody locks the agency out"
    assert not open_session(client, theirs)
    body = {"email": "lena@example.org", "password": PASSWORD}
    assert client.post("/console/sign-in", data=body).status_code == 400
    client.cookies.update(mine)
    client.post(f"/console/workers/{town.worker.id}/reactivate", data=town.form(mine))
    assert not open_session(client, theirs), "a session that ended stays ended"
    assert client.post("/console/sign-in", data=body).status_code == 303
    assert {"deactivated_worker", "reactivated_worker"} <= set(verbs())


def test_an_administrator_resets_a_second_factor_and_it_is_recorded(
    client: TestClient, town: Town, administrator: Worker
) -> None:
    enrol(town, town.worker)
    theirs, mine = town.signed_in(town.worker), town.signed_in(administrator)
    client.cookies.update(mine)
    client.post(f"/console/workers/{town.worker.id}/second-factor/reset", data=town.form(mine))
    with reading() as session:
        assert not second_factor.enrolled(session, town.worker.id)
    assert "reset_second_factor" in verbs() and not open_session(client, theirs)


def test_an_administrator_says_which_roles_must_have_one(client: TestClient, town: Town, administrator: Worker) -> None:
    mine = town.signed_in(administrator)
    client.cookies.update(mine)
    form = {**town.form(mine), "role": ["manager", "administrator", "owner of the place"]}
    client.post("/console/workers/second-factor", data=form)
    with reading() as session:
        kept = {row[0]: row[1] for row in session.execute(select(Agency.external_id, Agency.second_factor_roles))}
    assert kept == {"near": ["manager", "administrator"], "far": []}
    assert client.get("/console/workers").status_code == 303, "the administrator is the first of whom it is asked"


def test_a_manager_says_whose_phones_are_asked_for_a_pin(client: TestClient, town: Town) -> None:
    cookies = town.signed_in(town.manager)
    client.cookies.update(cookies)
    assert 'value="seen" checked' in client.get("/console/workers").text
    for given in ("always", "whenever", ""):
        assert client.post("/console/workers/proof", data=town.form(cookies, proof=given)).status_code == 303
    with reading() as session:
        kept = {row[0]: row[1] for row in session.execute(select(Agency.external_id, Agency.proof))}
        said = session.scalars(select(AuditEntry).where(AuditEntry.verb == "changed_proof")).one()
    assert kept == {"near": "always", "far": "seen"} and said.detail == {"proof": "always"}
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    assert client.post("/console/workers/proof", data=town.form(cookies, proof="never")).status_code == 404


def test_only_an_administrator_resets_factors_and_nobody_touches_who_is_above_or_of_another_agency(
    client: TestClient, town: Town, administrator: Worker
) -> None:
    for worker in (town.worker, town.duty, town.manager, town.far_manager):
        cookies = town.signed_in(worker)
        client.cookies.update(cookies)
        leads = worker in (town.manager, town.far_manager)  # who sees and adds, but changes nobody above her
        assert client.get("/console/workers").status_code == (200 if leads else 404)
        assert client.post("/console/workers/second-factor", data=town.form(cookies)).status_code == 404
        for what in ("sessions/end", "second-factor/reset", "deactivate", "reactivate"):
            address = f"/console/workers/{administrator.id}/{what}"
            assert client.post(address, data=town.form(cookies)).status_code == 404
    mine = town.signed_in(administrator)
    client.cookies.update(mine)
    assert "Fara" not in client.get("/console/workers").text
    address = f"/console/workers/{town.far_manager.id}/deactivate"
    assert client.post(address, data=town.form(mine)).status_code == 404
