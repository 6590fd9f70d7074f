"""An OpenID Connect provider for the attacks: strict about what it is asked, and it answers whatever a test wants.

It checks the client's secret, the redirect address, PKCE and that a code is used once, as RFC 6749 and 7636 say. Its
tokens are right until a test changes ``claims``, ``header``, ``key`` or how it signs. The happy path is tested with
``oidc-provider-mock``, which somebody else wrote.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "hearthline", "s:cret of the%20client+"
#: What an answer can be instead: (status, headers, body).
Raw = tuple[int, dict[str, str], bytes]


class LyingProvider:
    """``issuer`` is what HEARTHLINE_OIDC_ISSUER is set to; ``asked`` the paths that were asked for, in order."""

    def __init__(self, host: str = "", tls: ssl.SSLContext | None = None) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "one"}
        self.person: dict[str, Any] = {"sub": "lena-1", "email": "lena@example.org", "email_verified": True}
        #: Changes to the ID token's claims; None takes one away.
        self.claims: dict[str, Any] = {}
        #: Changes to the description.
        self.description: dict[str, Any] = {}
        #: Answers by path, instead of ours.
        self.instead: dict[str, Callable[[], Raw]] = {}
        #: Makes the ID token of the claims, instead of signing them.
        self.signs: Callable[[dict[str, Any]], str] | None = None
        self.userinfo: dict[str, Any] | None = None
        self.asked: list[str] = []
        self.issued: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer._answer(self, "")

            def do_POST(self) -> None:
                outer._answer(self, self.rfile.read(int(self.headers.get("content-length", 0))).decode())

            def log_message(self, *args: object) -> None:
                return None

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self.issuer = f"{'https' if tls else 'http'}://{host or '127.0.0.1'}:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def authorize(self, address: str, **changes: str) -> dict[str, str]:
        """Somebody signs in there: what the browser brings back, by the address it was sent to."""
        asked = dict(parse_qsl(urlsplit(address).query))
        assert address.startswith(f"{self.issuer}/authorize?"), address
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT)
        assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
        code = secrets.token_urlsafe(24)
        self._codes[code] = asked
        self.issued.append(code)
        return {"code": code, "state": asked["state"], **changes}

    def _answer(self, request: BaseHTTPRequestHandler, body: str) -> None:
        path = urlsplit(request.path).path
        self.asked.append(path)
        if path in self.instead:
            status, headers, content = self.instead[path]()
        else:
            status, told = self._told(path, request, body)
            headers, content = {"content-type": "application/json"}, json.dumps(told).encode()
        try:
            request.send_response(status)
            for name, value in {**headers, "content-length": str(len(content))}.items():
                request.send_header(name, value)
            request.end_headers()
            request.wfile.write(content)
        except OSError:  # who asked has gone
            return

    def _told(self, path: str, request: BaseHTTPRequestHandler, body: str) -> tuple[int, dict[str, Any]]:
        if path == "/.well-known/openid-configuration":
            return 200, self._description()
        if path == "/keys":
            return 200, dict(KeySet([self.key]).as_dict(private=False))
        if path == "/token":
            return self._token(request.headers.get("authorization", ""), parse_qs(body))
        if path == "/userinfo" and self.userinfo is not None:
            return 200, self.userinfo
        return 404, {}

    def _description(self) -> dict[str, Any]:
        mine = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
        }
        return {**mine, **self.description}

    def _token(self, authorization: str, given: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        shown = base64.b64decode(authorization.removeprefix("Basic ")).decode() if authorization else ""
        if shown != f"{CLIENT}:{SECRET}":
            return 401, {"error": "invalid_client"}
        asked = self._codes.pop(given["code"][0], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(given["code_verifier"][0].encode()).digest())
        if asked is None or asked["redirect_uri"] != given["redirect_uri"][0]:
            return 400, {"error": "invalid_grant"}
        if challenge.decode().rstrip("=") != asked["code_challenge"]:
            return 400, {"error": "invalid_grant", "error_description": "PKCE"}
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked.get("nonce")}
        claims = {**claims, **self.person, **self.claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        token = self.signs(claims) if self.signs else jwt.encode(self.header, claims, self.key)
        return 200, {"access_token": "canary-access-token", "token_type": "Bearer", "id_token": token}


def connect(monkeypatch: Any, issuer: str, client: str = CLIENT, secret: str = SECRET, **more: Any) -> None:
    """This installation signs workers of the town's near agency in by that provider."""
    from api.access import openid_discovery
    from api.settings import settings

    openid_discovery.forget()
    given = {"issuer": issuer, "client_id": client, "client_secret": secret, "label": "Near account", "agency": "near"}
    for name, value in {**given, **more}.items():
        monkeypatch.setattr(settings(), f"oidc_{name}", value)
