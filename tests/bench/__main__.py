"""``python -m tests.bench [names] [--quick]``: measures, prints one table, writes var/bench.json. Fails nothing.

Each name is a measure; without names all of them, in this order, in one run beside the stock starter bot:
start, turn, eight, growth, webhook, burst, reminders, memory, ladder, caseload, nlu, understanding, banking77.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial

from tests.bench import banking77, caseload, figures, ladder, reminders, start, starter, turns, understanding, webhook
from tests.bench.figures import Figure
from tests.bench.ours import installed
from tests.bench.sizes import QUICK, Sizes
from tests.harness.processes import ROOT

RESULT = ROOT / "var" / "bench.json"
NAMES = (
    "start",
    "turn",
    "eight",
    "growth",
    "webhook",
    "burst",
    "reminders",
    "memory",
    "ladder",
    "caseload",
    "nlu",
    "understanding",
    "banking77",
)
#: The measures that need an installation of ours, and those that need the rival.
ON_OURS = ("turn", "eight", "growth", "webhook", "burst", "reminders", "memory")
BESIDE_STOCK = ("start", "turn", "eight", "growth", "memory")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Speed, size and understanding.")
    parser.add_argument(
        "names", nargs="*", choices=[[], *NAMES], help=f"what to measure: {', '.join(NAMES)}", metavar="NAME"
    )
    parser.add_argument("--quick", action="store_true", help="far fewer messages: to see that the benchmark works")
    options = parser.parse_args()
    sizes = QUICK if options.quick else Sizes()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the same as Ctrl-C: everything is stopped, then printed
    before = figures.machine()
    print(f"Hearthline benchmark: {before}", flush=True)
    found: list[Figure] = []
    try:
        run(options.names or NAMES, sizes, found, explicit=bool(options.names))
    except KeyboardInterrupt:
        print("\nStopped.")
    if found:
        print(f"\n{figures.table(found)}\n")
        if options.quick:
            print("A quick look: too few messages for any of these figures to prove anything.")
        figures.keep(RESULT, found, quick=options.quick, before=before)
        print(f"Written to {RESULT.relative_to(ROOT)}; now {figures.machine()}")
    return 0


def run(names: Iterable[str], sizes: Sizes, found: list[Figure], *, explicit: bool) -> None:
    """Measure these, adding to ``found``; whatever was started is stopped when this returns or is interrupted."""
    wanted = set(names)

    def measure(name: str, work: Callable[[], list[Figure]]) -> None:
        if name in wanted:
            found.extend(_measured(name, work))

    with ExitStack() as stack:
        if wanted & {*BESIDE_STOCK}:
            print("The stock starter bot starts", flush=True)
            stock = stack.enter_context(starter.serving())
            measure("start", partial(start.second_start, stock))
        if wanted & {*ON_OURS}:
            print("Hearthline starts", flush=True)
            ours = stack.enter_context(installed())
        # What needs both: a measure that is wanted has had them started above.
        measure("turn", lambda: turns.one_at_a_time(ours, stock, sizes))
        measure("eight", lambda: turns.eight_at_once(ours, stock, sizes))
        measure("growth", lambda: turns.growth(ours, stock, sizes))
        measure("webhook", lambda: webhook.steady(ours, sizes))
        measure("burst", lambda: webhook.burst(ours, sizes))
        measure("reminders", lambda: reminders.tick(ours, sizes))
        measure("memory", lambda: start.after_work(ours, stock))
    measure("ladder", partial(ladder.tick, sizes))
    measure("caseload", partial(caseload.many, sizes))
    measure("nlu", partial(understanding.one_message, sizes))
    measure("understanding", partial(understanding.accuracy, train=explicit))
    if explicit:  # many minutes: only where it is named
        measure("banking77", banking77.accuracy)


def _measured(name: str, work: Callable[[], list[Figure]]) -> list[Figure]:
    """Run one measure; one that fails says so in the table and does not keep the others from being made."""
    print(f"Measuring: {name}", flush=True)
    try:
        made = work()
    except Exception as error:
        words = " ".join(str(error).split())[:300]
        return [Figure(name, name, None, note=f"could not be measured: {type(error).__name__}: {words}")]
    print(figures.table(made), flush=True)
    return made


if __name__ == "__main__":
    sys.exit(main())
