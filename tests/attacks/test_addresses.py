"""Addresses that lead astray: open redirects, a made-up Host, broken headers, paths that climb, media to fetch."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.app import create_app
from api.database import reading
from api.messages.models import InboundMessage
from api.settings import settings
from tests.attacks.pages import Page
from tests.attacks.visits import Walk
from tests.attacks.walk import ALL, NO_COOKIES, guards, label, places, routes
from tests.harness.twilio import new_sid
from tests.small_town import PASSWORD, Town

ELSEWHERE = (
    "https://evil.example/console",
    "//evil.example/console",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/console/..//evil.example",
    "/console/../..//evil.example",
    "/console\r\nLocation: https://evil.example",
    "\t//evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/console@evil.example:443//x",
    "https:evil.example",
    "/%2Fevil.example",
    "/console/%0d%0aSet-Cookie:%20a=b",
)
#: Whatever somebody might take for "where next": the names in our own pages and forms, and the usual ones.
NAMES = {"next", "back", "url", "to", "return", "return_to", "redirect", "redirect_uri", "continue", "target", "path"}
EXIT = "www.bbc.co.uk"


def leads_away(location: str) -> bool:
    """Does a browser that follows this leave our site (but by the exit button)?"""
    shown = re.sub(r"[\t\r\n]", "", location).replace("\\", "/")
    return location != "" and (
        shown.startswith("//")
        or urlsplit(shown).netloc not in ("", "testserver", EXIT)
        or urlsplit(shown).scheme == "javascript"
    )


def visitors(client: TestClient, town: Town, path: str) -> dict[str, str]:
    client.cookies.clear()
    cookies = town.chatting(town.mine.parent)[0] if path.startswith("/chat") else town.signed_in(town.manager)
    client.cookies.update(cookies)
    return cookies


def hidden_names(client: TestClient, town: Town) -> set[str]:
    """The names of all fields of our forms whose value is a path: whatever says where to go next."""
    number = town.escalation(town.mine)
    pages = [client.get("/console/sign-in", params={"next": "/console/families"})]
    client.cookies.update(town.signed_in(town.manager))
    pages += [client.get(path) for path in ("/console", f"/console/e/{number}")]
    forms = [form for page in pages for form in Page(page.text).forms]
    return {one.name for form in forms for one in form.fields if one.value.startswith("/")}


def test_no_parameter_of_any_address_or_form_leads_to_another_site(client: TestClient, town: Town) -> None:
    here = places(town)
    names = sorted(NAMES | hidden_names(client, town))
    assert "next" in names and "back" in names
    tried = 0
    for route in ALL:
        if guards(route) & NO_COOKIES or route.path.endswith("/events") or route.path.startswith("/demo"):
            continue
        there = here.address(route)
        for elsewhere in ELSEWHERE[:3]:
            given = dict.fromkeys(names, elsewhere)
            cookies = visitors(client, town, there)
            sent = town.form(cookies, **given) if "POST" in route.methods else None
            answer = client.request(next(iter(route.methods)), there, params=given, data=sent)
            location = answer.headers.get("location", "")
            assert not leads_away(location), f"{label(route)} → {location}"
            tried += location != ""
    assert tried > 60


def test_a_forms_way_back_is_on_our_own_pages(client: TestClient, town: Town) -> None:
    for elsewhere in ELSEWHERE:
        number = town.escalation(town.mine)
        for deed in ("acknowledge", "resolve"):
            cookies = visitors(client, town, "/console")
            form = town.form(cookies, back=elsewhere, next=elsewhere, outcome="seen to", kind="no_danger")
            answer = client.post(f"/console/e/{number}/{deed}", data=form)
            assert answer.status_code == 303 and answer.headers["location"].startswith("/console"), (deed, elsewhere)
            assert not leads_away(answer.headers["location"])


@pytest.mark.parametrize("elsewhere", ELSEWHERE, ids=range(len(ELSEWHERE)))
def test_signing_in_leads_to_our_own_pages_only(client: TestClient, town: Town, elsewhere: str) -> None:
    answer = client.post(
        "/console/sign-in", data={"email": "mona@example.org", "password": PASSWORD, "next": elsewhere}
    )
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/console") and not leads_away(answer.headers["location"])
    assert "a=b" not in answer.headers["set-cookie"]
    again = client.get("/console/sign-in", params={"next": elsewhere})
    assert again.headers["location"].startswith("/console") and not leads_away(again.headers["location"])


def test_a_made_up_host_is_in_no_answer(client: TestClient, town: Town) -> None:
    """The Host header is the client's word: no link, redirect or page repeats it."""
    here = places(town)
    made_up = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    for route in routes("GET"):
        if route.path.endswith("/events"):
            continue
        there = here.address(route)
        visitors(client, town, there)
        for path in (there, there.rstrip("/") + "/"):
            answer = client.get(path, headers=made_up)
            assert "evil.example" not in answer.text, label(route)
            assert "evil.example" not in str(answer.headers), f"{label(route)}: {answer.headers.get('location')}"


@pytest.mark.parametrize("path", ["//evil.example/console/", "//evil.example/%2e%2e/chat/", "///chat/", "/console//"])
def test_an_address_with_two_slashes_leads_nowhere_else(client: TestClient, town: Town, path: str) -> None:
    visitors(client, town, "/console")
    answer = client.get(f"http://testserver{path}")
    assert not leads_away(answer.headers.get("location", ""))


CLIMBING = (
    "/static/../settings.py",
    "/static/%2e%2e/settings.py",
    "/static/..%2f..%2fsettings.py",
    "/static/%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2fetc/passwd",
    "/static//etc/passwd",
    "/static/....//....//etc/passwd",
    "/static/..%5c..%5csettings.py",
    "/static/js/%00../base.css",
    "/static/",
    "/static/js/",
    "/static/.git/config",
    "/.env",
    "/var/secret_key",
)


@pytest.mark.parametrize("path", CLIMBING)
def test_no_file_but_our_own_pages_files_is_served(client: TestClient, path: str) -> None:
    answer = client.get(f"http://testserver{path}")
    assert answer.status_code in (400, 404, 405), path
    assert "root:" not in answer.text and "HEARTHLINE" not in answer.text


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "..%2f..%2fsecret_key", "en/../../demo", "%00", "en%0d%0aX:%20y"]
)
def test_a_language_or_an_id_is_no_path(client: TestClient, town: Town, name: str) -> None:
    client.cookies.update(town.signed_in(town.manager))
    client.cookies.set("hearthline_language", "../../etc")
    for place in ("/console", "/chat", "/console/sign-in"):
        answer = client.get(place, params={"language": name})
        assert answer.status_code in (200, 303) and "root:" not in answer.text
        assert "x" not in {header.lower() for header in answer.headers}
    for place in (f"/console/families/{name}", f"/hsds/services/{name}", f"/rota/{name}.ics"):
        assert client.get(place).status_code in (303, 404, 422)


@pytest.fixture
def listener() -> Iterator[tuple[str, list[bytes]]]:
    """Something inside the network that should never be called: its address, and who called."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    heard.append(connection.recv(1000))

        threading.Thread(target=listen, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/latest/meta-data/", heard
        server.shutdown(socket.SHUT_RDWR)


def test_a_media_address_in_a_text_is_not_fetched_and_not_shown(
    client: TestClient, town: Town, listener: tuple[str, list[bytes]]
) -> None:
    from twilio.request_validator import RequestValidator

    from api.assistant import turn

    inside, heard = listener
    form = {
        "MessageSid": new_sid(), "From": town.mine.conversation.address, "Body": "look at this", "NumMedia": "3",
        "MediaUrl0": inside, "MediaContentType0": "image/png",
        "MediaUrl1": "file:///etc/passwd", "MediaContentType1": "text/plain",
        "MediaUrl2": "javascript:alert(1)", "MediaContentType2": "text/html",
    }  # fmt: skip
    url = f"{settings().base_url}/channels/twilio/sms"
    signature = RequestValidator(settings().twilio_tokens[0]).compute_signature(url, form)
    assert client.post("/channels/twilio/sms", data=form, headers={"X-Twilio-Signature": signature}).status_code == 200
    turn.run_waiting(town.mine.conversation.id)
    client.cookies.update(town.signed_in(town.manager))
    walk = Walk(client)
    walk.visit(["/console", f"/console/conversations/{town.mine.conversation.id}"], "/console/conversations")
    assert walk.wrong == [] and any("look at this" in page.text for page in walk.pages.values())
    shown = [link for page in walk.pages.values() for link in page.links]
    assert not any(link.startswith(("file:", "javascript:", inside)) for link in shown)
    assert heard == []
    with reading() as session:
        assert session.scalars(select(InboundMessage.body)).all() == ["look at this"]


def test_the_simulated_twilio_calls_nobody_but_us_back(
    client: TestClient, town: Town, listener: tuple[str, list[bytes]]
) -> None:
    inside, heard = listener
    there = f"/demo/twilio/2010-04-01/Accounts/{settings().twilio_account}/Messages.json"
    key = (settings().twilio_account, settings().twilio_tokens[0])
    for callback in (inside, f"{settings().base_url}@127.0.0.1/x", f"{settings().base_url}.evil.example/x"):
        form = {"To": "+447700900001", "Body": "x", "StatusCallback": callback}
        assert client.post(there, data=form, auth=key).status_code == 400
    assert heard == []


def test_the_app_has_no_other_way_in(client: TestClient) -> None:
    """No page of a framework's own, and nothing mounted but our files."""
    mounted = [getattr(route, "path", "") for route in create_app().routes if type(route).__name__ == "Mount"]
    assert mounted == ["/static"]
    for path in ("/docs", "/redoc", "/debug", "/admin", "/console/../assist", "/graphql"):
        assert client.get(path).status_code == 404
