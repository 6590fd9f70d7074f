"""The link by which somebody may send one file: its address, what is kept of it, and how a text with it is shown."""

from __future__ import annotations

import re
import secrets

from api.access.hashes import keyed_hash
from api.settings import settings

_IN_A_TEXT = re.compile(r"(/u/)[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])")


def new_token() -> str:
    """43 letters that nobody can guess."""
    return secrets.token_urlsafe(32)


def address(token: str) -> str:
    """The whole address for the text message."""
    return f"{settings().base_url}/u/{token}"


def token_hash(token: str) -> str:
    """As which a link's token is kept."""
    return keyed_hash("upload-link", token)


def without_links(body: str) -> str:
    """A text of ours as workers read it: the link in it is for whom it was sent to alone."""
    return _IN_A_TEXT.sub(r"\1...", body)
