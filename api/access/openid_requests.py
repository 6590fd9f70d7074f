"""Asking the agency's OpenID Connect provider: within seconds, without redirects, a few at a time, and inside our own
network nobody but the provider that the operator named.

What the provider's description names is its word, not the operator's: an address on the issuer's own host is as good as
the issuer, any other one goes by https to an address of the open internet, looked at when connecting.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from api.webhooks import addresses

#: Seconds for each step (connecting, sending, a piece of the answer), and for the whole.
STEP = 5.0
WHOLE = 10.0
LARGEST = 256 * 1024
AGENT = "Hearthline-SignIn/1"
#: A provider that hangs must not hold all the threads that serve families' chats and the console.
AT_ONCE = 4
_asking = threading.BoundedSemaphore(AT_ONCE)


class NoAnswer(Exception):
    """The provider could not be asked; ``code`` says why in one word, and nothing of what was asked."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def allowed(url: str, issuer: str) -> bool:
    """May a browser or this server be sent to an address that the provider's description names?"""
    try:
        # As an address looks: on the operator's own host all may be private, elsewhere nothing may.
        return not addresses.parse(url, private=_at_home(url, issuer)).fragment
    except ValueError:  # addresses.Refused is one
        return False


def ask(
    method: str, url: str, issuer: str, *, data: str | None = None, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    """The provider's whole answer, whatever its status; raises NoAnswer."""
    if not allowed(url, issuer):
        raise NoAnswer("address")
    if not _asking.acquire(timeout=1.0):
        raise NoAnswer("busy")
    try:
        return _ask(method, url, issuer, data, dict(headers or {}))
    except addresses.Refused as refused:
        raise NoAnswer(refused.code) from None
    except httpx.TimeoutException:
        raise NoAnswer("timeout") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
        raise NoAnswer("no_answer") from None
    finally:
        _asking.release()


def _ask(method: str, url: str, issuer: str, data: str | None, headers: dict[str, str]) -> httpx.Response:
    until = time.monotonic() + WHOLE
    target, extensions = httpx.URL(url), {}
    sent = {"accept": "application/json", **headers, "accept-encoding": "identity", "user-agent": AGENT}
    if not _at_home(url, issuer):
        parts = urlsplit(url)
        host = parts.hostname or ""
        sent["host"] = parts.netloc
        extensions = {"sni_hostname": host}  # the certificate must be the name's, not the number's
        target = target.copy_with(host=addresses.resolve(host, parts.port or 443, private=False))
    content = data.encode() if data is not None else None
    with (
        httpx.Client(timeout=STEP, trust_env=False, follow_redirects=False, verify=_certificates()) as client,
        client.stream(method, target, content=content, headers=sent, extensions=extensions) as answer,
    ):
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise NoAnswer("encoded")
        body = bytearray()
        for piece in answer.iter_raw():
            body += piece
            if len(body) > LARGEST:
                raise NoAnswer("too_large")
            if time.monotonic() > until:
                raise NoAnswer("timeout")
        return httpx.Response(answer.status_code, content=bytes(body), request=answer.request)


def _at_home(url: str, issuer: str) -> bool:
    return _where(url) == _where(issuer)


def _where(url: str) -> tuple[str | None, str, int]:
    parts = urlsplit(url)
    return parts.hostname, parts.scheme, parts.port or (443 if parts.scheme == "https" else 80)


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    """Those that this machine trusts, an agency's own authority among them (httpx would bring a list of its own)."""
    return ssl.create_default_context()


class Session:
    """What authlib asks by: its requests, through ``ask``."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer

    def post(self, url: str, data: Mapping[str, str], headers: Mapping[str, str], auth: Any) -> httpx.Response:
        """``auth`` (an authlib ClientAuth) adds who is asking."""
        there, sent, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        return ask("POST", there, self.issuer, data=body, headers=sent)
