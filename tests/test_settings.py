"""Settings that cannot be worked with are refused in one sentence that says which."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api.settings import Settings, SettingsError, settings


@pytest.fixture
def anew() -> Iterator[None]:
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.parametrize("name", ["twilio_auth_token", "twilio_from", "twilio_messaging_service_sid"])
def test_a_forgotten_account_opens_no_demo(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name.upper()} is set, but\nTWILIO_ACCOUNT_SID is not"):
        Settings(twilio_account_sid="", data_keys="k" * 32, **{name: "given"}).check()


@pytest.mark.parametrize(
    ("variable", "value"),
    [("HEARTHLINE_PORT", "abc"), ("HEARTHLINE_RASA_TIMEOUT", "soon"), ("HEARTHLINE_ASK_FOR_VIEWS", "canary")],
)
def test_a_value_that_makes_no_sense_is_named_and_not_quoted(
    anew: None, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as problem:
        settings()
    said = str(problem.value)
    assert f"  - {variable}: " in said and value not in said and "pydantic" not in said
