"""The web chat without a browser: ways in, messages that arrive once, ways out, and what it never shows."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from api import clock
from api.access import service as access
from api.access.guards import CHAT_COOKIE
from api.access.models import Agency
from api.channels.webchat import service
from api.database import reading, transaction
from api.escalations.models import Escalation
from api.families.models import ChatCode
from api.messages import outbox
from api.messages.models import Conversation, InboundMessage
from api.messages.options import Option
from tests.small_town import Town

JSON = {"Accept": "application/json"}


def post(client: TestClient, town: Town, body: str, message_id: str = "", **headers: str) -> Any:
    cookies = {CHAT_COOKIE: client.cookies[CHAT_COOKIE]}
    form = town.form(cookies, body=body, message_id=message_id or uuid.uuid4().hex)
    return client.post("/chat/messages", data=form, headers=headers)


def stored() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(InboundMessage.body).order_by(InboundMessage.seq)))


def make_code(town: Town) -> str:
    with transaction() as session:
        return service.make_code(session, town.mine.parent, town.worker.id)


def test_the_first_page_says_what_matters_before_anything_is_asked(client: TestClient, town: Town) -> None:
    page = client.get("/chat").text
    for words in ("Call 999", "Nobody watches this chat every minute", "What you write is kept", "Exit this page"):
        assert words in page
    assert "does not clear your browser history" in page


def test_it_speaks_the_browsers_language_and_can_be_switched(client: TestClient, town: Town) -> None:
    spanish = client.get("/chat", headers={"Accept-Language": "es-MX,es;q=0.9,en;q=0.5"}).text
    assert '<html lang="es"' in spanish and "Salir de esta página" in spanish
    assert '<html lang="en"' in client.get("/chat?language=en", headers={"Accept-Language": "es"}).text
    assert '<html lang="en"' in client.get("/chat?language=<script>").text


def test_a_chat_without_a_name_starts_with_the_chosen_agency(client: TestClient, town: Town) -> None:
    answer = client.post("/chat/start", data={"agency": str(town.far_agency.id), "language": "es"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/chat/talk")
    with reading() as session:
        conversation = session.scalars(select(Conversation).where(Conversation.channel == "web")).one()
    assert (conversation.agency_id, conversation.person_id, conversation.language) == (town.far_agency.id, None, "es")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "path=/chat" in cookie
    assert "max-age" not in cookie and "expires" not in cookie, "the browser forgets it when it closes"
    assert conversation.address == access.token_hash(client.cookies[CHAT_COOKIE])


@pytest.mark.parametrize("agency", ["", "nonsense", str(uuid.UUID(int=7))])
def test_without_an_area_it_asks_for_one(client: TestClient, town: Town, agency: str) -> None:
    answer = client.post("/chat/start", data={"agency": agency})
    assert answer.status_code == 400 and "choose where you live" in answer.text


def test_a_code_opens_the_chat_as_that_person_once(client: TestClient, town: Town) -> None:
    code = make_code(town)
    assert client.post("/chat/code", data={"code": f" {code.lower().replace('-', ' ')} "}).status_code == 303
    with reading() as session:
        conversation = session.scalars(select(Conversation).where(Conversation.channel == "web")).one()
    assert (conversation.person_id, conversation.agency_id) == (town.mine.parent.id, town.agency.id)
    client.cookies.clear()
    again = client.post("/chat/code", data={"code": code})
    assert again.status_code == 400 and "does not work" in again.text


def test_a_code_ends_after_two_days_and_when_a_new_one_is_made(client: TestClient, town: Town) -> None:
    first = make_code(town)
    second = make_code(town)
    assert client.post("/chat/code", data={"code": first}).status_code == 400
    clock.move(timedelta(hours=48, minutes=1))
    assert client.post("/chat/code", data={"code": second}).status_code == 400


def test_codes_cannot_be_guessed_one_after_another(client: TestClient, town: Town) -> None:
    for n in range(service.TRIES_PER_CLIENT):
        assert client.post("/chat/code", data={"code": f"AAAA-AAA{n}"}).status_code == 400
    assert client.post("/chat/code", data={"code": make_code(town)}).status_code == 429
    clock.move(timedelta(minutes=16))
    assert client.post("/chat/code", data={"code": make_code(town)}).status_code == 303


def test_the_database_has_only_a_keyed_hash_of_the_code(town: Town) -> None:
    code = make_code(town).replace("-", "")
    with reading() as session:
        kept = session.scalars(select(ChatCode.code_hash)).one()
    assert code not in kept and kept != access.token_hash(code) and len(kept) == 64


def test_a_message_sent_again_after_a_lost_connection_is_stored_once(client: TestClient, town: Town) -> None:
    cookies, _ = town.chatting()
    client.cookies.update(cookies)
    first = post(client, town, "are you there", "the-same-id-1", **JSON)
    second = post(client, town, "are you there", "the-same-id-1", **JSON)
    assert first.json() == {"key": "m-the-same-id-1", "duplicate": False}
    assert second.json() == {"key": "m-the-same-id-1", "duplicate": True}
    assert stored() == ["are you there"]


def test_the_same_id_in_another_chat_is_another_message(client: TestClient, town: Town) -> None:
    for body in ("one", "two"):
        client.cookies.clear()
        client.cookies.update(town.chatting()[0])
        assert post(client, town, body, "the-same-id-1").status_code == 303
    assert stored() == ["one", "two"]


def test_without_javascript_the_form_leads_back_to_the_thread(client: TestClient, town: Town) -> None:
    client.cookies.update(town.chatting()[0])
    answer = post(client, town, "hello from a plain form")
    assert (answer.status_code, answer.headers["location"]) == (303, "/chat/talk#latest")
    page = client.get("/chat/talk").text
    assert "hello from a plain form" in page
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page, "an answer is on its way"


@pytest.mark.parametrize(("body", "problem"), [("  \n ", "empty"), ("x" * 4001, "long")])
def test_what_cannot_be_sent_is_said_and_not_stored(client: TestClient, town: Town, body: str, problem: str) -> None:
    client.cookies.update(town.chatting()[0])
    assert post(client, town, body, **JSON).json() == {"error": problem}
    plain = post(client, town, body)
    assert 'role="alert"' in client.get(plain.headers["location"]).text
    assert stored() == []


@pytest.mark.parametrize("message_id", ["", "short", "x" * 65, "../../etc/passwd", "a b c d e f g"])
def test_an_odd_message_id_is_refused(client: TestClient, town: Town, message_id: str) -> None:
    client.cookies.update(town.chatting()[0])
    form = town.form(dict(client.cookies), body="hello", message_id=message_id)
    assert client.post("/chat/messages", data=form, headers=JSON).status_code == 400


HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }} {% include '/etc/passwd' %}",
    "'); DROP TABLE inbound_messages; --",
    '/report_action_done{"action": "x"}',
    "\u202eright to left\u202c \U0001f525 \x00 nul",
)


@pytest.mark.parametrize("body", HOSTILE)
def test_hostile_words_are_kept_and_inert(client: TestClient, town: Town, body: str) -> None:
    client.cookies.update(town.chatting()[0])
    assert post(client, town, body).status_code == 303
    page = client.get("/chat/talk").text
    assert "<script>alert" not in page and "<img src=x" not in page and "49" not in page.split("lines")[1][:400]
    assert stored() == [body.replace("\x00", "\ufffd")]


def test_a_lone_surrogate_in_a_form_is_no_error(client: TestClient, town: Town) -> None:
    client.cookies.update(town.chatting()[0])
    form = town.form(dict(client.cookies), message_id=uuid.uuid4().hex)
    raw = "&".join(f"{name}={value}" for name, value in form.items()) + "&body=a%ED%A0%BDb"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/chat/messages", content=raw, headers=headers).status_code == 303


def test_a_cry_for_help_in_the_chat_opens_an_escalation_before_the_answer(client: TestClient, town: Town) -> None:
    client.cookies.update(town.chatting()[0])
    assert post(client, town, "hes got a knife and hes coming up the stairs", **JSON).status_code == 200
    with reading() as session:
        opened = session.scalars(select(Escalation)).one()
    assert opened.state == "open" and opened.agency_id == town.agency.id
    assert "call 999" in client.get("/chat/talk").text


def test_what_is_plainly_in_a_language_is_read_aloud_in_it(client: TestClient, town: Town) -> None:
    cookies, _ = town.chatting()
    client.cookies.update(cookies)
    post(client, town, "no puedo ir mañana, perdón")
    post(client, town, "ok")
    page = client.get("/chat/talk").text
    assert '<p class="words" dir="auto" lang="es">no puedo ir mañana, perdón</p>' in page
    assert '<p class="words" dir="auto">ok</p>' in page


def test_choices_are_buttons_of_the_last_message_only(client: TestClient, town: Town) -> None:
    cookies, conversation_id = town.chatting(town.mine.parent)
    client.cookies.update(cookies)
    for words in ("First question?", "Second question?"):
        with transaction() as session:
            conversation = session.get_one(Conversation, conversation_id)
            options = [Option(label=f"{words} yes", payload="/affirm"), Option(label=f"{words} no", payload="/deny")]
            outbox.queue_reply(session, conversation, words, options=options)
    page = client.get("/chat/talk").text
    assert 'value="Second question? yes"' in page and 'value="First question? yes"' not in page
    assert "/affirm" not in page, "payloads are the gateway's business"


def test_the_chat_ends_after_an_hour_without_a_message(client: TestClient, town: Town) -> None:
    client.cookies.update(town.chatting()[0])
    clock.move(timedelta(minutes=50))
    assert post(client, town, "still here", **JSON).status_code == 200
    clock.move(timedelta(minutes=50))
    assert client.get("/chat/talk").status_code == 200
    clock.move(timedelta(minutes=61))
    page = client.get("/chat/talk")
    assert (page.status_code, page.headers["location"]) == (303, "/chat?ended=1")


def test_the_exit_ends_the_session_and_leads_to_the_weather(client: TestClient, town: Town) -> None:
    cookies, conversation_id = town.chatting()
    client.cookies.update(cookies)
    answer = client.post("/chat/exit")
    assert (answer.status_code, answer.headers["location"]) == (303, "https://www.bbc.co.uk/weather")
    with reading() as session:
        assert session.get_one(Conversation, conversation_id).closed_at is not None
    client.cookies.update(cookies)  # the browser's back button, with the old cookie
    assert client.get("/chat/talk").status_code == 303
    assert post(client, town, "too late", **JSON).status_code == 410
    assert client.get("/chat/events").status_code in (303, 410)
    assert stored() == []


def test_the_exit_works_without_a_session_and_from_an_old_page(client: TestClient, town: Town) -> None:
    assert client.post("/chat/exit").status_code == 303
    client.cookies.update(town.chatting()[0])
    assert client.post("/chat/exit", data={"form_token": "of a session before"}).status_code == 303


def test_ending_the_chat_leads_back_to_the_first_page(client: TestClient, town: Town) -> None:
    cookies, _ = town.chatting()
    client.cookies.update(cookies)
    answer = client.post("/chat/end", data=town.form(cookies))
    assert answer.headers["location"] == "/chat?ended=1"
    assert "Your chat has ended" in client.get("/chat?ended=1").text


def test_one_chat_cannot_be_read_with_the_cookie_of_another(client: TestClient, town: Town) -> None:
    first, _ = town.chatting(town.mine.parent)
    client.cookies.update(first)
    post(client, town, "only for the first")
    client.cookies.update(town.chatting(town.other.parent)[0])
    assert "only for the first" not in client.get("/chat/talk").text


def test_a_made_up_cookie_opens_nothing(client: TestClient, town: Town) -> None:
    for token in ("x", "' OR 1=1 --", access.token_hash("x")):
        client.cookies.set(CHAT_COOKIE, token)
        assert client.get("/chat/talk").status_code == 303


def test_a_workers_cookie_is_no_chat_and_a_chats_cookie_no_worker(client: TestClient, town: Town) -> None:
    worker = next(iter(town.signed_in(town.worker).values()))
    chat = next(iter(town.chatting()[0].values()))
    client.cookies.set(CHAT_COOKIE, worker)
    assert client.get("/chat/talk").status_code == 303
    client.cookies.set("hearthline_worker", chat)
    assert client.get("/console").status_code == 303


def test_a_form_of_another_site_or_without_the_token_is_refused(client: TestClient, town: Town) -> None:
    cookies, _ = town.chatting()
    client.cookies.update(cookies)
    good = town.form(cookies, body="hello", message_id=uuid.uuid4().hex)
    assert client.post("/chat/messages", data=good, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post("/chat/messages", data={**good, "form_token": "x"}).status_code == 403
    assert stored() == []


def test_the_language_of_a_chat_can_be_changed(client: TestClient, town: Town) -> None:
    cookies, _ = town.chatting()
    client.cookies.update(cookies)
    assert client.post("/chat/language", data=town.form(cookies, language="es")).status_code == 303
    assert '<html lang="es"' in client.get("/chat/talk").text


@pytest.mark.parametrize("path", ["/chat", "/chat/talk", "/console/sign-in", "/nowhere", "/static/base.css"])
def test_every_answer_has_the_headers_that_keep_it_safe(client: TestClient, town: Town, path: str) -> None:
    client.cookies.update(town.chatting()[0])
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")


def test_with_one_agency_nobody_is_asked_where_they_live(client: TestClient, database: object) -> None:
    with transaction() as session:
        session.add(Agency(external_id="one", name="One", jurisdiction="us-ohio", timezone="America/New_York"))
    page = client.get("/chat").text
    assert "Where do you live" not in page and "Call 911" in page
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Conversation)) == 0, "looking leaves nothing"
