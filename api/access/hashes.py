"""Hashes that only this installation can make: for looking something up, or for making it anew, without keeping it."""

from __future__ import annotations

import hashlib
import hmac

from api.settings import settings


def keyed_bytes(purpose: str, value: str) -> bytes:
    """32 bytes for this purpose and value; without the installation's key nobody can tell them."""
    return hmac.new(settings().key.encode(), f"{purpose}:{value}".encode(), hashlib.sha256).digest()


def keyed_hash(purpose: str, value: str) -> str:
    """The same in 64 letters."""
    return keyed_bytes(purpose, value).hex()
