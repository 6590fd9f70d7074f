"""Twilio's webhooks in one process: verify, parse, save. (On real processes: tests/promises.)"""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator

from api import clock
from api.messages.models import InboundMessage, OutboundMessage
from api.settings import settings
from tests.small_town import Town

SMS, STATUS = "/channels/twilio/sms", "/channels/twilio/status"


@pytest.fixture
def post(client: TestClient) -> Any:
    """Post fields as Twilio does, signed with the current token for the configured URL."""

    def send(fields: dict[str, Any], path: str = SMS, *, token: str = "", url: str = "", signature: str = "") -> int:
        pairs = [(name, v) for name, value in fields.items() for v in (value if isinstance(value, list) else [value])]
        made = RequestValidator(token or settings().twilio_tokens[0]).compute_signature(
            url or settings().base_url + path, ImmutableMultiDict(pairs)
        )
        headers = {"X-Twilio-Signature": signature or made}
        return client.post(path, data=fields, headers=headers).status_code

    return send


def fields(town: Town, body: str = "hello", **more: Any) -> dict[str, Any]:
    return {
        "MessageSid": "SM" + uuid.uuid4().hex, "From": town.mine.conversation.address, "Body": body, "NumMedia": "0",
        **more,
    }  # fmt: skip


def stored(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(InboundMessage)) or 0


def test_a_signed_message_is_stored_and_queued(post: Any, town: Town, session: Session) -> None:
    assert post(fields(town, "when is it?")) == 200
    message = session.scalars(select(InboundMessage)).one()
    assert (message.body, message.state, message.conversation_id) == (
        "when is it?",
        "queued",
        town.mine.conversation.id,
    )


def test_the_answer_is_empty_twiml(client: TestClient, town: Town) -> None:
    form = fields(town)
    signature = RequestValidator(settings().twilio_tokens[0]).compute_signature(settings().base_url + SMS, form)
    answer = client.post(SMS, data=form, headers={"X-Twilio-Signature": signature})
    assert answer.headers["content-type"].startswith("application/xml")
    assert answer.text.endswith("<Response/>")


@pytest.mark.parametrize(
    "how",
    [{"signature": "AAAA"}, {"token": "0" * 32}, {"url": "http://evil.example" + SMS}],
)
def test_what_twilio_did_not_sign_is_refused(post: Any, town: Town, session: Session, how: dict[str, str]) -> None:
    assert post(fields(town), **how) == 403
    assert stored(session) == 0


def test_an_unsigned_message_is_refused(client: TestClient, town: Town, session: Session) -> None:
    assert client.post(SMS, data=fields(town)).status_code == 403
    assert client.post(SMS).status_code == 403
    assert client.post(SMS, content=b"a=1&a=2", headers={"X-Twilio-Signature": b"\xe9"}).status_code == 403
    assert client.post(SMS, content=b"\xff\xfe=\x00", headers={"X-Twilio-Signature": "x"}).status_code == 403
    assert stored(session) == 0


def test_both_tokens_count_while_one_is_being_rotated_out(
    post: Any, town: Town, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings().__dict__, "twilio_tokens", ["new" * 10, "old" * 10])
    assert post(fields(town), token="new" * 10) == 200
    assert post(fields(town), token="old" * 10) == 200
    assert post(fields(town), token="gone" * 8) == 403
    assert stored(session) == 2


def test_a_field_that_comes_twice_is_part_of_the_signature(post: Any, town: Town, session: Session) -> None:
    assert post(fields(town, Extra=["one", "two"])) == 200
    assert stored(session) == 1


@pytest.mark.parametrize("missing", ["MessageSid", "From"])
def test_a_message_without_id_or_sender_is_refused(post: Any, town: Town, session: Session, missing: str) -> None:
    form = fields(town)
    del form[missing]
    assert post(form) == 422
    assert stored(session) == 0


@pytest.mark.parametrize("count", ["1", "3", "99", "-1", "x", "²", ""])
def test_pictures_are_noted_however_many_are_announced(post: Any, town: Town, session: Session, count: str) -> None:
    form = fields(town, NumMedia=count, MediaUrl0="https://api.twilio.com/m/0", MediaContentType0="image/jpeg")
    assert post(form) == 200
    media = session.scalars(select(InboundMessage)).one().media
    assert len(media) <= 10
    if count == "1":
        assert media == [{"url": "https://api.twilio.com/m/0", "content_type": "image/jpeg"}]


@pytest.mark.parametrize("body", ["x\x00y", "", "{{7*7}}", "'; DROP TABLE people; --", "مرحبا \u202e", "a" * 20_000])
def test_no_body_is_an_error(post: Any, town: Town, session: Session, body: str) -> None:
    assert post(fields(town, body)) == 200
    assert session.scalars(select(InboundMessage)).one().body == body.replace("\x00", "\ufffd")


def outbound(session: Session, town: Town, state: str = "sent", provider_id: str | None = None) -> OutboundMessage:
    message = OutboundMessage(
        conversation_id=town.mine.conversation.id, channel="sms", address=town.mine.conversation.address, kind="family",
        body="hello", created_at=clock.now(), due_at=clock.now(), state=state, provider_id=provider_id,
    )  # fmt: skip
    session.add(message)
    session.commit()
    return message


def status(sid: str, word: str, **more: str) -> dict[str, str]:
    return {"MessageSid": sid, "MessageStatus": word, "To": "+447700900001", **more}


@pytest.mark.parametrize(
    ("came", "stays"),
    [
        (["sent", "delivered"], "delivered"),
        (["delivered", "sent"], "delivered"),
        (["delivered", "failed"], "delivered"),
        (["undelivered", "sent"], "failed"),
        (["undelivered", "delivered"], "delivered"),
        (["queued", "accepted", "sending", "scheduled"], "sent"),
        (["read"], "delivered"),
        (["nonsense", ""], "sent"),
    ],
)
def test_a_status_never_goes_backwards(post: Any, town: Town, session: Session, came: list[str], stays: str) -> None:
    sid = "SM" + uuid.uuid4().hex
    message = outbound(session, town, provider_id=sid)
    for word in came:
        assert post(status(sid, word), f"{STATUS}?message={message.id}") == 204
    session.refresh(message)
    assert message.state == stays


def test_a_callback_that_is_quicker_than_our_own_bookkeeping_counts(post: Any, town: Town, session: Session) -> None:
    message = outbound(session, town, state="sending")
    assert post(status("SM" + "1" * 32, "delivered"), f"{STATUS}?message={message.id}") == 204
    session.refresh(message)
    assert message.state == "delivered"


def test_a_callback_for_another_message_id_changes_nothing(post: Any, town: Town, session: Session) -> None:
    message = outbound(session, town, provider_id="SM" + "1" * 32)
    assert post(status("SM" + "2" * 32, "failed"), f"{STATUS}?message={message.id}") == 204
    session.refresh(message)
    assert message.state == "sent"


@pytest.mark.parametrize("query", ["", f"?message={uuid.UUID(int=7)}"])
def test_a_callback_for_nothing_we_know_is_taken_in_silence(post: Any, town: Town, query: str) -> None:
    assert post(status("SM" + "3" * 32, "delivered"), STATUS + query) == 204


def test_a_phone_that_is_off_is_tried_again_and_a_landline_is_not(post: Any, town: Town, session: Session) -> None:
    off, landline = (outbound(session, town, provider_id="SM" + n * 32) for n in "45")
    assert post(status("SM" + "4" * 32, "undelivered", ErrorCode="30003"), f"{STATUS}?message={off.id}") == 204
    assert post(status("SM" + "5" * 32, "undelivered", ErrorCode="30006"), f"{STATUS}?message={landline.id}") == 204
    session.refresh(off)
    session.refresh(landline)
    assert (off.state, landline.state) == ("queued", "failed")
    assert off.due_at > off.created_at
