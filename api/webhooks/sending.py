"""One try to deliver an event: a POST to the address that was looked at, no redirects, and the answer's body unread.

Notes to browsers (api.channels.push) go the same way: their addresses are nobody's we know either.
"""

from __future__ import annotations

import httpx

from api.webhooks import addresses

#: Seconds for each step: connecting, sending, the answer's first line.
TIMEOUT = 10.0
AGENT = "Hearthline-Webhooks/1"


def post(url: str, headers: dict[str, str], body: bytes, *, private: bool) -> str:
    """Send it; "" where the receiver took it (2xx), else why not, in one word: private, not_https, no_such_name,
    not_an_address, timeout, no_answer, or status_404 and so on. Raises nothing."""
    try:
        parts = addresses.parse(url, private=private)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        at = addresses.resolve(host, port, private=private)
        target = httpx.URL(url).copy_with(host=at)
        sent = {"content-type": "application/json", "user-agent": AGENT, **headers, "host": parts.netloc}
        # No proxy of the environment, no cookies, and the certificate must be the name's, not the number's.
        with (
            httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False) as client,
            client.stream("POST", target, content=body, headers=sent, extensions={"sni_hostname": host}) as answer,
        ):
            return "" if answer.is_success else f"status_{answer.status_code}"
    except addresses.Refused as refused:
        return refused.code
    except httpx.TimeoutException:
        return "timeout"
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
        return "no_answer"
