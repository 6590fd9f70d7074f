"""What the agency's OpenID Connect provider says of itself (OpenID Connect Discovery), checked before it is used.

Everything that goes wrong with a provider is ``Failed``, with a word for the page and one for the log; neither has
anything of a person, a code or a token.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

from api.access import openid_requests as requests
from api.settings import settings

#: Signatures by a key that only the provider has. Never "none", and never HS: its key is a secret that we hold too.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
#: Seconds for which the provider's description is remembered, and for which it is remembered that there was none.
REMEMBERED, NOT_ASKED_AGAIN = 600.0, 5.0


class Failed(Exception):
    """Nobody is signed in. ``problem`` is for the page (``console.provider.<problem>``), ``why`` for the log."""

    def __init__(self, problem: str, why: str) -> None:
        super().__init__(why)
        self.problem = problem
        self.why = why


@dataclass(frozen=True)
class Provider:
    """What the provider's description says, checked."""

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str
    algorithms: tuple[str, ...]
    auth_method: str
    names_itself: bool


_known: dict[str, tuple[float, Provider | Failed | None]] = {}
_looking = threading.Lock()


def discover() -> Provider:
    """The provider's description, remembered for ten minutes. Raises Failed."""
    issuer = settings().oidc_issuer
    found = _remembered(issuer)
    if found is None:
        # Who waits long for a provider that hangs is one thread, and not all those that serve families.
        if not _looking.acquire(timeout=0.5):
            raise Failed("unreachable", "busy")
        try:
            found = _remembered(issuer) or _look(issuer)
        finally:
            _looking.release()
    if isinstance(found, Failed):
        raise Failed(found.problem, found.why)
    return found


def _remembered(issuer: str) -> Provider | Failed | None:
    until, found = _known.get(issuer, (0.0, None))
    return found if until > time.monotonic() else None


def _look(issuer: str) -> Provider | Failed:
    found: Provider | Failed
    try:
        found, lasts = _describe(issuer), REMEMBERED
    except Failed as failed:
        found, lasts = failed, NOT_ASKED_AGAIN
    _known[issuer] = (time.monotonic() + lasts, found)
    return found


def forget() -> None:
    """Ask for the description anew."""
    _known.clear()


def _describe(issuer: str) -> Provider:
    told = ask_json("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration", issuer)
    named = told.get("issuer")
    if not isinstance(named, str) or named.rstrip("/") != issuer.rstrip("/"):
        raise Failed("failed", "discovery_issuer")
    found = {name: told.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
    found["userinfo_endpoint"] = told.get("userinfo_endpoint") or ""
    for name, address in found.items():
        if address == "" and name == "userinfo_endpoint":
            continue
        if not isinstance(address, str) or not requests.allowed(address, issuer):
            raise Failed("failed", f"discovery_{name}")
    signs = words(told.get("id_token_signing_alg_values_supported")) or ["RS256"]
    algorithms = tuple(name for name in ALGORITHMS if name in signs)
    if not algorithms:
        raise Failed("failed", "discovery_algorithms")
    proves = words(told.get("token_endpoint_auth_methods_supported")) or ["client_secret_basic"]
    return Provider(
        issuer=named,
        authorization=str(found["authorization_endpoint"]),
        token=str(found["token_endpoint"]),
        keys=str(found["jwks_uri"]),
        userinfo=str(found["userinfo_endpoint"]),
        algorithms=algorithms,
        auth_method="client_secret_basic" if "client_secret_basic" in proves else "client_secret_post",
        names_itself=told.get("authorization_response_iss_parameter_supported") is True,
    )


def ask_json(method: str, url: str, issuer: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """The JSON object that is there. Raises Failed."""
    try:
        answer = requests.ask(method, url, issuer, headers=headers)
        told = answer.json() if answer.status_code == 200 else None
    except requests.NoAnswer as failed:
        raise Failed("unreachable", failed.code) from None
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise Failed("unreachable", f"status_{answer.status_code}")
    return told


def words(given: object) -> list[str]:
    """The words of a list of the provider's; of anything else none."""
    return [one for one in given if isinstance(one, str)] if isinstance(given, list) else []
