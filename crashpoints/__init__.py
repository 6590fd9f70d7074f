"""Named places where a test kills the process, to prove that nothing is lost there: in the service, in Rasa and in the
action server alike, so this package knows none of them.

``HEARTHLINE_CRASH_FILE`` names a file that a test may write at any time, with the name of a point in it: the process
kills itself (SIGKILL, no clean-up) the next time that it passes that point, and renames the file (``CRASHED``) just
before, so that the restarted process goes on. Without the variable a point costs one comparison. The names in use are
listed in POINTS, and the promises' tests walk that list.
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
    "rasa.before_reading",
    "rasa.before_action",
    "rasa.after_action",
    "actions.before_asking",
    "actions.after_asking",
)

#: What the file's name ends with once the process has died of it.
CRASHED = ".crashed"

_FILE = os.environ.get("HEARTHLINE_CRASH_FILE", "")


def point(name: str) -> None:
    """Die here if a test asked for it, once."""
    if _FILE and _asked_for() == name:
        os.replace(_FILE, _FILE + CRASHED)
        os.kill(os.getpid(), signal.SIGKILL)


def _asked_for() -> str:
    try:
        return Path(_FILE).read_text()
    except FileNotFoundError:
        return ""
