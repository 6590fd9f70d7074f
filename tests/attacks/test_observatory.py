"""Our copy of MDN's HTTP Observatory grades as the scanner does.

What is expected here is what the scanner itself answered (npm @mdn/mdn-http-observatory 1.4.8, run on 2026-11-23 on
these very headers), but for ``X-Frame-Options``, which version 1.5.0 scores otherwise; with 6,000 more answers made by
chance there was no difference.
"""

from __future__ import annotations

import pytest
from httpx import Headers

from tests.attacks.observatory import POINTS, graded

#: An answer that has all there is to have, but for a cookie.
BEST = {
    "content-security-policy": "default-src 'none'; script-src 'self'; frame-ancestors 'none'",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
#: What is changed in it (None: left out), what the scanner calls that, and its score then.
CHANGED: list[tuple[dict[str, str | None], str, int]] = [
    ({}, "csp-implemented-with-no-unsafe-default-src-none", 130),
    ({"content-security-policy": "default-src 'self'"}, "csp-implemented-with-no-unsafe", 125),
    (
        {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"},
        "csp-implemented-with-unsafe-inline-in-style-src-only",
        120,
    ),
    (
        {"content-security-policy": "default-src 'none'; img-src http:"},
        "csp-implemented-with-insecure-scheme-in-passive-content-only",
        110,
    ),
    (
        {"content-security-policy": "script-src 'unsafe-eval'; object-src 'none'"},
        "csp-implemented-with-unsafe-eval",
        110,
    ),
    (
        {"content-security-policy": "script-src 'unsafe-inline'; object-src 'none'"},
        "csp-implemented-with-unsafe-inline",
        80,
    ),
    (
        {"content-security-policy": "default-src 'none'; connect-src http://a.example"},
        "csp-implemented-with-insecure-scheme",
        80,
    ),
    ({"content-security-policy": "img-src 'self'; img-src 'self'"}, "csp-header-invalid", 75),
    ({"content-security-policy": None}, "csp-not-implemented", 75),
    ({"set-cookie": "a=1; Secure; HttpOnly; SameSite=Lax"}, "cookies-secure-with-httponly-sessions-and-samesite", 135),
    ({"set-cookie": "a=1; Secure; HttpOnly"}, "cookies-secure-with-httponly-sessions", 130),
    ({}, "cookies-not-found", 130),
    ({"set-cookie": "a=1; HttpOnly; SameSite=Lax"}, "cookies-without-secure-flag-but-protected-by-hsts", 125),
    (
        {"set-cookie": "a=1; HttpOnly; SameSite=Lax", "strict-transport-security": None},
        "cookies-without-secure-flag",
        60,
    ),
    (
        {"set-cookie": "session=1; HttpOnly; SameSite=Lax"},
        "cookies-session-without-secure-flag-but-protected-by-hsts",
        120,
    ),
    (
        {"set-cookie": "session=1; HttpOnly; SameSite=Lax", "strict-transport-security": None},
        "cookies-session-without-secure-flag",
        40,
    ),
    ({"set-cookie": "a=1; Secure; HttpOnly; SameSite=odd"}, "cookies-samesite-flag-invalid", 80),
    ({"set-cookie": "csrf=1; Secure; HttpOnly"}, "cookies-anticsrf-without-samesite-flag", 80),
    ({"set-cookie": "session=1; Secure; SameSite=Lax"}, "cookies-session-without-httponly-flag", 70),
    ({}, "cross-origin-resource-sharing-not-implemented", 130),
    ({"access-control-allow-origin": "*"}, "cross-origin-resource-sharing-implemented-with-public-access", 130),
    (
        {"access-control-allow-origin": "https://ok.example"},
        "cross-origin-resource-sharing-implemented-with-restricted-access",
        130,
    ),
    (
        {"access-control-allow-origin": "https://evil.example", "access-control-allow-credentials": "true"},
        "cross-origin-resource-sharing-implemented-with-universal-access",
        50,
    ),
    ({"referrer-policy": "strict-origin"}, "referrer-policy-private", 130),
    ({"referrer-policy": None}, "referrer-policy-not-implemented", 125),
    ({"referrer-policy": "no-referrer, origin"}, "referrer-policy-unsafe", 120),
    ({"referrer-policy": "odd"}, "referrer-policy-header-invalid", 120),
    ({"strict-transport-security": "max-age=15552000"}, "hsts-implemented-max-age-at-least-six-months", 130),
    ({"strict-transport-security": "max-age=3600"}, "hsts-implemented-max-age-less-than-six-months", 120),
    ({"strict-transport-security": None}, "hsts-not-implemented", 80),
    ({"strict-transport-security": "soon"}, "hsts-header-invalid", 80),
    ({"x-content-type-options": "NoSniff"}, "x-content-type-options-nosniff", 130),
    ({"x-content-type-options": None}, "x-content-type-options-not-implemented", 125),
    ({"x-content-type-options": "odd"}, "x-content-type-options-header-invalid", 125),
    ({"x-frame-options": None}, "x-frame-options-implemented-via-csp", 130),
    ({"content-security-policy": "default-src 'none'"}, "x-frame-options-sameorigin-or-deny", 130),
    (
        {"content-security-policy": "default-src 'none'", "x-frame-options": "ALLOW-FROM https://a.example"},
        "x-frame-options-allow-from-origin",
        125,
    ),
    ({"content-security-policy": "default-src 'none'", "x-frame-options": None}, "x-frame-options-not-implemented", 80),
    ({"content-security-policy": "default-src 'none'", "x-frame-options": "odd"}, "x-frame-options-header-invalid", 80),
    ({"cross-origin-resource-policy": "same-site"}, "corp-implemented-with-same-site", 130),
    ({"cross-origin-resource-policy": "cross-origin"}, "corp-implemented-with-cross-origin", 120),
    ({"cross-origin-resource-policy": None}, "corp-not-implemented", 120),
    ({"cross-origin-resource-policy": "odd"}, "corp-header-invalid", 115),
    ({"cross-origin-resource-policy": "same-origin"}, "corp-implemented-with-same-origin", 130),
]


@pytest.mark.parametrize(
    ("changed", "result", "score"), CHANGED, ids=[f"{n}-{row[1]}" for n, row in enumerate(CHANGED)]
)
def test_an_answer_is_graded_as_the_scanner_grades_it(changed: dict[str, str | None], result: str, score: int) -> None:
    headers = Headers([(name, value) for name, value in {**BEST, **changed}.items() if value is not None])
    found, points = graded(headers, origin="https://evil.example")
    assert (result in points, found) == (True, score), points


def test_every_result_that_has_points_is_tried() -> None:
    assert {result for _, result, _ in CHANGED} == set(POINTS)
