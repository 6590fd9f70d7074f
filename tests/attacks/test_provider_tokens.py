"""Attacks on signing in by the agency's provider: tokens that are forged, swapped, expired or another's.

The provider is tests/harness/provider.py: it does as RFC 6749, 7636 and OpenID Connect say, until a test makes it lie.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from joserfc import jws, jwt
from joserfc.jwk import OctKey, RSAKey

from tests.access.test_openid import identities, problem
from tests.attacks.trips import come_in, nobody_is_in, provider
from tests.harness.provider import CLIENT, SECRET, LyingProvider
from tests.small_town import Town

__all__ = ["provider"]


def test_the_provider_of_these_attacks_lets_in_whoever_tells_the_truth(
    client: TestClient, town: Town, provider: LyingProvider
) -> None:
    assert come_in(client, provider).headers["location"] == "/console"
    assert identities() == [(town.worker.id, "lena-1")]


CLAIMS = {
    "another issuer": {"iss": "https://evil.example"},
    "the issuer with a slash": {"iss": "slash"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "another-client"},
    "no audience": {"aud": None},
    "an audience of numbers": {"aud": [1]},
    "several audiences and no party": {"aud": [CLIENT, "another-client"]},
    "issued to another party": {"aud": [CLIENT, "another-client"], "azp": "another-client"},
    "expired": {"exp": timedelta(minutes=-2)},
    "never expires": {"exp": None},
    "expires at no number": {"exp": "tomorrow"},
    "expires never at all": {"exp": float("nan")},
    "issued tomorrow": {"iat": timedelta(days=1)},
    "valid from tomorrow": {"nbf": timedelta(days=1)},
    "no nonce": {"nonce": None},
    "another nonce": {"nonce": "0" * 64},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is a number": {"sub": 7},
    "a subject that the database cannot hold": {"sub": "lena\x00"},
    "an endless subject": {"sub": "x" * 256},
    "another access token's hash": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("claims", CLAIMS.values(), ids=CLAIMS.keys())
def test_a_token_that_is_not_for_us_for_now_and_for_this_trip_signs_nobody_in(
    client: TestClient, town: Town, provider: LyingProvider, claims: dict[str, Any]
) -> None:
    now = datetime.now(UTC)
    provider.claims = {
        name: int((now + value).timestamp()) if isinstance(value, timedelta) else value
        for name, value in claims.items()
    }
    if claims.get("iss") == "slash":
        provider.claims["iss"] = f"{provider.issuer}/"
    assert problem(come_in(client, provider)) == "failed"
    assert nobody_is_in() and identities() == []


def unsigned(claims: dict[str, Any]) -> str:
    parts = (json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, claims))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


def by_our_secret(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "HS256", "kid": "one"}, claims, OctKey.import_key(SECRET))


def by_another_key(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS256", "kid": "one"}, claims, RSAKey.generate_key(2048, {"kid": "one"}))


def by_a_key_it_brings(claims: dict[str, Any]) -> str:
    key = RSAKey.generate_key(2048, {"kid": "mine"})
    header = {"alg": "RS256", "kid": "mine", "jwk": dict(key.as_dict(private=False))}
    return jwt.encode(header, claims, key)


SIGNED = {
    "not at all": unsigned,
    "by the secret that we share": by_our_secret,
    "by another key": by_another_key,
    "by a key that it brings along": by_a_key_it_brings,
    "with rubbish": lambda claims: "rubbish",
    "by nothing but words": lambda claims: jws.serialize_compact(
        {"alg": "HS256", "kid": "one"}, json.dumps(claims), OctKey.import_key("one")
    ),
}


@pytest.mark.parametrize("signs", SIGNED.values(), ids=SIGNED.keys())
def test_a_token_that_the_provider_did_not_sign_signs_nobody_in(
    client: TestClient, town: Town, provider: LyingProvider, signs: Any
) -> None:
    provider.signs = signs
    assert problem(come_in(client, provider)) == "failed"
    assert nobody_is_in()


def test_a_token_signed_with_the_public_key_as_a_secret_signs_nobody_in(
    client: TestClient, town: Town, provider: LyingProvider
) -> None:
    public = provider.key.as_pem(private=False)
    header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": "one"}).encode()).decode().rstrip("=")

    def confused(claims: dict[str, Any]) -> str:
        import hashlib
        import hmac

        body = f"{header}.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}"
        made = hmac.new(public, body.encode(), hashlib.sha256).digest()
        return f"{body}.{base64.urlsafe_b64encode(made).decode().rstrip('=')}"

    provider.signs = confused
    assert problem(come_in(client, provider)) == "failed"


def test_a_token_whose_signed_words_were_changed_signs_nobody_in(
    client: TestClient, town: Town, provider: LyingProvider
) -> None:
    def changed(claims: dict[str, Any]) -> str:
        header, _, signature = jwt.encode(provider.header, dict(claims), provider.key).split(".")
        body = json.dumps({**claims, "sub": "mona-1", "email": "mona@example.org"}).encode()
        return f"{header}.{base64.urlsafe_b64encode(body).decode().rstrip('=')}.{signature}"

    provider.signs = changed
    assert problem(come_in(client, provider)) == "failed"


def test_keys_may_change_between_two_sign_ins(client: TestClient, town: Town, provider: LyingProvider) -> None:
    come_in(client, provider)
    provider.key = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})
    provider.header = {"alg": "RS256", "kid": "two"}
    assert come_in(client, provider).headers["location"] == "/console"


def test_the_address_is_asked_for_where_the_token_lacks_it_and_must_be_the_same_persons(
    client: TestClient, town: Town, provider: LyingProvider
) -> None:
    provider.person = {"sub": "lena-1"}
    assert problem(come_in(client, provider)) == "stranger"
    provider.userinfo = {"sub": "mona-1", "email": "lena@example.org", "email_verified": True}
    assert problem(come_in(client, provider)) == "failed"
    provider.userinfo = {"sub": "lena-1", "email": "lena@example.org", "email_verified": True}
    assert come_in(client, provider).headers["location"] == "/console"
