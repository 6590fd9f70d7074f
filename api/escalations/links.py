"""The link in a worker's text: signed, good for one telling and one thing (to acknowledge), and for a day.

It stands for the row of the telling, so it says by itself neither who nor what, and needs nothing kept. A copy of it
can take an escalation on in that worker's name, and nothing more: it shows no word of the case.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta

from api.settings import settings

LIFETIME = timedelta(hours=24)
_SIGNATURE_BYTES = 16


class BadLink(ValueError):
    """Not one of ours."""


def _signature(notification_id: uuid.UUID) -> bytes:
    message = b"acknowledge-link:" + notification_id.bytes
    return hmac.new(settings().key.encode(), message, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def token(notification_id: uuid.UUID) -> str:
    """43 letters that only this installation can make for this telling."""
    return urlsafe_b64encode(notification_id.bytes + _signature(notification_id)).decode().rstrip("=")


def address(notification_id: uuid.UUID) -> str:
    """The whole address for the text message."""
    return f"{settings().base_url}/a/{token(notification_id)}"


def notification_of(token: str) -> uuid.UUID:
    """The telling that a token was made for. Raises BadLink."""
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        notification_id = uuid.UUID(bytes=raw[:16])
    except (ValueError, UnicodeEncodeError):
        raise BadLink("not a link of ours") from None
    if not hmac.compare_digest(raw[16:], _signature(notification_id)):
        raise BadLink("not a link of ours")
    return notification_id
