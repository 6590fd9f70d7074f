"""Ten thousand open escalations: how long the ladder's tick takes when few are due, and when all are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from api import embedded_postgres
from tests.bench.figures import Figure, at_least, at_most
from tests.bench.sizes import Sizes
from tests.harness.processes import ROOT


def tick(sizes: Sizes) -> list[Figure]:
    """Alone with a database of its own: no worker process takes rungs beside it."""
    with TemporaryDirectory(prefix="hearthline-bench-") as folder:
        var = Path(folder) / "var"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HEARTHLINE_", "TWILIO_"))}
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.in_ladder", str(sizes.escalations), str(sizes.escalations_due)],
            cwd=ROOT, capture_output=True, text=True, timeout=600,
            env={**kept, "HEARTHLINE_VAR_DIR": str(var), "HEARTHLINE_CLOCK_FILE": str(Path(folder) / "clock")},
        )  # fmt: skip
        embedded_postgres.stop(var)
    if done.returncode:
        raise RuntimeError(f"the ladder could not be measured: {done.stderr[-800:]}")
    found = json.loads(done.stdout.strip().splitlines()[-1])
    group = f"ladder, {sizes.escalations:,} open"
    return [
        Figure("ladder", f"{group}: a tick with none due", found["none"], "s"),
        Figure("ladder", f"{group}: with {sizes.escalations_due} due", found["some"], "s", floor=at_most(2)),
        Figure("ladder", f"{group}: with all due", found["all"], "s", floor=at_most(2),
               note=f"{found['processor']:.2f} s of processor time, the database's included"),
        Figure("ladder", f"{group}: told then", found["told"], floor=at_least(found["due"], "as many as are due")),
        Figure("ladder", f"{group}: rungs told twice", found["twice"], floor=at_most(0)),
        Figure("ladder", f"{group}: told without a text on its way", found["unqueued"], floor=at_most(0)),
        Figure("ladder", f"{group}: the longest sweep after it", found["sweep"], "s"),
    ]  # fmt: skip
