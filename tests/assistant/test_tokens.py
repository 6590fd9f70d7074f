"""A turn token proves one message, for a minute."""

from __future__ import annotations

import uuid

import pytest
from itsdangerous import URLSafeTimedSerializer

from api.assistant import tokens
from api.settings import settings


def test_a_token_tells_its_message() -> None:
    message = uuid.uuid4()
    assert tokens.read(tokens.make(message)) == message


def test_no_two_messages_have_the_same_token() -> None:
    assert tokens.make(uuid.uuid4()) != tokens.make(uuid.uuid4())


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1], lambda t: t + "A", lambda t: "A" + t, lambda t: t.replace(".", "")]
)
def test_a_changed_token_is_refused(change: object) -> None:
    with pytest.raises(tokens.BadToken):
        tokens.read(change(tokens.make(uuid.uuid4())))  # type: ignore[operator]


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "\x00", "é" * 50, "." * 1000])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(tokens.BadToken):
        tokens.read(token)


def test_a_token_of_another_key_or_for_another_purpose_is_refused() -> None:
    for key, salt in (("another key" * 4, "turn"), (settings().key, "another purpose")):
        with pytest.raises(tokens.BadToken):
            tokens.read(URLSafeTimedSerializer(key, salt=salt).dumps(str(uuid.uuid4())))


def test_a_signed_value_that_is_no_message_is_refused() -> None:
    for value in ("not an id", None, 7, ["x"], {"a": 1}):
        with pytest.raises(tokens.BadToken):
            tokens.read(URLSafeTimedSerializer(settings().key, salt="turn").dumps(value))


def test_a_token_ends_after_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    token = tokens.make(uuid.uuid4())
    monkeypatch.setattr(tokens, "LIFETIME_SECONDS", -1)
    with pytest.raises(tokens.BadToken):
        tokens.read(token)
