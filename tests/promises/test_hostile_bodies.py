"""Whatever stands in a message: it is stored as it was, answered, and does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote_plus

import httpx
import pytest

from tests.harness import promises
from tests.harness.system import PUBLIC_URL, System
from tests.harness.town import Team
from tests.harness.twilio import new_sid

#: Name → what is texted. All must come back from the database as they were sent.
BODIES = {
    "empty": "",
    "only spaces": "   \r\n\t ",
    "right to left": "متى موعدي القادم؟ \u202e txet \u200f",
    "emoji": "when is my meeting 👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿🫠",
    "sql": "'; DROP TABLE inbound_messages; --",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "jinja": "{{7*7}} {% raw %} {{ config }} ${7*7} #{7*7}",
    "format": "{emergency} {0} {worker_title.__class__} %s %(x)s",
    "an intent": '/report_action_done{"action": "course"}',
    "an intent behind spaces": " \n/restart",
    "an escape for Rasa": '[my name](person){"entity": "x", "role": "y"}',
    "a path": "../../../../etc/passwd",
    "combining": "Z" + "\u0301\u0352" * 200,
    "controls": "a\x01\x02\x07\x1b[31mred\x7f\u2028\u2029\ufeff",
    "astral": "\U0010fffd\U000e0041",
    "long": "when is my next meeting " * 60,
}


@pytest.mark.parametrize("name", BODIES)
def test_it_is_stored_as_it_was_and_answered_harmlessly(name: str, system: System, team: Team) -> None:
    body = BODIES[name]
    team.parent.text(body)
    reply = team.parent.expect()
    promises.check(team)
    (message,) = system.inbound(team.parent)
    assert message["body"] == body
    assert message["state"] in ("answered", "unanswered")
    for sign in ("49", "<script", "{", "}", "class", "root:"):
        assert sign not in reply.body
    status = system.one(
        "SELECT a.status FROM plan_actions a JOIN plans p ON p.id = a.plan_id JOIN families f ON f.id = p.family_id"
        " JOIN agencies g ON g.id = f.agency_id WHERE g.external_id = %(key)s AND f.external_id = 'parent'",
        key=team.key,
    )
    assert status["status"] == "open"
    team.parent.expect_whatever()


@pytest.mark.parametrize(
    ("body", "stored"), [("before\x00after, my meeting", "before\ufffdafter, my meeting"), ("half \ud83d of it", None)]
)
def test_what_postgresql_refuses_is_replaced_and_not_lost(
    body: str, stored: str | None, system: System, team: Team
) -> None:
    sid = new_sid()
    fields = {"MessageSid": sid, "From": team.parent.number, "To": "+447700900999", "Body": body, "NumMedia": "0"}
    response = send_raw(system, fields)
    assert response in (200, 403)  # half a surrogate is not UTF-8: Twilio cannot have signed it
    if response == 200:
        team.parent.expect()
        promises.check(team)
        (message,) = system.inbound(team.parent)
        assert stored is None or message["body"] == stored
    else:
        assert system.inbound(team.parent) == []


def send_raw(system: System, fields: dict[str, str]) -> int:
    """Post fields that no ordinary client would encode, with a signature over just those."""
    path = "/channels/twilio/sms"
    raw = "&".join(f"{name}={quote_plus(value, errors='surrogatepass')}" for name, value in fields.items())
    printable = {name: value.encode("utf-8", "replace").decode() for name, value in fields.items()}
    return httpx.post(
        system.api_urls[0] + path,
        content=raw,
        headers={
            "X-Twilio-Signature": system.twilio.sign(PUBLIC_URL + path, printable),
            "Content-Type": "application/x-www-form-urlencoded",
        },
    ).status_code


@pytest.mark.parametrize("size", [1_000_000, 5_000_000])
def test_a_body_beyond_the_limit_is_refused_and_nothing_is_stored(size: int, system: System, team: Team) -> None:
    response = system.webhook(team.parent.number, "x" * size)
    assert response.status_code == 413
    assert "too large" in response.text
    assert system.inbound(team.parent) == []


def test_a_body_without_a_declared_length_is_counted_while_it_comes_in(system: System, team: Team) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(200):
            yield b"x" * 10_000

    response = httpx.post(system.api_urls[0] + "/channels/twilio/sms", content=endless(), timeout=20)
    assert response.status_code == 413


def test_a_name_with_html_and_braces_stays_words(system: System, team: Team) -> None:
    system.change(
        "UPDATE people SET first_name = %(name)s WHERE id ="
        " (SELECT person_id FROM contact_points WHERE address = %(number)s)",
        name="{emergency}{{7*7}}<b>", number=team.parent.number,
    )  # fmt: skip
    team.parent.text("hello")
    reply = team.parent.expect()
    assert "49" not in reply.body and "999{{7*7}}" not in reply.body
