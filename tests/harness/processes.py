"""One process of the product under test: started, waited for, killed without warning, started again."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crashpoints import CRASHED

ROOT = Path(__file__).resolve().parents[2]


def _die_with_the_tests() -> None:
    """A test run that is itself killed leaves nothing running (Linux only; elsewhere Ctrl-C cleans up all the same)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(found: Callable[[], object], what: str, *, seconds: float = 60.0) -> None:
    """Poll until ``found()`` is true; AssertionError with ``what`` after so many seconds."""
    deadline = time.monotonic() + seconds
    pause = 0.02
    while not found():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        time.sleep(pause)  # between two looks at what another process does; never instead of a look
        pause = min(pause * 1.5, 0.25)


@dataclass
class Process:
    """A program with its environment; all it writes is appended to ``output``."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    output: Path
    #: Is it up? Asked again and again after a start.
    ready: Callable[[], object]
    #: Taken before each start and kept in ``before``: a ``ready`` may have to tell a new sign of life from an old one.
    snapshot: Callable[[], set[int]] = field(default=set)
    before: set[int] = field(default_factory=set, init=False)
    #: Was it seen to be ready since its last start?
    up: bool = field(default=False, init=False)
    started: subprocess.Popen[bytes] | None = field(default=None, init=False)
    #: Was it asked to kill itself at a named point since its last start?
    armed: bool = field(default=False, init=False)

    @property
    def alive(self) -> bool:
        return self.started is not None and self.started.poll() is None

    @property
    def _asked(self) -> Path:
        return self.output.with_suffix(".crash")

    @property
    def crashed(self) -> bool:
        """Has it killed itself at the point that ``crash_at`` named?"""
        return self._asked.with_name(self._asked.name + CRASHED).exists()

    def crash_at(self, point: str) -> None:
        """It kills itself (crashpoints) the next time that it passes this point; the one started after it lives."""
        self.forget_crash()
        fresh = self._asked.with_suffix(".new")
        fresh.write_text(point)
        fresh.replace(self._asked)
        self.armed = True

    def forget_crash(self) -> None:
        """Nothing is asked of it any more."""
        for file in self._asked.parent.glob(f"{self._asked.name}*"):
            file.unlink(missing_ok=True)
        self.armed = False

    def start(self, *, wait: bool = True) -> None:
        """Start it, and wait until it is ready."""
        assert not self.alive, f"{self.name} runs already"
        self.before, self.up, self.armed = self.snapshot(), False, False
        environment = {"HEARTHLINE_CRASH_FILE": str(self._asked), **self.environment}
        with self.output.open("ab") as output:
            self.started = subprocess.Popen(
                self.command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=_die_with_the_tests,
            )  # fmt: skip
        if wait:
            self.wait_ready()

    def wait_ready(self, seconds: float = 120.0) -> None:
        """Wait until it answers; fails at once, with its last words, if it ends instead."""

        def up() -> bool:
            assert self.alive, f"{self.name} ended while starting:\n{self.tail()}"
            return bool(self.ready())

        wait_until(up, f"{self.name} did not become ready:\n{self.tail()}", seconds=seconds)
        self.up = True

    def kill(self) -> None:
        """SIGKILL, as by a power cut: nothing is cleaned up."""
        if self.started is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.started.pid, signal.SIGKILL)
            self.started.wait(20)

    def stop(self) -> None:
        """Ask it to end; kill it if it does not within a few seconds."""
        if not self.alive or self.started is None:
            return
        self.started.terminate()
        try:
            self.started.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()

    def wait_dead(self, seconds: float = 60.0) -> int:
        """Wait until it has died by itself; returns its exit status (negative: the signal)."""
        assert self.started is not None
        try:
            return self.started.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} was to die and lives:\n{self.tail()}") from None

    def restart_if_dead(self) -> None:
        """Somebody looks in: if it died, or is dying at its named point, it is started again."""
        if not self.alive or (self.armed and self.crashed):
            self.wait_dead()
            self.start(wait=False)

    def tail(self, characters: int = 3000) -> str:
        """The last of what it wrote."""
        return self.output.read_text(errors="replace")[-characters:] if self.output.exists() else ""
