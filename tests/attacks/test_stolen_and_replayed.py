"""What somebody holds who should not: a link out of a text, a planted cookie, an answer that a browser sends once more.

Beside these: tests/escalations/test_links.py and test_feed.py (links after expiry, after the close, of who has left),
tests/assistant/test_tokens.py and test_action_turns.py (turn tokens), tests/channels/test_webchat.py (chat codes),
tests/access/test_second_factor.py and test_sign_in.py (TOTP, tickets, sessions), tests/promises/test_signatures.py and
tests/channels/test_twilio.py (Twilio's callbacks).
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.access.guards import CHAT_COOKIE, WORKER_COOKIE
from api.access.models import WorkerSession
from api.channels.webchat import service as webchat
from api.database import reading, transaction
from api.escalations import service
from api.escalations.models import Escalation
from tests.escalations.test_links import link_to, state
from tests.small_town import PASSWORD, Town


def danger_again(town: Town, number: int, words: str = "he is back") -> None:
    clock.move(timedelta(minutes=1))
    assert town.escalation(town.mine, words) == number


def test_a_used_link_takes_nothing_on_again_when_danger_has_opened_it_anew(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    link = link_to(town.duty)
    client.post(link)
    assert state(number) == ("acknowledged", town.duty.id, "link")
    danger_again(town, number)
    fresh = link_to(town.duty)
    assert fresh != link
    client.cookies.clear()  # a browser that sends its last form again; somebody who found the text
    assert client.post(link).status_code == 303
    assert state(number)[0] == "open", "the ladder that danger started goes on"
    page = client.get(link)
    assert page.status_code == 410 and "used before" in page.text and "<form" not in page.text
    client.post(fresh)
    assert state(number) == ("acknowledged", town.duty.id, "link")


def test_an_unused_link_still_helps_after_danger_was_told_again(client: TestClient, town: Town) -> None:
    """Who has not answered yet may answer by any text they had of it today."""
    number = town.escalation(town.mine)
    unused = link_to(town.worker)
    client.post(link_to(town.duty))
    danger_again(town, number)
    client.post(unused)
    assert state(number) == ("acknowledged", town.worker.id, "link")


def test_a_link_after_a_hand_over_does_not_take_it_back(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    link = link_to(town.duty)
    client.post(link)
    with transaction() as session:
        service.hand_over(session, number, town.duty, town.manager.id)
    client.post(link)
    assert state(number)[0] == "open"


def test_whoever_opens_a_stolen_link_learns_and_gets_nothing_but_its_one_deed(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine, words="he has a knife")
    link = link_to(town.duty)
    for path in (link, f"{link}?next=/console", f"/a/{link[3:]}"):
        page = client.get(path)
        assert "Ash" not in page.text and "knife" not in page.text
        assert "set-cookie" not in page.headers, "it signs nobody in"
    client.post(link, data={"outcome": "false alarm", "worker_id": str(town.manager.id), "to": str(town.worker.id)})
    assert state(number) == ("acknowledged", town.duty.id, "link"), "in the name of whom it was sent to, and no more"
    with reading() as session:
        assert session.get_one(Escalation, number).outcome == ""
    key = link.rpartition("/")[2]
    for cookie in (WORKER_COOKIE, CHAT_COOKIE):
        client.cookies.set(cookie, key)
    assert client.get("/console").status_code == 303 and client.get("/chat/talk").status_code == 303
    for path in (f"/rota/{key}", f"/rota/{key}.ics", f"/a/{key}.ics"):
        assert client.get(path).status_code == 404
    assert client.get("/api/v1/escalations", headers={"Authorization": f"Bearer {key}"}).status_code == 401


def test_a_chat_cookie_that_somebody_planted_is_not_the_one_that_a_code_opens(client: TestClient, town: Town) -> None:
    planted, planted_id = town.chatting()  # the attacker's own chat, put into the child's browser
    with transaction() as session:
        code = webchat.make_code(session, town.mine.child, town.worker.id)
    client.cookies.set(CHAT_COOKIE, planted[CHAT_COOKIE], path="/chat")
    answer = client.post("/chat/code", data={"code": code})
    fresh = answer.cookies[CHAT_COOKIE]
    assert answer.status_code == 303 and fresh != planted[CHAT_COOKIE]
    attacker = {"Cookie": f"{CHAT_COOKIE}={planted[CHAT_COOKIE]}"}
    client.cookies.clear()
    for path in ("/chat/talk", "/chat/plan", "/chat/state"):
        assert client.get(path, headers=attacker).status_code in (303, 410), "and the planted one has ended"
    assert planted_id


@pytest.mark.parametrize(
    "planted", ["", "a" * 43, "chosen-by-somebody-else", "x" * 5000], ids=["none", "a", "b", "long"]
)
def test_a_session_never_takes_a_value_that_somebody_chose(client: TestClient, town: Town, planted: str) -> None:
    if planted:
        client.cookies.set(WORKER_COOKIE, planted)
        client.cookies.set(CHAT_COOKIE, planted, path="/chat")
    signed_in = client.post("/console/sign-in", data={"email": "lena@example.org", "password": PASSWORD})
    chat = client.post("/chat/start", data={"agency": str(town.agency.id)})
    assert signed_in.cookies[WORKER_COOKIE] != planted and chat.cookies[CHAT_COOKIE] != planted
    assert len(signed_in.cookies[WORKER_COOKIE]) >= 43 and len(chat.cookies[CHAT_COOKIE]) >= 43
    for name in (WORKER_COOKIE, CHAT_COOKIE, "session", "token"):
        client.cookies.clear()
        in_address = {name: signed_in.cookies[WORKER_COOKIE]}
        assert client.get("/console", params=in_address).status_code == 303, "nor is one read from an address"


def test_every_kind_of_key_opens_its_own_door_only(client: TestClient, town: Town) -> None:
    worker = town.signed_in(town.worker)[WORKER_COOKIE]
    chat = town.chatting(town.mine.parent)[0][CHAT_COOKIE]
    program = town.program(town.worker)["Authorization"].removeprefix("Bearer ")
    with reading() as session:
        hashes = list(session.scalars(select(WorkerSession.token_hash)))
    opens = {worker: "/console", chat: "/chat/talk", program: "/api/v1/families"}
    assert client.get("/console", headers={"Cookie": f"{WORKER_COOKIE}={worker}"}).status_code == 200
    for key in (worker, chat, program, *hashes):
        headers = {"Cookie": f"{WORKER_COOKIE}={key}; {CHAT_COOKIE}={key}", "Authorization": f"Bearer {key}"}
        opened = [path for path in opens.values() if client.get(path, headers=headers).status_code == 200]
        assert opened == ([opens[key]] if key in opens else []), "a stolen hash opens nothing at all"
        assert client.post("/assist/greet", json={}, headers={"X-Turn-Token": key}).status_code in (404, 422)
