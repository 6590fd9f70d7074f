"""Twilio's account is asked every ten minutes; what it says is on the status page and in the metrics."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from api import clock
from api.channels.twilio import client as twilio_client
from api.ops.metrics import exposition
from api.ops.models import ProviderCheck
from api.ops.provider import watch_twilio
from api.settings import settings
from tests.harness.twilio import FakeTwilio
from tests.messages.conftest import twilio
from tests.small_town import Town

__all__ = ["twilio"]


@pytest.fixture(autouse=True)
def with_an_account(twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "twilio_account_sid", twilio.account)
    monkeypatch.setattr(settings(), "twilio_auth_token", twilio.token)
    monkeypatch.setattr(settings(), "twilio_from", "+447700900999")


def known(session: Session) -> tuple[str, float | None]:
    session.expire_all()
    row = session.get_one(ProviderCheck, "twilio")
    return row.state, row.balance


def asked_again() -> None:
    clock.move(timedelta(minutes=10))
    assert watch_twilio()


def test_it_is_asked_every_ten_minutes_whoever_looks(session: Session, town: Town) -> None:
    assert watch_twilio()
    assert known(session) == ("ok", 51.25)
    assert not watch_twilio(), "another worker process just did"
    asked_again()


def test_refused_credentials_and_a_low_balance_are_warnings_for_all_to_see(
    twilio: FakeTwilio, session: Session, town: Town, client: TestClient
) -> None:
    watch_twilio()
    client.cookies.update(town.signed_in(town.manager))
    assert "51.25 GBP left" in client.get("/console/status").text
    twilio.balance = "3.10"
    asked_again()
    page = client.get("/console/status").text
    assert "3.10 GBP left" in page and "running out" in page
    assert b'hearthline_warning{name="twilio_balance"} 1.0' in exposition()
    assert b"hearthline_twilio_balance 3.1" in exposition()
    twilio.token = "rotated" * 4
    asked_again()
    assert known(session) == ("credentials", 3.1), "what was last known stands"
    assert "refuses our credentials" in client.get("/console/status").text
    assert b'hearthline_warning{name="twilio_refuses"} 1.0' in exposition()


def test_a_suspended_account_and_a_twilio_that_is_not_there_are_told_apart(
    twilio: FakeTwilio, session: Session, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    twilio.status = "suspended"
    watch_twilio()
    assert known(session)[0] == "suspended"
    monkeypatch.setattr(settings(), "twilio_api_url", "http://127.0.0.1:1")
    twilio_client._client.cache_clear()
    asked_again()
    assert known(session)[0] == "unknown"
    assert b'hearthline_warning{name="twilio_refuses"} 0.0' in exposition()
    assert b'hearthline_warning{name="twilio_silent"} 0.0' in exposition(), "it did not answer once"
    for _ in range(5):
        clock.move(timedelta(minutes=2))
        assert watch_twilio(), "while it is not well, it is asked more often"
    assert b'hearthline_warning{name="twilio_silent"} 1.0' in exposition()


def test_in_demo_mode_nobody_is_asked(session: Session, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "twilio_account_sid", "")
    assert not watch_twilio()
    assert session.get(ProviderCheck, "twilio") is None
