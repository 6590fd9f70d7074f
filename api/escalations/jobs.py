"""The ladder's tick: tells the next rung of every escalation that nobody has acknowledged in time."""

from __future__ import annotations

from api import clock, crashpoints
from api.database import transaction
from api.escalations import queries, service

BATCH = 200


def climb() -> int:
    """Tell every rung that is due; returns how many. Each batch is one transaction, so a crash repeats or loses
    none."""
    told = 0
    while True:
        with transaction() as session:
            due = queries.due(session, clock.now(), BATCH)
            for escalation in due:
                service.tell_next(session, escalation, clock.now())
            if due:
                crashpoints.point("ladder.before_commit")
        if due:
            crashpoints.point("ladder.after_commit")
        told += len(due)
        if len(due) < BATCH:
            return told
