"""``python -m api.keep [--behind] -- COMMAND``: runs a command and starts it again when it dies, until told to stop.

The process runner (honcho) stops everything when one part ends; a family's service must rather start that part again.
A larger installation has its own supervisor (systemd, a container platform) and does not need this. ``--behind``: the
command gets the processor only when those without it do not want it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

#: Of what is done later: a message must be accepted at once, its answer may take a moment longer.
NICENESS = 10
FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0
#: Seconds after which a process counts as having started well.
STEADY_AFTER = 20.0


def step_behind() -> None:
    """Let other processes go first, on a machine that groups processes by session (Linux autogroups) too."""
    with suppress(OSError):
        os.nice(NICENESS)
        Path("/proc/self/autogroup").write_text(str(NICENESS))


def main(command: list[str]) -> int:
    """Run the command until SIGTERM or SIGINT, which are passed on to it; returns its last exit status."""
    stopping = threading.Event()
    child: subprocess.Popen[bytes] | None = None

    def stop(_signal: int, _frame: object) -> None:
        stopping.set()
        if child is not None and child.poll() is None:
            child.terminate()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    wait = FIRST_WAIT
    while True:
        child = subprocess.Popen(command)  # noqa: S603 (the Procfile's own command)
        if stopping.is_set():  # the signal came between the check and the start
            child.terminate()
        try:
            status = child.wait(timeout=STEADY_AFTER)
        except subprocess.TimeoutExpired:
            wait = FIRST_WAIT
            status = child.wait()
        if stopping.is_set():
            return status
        print(f"stopped by itself (status {status}); starting it again in {wait:.0f} s", flush=True)
        stopping.wait(wait)
        if stopping.is_set():
            return status
        wait = min(wait * 2, LONGEST_WAIT)


if __name__ == "__main__":
    at = sys.argv.index("--")
    if "--behind" in sys.argv[:at]:
        step_behind()
    sys.exit(main(sys.argv[at + 1 :]))
