"""What a page's small words mean. Whatever else a program sends instead says nothing."""

from __future__ import annotations

#: A message's number is a bigint.
_LONGEST = 18


def yes_or_no(given: str) -> bool | None:
    """ "yes", "no", or nothing said."""
    return {"yes": True, "no": False}.get(given)


def number(given: str) -> int:
    """The number of a message; 0 for what is none."""
    return int(given) if given.isascii() and given.isdigit() and len(given) <= _LONGEST else 0
