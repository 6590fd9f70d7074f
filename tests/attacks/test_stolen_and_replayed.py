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
from sqlalchemy import select, update

from api import clock
from api.access.guards import CHAT_COOKIE, WORKER_COOKIE
from api.access.models import Worker, WorkerSession
from api.channels.webchat import service as webchat
from api.database import reading, transaction
from api.escalations import service
from api.escalations.models import Escalation
from tests.escalations.test_links import link_to, state
from tests.small_town import PASSWORD, Town


def version(number: int) -> int:
    with reading() as session:
        return session.get_one(Escalation, number).version


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
    client.post(link, data={"outcome": "false alarm", "worker_id": str(town.manager.id), "to": str(town.manager.id)})
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


@pytest.mark.parametrize("deed", ["hand-over", "close"])
def test_a_stolen_link_hands_over_and_closes_nothing_that_its_worker_has_not_taken_on(
    client: TestClient, town: Town, deed: str
) -> None:
    """As by text: what is open is taken on first, and a colleague's is not theirs; not even a manager's link does it,
    though a manager's own text would."""
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == town.worker.id).values(role="manager"))
    number = town.escalation(town.mine)
    duty, manager = link_to(town.duty), link_to(town.worker)
    form = {"outcome": "false alarm", "kind": "false_alarm", "seen": str(version(number)), "to": str(town.manager.id)}
    for link in (duty, manager):
        assert client.post(f"{link}/{deed}", data=form).status_code == 303
        assert state(number)[0] == "open"
    client.post(duty)
    form["seen"] = str(version(number))
    client.post(f"{manager}/{deed}", data=form)
    assert state(number) == ("acknowledged", town.duty.id, "link")


@pytest.mark.parametrize("deed", ["hand-over", "close"])
def test_a_form_that_is_sent_again_does_nothing_to_what_has_opened_anew_meanwhile(
    client: TestClient, town: Town, deed: str
) -> None:
    """Also once the same worker has taken it on again by a newer link: the old one was for the time before."""
    number = town.escalation(town.mine)
    link = link_to(town.duty)
    client.post(link)
    form = {"outcome": "rang them, all well", "kind": "helped", "seen": str(version(number))}
    danger_again(town, number)
    client.cookies.clear()
    client.post(f"{link}/{deed}", data=form)
    assert state(number)[0] == "open", "the ladder that danger started goes on"
    fresh = link_to(town.duty)
    client.post(fresh)
    page = client.get(link)
    assert f"{number} is yours" in page.text and "<form" not in page.text
    client.post(f"{link}/{deed}", data={**form, "seen": str(version(number))})
    assert state(number) == ("acknowledged", town.duty.id, "link")
    client.post(f"{fresh}/{deed}", data={**form, "seen": str(version(number))})
    assert state(number)[0] == ("open" if deed == "hand-over" else "resolved")


def test_a_hand_over_that_is_sent_again_takes_nothing_from_whoever_has_it_now(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    link = link_to(town.duty)
    client.post(link)
    client.post(f"{link}/hand-over")
    for again in (link, f"{link}/hand-over", f"{link}/close"):
        client.post(again, data={"outcome": "fine", "seen": str(version(number))})
        assert state(number)[0] == "open"
    client.post(link_to(town.manager))
    client.post(f"{link}/hand-over")
    assert state(number)[:2] == ("acknowledged", town.manager.id)


def test_a_link_does_neither_for_another_sites_page_nor_for_who_has_left(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    link = link_to(town.duty)
    client.post(link)
    form = {"outcome": "fine", "kind": "helped", "seen": str(version(number))}
    key, guessed = link.rpartition("/")[2], "a" * 43
    for path in (f"/a/{key}/hand-over", f"/a/{key}/close"):
        assert client.post(path, data=form, headers={"sec-fetch-site": "cross-site"}).status_code == 403
        assert client.post(path.replace(key, guessed), data=form).status_code == 404
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == town.duty.id).values(active=False))
    for path in (f"/a/{key}/hand-over", f"/a/{key}/close"):
        assert client.post(path, data=form).status_code == 404
    assert state(number)[0] == "acknowledged"


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
