"""What every answer says to a browser about itself, on every address there is: headers, cookies, caches, frames.

Graded as outside scanners grade: MDN's HTTP Observatory (its rules and their version: tests/attacks/observatory.py) and
securityheaders.com.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.engine import Engine

from api.app import create_app
from api.pages.rendering import STATIC
from api.settings import settings
from tests.attacks import observatory
from tests.attacks.walk import Places, label, places, routes
from tests.small_town import PASSWORD, Town

#: An A+ begins at 100; so much an answer without cookies can have (tests/attacks/observatory.py).
ALL_THAT_HEADERS_EARN = 130
LOOKS = [route for route in routes("GET") if not route.path.endswith("/events")]


@pytest.fixture
def installed(database: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The app as a real installation runs it: over https, with a Twilio account, no demo."""
    monkeypatch.setattr(settings(), "public_url", "https://help.example.org")
    monkeypatch.setattr(settings(), "twilio_account_sid", "AC" + "0" * 32)
    monkeypatch.setattr(settings(), "twilio_auth_token", "f" * 32)
    monkeypatch.setattr(settings(), "twilio_from", "+447700900000")
    with TestClient(
        create_app(), base_url="https://help.example.org", raise_server_exceptions=False, follow_redirects=False
    ) as opened:
        yield opened


SEEN: dict[bool, list[tuple[str, Any]]] = {}


def answers(client: TestClient, town: Town, here: Places) -> list[tuple[str, Any]]:
    """What every address answers, asked once as the demo and once as an installation: each test reads all of it."""
    if settings().demo not in SEEN:
        SEEN[settings().demo] = list(walked(client, town, here))
    return SEEN[settings().demo]


def walked(client: TestClient, town: Town, here: Places) -> Iterator[tuple[str, Any]]:
    """Every address that can be looked at, as its own visitor and as nobody; mistakes and files of ours as well."""
    ours = town.signed_in(town.manager) | town.chatting(town.mine.parent)[0]
    for cookies in (ours, {}):
        for route in LOOKS:
            client.cookies.clear()
            client.cookies.update(cookies)
            yield label(route), client.get(here.address(route))
    for path in ("/nowhere", "/console/nowhere", "/chat/nowhere", "/static/nowhere", "/a/nowhere", "/openapi.json"):
        yield path, client.get(path)
    yield "a body that is too large", client.post("/chat/messages", content=b"x" * 200_000)
    yield "a form that cannot be", client.post("/console/sign-in", data={})
    yield "a method that is not there", client.delete("/console")


def test_an_outside_scanner_would_grade_every_answer_a_or_better(installed: TestClient, town: Town) -> None:
    here = places(town)
    seen = 0
    for name, answer in answers(installed, town, here):
        score, points = observatory.graded(answer.headers)
        off = [result for result, each in points.items() if each < 0]
        assert off == [] and score >= ALL_THAT_HEADERS_EARN, f"{name}: {score}, {points}"
        # securityheaders.com asks for these six for an A+.
        for header in ("strict-transport-security", "content-security-policy", "x-frame-options",
                       "x-content-type-options", "referrer-policy", "permissions-policy"):  # fmt: skip
            assert answer.headers.get(header), f"{name} has no {header}"
        assert not {"server", "x-powered-by", "x-aspnet-version"} & set(answer.headers), f"{name} tells what it runs on"
        seen += 1
    assert seen > 90


def test_nothing_may_be_put_in_another_sites_frame(installed: TestClient, town: Town) -> None:
    for name, answer in answers(installed, town, places(town)):
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], name
        assert answer.headers["x-frame-options"] == "DENY", name


def test_the_demo_may_be_framed_by_itself_alone(client: TestClient, town: Town) -> None:
    for name, answer in answers(client, town, places(town)):
        assert "frame-ancestors 'self'" in answer.headers["content-security-policy"], name
        assert answer.headers["x-frame-options"] == "SAMEORIGIN", name


def test_no_cache_keeps_anything_that_was_said_to_somebody(installed: TestClient, town: Town) -> None:
    for name, answer in answers(installed, town, places(town)):
        kept = answer.headers["cache-control"]
        assert "no-store" in kept or name == "/static/nowhere", f"{name}: {kept}"
        assert not {"etag", "last-modified", "expires", "age"} & set(answer.headers), name


def test_files_of_ours_are_asked_for_again_each_time(installed: TestClient) -> None:
    """A copy in a browser's cache would show that somebody was here."""
    for path in sorted(STATIC.rglob("*.*")):
        answer = installed.get(f"/static/{path.relative_to(STATIC).as_posix()}")
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")


def test_no_policy_lets_anything_inline_or_from_elsewhere_run(installed: TestClient, town: Town) -> None:
    for name, answer in answers(installed, town, places(town)):
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy and "*" not in policy and "data:" not in policy, name
        for part in ("default-src 'none'", "script-src 'self'", "base-uri 'none'"):
            assert part in policy, name


def test_every_cookie_is_for_https_only_out_of_scripts_reach_and_stays_on_our_site(
    installed: TestClient, town: Town
) -> None:
    """Walked through every way to get, renew and lose one."""
    cookies: list[str] = []

    def note(answer: Any) -> Any:
        cookies.extend(answer.headers.get_list("set-cookie"))
        return answer

    note(installed.post("/console/sign-in", data={"email": "mona@example.org", "password": PASSWORD}))
    note(installed.get("/console?language=es"))
    note(installed.post("/chat/start", data={"agency": str(town.agency.id)}))
    installed.cookies.clear()
    note(installed.get("/chat/talk"))
    note(installed.get("/chat/state", headers={"accept": "application/json"}))
    note(installed.post("/chat/exit"))
    note(installed.post("/chat/exit", data={"quiet": "yes"}))
    installed.cookies.update(town.chatting()[0])
    note(installed.post("/chat/end", data=town.form(dict(installed.cookies))))
    ours = town.signed_in(town.manager)
    installed.cookies.clear()
    installed.cookies.update(ours)
    note(installed.post("/console/sign-out", data=town.form(ours)))
    assert len(cookies) >= 7, cookies
    for cookie in cookies:
        low = cookie.lower()
        assert "; secure" in low and "; httponly" in low and "; samesite=" in low, cookie.partition("=")[0]
        assert "samesite=none" not in low and "domain=" not in low, cookie.partition("=")[0]


def test_the_demo_and_its_keys_are_not_there_in_a_real_installation(installed: TestClient, town: Town) -> None:
    here = places(town)
    for method in ("GET", "POST"):
        for route in routes(method):
            if route.path.startswith("/demo"):
                assert installed.request(method, here.address(route)).status_code == 404, label(route)


def test_no_other_site_may_read_an_answer(installed: TestClient, town: Town) -> None:
    here = places(town)
    installed.cookies.update(town.signed_in(town.manager))
    elsewhere = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for route in LOOKS:
        for method in ("GET", "OPTIONS"):
            answer = installed.request(method, here.address(route), headers=elsewhere)
            assert not any(name.startswith("access-control-") for name in answer.headers), label(route)
