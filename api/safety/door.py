"""The screen at the door: what a webhook can afford to find out before it answers.

The patterns and a linear model see every message before it is stored, in well under a millisecond; they settle what is
evidently harmless. The rest gets the network too, which costs some milliseconds of a core. At a family service's usual
pace that is always at once; in a rush only so many each second get it at the door, and the others at the start of their
turn, before Rasa is asked. Either way the message is stored first, so no crash can make it go unscreened.
"""

from __future__ import annotations

import threading
import time

from api.safety.screen import Verdict, quick, screen

#: Seconds between two whole screens at the door, counted from start to start, for one process.
PACE = 0.04

_deciding = threading.Lock()
_not_before = 0.0


def at_the_door(text: str) -> tuple[Verdict, bool]:
    """The verdict, and whether it is the whole screen's (else somebody must still call ``screen``). Never raises."""
    verdict, whole = quick(text)
    return (screen(text), True) if not whole and _unhurried() else (verdict, whole)


def _unhurried() -> bool:
    global _not_before
    with _deciding:
        now = time.monotonic()
        if now < _not_before:
            return False
        _not_before = now + PACE
        return True
