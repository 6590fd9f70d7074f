"""OpenID Connect, the protocol: the way to the agency's provider and back, and who it says came.

Authorization code flow with PKCE (S256). ``state``, ``nonce`` and the PKCE verifier are made from one secret that only
this browser's cookie has, so none of them is kept here and none in an address tells another. What comes back is
believed only where its signature, issuer, audience, times and nonce are right; whatever goes wrong is ``Failed``.
"""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx
from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from itsdangerous import BadSignature, URLSafeSerializer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from api import clock
from api.access import openid_requests as requests
from api.access.hashes import keyed_hash
from api.access.openid_discovery import Failed, Provider, ask_json, discover, words
from api.settings import settings

RETURN = "/console/sign-in/provider/return"
#: From the sign-in page to the provider and back.
TRIP_LIFE = timedelta(minutes=10)
SCOPE = "openid email"
#: Seconds that the provider's clock may be off.
LEEWAY = 60
LONGEST_SUBJECT = 255
#: What a provider says at the way back (RFC 6749, OpenID Connect Core) → what the page says.
SAID = {
    "access_denied": "cancelled",
    "login_required": "cancelled",
    "consent_required": "cancelled",
    "interaction_required": "cancelled",
    "account_selection_required": "cancelled",
    "temporarily_unavailable": "unreachable",
    "server_error": "unreachable",
    "invalid_request": "failed",
    "unauthorized_client": "failed",
    "unsupported_response_type": "failed",
    "invalid_scope": "failed",
}


@dataclass(frozen=True)
class Identity:
    """Whom the provider vouches for. ``two_factors``: it said that it asked for more than a password; ``asked_anew``:
    that it asked for it on this trip, as we wanted."""

    issuer: str
    subject: str = field(repr=False)
    email: str = field(repr=False)
    verified: bool
    two_factors: bool
    asked_anew: bool = False


@dataclass(frozen=True)
class Trip:
    """One browser's way to the provider and back. ``anew``: when it set out to be asked who it is, even if the provider
    knows it (by the machine's own time); 0 for any other trip."""

    secret: str = field(repr=False)
    next_path: str
    ends: int
    anew: int = 0

    @property
    def state(self) -> str:
        return keyed_hash("openid-state", self.secret)

    @property
    def nonce(self) -> str:
        return keyed_hash("openid-nonce", self.secret)

    @property
    def verifier(self) -> str:
        return keyed_hash("openid-verifier", self.secret)

    def fits(self, state: str) -> bool:
        """Is this what the browser took along on this trip?"""
        return hmac.compare_digest(self.state.encode(), state.encode("utf-8", "replace"))

    @property
    def cookie(self) -> str:
        """What the browser keeps meanwhile, signed."""
        return str(_serializer().dumps([self.secret, self.next_path, self.ends, self.anew]))


def trip_of(cookie: str) -> Trip | None:
    """The trip that this cookie is of; None where it is not ours, or ten minutes old."""
    try:
        secret, next_path, ends, anew = _serializer().loads(cookie)
    except (BadSignature, ValueError, TypeError):
        return None
    return Trip(secret, next_path, ends, anew) if ends > clock.now().timestamp() else None


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().key, salt="openid-trip")


def set_out(next_path: str, *, again: bool = False) -> tuple[Trip, str]:
    """A new trip, and the provider's address to send the browser to. ``again``: the provider should ask who it is, even
    somebody it knows. Raises Failed."""
    provider = discover()
    trip = Trip(
        secrets.token_urlsafe(32),
        next_path,
        int((clock.now() + TRIP_LIFE).timestamp()),
        int(time.time()) if again else 0,
    )
    # ``prompt`` the browser could take out on its way; what was done is in the token (``_asked_anew``).
    more = {"prompt": "login", "max_age": "0"} if again else {}
    address, _ = _client(provider).create_authorization_url(
        provider.authorization, state=trip.state, code_verifier=trip.verifier, nonce=trip.nonce, **more
    )
    return trip, str(address)


def come_back(trip: Trip, code: str, issuer: str) -> Identity:
    """Who came back from this trip, by what stood in the address. Raises Failed."""
    provider = discover()
    # RFC 9207: an answer that is another provider's is not carried to this one.
    if (issuer or provider.names_itself) and issuer != provider.issuer:
        raise Failed("failed", "issuer")
    answer = _exchange(provider, trip, code)
    claims = _claims(provider, trip, answer)
    return replace(
        _identity(provider, claims, str(answer.get("access_token") or "")), asked_anew=_asked_anew(trip, claims)
    )


def _asked_anew(trip: Trip, claims: dict[str, Any]) -> bool:
    """Did they prove who they are since this trip set out for that? A provider that does not say when did not."""
    when = claims.get("auth_time")
    known = isinstance(when, (int, float)) and not isinstance(when, bool)
    return trip.anew > 0 and known and float(when or 0) >= trip.anew - LEEWAY


def said(error: str) -> Failed:
    """What it means that the provider sent the browser back with this error; an unknown one is not repeated."""
    return Failed(SAID.get(error, "failed"), error if error in SAID else "unknown_error")


def _client(provider: Provider) -> Any:
    return OAuth2Client(
        requests.Session(provider.issuer),
        client_id=settings().oidc_client_id,
        client_secret=settings().oidc_client_secret,
        token_endpoint_auth_method=provider.auth_method,
        scope=SCOPE,
        redirect_uri=f"{settings().base_url}{RETURN}",
        code_challenge_method="S256",
    )


def _exchange(provider: Provider, trip: Trip, code: str) -> dict[str, Any]:
    """The code for tokens. A code that is used, late or another's is the provider's to refuse, and so is our secret."""
    try:
        answer = _client(provider).fetch_token(
            provider.token, grant_type="authorization_code", code=code, code_verifier=trip.verifier
        )
    except requests.NoAnswer as failed:
        raise Failed("unreachable", f"token_{failed.code}") from None
    except OAuth2Error as failed:
        if failed.error == "invalid_grant":
            raise Failed("over", "invalid_grant") from None
        known = failed.error in ("invalid_client", "unauthorized_client", "invalid_request")
        raise Failed("failed", failed.error if known else "token_error") from None
    except (httpx.HTTPError, ValueError):
        raise Failed("unreachable", "token_answer") from None
    return dict(answer)


def _claims(provider: Provider, trip: Trip, answer: dict[str, Any]) -> dict[str, Any]:
    """What the ID token says, once it is shown to be this provider's, for us, for this trip, and of now."""
    keys = ask_json("GET", provider.keys, provider.issuer)
    try:
        # Some providers add headers of their own; what is marked critical must still be known.
        signing = JWSRegistry(algorithms=provider.algorithms, strict_check_header=False)
        token = jwt.decode(str(answer["id_token"]), KeySet.import_key_set(keys), registry=signing)  # type: ignore[arg-type]
        client_id = settings().oidc_client_id
        claims = CodeIDToken(
            token.claims,
            token.header,
            options={
                "iss": {"essential": True, "value": provider.issuer},
                "sub": {"essential": True},
                "aud": {"essential": True, "value": client_id},
            },
            params={"nonce": trip.nonce, "client_id": client_id, "access_token": answer.get("access_token")},
        )
        # By the machine's own time and not by api.clock: what the provider dates, it dates by the world's.
        claims.validate(now=int(time.time()), leeway=LEEWAY)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as wrong:
        claim = getattr(wrong, "claim", "")
        raise Failed("failed", f"{type(wrong).__name__} {claim}".strip()) from None
    return dict(claims)


def _identity(provider: Provider, claims: dict[str, Any], access_token: str) -> Identity:
    subject = claims["sub"]
    if not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isascii() or not subject.isprintable():
        raise Failed("failed", "subject")
    about = claims if "email" in claims else {**claims, **_userinfo(provider, subject, access_token)}
    email = about.get("email")
    verified = about.get(settings().oidc_verified_claim)
    says = {*words(claims.get("amr")), str(claims.get("acr") or "")}
    return Identity(
        issuer=provider.issuer,
        subject=subject,
        email=email if isinstance(email, str) else "",
        # Some say it as a word or a number.
        verified=verified is True or verified in ("true", "1") or (type(verified) is int and verified == 1),
        two_factors=bool(says & settings().oidc_two_factors),
    )


def _userinfo(provider: Provider, subject: str, access_token: str) -> dict[str, Any]:
    """The e-mail address, where the ID token lacks it. Without an answer there is none: a known subject needs none."""
    if not provider.userinfo or not access_token or not access_token.isascii():
        return {}
    try:
        told = ask_json("GET", provider.userinfo, provider.issuer, {"authorization": f"Bearer {access_token}"})
    except Failed:
        return {}
    if told.get("sub") != subject:
        raise Failed("failed", "userinfo_subject")
    return {name: told.get(name) for name in ("email", settings().oidc_verified_claim)}
