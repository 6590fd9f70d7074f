"""Sends one note to one browser (RFC 8030), encrypted for it alone (RFC 8291), and says what is known of the outcome.

The address came from a browser, so it may be anybody's idea of an address: it is https and of the open internet, looked
at when connecting, without redirects (api.webhooks.addresses), and what comes back is not read. The note has the
escalation's number and no word of the case; the push service of the browser's maker sees only that there is one.
"""

from __future__ import annotations

import json
import uuid

from pywebpush import WebPusher, WebPushException

from api.channels.outcome import Outcome
from api.channels.push import keys
from api.channels.push.models import PushBrowser
from api.database import reading
from api.webhooks import sending

#: A browser that is off gets it if it comes back within so many seconds: later the ladder has told others.
TIME_TO_LIVE = 3600
#: Every note is as long, so that its length does not say how pressing it is.
LENGTH = 600
#: The browser is gone: by the push service's word (RFC 8030, 7.3), or by its owner's.
GONE = frozenset({"404", "410", "removed"})
#: May the push service be in a private network, and without TLS? Tests have theirs there; nobody else.
PRIVATE = False
#: Worth another try: it may be different in a minute.
_LATER = frozenset({"429", "no_such_name"})


def send(browser_id: str, body: str, *, reference: int | None) -> Outcome:
    """Send ``body`` (its first line is the title) to this browser; a second try takes the place of the first there.
    Never raises."""
    with reading() as session:
        browser = session.get(PushBrowser, uuid.UUID(browser_id))
    if browser is None:
        return Outcome("refused", error="removed")
    try:
        note = _encrypted(browser, _note(body, reference))
        headers = {
            **keys.authorization(browser.endpoint_secret),
            "content-type": "application/octet-stream",
            "content-encoding": "aes128gcm",
            "ttl": str(TIME_TO_LIVE),
            "urgency": "high",
            "topic": f"e{reference or 0}",
        }
    except (WebPushException, ValueError, TypeError) as error:  # keys that are none
        return Outcome("refused", error=type(error).__name__)
    said = sending.post(browser.endpoint_secret, headers, note, private=PRIVATE)
    return _outcome(said.removeprefix("status_"))


def _outcome(said: str) -> Outcome:
    if not said:
        return Outcome("accepted")
    if said in ("timeout", "no_answer"):
        return Outcome("uncertain", error=said)
    if said in _LATER or (said.isdigit() and int(said) >= 500):
        return Outcome("retry", error=said)
    return Outcome("refused", error=said)


def _note(body: str, reference: int | None) -> bytes:
    title, _, words = body.partition("\n")
    path = f"/console/e/{reference}" if reference else "/console"
    said = {"title": title.strip(), "body": words.strip(), "path": path}
    return json.dumps(said, ensure_ascii=False).encode().ljust(LENGTH)


def _encrypted(browser: PushBrowser, note: bytes) -> bytes:
    known = {
        "endpoint": browser.endpoint_secret,
        "keys": {"p256dh": browser.public_key, "auth": browser.auth_secret},
    }
    return bytes(WebPusher(known).encode(note, "aes128gcm")["body"])
