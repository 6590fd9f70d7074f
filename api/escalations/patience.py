"""How long is too long: for a family that waits for a worker, and for a worker's call that was promised. Pure.

An agency chooses within bounds: shorter would take a conversation from a worker who is thinking, longer would leave
somebody alone.
"""

from __future__ import annotations

from datetime import timedelta

#: Column of ``agencies`` → the fewest and the most minutes.
BOUNDS = {
    "takeover_web_minutes": (3, 60),
    "takeover_sms_minutes": (10, 240),
    "ring_again_minutes": (10, 240),
}
#: Whoever said to ring is reminded so long after the time that they named.
REMIND_AFTER = timedelta(minutes=5)
#: What they wrote so shortly before it, or later, counts as having been in touch.
EARLY = timedelta(minutes=15)


class OutOfBounds(ValueError):
    """``names``: which numbers are none, or outside of their bounds."""

    def __init__(self, names: list[str]) -> None:
        super().__init__("minutes out of bounds")
        self.names = names


def checked(given: dict[str, str]) -> dict[str, int]:
    """The numbers of a form. Raises OutOfBounds."""
    found, wrong = {}, []
    for name, (fewest, most) in BOUNDS.items():
        words = given.get(name, "").strip()
        if words.isascii() and words.isdigit() and len(words) < 6 and fewest <= int(words) <= most:
            found[name] = int(words)
        else:
            wrong.append(name)
    if wrong:
        raise OutOfBounds(wrong)
    return found
