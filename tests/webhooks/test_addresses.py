"""Where events may go: https and the open internet, whatever a name says, looked at when connecting."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.webhooks import addresses, sending, signing

PRIVATE = (
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
)  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_no_event_goes_into_a_private_network(address: str) -> None:
    assert not addresses.public(ipaddress.ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(addresses.Refused) as refused:
        addresses.parse(f"https://{host}/hook", private=False)
    assert refused.value.code == "private"
    assert sending.post(f"https://{host}/hook", {}, b"{}", private=False) == "private"


@given(st.ip_addresses(v=4))
def test_an_address_inside_another_is_looked_at_as_itself(inside: ipaddress.IPv4Address) -> None:
    for outer in (f"::ffff:{inside}", f"64:ff9b::{inside}"):
        assert addresses.public(ipaddress.ip_address(outer)) == addresses.public(inside)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://cases.example.org/hook", "not_https"),
        ("ftp://cases.example.org/hook", "not_https"),
        ("https://user:word@cases.example.org/", "not_an_address"),
        ("https:///hook", "not_an_address"),
        ("https://cases.example.org:99999/", "not_an_address"),
        ("https://cases.example.org/a b", "not_an_address"),
        ("https://[::1", "not_an_address"),
        ("https://cäses.example.org/", "not_an_address"),
        ("https://cases.example.org/" + "a" * 500, "not_an_address"),
    ],
    ids=["http", "ftp", "password", "no host", "port", "blank", "bracket", "letters", "long"],
)
def test_what_is_no_such_address_is_refused(url: str, code: str) -> None:
    with pytest.raises(addresses.Refused) as refused:
        addresses.parse(url, private=False)
    assert refused.value.code == code


def test_a_name_is_looked_up_when_connecting_and_one_private_address_is_enough_to_refuse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def lookup(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, 1, 6, "", (address, port)) for address in ("93.184.216.34", "169.254.169.254")]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    assert addresses.parse("https://metadata.example.org/", private=False).hostname == "metadata.example.org"
    assert sending.post("https://metadata.example.org/", {}, b"{}", private=False) == "private"
    assert asked == ["metadata.example.org"]


def test_the_signature_is_the_standards_own() -> None:
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signing.headers(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    again = hmac.new(key, b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}', hashlib.sha256)
    assert made["webhook-signature"] == "v1," + base64.b64encode(again.digest()).decode()
    assert signing.secret_text(key) == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def certified(tmp_path: Path) -> Iterator[tuple[int, Path, list[str]]]:
    """A real TLS server for ``hook.test``, the certificate that vouches for it, and the hosts it was asked for."""
    # The product needs no openssl program; a machine without one still proves all but what a real certificate proves.
    if not (openssl := shutil.which("openssl")):
        pytest.skip("there is no openssl to make a certificate with")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    made += ["-subj", "/CN=hook.test", "-addext", "subjectAltName=DNS:hook.test"]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.headers["host"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(certificate, key)
    server.socket = ours.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_port, certificate, asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_certificate_must_be_the_names_though_the_connection_is_to_a_number(
    certified: tuple[int, Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, certificate, asked = certified
    here = [(socket.AF_INET, 1, 6, "", ("127.0.0.1", port))]
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **k: here if str(host).endswith(".test") else real(host, *a, **k)
    )
    assert sending.post(f"https://hook.test:{port}/", {}, b"{}", private=True) == "no_answer", "nobody vouches for it"
    trusting = partial(httpx.Client, verify=ssl.create_default_context(cafile=str(certificate)))
    monkeypatch.setattr(httpx, "Client", trusting)
    assert sending.post(f"https://hook.test:{port}/", {}, b"{}", private=True) == ""
    assert asked == [f"hook.test:{port}"]
    assert sending.post(f"https://other.test:{port}/", {}, b"{}", private=True) == "no_answer", "it is another's"
    assert sending.post(f"https://hook.test:{port}/", {}, b"{}", private=False) == "private"
    assert len(asked) == 1
