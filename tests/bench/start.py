"""The second ``make run``: seconds until it is ready, and the memory of all that it started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from api import embedded_postgres
from tests.bench import resources
from tests.bench.figures import Figure, at_most
from tests.bench.ours import Installation, Runner, demo_runner, give_model
from tests.bench.starter import Starter
from tests.harness.processes import ROOT

#: All processes together, in megabytes (10^6): 1.6 GB.
MOST_MEMORY = 1600
#: Rasa's process alone.
MOST_RASA = 900
_DEMO_PHONE = "+447700900101"


def second_start(stock: Starter) -> list[Figure]:
    """A first start makes database and demo data; the second is the one that is measured, with ``make`` and all."""
    with TemporaryDirectory(prefix="hearthline-bench-") as name:
        folder = Path(name)
        give_model(folder / "var")
        first = demo_runner(folder, [sys.executable, "-m", "api.run"])
        second = demo_runner(folder, ["make", "--no-print-directory", "run"])
        try:
            first_seconds = first.start()
            first.stop()
            seconds = second.start()
            _text(second)
            members = [*second.members(), *resources.postgres(folder / "var")]
            all_of_it, rasa = resources.total(members), _of(members, "bot.serve")
            by_part = resources.resident_by_part(members)
        finally:
            for runner in (first, second):
                runner.stop()
            if resources.postgres(folder / "var"):
                embedded_postgres.stop(folder / "var")
    theirs = resources.total(stock.members())
    return [
        Figure(
            "start",
            "make run, second time: until ready",
            seconds,
            "s",
            stock.started_in,
            at_most(25),
            f"the first, trained already: {first_seconds:.1f} s; stock: until its first answer",
        ),
        Figure(
            "start",
            "memory of all processes: RSS",
            all_of_it.resident,
            "MB",
            theirs.resident,
            at_most(MOST_MEMORY),
            by_part,
        ),
        Figure(
            "start", "memory of all processes: PSS", all_of_it.shared_out, "MB", theirs.shared_out, at_most(MOST_MEMORY)
        ),
        Figure("start", "memory of the Rasa process: RSS", rasa.resident, "MB", theirs.resident, at_most(MOST_RASA)),
    ]


def after_work(ours: Installation, stock: Starter) -> list[Figure]:
    """The same once everything above has been done with it."""
    members = ours.members()
    all_of_it, rasa, theirs = resources.total(members), _of(members, "bot.serve"), resources.total(stock.members())
    return [
        Figure(
            "memory",
            "after all this work, all processes: RSS",
            all_of_it.resident,
            "MB",
            theirs.resident,
            at_most(MOST_MEMORY),
            resources.resident_by_part(members),
        ),
        Figure("memory", "... PSS", all_of_it.shared_out, "MB", theirs.shared_out, at_most(MOST_MEMORY)),
        Figure("memory", "... the Rasa process: RSS", rasa.resident, "MB", theirs.resident, at_most(MOST_RASA)),
    ]


def _of(members: list[psutil.Process], word: str) -> resources.Memory:
    found = resources.running(members, word)
    return resources.of(found) if found else resources.Memory(0, 0)


def _text(runner: Runner) -> None:
    """One text through the demo, so that what is loaded on first use is loaded."""
    subprocess.run(
        [sys.executable, "-m", "api.cli", "text", _DEMO_PHONE, "whens my next meeting"],
        cwd=ROOT, env=dict(runner.process.environment), capture_output=True, timeout=60,
    )  # fmt: skip
