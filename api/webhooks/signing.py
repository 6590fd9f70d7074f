"""The signature of https://www.standardwebhooks.com (version 1): HMAC-SHA256 over id, moment and body.

Pure: the secret, the id, the moment and the body come in, headers go out.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

PREFIX = "whsec_"


def secret_text(key: bytes) -> str:
    """The secret as the receiver is given it."""
    return PREFIX + base64.b64encode(key).decode()


def headers(key: bytes, event_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """What goes with the body; ``timestamp`` in seconds since 1970. A receiver refuses an old one and a known id."""
    signed = b".".join((event_id.encode(), str(timestamp).encode(), body))
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": event_id, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{signature}"}
