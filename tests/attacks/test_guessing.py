"""Guessing, one after another or at once, and from many places: passwords, codes, PINs, ids.

Beside these: tests/access/test_sign_in.py, test_second_factor.py, tests/channels/test_webchat.py (one limit
at a time), tests/assistant/test_door_turns.py (PINs: five tries, then a worker).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from fastapi.testclient import TestClient

from api.access import service as access
from api.access.guards import WORKER_COOKIE
from api.channels.webchat import service as webchat
from api.database import transaction
from tests.small_town import PASSWORD, Town


def sign_in(client: TestClient, password: str, **headers: str) -> int:
    form = {"email": "lena@example.org", "password": password}
    return client.post("/console/sign-in", data=form, headers=headers).status_code


def test_a_made_up_forwarding_header_is_not_another_place(client: TestClient, town: Town) -> None:
    """Tries from one place are counted for the address that the connection has, not for what a header claims."""
    for n in range(webchat.TRIES_PER_CLIENT):
        headers = {
            "X-Forwarded-For": f"203.0.113.{n}",
            "X-Real-IP": f"203.0.113.{n}",
            "Forwarded": f"for=203.0.113.{n}",
        }
        assert client.post("/chat/code", data={"code": f"AAAA-AAA{n}"}, headers=headers).status_code == 400
    with transaction() as session:
        code = webchat.make_code(session, town.mine.parent, town.worker.id)
    answer = client.post("/chat/code", data={"code": code}, headers={"X-Forwarded-For": "203.0.113.99"})
    assert answer.status_code == 429


def test_the_console_and_the_api_count_the_same_tries(client: TestClient, town: Town) -> None:
    body = {"email": "LENA@example.org ", "password": "wrong"}
    for n in range(access.TRIES_PER_EMAIL):
        if n % 2:
            assert sign_in(client, "wrong") == 400
        else:
            assert client.post("/api/v1/token", json=body).status_code in (401, 422)
    refused = sign_in(client, PASSWORD), client.post("/api/v1/token", json={**body, "password": PASSWORD}).status_code
    assert refused in ((429, 429), (429, 422)), refused


def test_a_hundred_guesses_at_once_are_a_hundred_guesses(client: TestClient, town: Town) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: sign_in(client, f"guess {n}"), range(24)))
    assert answers.count(400) <= access.TRIES_PER_EMAIL and set(answers) <= {400, 429}
    assert sign_in(client, PASSWORD) == 429 and WORKER_COOKIE not in client.cookies


def test_a_chat_code_that_two_enter_at_once_opens_one_chat(town: Town) -> None:
    with transaction() as session:
        code = webchat.make_code(session, town.mine.parent, town.worker.id)

    def enter(place: int) -> bool:
        try:
            webchat.start_with_code(code, f"place {place}")
        except webchat.UnknownCode:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(enter, range(8))).count(True) == 1


def test_codes_and_keys_have_more_values_than_anybody_can_try(town: Town) -> None:
    """Eight tries a quarter of an hour from a place, for the two days that a code lives: odds of one in a million for
    nearly two thousand places that try all the time."""
    places, tries = 1_800, webchat.TRIES_PER_CLIENT * 4 * 48
    assert places * tries / len(webchat.ALPHABET) ** webchat.CODE_LENGTH < 1 / 300_000
    with transaction() as session:
        made = {webchat.make_code(session, town.mine.parent, town.worker.id) for _ in range(200)}
    assert len(made) == 200
