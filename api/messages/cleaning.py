"""What comes from outside, made storable without losing a word of it."""

from __future__ import annotations


def storable(text: str) -> str:
    """The text without NUL and lone surrogates, which PostgreSQL and UTF-8 refuse; all else as it was written."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8") if text else ""


def refuse_unstorable(text: str) -> str:
    """The text as it is, for what a program or a file sends. Raises ValueError where ``storable`` would change it."""
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("has a character that cannot be stored (NUL or half of a pair); take it out")
    return text
