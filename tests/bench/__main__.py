"""``python -m tests.bench [names] [--quick]``: measures, prints one table, writes var/bench.json. Fails nothing.

Each name is a measure; without names all of them, in this order, in one run beside the stock starter bot:
start, turn, eight, growth, webhook, burst, memory, nlu, understanding.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial

from tests.bench import figures, start, starter, turns, understanding, webhook
from tests.bench.figures import Figure
from tests.bench.ours import Installation, installed
from tests.bench.sizes import QUICK, Sizes
from tests.bench.starter import Starter
from tests.harness.processes import ROOT

RESULT = ROOT / "var" / "bench.json"
#: What each measure needs to be running.
BOTH = ("turn", "eight", "growth", "webhook", "burst", "memory")
NAMES = ("start", *BOTH, "nlu", "understanding")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Speed, size and understanding.")
    parser.add_argument(
        "names", nargs="*", choices=[[], *NAMES], help=f"what to measure: {', '.join(NAMES)}", metavar="NAME"
    )
    parser.add_argument("--quick", action="store_true", help="far fewer messages: to see that the benchmark works")
    options = parser.parse_args()
    sizes = QUICK if options.quick else Sizes()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is stopped then, too
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
    if wanted & {"start", *BOTH}:
        print("The stock starter bot starts", flush=True)
        with starter.serving() as stock:
            if "start" in wanted:
                found += _measure("start", partial(start.second_start, stock))
            if wanted & set(BOTH):
                with ExitStack() as stack:
                    print("Hearthline starts", flush=True)
                    ours = stack.enter_context(installed())
                    for name, measure in _both(ours, stock, sizes).items():
                        if name in wanted:
                            found += _measure(name, measure)
    if "nlu" in wanted:
        found += _measure("nlu", partial(understanding.one_message, sizes))
    if "understanding" in wanted:
        found += _measure("understanding", partial(understanding.accuracy, train=explicit))


def _both(ours: Installation, stock: Starter, sizes: Sizes) -> dict[str, Callable[[], list[Figure]]]:
    return {
        "turn": partial(turns.one_at_a_time, ours, stock, sizes),
        "eight": partial(turns.eight_at_once, ours, stock, sizes),
        "growth": partial(turns.growth, ours, stock, sizes),
        "webhook": partial(webhook.steady, ours, sizes),
        "burst": partial(webhook.burst, ours, sizes),
        "memory": partial(start.after_work, ours, stock),
    }


def _measure(name: str, measure: Callable[[], list[Figure]]) -> list[Figure]:
    """Run one measure; one that fails says so in the table and does not keep the others from being made."""
    print(f"Measuring: {name}", flush=True)
    try:
        made = measure()
    except Exception as error:
        words = " ".join(str(error).split())[:300]
        return [Figure(name, name, None, note=f"could not be measured: {type(error).__name__}: {words}")]
    print(figures.table(made), flush=True)
    return made


if __name__ == "__main__":
    sys.exit(main())
