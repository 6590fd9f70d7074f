"""A push service for tests: takes notes for its browsers over HTTP, decrypts them as a browser would (RFC 8291), checks
who sent them (RFC 8292), and can refuse, forget a browser, put off, lead elsewhere, hang and drop."""

from __future__ import annotations

import json
import threading
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

#: What ``fail`` can do beside answering with a status: silence, a dropped connection, "go there instead".
ACTS = ("hang", "drop", "redirect")
PATIENCE_SECONDS = 30


def encoded(raw: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True)
class Note:
    """A note that arrived: for which browser, its words, who signed it with which claims, its headers and length."""

    browser: str
    said: dict[str, Any]
    key: str
    claims: dict[str, Any]
    headers: dict[str, str]
    length: int


@dataclass
class Browser:
    """What a browser hands to a page that turns notifications on."""

    endpoint: str
    private: ec.EllipticCurvePrivateKey
    auth: bytes = b"sixteen bytes :)"

    @property
    def form(self) -> dict[str, str]:
        """The fields that our page sends."""
        point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"endpoint": self.endpoint, "p256dh": encoded(point), "auth": encoded(self.auth)}


@dataclass
class FakePush:
    """``notes`` is what arrived, in order; ``asked`` every request's path."""

    notes: list[Note] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    _browsers: dict[str, Browser] = field(default_factory=dict)
    _faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                fake.take(self)

            def log_message(self, *_: object) -> None:
                return None

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._stopping = threading.Event()
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def browser(self, name: str) -> Browser:
        """A browser that this service takes notes for."""
        made = Browser(f"{self.url}/for/{name}", ec.generate_private_key(ec.SECP256R1()))
        self._browsers[f"/for/{name}"] = made
        return made

    def fail(self, kind: str, times: int = 1) -> None:
        """The next requests meet this: a status, or one of ACTS."""
        assert kind.isdigit() or kind in ACTS
        self._faults += [kind] * times

    def take(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        self.asked.append(request.path)
        content = request.rfile.read(int(request.headers["content-length"]))
        fault = self._faults.pop(0) if self._faults else ""
        if fault == "hang":
            self._stopping.wait(PATIENCE_SECONDS)
        if fault in ("hang", "drop"):
            request.close_connection = True
            request.connection.close()
            return
        if not fault:
            self.notes.append(self._read(request, content))
        request.send_response(302 if fault == "redirect" else int(fault or "201"))
        if fault == "redirect":
            request.send_header("location", f"{self.url}/elsewhere")
        request.send_header("content-length", "0")
        request.end_headers()

    def _read(self, request: BaseHTTPRequestHandler, content: bytes) -> Note:
        headers = {name.lower(): value for name, value in request.headers.items()}
        assert headers["content-encoding"] == "aes128gcm"
        browser = self._browsers[request.path]
        plain = http_ece.decrypt(content, private_key=browser.private, auth_secret=browser.auth, version="aes128gcm")
        assert Vapid02.verify(headers["authorization"])
        parts = dict(part.split("=", 1) for part in headers["authorization"].removeprefix("vapid ").split(","))
        claims = json.loads(decoded(parts["t"].split(".")[1]))
        assert claims["aud"] == self.url and claims["sub"].startswith(("mailto:", "https://"))
        assert time.time() < claims["exp"] <= time.time() + 24 * 60 * 60
        return Note(request.path.rpartition("/")[2], json.loads(plain), parts["k"], claims, headers, len(content))
