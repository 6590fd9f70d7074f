"""The screen at the door: what a webhook can afford to find out before it answers.

The whole screen costs some tens of milliseconds of a core for a message that is not evidently harmless. One message at
a time gets it at once; in a rush the others get the patterns and the linear model (well under a millisecond) at once,
and the rest of the screen at the start of their turn, before Rasa is asked. Either way the message is stored first, so
nothing that a crash can do makes it go unscreened.
"""

from __future__ import annotations

import threading

from api.safety.screen import Verdict, quick, screen

_whole_screen = threading.Semaphore(1)


def at_the_door(text: str) -> tuple[Verdict, bool]:
    """The verdict, and whether it is the whole screen's (else somebody must still call ``screen``). Never raises."""
    if _whole_screen.acquire(blocking=False):
        try:
            return screen(text), True
        finally:
            _whole_screen.release()
    return quick(text)
