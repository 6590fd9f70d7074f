"""The installation's own key for web push (VAPID, RFC 8292): by it a push service knows that it is always us.

A browser's subscription is bound to this key: with another key every worker turns notifications on anew.
"""

from __future__ import annotations

import time
from base64 import urlsafe_b64encode
from email.utils import parseaddr
from functools import lru_cache
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from api.settings import settings

#: A signature is good for so many seconds; push services refuse more than a day.
GOOD_FOR = 12 * 60 * 60


@lru_cache(maxsize=4)
def _vapid(key: str) -> Vapid02:
    return Vapid02.from_raw(key.encode())


def public() -> str:
    """The public half, as a browser wants it (applicationServerKey)."""
    point = _vapid(settings().vapid).public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return urlsafe_b64encode(point).rstrip(b"=").decode()


def authorization(endpoint: str) -> dict[str, str]:
    """The header that proves to the push service of this address that it is us."""
    parts = urlsplit(endpoint)
    # The push service reads the real time, wherever the demo's clock has been moved to.
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "sub": _contact(), "exp": int(time.time()) + GOOD_FOR}
    signed: dict[str, str] = _vapid(settings().vapid).sign(claims)
    return signed


def _contact() -> str:
    """Whom a push service may write to about us: the sender of our e-mail, else our own address."""
    sender = parseaddr(settings().mail_from)[1]
    if sender:
        return f"mailto:{sender}"
    return settings().base_url if settings().https else "mailto:nobody@example.org"
