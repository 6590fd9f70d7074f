"""Before the first import there is nobody who could look after anybody: what comes in is told so, stored nowhere, and
whoever runs the installation reads what is to be done."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.escalations.models import Escalation
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from api.settings import settings
from tests.harness.twilio import FakeTwilio, new_sid
from tests.small_town import Town

SMS = "/channels/twilio/sms"
STRANGER = "+447700900321"
DANGER = "help he has got a knife and he is going to kill us"


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    fake = FakeTwilio(token=settings().twilio_tokens[0])
    yield fake
    fake.stop()


def texted(client: TestClient, twilio: FakeTwilio) -> httpx.Response:
    fields = {"MessageSid": new_sid(), "From": STRANGER, "Body": DANGER, "NumMedia": "0"}
    headers = {"X-Twilio-Signature": twilio.sign(settings().base_url + SMS, fields)}
    return client.post(SMS, data=fields, headers=headers)


def stored(session: Session) -> int:
    tables = (InboundMessage, Conversation, OutboundMessage, Escalation)
    return sum(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)


def test_a_signed_text_is_to_come_again_later_and_nothing_of_it_is_stored(
    client: TestClient, twilio: FakeTwilio, session: Session
) -> None:
    answer = texted(client, twilio)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert DANGER not in answer.text and "not set up" in answer.json()["detail"]
    assert stored(session) == 0


def test_the_log_says_once_a_request_what_to_do_and_not_who_wrote(
    client: TestClient, twilio: FakeTwilio, caplog: pytest.LogCaptureFixture
) -> None:
    texted(client, twilio)
    texted(client, twilio)
    said = [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR]
    assert len(said) == 2
    assert all("no agency has been imported yet: run `hearthline import FILE`" in line for line in said)
    assert all(SMS in line for line in said)
    assert STRANGER[-6:] not in caplog.text and DANGER not in caplog.text


def test_the_same_text_is_taken_as_soon_as_there_is_an_agency(
    client: TestClient, twilio: FakeTwilio, town: Town, session: Session
) -> None:
    assert texted(client, twilio).status_code == 200
    assert stored(session) > 0


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("We are not open yet", "United Kingdom: call 999.", "United States: call 911.")),
     ("es", ("Todavía no hemos abierto", "Reino Unido: llama al 999.", "Estados Unidos: llama al 911."))],
)  # fmt: skip
def test_a_chat_that_nobody_would_read_is_not_begun_and_the_page_says_whom_to_call(
    language: str, words: tuple[str, ...], client: TestClient, session: Session
) -> None:
    here = {"sec-fetch-site": "same-origin"}
    answers = [
        client.get(f"/chat?language={language}"),
        client.post(f"/chat/start?language={language}", data={"agency": ""}, headers=here),
        client.post(f"/chat/start?language={language}", data={"agency": str(settings().key)}, headers=here),
        client.post(f"/chat/code?language={language}", data={"code": "K7QX-2MPD"}, headers=here),
    ]
    for answer in answers:
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
        assert all(line in answer.text for line in words), answer.text
        assert 'href="tel:999"' in answer.text and "<form" not in answer.text
    assert stored(session) == 0


def test_that_nobody_is_here_is_the_state_of_a_part(client: TestClient, session: Session) -> None:
    assert client.get("/health").json()["parts"]["agencies"] == "none (run hearthline import FILE)"


def test_that_somebody_is_here_is_well(client: TestClient, town: Town) -> None:
    assert client.get("/health").json()["parts"]["agencies"] == "ok"


def test_the_document_says_so_of_the_webhook(client: TestClient) -> None:
    document: dict[str, Any] = client.get("/openapi.json").json()
    said = document["paths"][SMS]["post"]["responses"]["503"]
    assert "nothing is stored" in said["description"] and "Retry-After" in said["headers"]
