"""``python -m tests.harness.prepare FILE``: the tables and the people of a test system, before its processes start."""

from __future__ import annotations

import sys
from datetime import time

from sqlalchemy import update

from api.database import transaction
from api.families.models import Person
from api.imports.service import import_file
from api.migrations import apply


def main() -> None:
    apply.upgrade()
    report = import_file(sys.argv[1])
    if not report.ok:
        raise SystemExit("\n".join(str(problem) for problem in report.problems[:20]))
    with transaction() as session:  # what a test shows must not hang on the hour at which it runs
        session.execute(update(Person).values(contact_from=time(0), contact_until=time(0)))


if __name__ == "__main__":
    main()
