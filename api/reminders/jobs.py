"""The reminders' tick: tells what is due, then plans what has changed, a batch at a time, each its own transaction."""

from __future__ import annotations

import time

import crashpoints
from api import clock
from api.database import transaction
from api.messages.jobs import RUSH
from api.reminders import colleagues, planning, telling

#: Planning looks at all that is coming: it rests this many times as long as it took, and at least this long (seconds).
REST, LEAST_REST = 20.0, 1.0
#: One look plans for so long at most; telling comes first again then.
LONGEST_LOOK = 5.0

_next_look = 0.0


def remind() -> int:
    """Put everything that is due into the outbox, and plan ahead; returns how many rows were settled."""
    told = 0
    try:
        while batch := _tell():
            told += batch
            if batch == telling.BATCH:
                RUSH.set()
    finally:
        RUSH.clear()
    look_ahead()
    return told + _tell_colleagues()


def _tell_colleagues() -> int:
    with transaction() as session:
        return colleagues.tell(session, clock.now())


def _tell() -> int:
    with transaction() as session:
        settled = telling.tell(session, clock.now())
        if settled:
            session.flush()
            crashpoints.point("reminder.before_commit")
    if settled:
        crashpoints.point("reminder.after_commit")
    return settled


def look_ahead(*, at_once: bool = False) -> int:
    """Plan what is new or has changed; how many rows. Rests in between, unless ``at_once``."""
    global _next_look
    begun = time.monotonic()
    if begun < _next_look and not at_once:
        return 0
    planned = changed = 0
    while time.monotonic() - begun < LONGEST_LOOK:
        with transaction() as session:
            if not planning.alone(session):
                break
            changed = planning.note_changes(session, clock.now())
            batch = planning.plan(session, clock.now())
        planned += batch + changed
        if not (batch or changed):
            break
    took = time.monotonic() - begun
    _next_look = time.monotonic() + (0.0 if planned else max(LEAST_REST, REST * took))
    return planned
