"""How MDN's HTTP Observatory grades one answer that came over https, by its headers.

Source: github.com/mdn/mdn-http-observatory, version 1.5.0 of 2025-10-23, scoring algorithm 5 (``src/grader/charts.js``,
``src/analyzer/tests``), read on 2026-11-23 and compared that day with the scanner itself (npm, 1.4.8, algorithm 4) on
made-up answers. The two differ in one rule: since 1.5.0 ``X-Frame-Options`` earns what ``frame-ancestors`` does. Its
rules for redirects (the proxy's), for scripts from elsewhere (our policy lets none in) and for the preload list say
nothing of an answer's headers, and are not here. A later version scores ``Cross-Origin-Opener-Policy`` and
``Cross-Origin-Embedder-Policy`` too.
"""

from __future__ import annotations

from collections.abc import Mapping

from httpx import Headers

#: Points for each result (``SCORE_TABLE``).
POINTS: Mapping[str, int] = {
    "csp-implemented-with-no-unsafe-default-src-none": 10,
    "csp-implemented-with-no-unsafe": 5,
    "csp-implemented-with-unsafe-inline-in-style-src-only": 0,
    "csp-implemented-with-insecure-scheme-in-passive-content-only": -10,
    "csp-implemented-with-unsafe-eval": -10,
    "csp-implemented-with-unsafe-inline": -20,
    "csp-implemented-with-insecure-scheme": -20,
    "csp-header-invalid": -25,
    "csp-not-implemented": -25,
    "cookies-secure-with-httponly-sessions-and-samesite": 5,
    "cookies-secure-with-httponly-sessions": 0,
    "cookies-not-found": 0,
    "cookies-without-secure-flag-but-protected-by-hsts": -5,
    "cookies-without-secure-flag": -20,
    "cookies-session-without-secure-flag-but-protected-by-hsts": -10,
    "cookies-samesite-flag-invalid": -20,
    "cookies-anticsrf-without-samesite-flag": -20,
    "cookies-session-without-httponly-flag": -30,
    "cookies-session-without-secure-flag": -40,
    "cross-origin-resource-sharing-not-implemented": 0,
    "cross-origin-resource-sharing-implemented-with-public-access": 0,
    "cross-origin-resource-sharing-implemented-with-restricted-access": 0,
    "cross-origin-resource-sharing-implemented-with-universal-access": -50,
    "referrer-policy-private": 5,
    "referrer-policy-not-implemented": 0,
    "referrer-policy-unsafe": -5,
    "referrer-policy-header-invalid": -5,
    "hsts-implemented-max-age-at-least-six-months": 0,
    "hsts-implemented-max-age-less-than-six-months": -10,
    "hsts-not-implemented": -20,
    "hsts-header-invalid": -20,
    "x-content-type-options-nosniff": 0,
    "x-content-type-options-not-implemented": -5,
    "x-content-type-options-header-invalid": -5,
    "x-frame-options-implemented-via-csp": 5,
    "x-frame-options-sameorigin-or-deny": 5,
    "x-frame-options-allow-from-origin": 0,
    "x-frame-options-not-implemented": -20,
    "x-frame-options-header-invalid": -20,
    "corp-implemented-with-same-origin": 10,
    "corp-implemented-with-same-site": 10,
    "corp-implemented-with-cross-origin": 0,
    "corp-not-implemented": 0,
    "corp-header-invalid": -5,
}
#: Extra credit counts from this score on (``MINIMUM_SCORE_FOR_EXTRA_CREDIT``).
EXTRA_FROM = 90
#: Of several cookies the worst counts: from mild to bad.
WORSE = (
    "cookies-without-secure-flag-but-protected-by-hsts", "cookies-without-secure-flag",
    "cookies-session-without-secure-flag-but-protected-by-hsts", "cookies-samesite-flag-invalid",
    "cookies-anticsrf-without-samesite-flag", "cookies-session-without-httponly-flag",
    "cookies-session-without-secure-flag",
)  # fmt: skip
#: Half a year in seconds, as the scanner counts it (its page says 15,768,000; its code takes 180 days).
HALF_A_YEAR = 15_552_000
#: What ``SameSite`` can be.
BOUND = ("lax", "strict", "none")
BROAD = {"ftp:", "http:", "https:", "*", "http://*", "http://*.*", "https://*", "https://*.*"}
INLINE = {"'unsafe-inline'", "data:"}
PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
UNSAFE = {"origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade"}


def graded(headers: Headers, origin: str = "") -> tuple[int, dict[str, int]]:
    """The score (90 and more is an A, 100 and more an A+) and the points of each result. ``origin``: what the request
    named as its Origin."""
    policy = _policy(headers)
    results = (
        _content_security(policy, "content-security-policy" in headers),
        _cookies(headers),
        _sharing(headers, origin),
        _referrer(headers),
        _transport(headers),
        _sniffing(headers),
        _framing(headers, policy),
        _resource(headers),
    )
    points = {result: POINTS[result] for result in results}
    score = 100 + sum(each for each in points.values() if each < 0)
    if score >= EXTRA_FROM:
        score = 100 + sum(points.values())
    return max(score, 0), points


def _policy(headers: Headers) -> dict[str, set[str]]:
    """The directives of the one policy there is; {} where it is none, or not one."""
    found: dict[str, set[str]] = {}
    for part in headers.get("content-security-policy", "").lower().split(";"):
        name, *sources = part.split() or [""]
        if name in found and name not in ("report-uri", "report-to"):
            return {}
        if name:
            found.setdefault(name, set(sources) or {"'none'"})
    return found


def _content_security(policy: dict[str, set[str]], sent: bool) -> str:
    if not policy:
        return "csp-header-invalid" if sent else "csp-not-implemented"
    default = policy.get("default-src", {"*"})
    scripts, objects, styles = (policy.get(f"{kind}-src", default) for kind in ("script", "object", "style"))
    active = {one for name, sources in policy.items() if name not in ("img-src", "media-src") for one in sources}
    passive = policy.get("img-src", default) | policy.get("media-src", default)
    if scripts & (BROAD | INLINE) or objects & BROAD:
        return "csp-implemented-with-unsafe-inline"
    if any(one.startswith(("http:", "ftp:")) for one in active):
        return "csp-implemented-with-insecure-scheme"
    if "'unsafe-eval'" in scripts | styles:
        return "csp-implemented-with-unsafe-eval"
    if any(one.startswith(("http:", "ftp:")) for one in passive):
        return "csp-implemented-with-insecure-scheme-in-passive-content-only"
    if styles & (BROAD | INLINE):
        return "csp-implemented-with-unsafe-inline-in-style-src-only"
    return "csp-implemented-with-no-unsafe" + ("-default-src-none" if default == {"'none'"} else "")


def _cookies(headers: Headers) -> str:
    sent = headers.get_list("set-cookie")
    if not sent:
        return "cookies-not-found"
    kept = "" if POINTS[_transport(headers)] < 0 else "-but-protected-by-hsts"
    jar = dict(_cookie(line) for line in sent)  # of several with one name a browser keeps the last
    found = {"cookies-samesite-flag-invalid" for line in sent for said in _said(line, "samesite") if said not in BOUND}
    for name, flags in jar.items():
        session = any(part in name for part in ("login", "sess"))
        if "secure" not in flags:
            found.add(f"cookies-without-secure-flag{kept}")
            found |= {f"cookies-session-without-secure-flag{kept}"} if session else set()
            found |= {"cookies-samesite-flag-invalid"} if flags.get("samesite") == "none" else set()
        if session and "httponly" not in flags:
            found.add("cookies-session-without-httponly-flag")
        if "csrf" in name and flags.get("samesite") not in BOUND:
            found.add("cookies-anticsrf-without-samesite-flag")
    if found:
        return max(found, key=WORSE.index)
    bound = all(flags.get("samesite") in BOUND for flags in jar.values())
    return "cookies-secure-with-httponly-sessions" + ("-and-samesite" if bound else "")


def _cookie(line: str) -> tuple[str, dict[str, str]]:
    """A cookie's name, and its flags with their values, all in lower case."""
    first, *rest = (part.partition("=") for part in line.lower().split(";"))
    return first[0].strip(), {name.strip(): value.strip() for name, _, value in rest}


def _said(line: str, flag: str) -> list[str]:
    """Every value that the flag has in this line."""
    parts = (part.strip().partition("=") for part in line.lower().split(";"))
    return [value.strip() for name, _, value in parts if name.strip() == flag]


def _sharing(headers: Headers, origin: str) -> str:
    shared = headers.get("access-control-allow-origin", "").strip().lower()
    start = "cross-origin-resource-sharing"
    if not shared:
        return f"{start}-not-implemented"
    if shared == "*":
        return f"{start}-implemented-with-public-access"
    with_cookies = headers.get("access-control-allow-credentials", "").strip().lower() == "true"
    everybody = with_cookies and origin.lower() == shared
    return f"{start}-implemented-with-{'universal' if everybody else 'restricted'}-access"


def _referrer(headers: Headers) -> str:
    if "referrer-policy" not in headers:
        return "referrer-policy-not-implemented"
    known = [one for one in (part.strip().lower() for part in headers["referrer-policy"].split(","))
             if one in PRIVATE | UNSAFE]  # fmt: skip
    if not known:
        return "referrer-policy-header-invalid"
    return f"referrer-policy-{'private' if known[-1] in PRIVATE else 'unsafe'}"


def _transport(headers: Headers) -> str:
    if "strict-transport-security" not in headers:
        return "hsts-not-implemented"
    value = headers["strict-transport-security"].lower()
    ages = [part.strip().removeprefix("max-age=") for part in value.split(";") if part.strip().startswith("max-age=")]
    if "," in value or not ages or not ages[-1].isdecimal():
        return "hsts-header-invalid"
    return f"hsts-implemented-max-age-{'at-least' if int(ages[-1]) >= HALF_A_YEAR else 'less-than'}-six-months"


def _sniffing(headers: Headers) -> str:
    if "x-content-type-options" not in headers:
        return "x-content-type-options-not-implemented"
    right = headers["x-content-type-options"].strip().lower() == "nosniff"
    return f"x-content-type-options-{'nosniff' if right else 'header-invalid'}"


def _framing(headers: Headers, policy: dict[str, set[str]]) -> str:
    said = headers.get("x-frame-options", "").strip().lower()
    if "frame-ancestors" in policy:
        return "x-frame-options-implemented-via-csp"
    if said in ("deny", "sameorigin"):
        return "x-frame-options-sameorigin-or-deny"
    if said.startswith("allow-from"):
        return "x-frame-options-allow-from-origin"
    return f"x-frame-options-{'header-invalid' if said else 'not-implemented'}"


def _resource(headers: Headers) -> str:
    said = headers.get("cross-origin-resource-policy", "").strip().lower()
    start = "corp"
    if not said:
        return f"{start}-not-implemented"
    known = said in ("same-origin", "same-site", "cross-origin")
    return f"{start}-implemented-with-{said}" if known else f"{start}-header-invalid"
