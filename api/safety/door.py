"""The screen at the door: what a webhook can afford to find out before it answers.

The whole screen costs some tens of milliseconds of a core for a message that is not evidently harmless. At a family
service's usual pace every message gets it at once; in a rush only a few each second do, and the others get the patterns
and the linear model (well under a millisecond) at once, and the rest of the screen at the start of their turn, before
Rasa is asked. Either way the message is stored first, so nothing that a crash can do makes it go unscreened.
"""

from __future__ import annotations

import threading
import time

from api.safety.screen import Verdict, quick, screen

#: Seconds between two whole screens at the door, counted from start to start, for one process.
PACE = 0.2

_deciding = threading.Lock()
_not_before = 0.0


def at_the_door(text: str) -> tuple[Verdict, bool]:
    """The verdict, and whether it is the whole screen's (else somebody must still call ``screen``). Never raises."""
    return (screen(text), True) if _unhurried() else quick(text)


def _unhurried() -> bool:
    global _not_before
    with _deciding:
        now = time.monotonic()
        if now < _not_before:
            return False
        _not_before = now + PACE
        return True
