"""Attacks on signing in by the agency's provider: a description that points into our network, answers that are none, a
provider that hangs; and settings that would not be safe.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from fastapi.testclient import TestClient

from api.access import openid_discovery, openid_requests
from api.settings import Settings, SettingsError
from tests.access.test_openid import DOOR, problem
from tests.attacks.trips import come_in, nobody_is_in, provider, way_there
from tests.harness.provider import LyingProvider, Raw, connect
from tests.small_town import Town

__all__ = ["provider"]


@pytest.fixture
def listener() -> Iterator[tuple[str, socket.socket]]:
    """Something else on this machine that should never be called."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield f"http://127.0.0.1:{server.getsockname()[1]}", server


ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
INSIDE = {
    "plain": "http://idp.example/x",
    "our network": "https://10.0.0.8/x",
    "this machine": "https://127.0.0.1/x",
    "the cloud's own": "http://169.254.169.254/latest/meta-data",
    "with a password": "https://user:password@idp.example/x",
    "a file": "file:///etc/passwd",
    "a script": "javascript:alert(1)",
    "no address": "x",
    "no text": 7,
}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("address", INSIDE.values(), ids=INSIDE.keys())
def test_a_description_that_points_astray_is_not_followed(
    client: TestClient, town: Town, provider: LyingProvider, endpoint: str, address: Any
) -> None:
    provider.description = {endpoint: address}
    assert problem(client.get(DOOR)) == "failed"


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_another_port_of_this_machine_is_not_asked(
    client: TestClient, town: Town, provider: LyingProvider, listener: tuple[str, socket.socket], endpoint: str
) -> None:
    address, server = listener
    provider.description = {endpoint: f"{address}/x"}
    assert problem(client.get(DOOR)) == "failed"
    with pytest.raises(BlockingIOError):
        server.accept()


def test_a_name_that_leads_into_our_network_is_not_asked(town: Town, provider: LyingProvider) -> None:
    with pytest.raises(openid_requests.NoAnswer) as why:
        openid_requests.ask("GET", "https://localhost:9/keys", provider.issuer)
    assert why.value.code == "private"


@pytest.fixture
def secured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[tuple[LyingProvider, Path]]:
    """A provider by TLS at ``login.test`` and ``keys.test``, and the certificate that vouches for these two names."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "login.test")])
    names = x509.SubjectAlternativeName([x509.DNSName("login.test"), x509.DNSName("keys.test")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).add_extension(names, critical=False)
    made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    vouches, whole = tmp_path / "certificate.pem", tmp_path / "whole.pem"
    vouches.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    whole.write_bytes(private + vouches.read_bytes())
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(whole)
    there = LyingProvider("login.test", theirs)
    real = socket.getaddrinfo

    def look_up(host: Any, *args: Any, **more: Any) -> Any:
        return real("127.0.0.1" if str(host).endswith(".test") else host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    connect(monkeypatch, there.issuer)
    openid_requests._certificates.cache_clear()
    yield there, vouches
    openid_requests._certificates.cache_clear()
    there.stop()


def test_its_certificate_must_be_its_names_by_an_authority_that_this_machine_trusts(
    client: TestClient, town: Town, secured: tuple[LyingProvider, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    there, vouches = secured
    assert problem(client.get(DOOR)) == "unreachable", "nobody vouches for it"
    monkeypatch.setenv("SSL_CERT_FILE", str(vouches))  # as the agency's own authority among the machine's
    openid_requests._certificates.cache_clear()
    openid_discovery.forget()
    assert come_in(client, there).headers["location"] == "/console"
    connect(monkeypatch, f"https://other.test:{there.port}")
    assert problem(client.get(DOOR)) == "unreachable", "it is another's"


def test_another_host_of_the_providers_is_asked_only_on_the_open_internet_and_by_its_name(
    client: TestClient, town: Town, secured: tuple[LyingProvider, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    there, vouches = secured
    monkeypatch.setenv("SSL_CERT_FILE", str(vouches))
    openid_requests._certificates.cache_clear()
    there.description = {"jwks_uri": f"https://keys.test:{there.port}/keys"}
    assert problem(come_in(client, there)) == "unreachable" and "/keys" not in there.asked, "it leads to this machine"
    monkeypatch.setattr("api.webhooks.addresses.public", lambda address: True)  # as if it were the open internet's
    assert come_in(client, there).headers["location"] == "/console" and "/keys" in there.asked
    there.description = {"jwks_uri": f"https://other.test:{there.port}/keys"}
    openid_discovery.forget()
    assert problem(come_in(client, there)) == "unreachable", "the certificate is not that name's"


def test_a_redirect_is_not_followed(
    client: TestClient, town: Town, provider: LyingProvider, listener: tuple[str, socket.socket]
) -> None:
    address, server = listener
    lead: Raw = (302, {"location": f"{address}/x"}, b"")
    back = provider.authorize(way_there(client))
    provider.instead = {"/token": lambda: lead, "/keys": lambda: lead}
    assert problem(client.get(f"{DOOR}/return", params=back)) == "unreachable"
    provider.instead = {"/.well-known/openid-configuration": lambda: lead}
    openid_discovery.forget()
    assert problem(client.get(DOOR)) == "unreachable"
    with pytest.raises(BlockingIOError):
        server.accept()


ANSWERS: dict[str, Raw] = {
    "too large": (200, {}, b'{"x": "' + b"x" * openid_requests.LARGEST + b'"}'),
    "packed": (200, {"content-encoding": "gzip"}, b"\x1f\x8b"),
    "a page": (200, {"content-type": "text/html"}, b"<html>"),
    "a list": (200, {}, b"[]"),
    "a number": (200, {}, b"7"),
    "nothing": (204, {}, b""),
    "an error": (500, {}, b'{"error": "canary"}'),
}


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_an_answer_that_is_none_signs_nobody_in(
    client: TestClient, town: Town, provider: LyingProvider, path: str, answer: Raw
) -> None:
    back = provider.authorize(way_there(client))
    openid_discovery.forget()
    provider.instead = {path: lambda: answer}
    assert problem(client.get(f"{DOOR}/return", params=back)) in ("unreachable", "failed")
    assert nobody_is_in()


KEYS = {
    "no keys": b"{}",
    "no list": b'{"keys": 7}',
    "a broken key": b'{"keys": [{"kty": "RSA"}]}',
    "none": b'{"keys": []}',
}


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS.keys())
def test_keys_that_are_none_sign_nobody_in(
    client: TestClient, town: Town, provider: LyingProvider, keys: bytes
) -> None:
    provider.instead = {"/keys": lambda: (200, {}, keys)}
    assert problem(come_in(client, provider)) == "failed" and nobody_is_in()


def test_a_provider_that_hangs_holds_nobody_for_long(
    client: TestClient, town: Town, provider: LyingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    go_on = threading.Event()

    def hang() -> Raw:
        go_on.wait(20)
        return 200, {}, b"{}"

    monkeypatch.setattr(openid_requests, "STEP", 0.3)
    provider.instead = {"/.well-known/openid-configuration": hang}
    began = time.monotonic()
    assert problem(client.get(DOOR)) == "unreachable"
    assert time.monotonic() - began < 5
    asked = len(provider.asked)
    assert problem(client.get(DOOR)) == "unreachable" and len(provider.asked) == asked, "and is not asked again at once"
    go_on.set()


def test_however_many_wait_for_a_provider_that_hangs_few_threads_do(
    client: TestClient, town: Town, provider: LyingProvider
) -> None:
    for _ in range(openid_requests.AT_ONCE):
        assert openid_requests._asking.acquire(blocking=False), "as four that wait"
    try:
        assert problem(client.get(DOOR)) == "unreachable" and provider.asked == []
    finally:
        for _ in range(openid_requests.AT_ONCE):
            openid_requests._asking.release()


def test_a_description_of_another_issuer_is_not_believed(
    client: TestClient, town: Town, provider: LyingProvider
) -> None:
    provider.description = {"issuer": "https://login.example.org"}
    assert problem(client.get(DOOR)) == "failed"


def test_a_provider_that_signs_with_shared_secrets_only_is_not_used(
    client: TestClient, town: Town, provider: LyingProvider
) -> None:
    provider.description = {"id_token_signing_alg_values_supported": ["HS256", "none"]}
    assert problem(client.get(DOOR)) == "failed"


REFUSED = {
    "plain": {"oidc_issuer": "http://login.example.org"},
    "no address": {"oidc_issuer": "login.example.org"},
    "with a query": {"oidc_issuer": "https://login.example.org/?tenant=x"},
    "with a password": {"oidc_issuer": "https://user:x@login.example.org"},
    "no host": {"oidc_issuer": "https://"},
    "no client": {"oidc_client_id": ""},
    "no secret": {"oidc_client_secret": ""},
    "only, and none": {"oidc_issuer": "", "oidc_only": True},
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED.keys())
def test_it_does_not_start_half_configured(changes: dict[str, Any]) -> None:
    given = {"oidc_issuer": "https://login.example.org/tenant", "oidc_client_id": "x", "oidc_client_secret": "canary"}
    Settings(**given).check()
    Settings(**{**given, "oidc_issuer": "http://127.0.0.1:9000"}).check()
    with pytest.raises(SettingsError, match="HEARTHLINE_OIDC_") as refusal:
        Settings(**{**given, **changes}).check()
    assert "canary" not in str(refusal.value)
