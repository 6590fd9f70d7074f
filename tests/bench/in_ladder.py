"""``python -m tests.bench.in_ladder OPEN DUE``: a tick of the ladder with so many open escalations and so many due.

Then one with all due. In a folder of its own (HEARTHLINE_VAR_DIR) with the harness's people, and with no worker process
beside it. Out: ``{"none": seconds, "some": seconds, "all": seconds, "processor": seconds of it
that were worked, "due": how many were due then (what was told first waits for the morning, if it is routine and night),
"told": rungs told, "twice": n,
"unqueued": rungs told that have no text, "sweep": the longest sweep until each text had a job}``.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from api import clock
from api.database import transaction
from api.escalations.jobs import climb
from api.messages.jobs import sweep
from api.settings import settings
from tests.bench import resources
from tests.harness import prepare, town

# Families take turns, and so do the priorities; the first so many are due.
_OPEN = text("""
    INSERT INTO escalations (agency_id, family_id, kind, priority, words, reasons, state, opened_at, rung, step,
                             next_rung_at, acknowledged_via, outcome, outcome_kind)
    SELECT f.agency_id, f.id, 'contact', (ARRAY['routine', 'urgent', 'emergency'])[n % 3 + 1], 'bench', '[]', 'open',
           CAST(:now AS timestamptz), 1, 1,
           CAST(:now AS timestamptz) + CASE WHEN n <= :due THEN interval '1 hour' ELSE interval '9 hours' END,
           '', '', ''
    FROM generate_series(1, :many) n
    JOIN (SELECT id, agency_id, row_number() OVER (ORDER BY id) - 1 AS i, count(*) OVER () AS all_of FROM families) f
      ON f.i = n % f.all_of
""")
_DUE = text("SELECT count(*) FROM escalations WHERE state = 'open' AND next_rung_at <= :now")


def main() -> None:
    many, due = int(sys.argv[1]), int(sys.argv[2])
    folder = settings().var_dir
    folder.mkdir(parents=True, exist_ok=True)
    town.write(folder / "town.json")
    sys.argv[1:] = [str(folder / "town.json")]
    prepare.main()
    with transaction() as session:
        session.execute(_OPEN, {"now": clock.now(), "many": many, "due": due})
    with transaction() as session:
        session.execute(text("ANALYZE"))  # as a database is that has them open for a while
    result: dict[str, float] = {"none": _timed()[1]}
    clock.move(timedelta(hours=1))
    some, result["some"] = _timed()
    clock.move(timedelta(hours=9))
    with transaction() as session:
        result["due"] = float(session.scalar(_DUE, {"now": clock.now()}) or 0)
    used = _processor()
    result["told"], result["all"] = _timed()
    result["processor"] = _processor() - used
    if some != due:
        raise SystemExit(f"{some} rungs were told where {due} were due")
    result["sweep"] = _sweeps()
    with transaction() as session:
        result |= _counts(session)
    json.dump(result, sys.stdout)


def _timed() -> tuple[int, float]:
    begun = time.perf_counter()
    return climb(), time.perf_counter() - begun


def _processor() -> float:
    """Seconds of processor time that this process and the database have used."""
    database = sum(sum(process.cpu_times()[:2]) for process in resources.postgres(settings().var_dir))
    return time.process_time() + float(database)


def _sweeps() -> float:
    longest, queued = 0.0, 1
    while queued:
        begun = time.perf_counter()
        queued = sweep()
        longest = max(longest, time.perf_counter() - begun)
    return longest


def _counts(session: Session) -> dict[str, float]:
    def count(sql: str) -> float:
        return float(session.scalar(text(sql)) or 0)

    return {
        "twice": count(
            "SELECT count(*) FROM (SELECT FROM notifications GROUP BY escalation_id, rung, worker_id"
            " HAVING count(*) > 1) n"
        ),
        "unqueued": count(
            "SELECT count(*) FROM notifications n WHERE problem = '' AND NOT EXISTS (SELECT 1 FROM outbound_messages o"
            " JOIN procrastinate_jobs j ON j.args ->> 'outbound_id' = o.id::text"
            " WHERE o.escalation_id = n.escalation_id AND o.worker_id = n.worker_id AND o.created_at = n.at)"
        ),
    }


if __name__ == "__main__":
    assert Path(settings().var_dir).is_absolute()
    main()
