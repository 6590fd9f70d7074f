"""The ladder's tick: tells the next rung of every escalation that nobody has acknowledged in time."""

from __future__ import annotations

from api import clock, crashpoints
from api.database import transaction
from api.escalations import queries, service

#: Rungs in one transaction.
BATCH = 2000
#: Of what somebody had who is gone, in one transaction.
ABANDONED = 200


def climb() -> int:
    """Tell every rung that is due; returns how many. Each batch is one transaction, so a crash repeats or loses
    none."""
    while _release() == ABANDONED:
        pass
    told = 0
    while True:
        with transaction() as session:
            now = clock.now()
            due = queries.due(session, now, BATCH)
            if due:
                service.tell_all(session, due, now)
                crashpoints.point("ladder.before_commit")
        if due:
            crashpoints.point("ladder.after_commit")
        told += len(due)
        if len(due) < BATCH:
            return told


def _release() -> int:
    with transaction() as session:
        abandoned = queries.abandoned(session, ABANDONED)
        for escalation in abandoned:
            service.release(session, escalation, clock.now())
    return len(abandoned)
