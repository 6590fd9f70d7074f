"""API keys, and writes that a program may send again."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from api import clock
from api.access import answers
from api.access.models import ApiKey, KeptAnswer, Worker
from api.appointments.models import Appointment
from api.database import reading, transaction
from tests.access.test_api import APPOINTMENT, assert_error
from tests.access.test_sessions import administrator, verbs
from tests.small_town import Town

__all__ = ["administrator"]


def make_key(client: TestClient, town: Town, administrator: Worker, worker: Worker, scope: str) -> dict[str, str]:
    """The header with a key that was made in the console."""
    mine = town.signed_in(administrator)
    client.cookies.update(mine)
    form = town.form(mine, name="data warehouse", worker=str(worker.id), scope=scope)
    found = re.search(r"<code>(hlk_[\w-]{43})</code>", client.post("/console/keys", data=form).text)
    assert found
    assert found[1] not in client.get("/console/keys").text, "it is shown once"
    client.cookies.clear()
    return {"Authorization": f"Bearer {found[1]}"}


def book(client: TestClient, town: Town, headers: dict[str, str], key: str = "", **changed: Any) -> Any:
    headers = {**headers, "Idempotency-Key": key} if key else headers
    return client.post(
        f"/api/v1/families/{town.mine.family.id}/appointments", json={**APPOINTMENT, **changed}, headers=headers
    )


def booked() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Appointment)) or 0


def test_a_key_sees_what_its_worker_sees(client: TestClient, town: Town, administrator: Worker) -> None:
    headers = make_key(client, town, administrator, town.worker, "read")
    page = client.get("/api/v1/families", headers=headers)
    assert page.status_code == 200 and "Ash" in page.text and "Birch" not in page.text
    assert_error(client.get(f"/api/v1/families/{town.other.family.id}", headers=headers), 404, "not_found")
    with reading() as session:
        key = session.scalars(select(ApiKey)).one()
    assert key.last_used_at is not None
    assert headers["Authorization"].partition(" ")[2] not in repr(vars(key)), "only its hash is kept"


def test_a_key_that_may_read_does_not_write(client: TestClient, town: Town, administrator: Worker) -> None:
    before = booked()
    reads = make_key(client, town, administrator, town.worker, "read")
    assert_error(book(client, town, reads), 403, "scope_needed")
    assert_error(book(client, town, reads, key="k"), 403, "scope_needed")
    assert booked() == before
    writes = make_key(client, town, administrator, town.worker, "write")
    assert book(client, town, writes).status_code == 201 and booked() == before + 1


def test_a_key_ends_when_it_is_revoked_and_with_its_worker(
    client: TestClient, town: Town, administrator: Worker
) -> None:
    headers = make_key(client, town, administrator, town.worker, "write")
    with transaction() as session:
        session.get_one(Worker, town.worker.id).active = False
    assert_error(client.get("/api/v1/families", headers=headers), 401, "token_needed")
    with transaction() as session:
        session.get_one(Worker, town.worker.id).active = True
        key_id = session.scalars(select(ApiKey.id)).one()
    assert client.get("/api/v1/families", headers=headers).status_code == 200
    mine = town.signed_in(administrator)
    client.cookies.update(mine)
    assert client.post(f"/console/keys/{key_id}/revoke", data=town.form(mine)).status_code == 303
    assert_error(client.get("/api/v1/families", headers=headers), 401, "token_needed")
    assert {"made_api_key", "revoked_api_key"} <= set(verbs())


def test_a_key_opens_no_page_and_takes_itself_not_back(client: TestClient, town: Town, administrator: Worker) -> None:
    headers = make_key(client, town, administrator, administrator, "write")
    client.cookies.set("hearthline_worker", headers["Authorization"].partition(" ")[2])
    assert client.get("/console").status_code == 303
    assert_error(client.delete("/api/v1/token", headers=headers), 401, "token_needed")


def test_only_an_administrator_makes_and_revokes_keys_of_the_agency(
    client: TestClient, town: Town, administrator: Worker
) -> None:
    make_key(client, town, administrator, town.worker, "read")
    with reading() as session:
        key_id = session.scalars(select(ApiKey.id)).one()
    for worker in (town.worker, town.manager, town.far_manager):
        cookies = town.signed_in(worker)
        client.cookies.update(cookies)
        form = town.form(cookies, name="mine", worker=str(worker.id), scope="write")
        assert client.get("/console/keys").status_code == 404
        assert client.post("/console/keys", data=form).status_code == 404
        assert client.post(f"/console/keys/{key_id}/revoke", data=town.form(cookies)).status_code == 404
    mine = town.signed_in(administrator)
    client.cookies.update(mine)
    far = town.form(mine, name="far", worker=str(town.far_manager.id), scope="read")
    assert client.post("/console/keys", data=far).status_code == 404
    assert client.post("/console/keys", data={**far, "scope": "everything"}).status_code == 400


def test_the_same_key_and_request_get_the_same_answer_and_nothing_is_done_twice(client: TestClient, town: Town) -> None:
    before, headers = booked(), town.program(town.worker)
    first = book(client, town, headers, key="a-1")
    again = book(client, town, town.program(town.worker), key="a-1")  # with a new token of the same worker's, too
    assert first.status_code == again.status_code == 201 and first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true" and "idempotency-replayed" not in first.headers
    assert again.headers["cache-control"] == "no-store" and booked() == before + 1
    assert book(client, town, headers, key="a-2").status_code == 201 and booked() == before + 2


def test_the_same_key_for_another_request_is_refused(client: TestClient, town: Town) -> None:
    before, headers = booked(), town.program(town.worker)
    assert book(client, town, headers, key="a-1").status_code == 201
    assert_error(book(client, town, headers, key="a-1", place="Room 4"), 422, "idempotency_key_used")
    answer = client.patch(
        f"/api/v1/appointments/{town.mine.appointment.id}",
        json=APPOINTMENT,
        headers={**headers, "Idempotency-Key": "a-1"},
    )
    assert_error(answer, 422, "idempotency_key_used")
    assert booked() == before + 1


def test_a_key_is_its_workers_and_is_no_way_round_the_door(client: TestClient, town: Town) -> None:
    headers = town.program(town.worker)
    assert book(client, town, headers, key="a-1").status_code == 201
    assert_error(book(client, town, town.program(town.far_manager), key="a-1"), 404, "not_found")
    assert book(client, town, town.program(town.manager), key="a-1").headers.get("idempotency-replayed") is None
    client.delete("/api/v1/token", headers=headers)
    assert_error(book(client, town, headers, key="a-1"), 401, "token_needed")
    assert_error(book(client, town, {}, key="a-1"), 401, "token_needed")


def test_what_was_refused_frees_its_key(client: TestClient, town: Town) -> None:
    headers = town.program(town.worker)
    wrong = book(client, town, headers, key="a-1", ends_at=APPOINTMENT["starts_at"])
    assert wrong.status_code == 422 and "idempotency" not in wrong.json()["error"]["code"]
    assert book(client, town, headers, key="a-1").status_code == 201


@pytest.mark.parametrize("key", [" ", "two words", "x" * 201, "é"])
def test_a_key_that_cannot_be_is_refused(client: TestClient, town: Town, key: str) -> None:
    headers: dict[Any, Any] = {**town.program(town.worker), "Idempotency-Key": key.encode("latin-1")}
    assert_error(book(client, town, headers), 422, "idempotency_key_odd")


def test_of_many_at_the_same_moment_one_is_worked_on(town: Town) -> None:
    def attempt(_: int) -> str:
        return answers.claim(town.worker.id, "a-1", "the same request").kind

    with ThreadPoolExecutor(8) as threads:
        kinds = list(threads.map(attempt, range(16)))
    assert kinds.count("new") == 1 and kinds.count("open") == 15


def test_a_request_that_failed_midway_is_not_done_again_blindly(
    client: TestClient, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = town.program(town.worker)
    with monkeypatch.context() as broken:
        broken.setattr("api.appointments.service.book", lambda *_, **__: 1 / 0)
        assert book(client, town, headers, key="a-1").status_code == 500
    assert_error(book(client, town, headers, key="a-1"), 409, "idempotency_key_open")


def test_answers_are_kept_for_a_day(client: TestClient, town: Town) -> None:
    book(client, town, town.program(town.worker), key="a-1")
    clock.move(answers.KEPT_FOR + timedelta(minutes=1))
    answers.claim(town.worker.id, "another", "request")
    with reading() as session:
        assert [row.status for row in session.scalars(select(KeptAnswer))] == [None]
