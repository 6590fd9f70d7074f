"""A public yardstick: our classification components on BANKING77 (Casanueva et al. 2020, CC BY 4.0), 77 intents.

The set is no part of this repository and no training text of the product: it is looked for in ``shared/banking77``
beside the working tree. Published on the full training set: USE 92.81 %, ConveRT 93.01 %, both 93.36 %.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.bench import starter
from tests.bench.figures import Figure, at_least
from tests.harness.processes import ROOT
from tests.harness.system import BOT_PYTHON

LEAST = 93.0
PUBLISHED = 93.36


def found() -> Path | None:
    """The folder of the set, or None where it is not there."""
    places = (parent / "shared" / "banking77" for parent in ROOT.parents)
    return next((place for place in places if (place / "test.csv").is_file()), None)


def accuracy() -> list[Figure]:
    """Our components on the whole set; nothing where the set is not there."""
    folder = found()
    if folder is None:
        print("  BANKING77 is not here: shared/banking77 beside the working tree", flush=True)
        return []
    print("  training on BANKING77 (some minutes) ...", flush=True)
    done = subprocess.run(
        [BOT_PYTHON, "-m", "tests.bench.banking77_in_bot", str(folder)],
        cwd=ROOT, env=starter.environment(), capture_output=True, text=True, timeout=3600,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"BANKING77 could not be measured: {done.stderr[-800:]}")
    result = json.loads(done.stdout.strip().splitlines()[-1])
    name = f"BANKING77, {result['trained_on']} to learn from, {result['tested_on']} asked"
    note = "stock: the best published, USE with ConveRT"
    return [
        Figure("banking77", f"{name}: accuracy", 100 * result["accuracy"], "%", PUBLISHED, at_least(LEAST), note),
        Figure("banking77", "BANKING77: macro-F1", 100 * result["macro_f1"], "%"),
        Figure("banking77", "BANKING77: training", result["training"], "s"),
    ]
