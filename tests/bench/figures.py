"""What was measured: figures with their floors, one table and one JSON file. Nothing here fails a run."""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Limit:
    """A floor of the issue: at most or at least ``value``, in the figure's own unit; ``words`` say it otherwise."""

    sign: str
    value: float
    words: str = ""

    def holds(self, measured: float) -> bool:
        return measured <= self.value if self.sign == "<=" else measured >= self.value

    def __str__(self) -> str:
        return self.words or f"{self.sign} {shown(self.value)}"


def at_most(value: float, words: str = "") -> Limit:
    return Limit("<=", value, words)


def at_least(value: float, words: str = "") -> Limit:
    return Limit(">=", value, words)


@dataclass(frozen=True)
class Figure:
    """One line of the table. ``ours`` None: it could not be measured (the note says why); ``stock`` the rival's."""

    measure: str
    name: str
    ours: float | None
    unit: str = ""
    stock: float | None = None
    floor: Limit | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        if self.floor is None or self.ours is None:
            return ""
        return "yes" if self.floor.holds(self.ours) else "NO"


def median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The nearest-rank percentile: a value that was measured, never one between two."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000


def ratio(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below else None


def shown(value: float | None) -> str:
    if value is None:
        return "-"
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def table(figures: Sequence[Figure]) -> str:
    """The figures as text, a block for each measure."""
    rows = [("", "ours", "stock bot", "floor", "holds", "")]
    for n, figure in enumerate(figures):
        if n and figure.measure != figures[n - 1].measure:
            rows.append(("",) * 6)
        unit = f" {figure.unit}" if figure.unit else ""
        rows.append(
            (
                figure.name,
                shown(figure.ours) + (unit if figure.ours is not None else ""),
                shown(figure.stock) + (unit if figure.stock is not None else ""),
                str(figure.floor or ""),
                figure.verdict,
                figure.note,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(row[n].rjust(widths[n]) for n in range(1, 5)), row[5]]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def machine() -> str:
    """What it was measured on; the load says whether somebody else was using it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.machine()}, load {load}"


def keep(path: Path, figures: Sequence[Figure], *, quick: bool, before: str) -> None:
    """Write the figures as JSON; ``before`` is the machine as it was before the run."""
    document = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": before,
        "quick": quick,
        "figures": [
            {**asdict(figure), "floor": str(figure.floor or ""), "holds": figure.verdict} for figure in figures
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")
