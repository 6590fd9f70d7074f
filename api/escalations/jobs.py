"""The ladder's tick: tells the next rung of every escalation that nobody has acknowledged in time."""

from __future__ import annotations

import uuid

from api import clock, crashpoints
from api.database import transaction
from api.escalations import queries, service
from api.escalations.world import World, world

BATCH = 200


def climb() -> int:
    """Tell every rung that is due; returns how many. Each batch is one transaction, so a crash repeats or loses
    none."""
    told = 0
    while True:
        with transaction() as session:
            now = clock.now()
            for escalation in queries.abandoned(session, BATCH):
                service.release(session, escalation, now)
            due = queries.due(session, now, BATCH)
            worlds: dict[uuid.UUID, World] = {}
            for escalation in due:
                if escalation.agency_id not in worlds:
                    worlds[escalation.agency_id] = world(session, escalation.agency_id, now)
                service.tell_next(session, escalation, now, worlds[escalation.agency_id])
            if due:
                crashpoints.point("ladder.before_commit")
        if due:
            crashpoints.point("ladder.after_commit")
        told += len(due)
        if len(due) < BATCH:
            return told
