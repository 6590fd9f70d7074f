"""Signed links: the one in a worker's text, and the private address of a calendar.

The link in a text is good for one telling, and for a day. It stands for the row of the telling, so it says by itself
neither who nor what, and needs nothing kept. A copy of it can take an escalation on in that worker's name, then hand it
over or close it (by_link), and nothing more: it shows no word of the case.

A calendar's link shows shifts, and works until the worker asks for a new one or leaves.
"""

from __future__ import annotations

import hmac
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta

from api.settings import settings

LIFETIME = timedelta(hours=24)
_SIGNATURE_BYTES = 16


class BadLink(ValueError):
    """Not one of ours."""


def _sealed(purpose: str, content: bytes) -> str:
    message = purpose.encode() + b":" + content
    signature = hmac.digest(settings().key.encode(), message, "sha256")[:_SIGNATURE_BYTES]
    return urlsafe_b64encode(content + signature).decode().rstrip("=")


def _opened(purpose: str, sealed: str, length: int) -> bytes:
    try:
        content = urlsafe_b64decode(sealed.encode("ascii") + b"=" * (-len(sealed) % 4))[:length]
    except ValueError:
        raise BadLink("not a link of ours") from None
    if len(content) != length or not hmac.compare_digest(_sealed(purpose, content), sealed):
        raise BadLink("not a link of ours")
    return content


def token(notification_id: uuid.UUID) -> str:
    """43 letters that only this installation can make for this telling."""
    return _sealed("acknowledge-link", notification_id.bytes)


def address(notification_id: uuid.UUID) -> str:
    """The whole address for the text message."""
    return f"{settings().base_url}/a/{token(notification_id)}"


def notification_of(sealed: str) -> uuid.UUID:
    """The telling that a token was made for. Raises BadLink."""
    return uuid.UUID(bytes=_opened("acknowledge-link", sealed, 16))


@dataclass(frozen=True)
class Calendar:
    """Whose calendar, the whole team's or their own shifts, and which of their links it is."""

    worker_id: uuid.UUID
    team: bool
    version: int

    @property
    def address(self) -> str:
        content = self.worker_id.bytes + bytes([self.team]) + (self.version % 2**32).to_bytes(4, "big")
        return f"{settings().base_url}/rota/{_sealed('calendar', content)}.ics"


def calendar_of(sealed: str) -> Calendar:
    """The calendar that a link (without ".ics") was made for. Raises BadLink."""
    content = _opened("calendar", sealed, 21)
    return Calendar(uuid.UUID(bytes=content[:16]), bool(content[16]), int.from_bytes(content[17:], "big"))
