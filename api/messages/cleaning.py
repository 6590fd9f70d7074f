"""What comes from outside, made storable without losing a word of it."""

from __future__ import annotations


def storable(text: str) -> str:
    """The text without NUL and lone surrogates, which PostgreSQL and UTF-8 refuse; all else as it was written."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8") if text else ""
