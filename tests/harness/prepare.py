"""``python -m tests.harness.prepare FILE``: the tables and the people of a test system, before its processes start."""

from __future__ import annotations

import sys

from api.imports.service import import_file
from api.migrations import apply


def main() -> None:
    apply.upgrade()
    report = import_file(sys.argv[1])
    if not report.ok:
        raise SystemExit("\n".join(str(problem) for problem in report.problems[:20]))


if __name__ == "__main__":
    main()
