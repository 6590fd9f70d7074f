"""Named places where a test kills the process, to prove that nothing is lost there.

``HEARTHLINE_CRASH_AT=name:file`` makes the process kill itself (SIGKILL, no clean-up) the first time that it passes the
point ``name``; the file marks that it happened, so that the restarted process goes on. Without the variable a point
costs one comparison. The names in use are listed in POINTS, and the promises' tests walk that list.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

POINTS = (
    "inbox.before_commit",
    "inbox.after_commit",
    "turn.before_rasa",
    "turn.after_rasa",
    "turn.before_commit",
    "turn.after_commit",
    "assist.before_commit",
    "assist.after_commit",
    "delivery.after_attempt",
    "delivery.after_send",
    "delivery.after_commit",
    "ladder.before_commit",
    "ladder.after_commit",
    "acknowledge.before_commit",
    "call.before_commit",
    "call.after_commit",
    "takeover.before_commit",
    "takeover.after_commit",
    "reminder.before_commit",
    "reminder.after_commit",
    "evidence.after_files",
)

_NAME, _, _MARK = os.environ.get("HEARTHLINE_CRASH_AT", "").partition(":")


def point(name: str) -> None:
    """Die here if a test asked for it, once."""
    if name == _NAME and _MARK and not Path(_MARK).exists():
        Path(_MARK).touch()
        os.kill(os.getpid(), signal.SIGKILL)
