"""How much memory and processor time processes take, and which of them belong together."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Memory:
    """Megabytes (10^6). ``resident``: RSS (shared pages count in each process); ``shared_out``: PSS (once)."""

    resident: float
    shared_out: float

    def __add__(self, other: Memory) -> Memory:
        return Memory(self.resident + other.resident, self.shared_out + other.shared_out)


def family(pid: int) -> list[psutil.Process]:
    """A process and all that it started, directly or not."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def postgres(var: Path) -> list[psutil.Process]:
    """The processes of the embedded database in this folder; it is nobody's child."""
    try:
        return family(int((var / "postgres" / "postmaster.pid").read_text().split()[0]))
    except (OSError, ValueError, IndexError):
        return []


def of(process: psutil.Process) -> Memory:
    """One process's memory; nothing if it is gone, RSS for both where the system keeps its pages secret."""
    try:
        resident = process.memory_info().rss / 1e6
        with contextlib.suppress(psutil.AccessDenied, AttributeError):
            return Memory(resident, process.memory_full_info().pss / 1e6)
        return Memory(resident, resident)
    except psutil.NoSuchProcess:
        return Memory(0, 0)


#: A word of each part's command line; the first three are names given to api.serve.
PARTS = {
    "api": "api",
    "assist": "assist",
    "worker": "worker",
    "rasa": "bot.serve",
    "actions": "actions",
}


def processor_seconds(processes: Iterable[psutil.Process]) -> dict[str, float]:
    """Processor time used so far by each part."""
    spent = dict.fromkeys((*PARTS, "database"), 0.0)
    for process in processes:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            spent[part_of(process)] = spent.get(part_of(process), 0.0) + times.user + times.system
    return spent


def part_of(process: psutil.Process) -> str:
    """Which part a process of an installation is: of PARTS, the database, or what runs and keeps them."""
    words = process.cmdline()
    if not {"api.keep", "api.run", "make"}.isdisjoint(words):
        return "runner"
    return next((name for name, word in PARTS.items() if word in words), "database")


def resident_by_part(processes: Iterable[psutil.Process]) -> str:
    """The megabytes (RSS) of each part, in words."""
    parts: dict[str, float] = {}
    for process in processes:
        with contextlib.suppress(psutil.Error):
            parts[part_of(process)] = parts.get(part_of(process), 0.0) + of(process).resident
    return ", ".join(f"{name} {megabytes:.0f}" for name, megabytes in parts.items())


def total(processes: Iterable[psutil.Process]) -> Memory:
    return sum((of(process) for process in processes), Memory(0, 0))


def running(processes: Iterable[psutil.Process], word: str) -> psutil.Process | None:
    """The largest of the processes with this word in its command line."""
    found = []
    for process in processes:
        with contextlib.suppress(psutil.Error):
            if word in process.cmdline() and "api.keep" not in process.cmdline():
                found.append(process)
    return max(found, key=lambda process: of(process).resident, default=None)


def end(processes: Iterable[psutil.Process]) -> None:
    """Kill those that still live (psutil knows a process from another that got its number since)."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()
