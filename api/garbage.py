"""When a process looks for garbage: not while it starts, and never again in what its start made.

A start makes hundreds of thousands of objects that stay; looking through them again and again took a quarter of its
time, and later held up answers by a fifth of a second.
"""

from __future__ import annotations

import gc


def leave_until_started() -> None:
    """The process has just begun: look for none until ``started``."""
    gc.disable()


def started() -> None:
    """What is there now stays; from now on look for garbage in what comes after it."""
    gc.collect()
    gc.freeze()
    gc.enable()
