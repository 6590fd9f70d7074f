"""The keeper: starts a process again when it dies, and lets it step behind others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from api.keep import NICENESS
from api.settings import ROOT

GROUP = Path("/proc/self/autogroup")
SHOW = f"""
import os
print(os.nice(0))
print(open({str(GROUP)!r}).read() if os.path.exists({str(GROUP)!r}) else "")
"""


def kept(*options: str) -> str:
    """What a kept process prints first."""
    command = [sys.executable, "-m", "api.keep", *options, "--", sys.executable, "-u", "-c", SHOW]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True) as keeper:
        assert keeper.stdout is not None
        lines = [keeper.stdout.readline() for _ in range(2)]
        keeper.terminate()
    return "".join(lines)


def test_a_process_behind_the_others_steps_back_alone_and_as_a_group() -> None:
    said = kept("--behind")
    assert said.splitlines()[0] == str(min(os.nice(0) + NICENESS, 19))
    if GROUP.exists():
        assert said.strip().endswith(f"nice {NICENESS}")


def test_a_process_that_is_not_behind_keeps_its_place() -> None:
    assert kept().splitlines()[0] == str(os.nice(0))


def test_it_starts_a_process_again_that_ended_by_itself() -> None:
    command = [sys.executable, "-m", "api.keep", "--", sys.executable, "-u", "-c", "print('here')"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as keeper:
        assert keeper.stdout is not None
        lines = [keeper.stdout.readline().strip() for _ in range(3)]
        keeper.terminate()
    assert lines[0] == lines[2] == "here"
    assert "starting it again" in lines[1]
