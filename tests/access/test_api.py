"""/api/v1 as a whole: tokens, errors, and that somebody else's anything is not there."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.access import service
from api.access.guards import WORKER_COOKIE
from api.access.models import Worker, WorkerSession
from api.app import create_app
from api.audit.models import AuditEntry
from api.database import reading, transaction
from tests.access.api_routes import APPOINTMENT, BODIES, FOR_MANAGERS, LISTS, NEW_PLAN, ROUTES, STATES
from tests.small_town import PASSWORD, Household, Town, dropped_outcome_of, review_of


def sign_in(client: TestClient, email: str = "lena@example.org", password: str = PASSWORD) -> Any:
    return client.post("/api/v1/token", json={"email": email, "password": password})


def ids(household: Household, escalation: int) -> dict[str, object]:
    return {
        "family": household.family.id,
        "conversation": household.conversation.id,
        "appointment": household.appointment.id,
        "series": household.series.id,
        "action": household.action.id,
        "person": household.parent.id,
        "event": household.event.id,
        "meeting": household.meeting.id,
        "review": review_of(household),
        "plan": household.plan.id,
        "child": household.child.id,
        "view": household.view.id,
        "change": household.change.id,
        "outcome": dropped_outcome_of(household),
        "escalation": escalation,
    }


def ask(client: TestClient, headers: dict[str, str], method: str, path: str, there: dict[str, object]) -> Any:
    body = BODIES.get(path) if method != "GET" else None
    if path.endswith("/views") and method == "POST":
        body = {"person_id": str(there.get("child")), "given_on": "2026-02-01", "words": "hello"}
    if body and "next_step" in body:
        body = {**body, "effects": [{"action_id": str(there.get("action")), "effect": "helped"}]}
    if path == NEW_PLAN:
        body = {"started_on": "2026-01-02", "children": [str(there.get("child"))]}
    return client.request(method, path.format(**there), json=body, headers=headers)


def entries() -> int:
    with reading() as session:
        return len(session.scalars(select(AuditEntry).where(AuditEntry.verb != "signed_in")).all())


def assert_error(answer: Any, status: int, code: str) -> None:
    """The status, and the one shape that errors have."""
    assert answer.status_code == status, answer.text
    assert answer.json().keys() == {"error"} and answer.json()["error"].keys() == {"code", "message"}
    assert answer.json()["error"]["code"] == code
    assert answer.json()["error"]["message"].strip()


def test_the_right_password_gives_a_token_that_opens_the_api_until_it_is_taken_back(
    client: TestClient, town: Town
) -> None:
    answer = sign_in(client, " Lena@Example.org ")
    assert answer.status_code == 201 and answer.json()["token_type"] == "Bearer"
    assert "set-cookie" not in answer.headers and answer.headers["cache-control"] == "no-store"
    ends = datetime.fromisoformat(answer.json()["expires_at"])
    assert abs(ends - clock.now() - service.SESSION_LIFE) < timedelta(minutes=1)
    headers = {"Authorization": f"Bearer {answer.json()['token']}"}
    assert client.get("/api/v1/families", headers=headers).status_code == 200
    assert client.delete("/api/v1/token", headers=headers).status_code == 204
    assert_error(client.get("/api/v1/families", headers=headers), 401, "token_needed")


def test_a_token_ends_after_twelve_hours_and_with_a_worker_who_left(client: TestClient, town: Town) -> None:
    headers = town.program(town.worker)
    clock.move(timedelta(hours=12, minutes=1))
    assert_error(client.get("/api/v1/families", headers=headers), 401, "token_needed")
    headers = town.program(town.worker)
    with transaction() as session:
        session.get_one(Worker, town.worker.id).active = False
    assert_error(client.get("/api/v1/families", headers=headers), 401, "token_needed")
    assert_error(sign_in(client), 401, "wrong_sign_in")


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer_after_the_same_work(
    client: TestClient, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: list[bool] = []
    real = service._password_fits
    monkeypatch.setattr(service, "_password_fits", lambda *a: work.append(True) or real(*a))  # type: ignore[func-returns-value]
    known, unknown = sign_in(client, password="wrong"), sign_in(client, "nobody@example.org")
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text) and len(work) == 2
    assert_error(known, 401, "wrong_sign_in")


def test_tries_here_and_in_the_console_count_together(client: TestClient, town: Town) -> None:
    for n in range(service.TRIES_PER_EMAIL):
        if n % 2:
            assert sign_in(client, password="wrong").status_code == 401
        else:
            client.post("/console/sign-in", data={"email": "lena@example.org", "password": "wrong"})
    answer = sign_in(client)
    assert_error(answer, 429, "too_many_tries")
    assert answer.headers["retry-after"] == "900"
    clock.move(timedelta(minutes=16))
    assert sign_in(client).status_code == 201


def test_a_cookie_is_no_token_and_a_token_is_no_cookie(client: TestClient, town: Town) -> None:
    cookie = town.signed_in(town.worker)[WORKER_COOKIE]
    token = town.program(town.worker)["Authorization"].partition(" ")[2]
    assert_error(client.get("/api/v1/families", headers={"Authorization": f"Bearer {cookie}"}), 401, "token_needed")
    client.cookies.set(WORKER_COOKIE, cookie)
    assert_error(client.get("/api/v1/families"), 401, "token_needed")
    client.cookies.set(WORKER_COOKIE, token)
    assert client.get("/console").status_code == 303
    with reading() as session:
        assert token not in session.scalars(select(WorkerSession.token_hash)).all()


def test_no_token_is_given_to_another_sites_page(client: TestClient, town: Town) -> None:
    body = {"email": "lena@example.org", "password": PASSWORD}
    answer = client.post("/api/v1/token", json=body, headers={"Sec-Fetch-Site": "cross-site"})
    assert_error(answer, 403, "from_elsewhere")


#: What may stand in the header and is no token.
NO_TOKENS = ("", "Bearer", "Bearer ", "Basic bGVuYTph", "Bearer \xe9\xff", "Bearer a b", "x" * 900)


@pytest.mark.parametrize(("method", "path"), [*ROUTES, *LISTS, *FOR_MANAGERS, ("DELETE", "/api/v1/token")])
def test_nobody_without_a_token_gets_further(client: TestClient, town: Town, method: str, path: str) -> None:
    there = path.format(**ids(town.mine, 1))
    for header in NO_TOKENS:
        headers = {"Authorization": header.encode("latin-1")} if header else {}
        answer = client.request(method, there, json=BODIES.get(path) if method != "GET" else None, headers=headers)  # type: ignore[arg-type]
        assert_error(answer, 401, "token_needed")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), [*ROUTES, *FOR_MANAGERS])
def test_what_is_not_ones_own_is_not_there(client: TestClient, town: Town, method: str, path: str) -> None:
    mine, other = ids(town.mine, town.escalation(town.mine)), ids(town.other, town.escalation(town.other))
    before = entries()
    far, lena = town.program(town.far_manager), town.program(town.worker)
    never = {name: uuid.uuid4() if name != "escalation" else 999_999 for name in mine}
    answers = [
        ask(client, far, method, path, mine),
        ask(client, lena, method, path, other),
        ask(client, lena, method, path, never),
    ]
    for answer in answers:
        assert_error(answer, 404, "not_found")
    assert len({answer.text for answer in answers}) == 1, "nobody can tell what is there from what is not"
    assert entries() == before, "and nothing was done"


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_what_is_ones_own_is_there_and_each_look_and_change_is_recorded(
    client: TestClient, town: Town, method: str, path: str
) -> None:
    mine = ids(town.mine, town.escalation(town.mine))
    if path in STATES:
        with transaction() as session:
            table, key, state = STATES[path]
            for name, value in state.items():
                setattr(session.get_one(table, mine[key]), name, value)
    if path == NEW_PLAN:
        town.in_ohio()
    answer = ask(client, town.program(town.worker), method, path, mine)
    assert answer.status_code in (200, 201), answer.text
    with reading() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None and entry.verb != "signed_in"
    assert (entry.actor_id, entry.family_id) == (town.worker.id, town.mine.family.id)


#: What may stand where an id does and is none; last, one longer than any number may be.
NO_IDS = ("abc", "0", "-1", "99999999999999999999", "%00", "%ED%A0%BD", "1' OR 1=1", "9" * 5000)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_an_id_that_cannot_be_is_not_there(client: TestClient, town: Town, method: str, path: str) -> None:
    headers = town.program(town.worker)
    for odd in NO_IDS:
        assert_error(ask(client, headers, method, path, dict.fromkeys(ids(town.mine, 0), odd)), 404, "not_found")


GARBAGE = (
    b"", b"{", b"null", b"[]", b'"words"', b"\xff\xfe", b"[" * 20_000, b'{"words": "a\\u0000b"}',
    b'{"words": "\\ud83d"}', b'{"\\ud83d": 1}', b'{"email": "\\u0000", "password": "\\udfff"}', b'{"words": 1e999}',
    b'{"starts_at": "\\ud83d", "ends_at": 5, "attendees": {}}', b'{"email": "canary-7", "password": ["canary-7"]}',
    b'{"canary-7": "canary-7", "words": {"canary-7": "canary-7"}, "status": "canary-7", "kind": "canary-7"}',
    b'{"note": "\\u0000canary-7", "outcome": "\\ud83dcanary-7", "attendees": [{"person_id": "canary-7"}]}',
)  # fmt: skip


TAKE_BODIES = [path for method, path in ROUTES if method != "GET" and path in BODIES]


@pytest.mark.parametrize("path", [*TAKE_BODIES, "/api/v1/token"])
def test_garbage_is_refused_without_repeating_it(client: TestClient, town: Town, path: str) -> None:
    there = path.format(**ids(town.mine, town.escalation(town.mine)))
    method = next((m for m, known in ROUTES if known == path and m != "GET"), "POST")
    headers = {**town.program(town.worker), "Content-Type": "application/json"}
    for body in GARBAGE:
        if "reopen" in path and body in (b"", b"null"):
            continue  # a note is not needed
        answer = client.request(method, there, content=body, headers=headers)
        assert answer.status_code in (400, 422), (body, answer.text)
        assert answer.json()["error"]["code"] in ("invalid", "not_json", "unreadable")
        assert "canary-7" not in answer.text


def test_a_mistake_is_named_with_its_place_and_its_rule(client: TestClient, town: Town) -> None:
    address = f"/api/v1/families/{town.mine.family.id}/appointments"
    body = {**APPOINTMENT, "kind": "party", "attendees": [{"person_id": "me"}], "secret-word": 1}
    answer = client.post(address, json=body, headers=town.program(town.worker))
    words = answer.json()["error"]["message"]
    assert "kind: input should be 'core_group'" in words and "attendees.0.person_id: is not of the kind" in words
    assert "the whole: has a field that is not known here" in words
    assert "secret-word" not in words and "party" not in words


NO_PAGES = ("page=0", "per_page=101", "page=x", "page=99999999999999999999", "colour=red", "page=%00", "show=%ED%A0%BD")


@pytest.mark.parametrize("path", ["/api/v1/families", "/api/v1/escalations"])
def test_a_page_that_cannot_be_is_refused(client: TestClient, town: Town, path: str) -> None:
    headers = town.program(town.worker)
    for query in NO_PAGES:
        assert_error(client.get(f"{path}?{query}", headers=headers), 422, "invalid")


def test_errors_have_one_shape_everywhere_under_the_api(client: TestClient, town: Town) -> None:
    assert_error(client.get("/api/v1/nothing"), 404, "not_found")
    assert_error(client.put("/api/v1/families"), 405, "wrong_method")
    assert_error(client.post("/api/v1/token", content=b"x" * 1_000_000), 413, "too_large")


def test_openapi_says_how_each_route_may_answer_and_what_it_is_for() -> None:
    paths = create_app().openapi()["paths"]
    found = 0
    for path, methods in paths.items():
        for method, operation in methods.items():
            if not path.startswith("/api/v1"):
                continue
            found += 1
            wanted = {"401"} | ({"422"} if method != "delete" else set()) | ({"404"} if "{" in path else set())
            assert wanted <= operation["responses"].keys(), (method, path)
            assert operation["description"] and operation["tags"]
            assert path == "/api/v1/token" or operation["security"] == [{"HTTPBearer": []}]
            for status, response in operation["responses"].items():
                if not status.startswith("2"):
                    shape = response["content"]["application/json"]["schema"]
                    assert shape == {"$ref": "#/components/schemas/ErrorOut"}, (method, path, status)
    assert found == len(ROUTES) + len(LISTS) + len(FOR_MANAGERS) + 2
