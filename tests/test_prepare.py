"""The ports that our own processes get before they are started."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from api.prepare import assist_port, free_port
from api.settings import settings


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_the_action_server_is_answered_at_the_port_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port(0)
    monkeypatch.setenv("HEARTHLINE_ASSIST_PORT", str(port))
    assert assist_port() == port


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_an_address_on_this_machine_names_the_port_too(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port(0)
    monkeypatch.setenv("HEARTHLINE_API_URL", f"http://{host}:{port}")
    assert assist_port() == port


@pytest.mark.parametrize("url", ["http://10.1.2.3:{port}", "http://127.0.0.1:8000", "not an address"])
def test_an_address_elsewhere_or_the_api_s_own_does_not(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port(0)
    monkeypatch.setenv("HEARTHLINE_API_URL", url.format(port=port))
    assert assist_port() not in (port, settings().port)


def test_a_named_port_in_use_is_said_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("HEARTHLINE_ASSIST_PORT", str(port))
        with pytest.raises(SystemExit, match=f"Port {port}.* is in use.*HEARTHLINE_ASSIST_PORT"):
            assist_port()


def test_an_address_whose_port_is_none_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTHLINE_API_URL", "http://127.0.0.1:http")
    with pytest.raises(SystemExit, match="HEARTHLINE_API_URL has no port"):
        assist_port()
