"""The ladder's tick: tells the next rung of every escalation that nobody has acknowledged in time. The job that tells
workers of a chat that was left."""

from __future__ import annotations

import uuid

import procrastinate

from api import clock, crashpoints
from api.database import transaction
from api.escalations import lapses, queries, service
from api.jobs import TELL_LEFT, app, await_turn
from api.messages.queries import waits_for_a_turn

#: Rungs in one transaction.
BATCH = 2000
#: Of what somebody had who is gone, in one transaction.
ABANDONED = 200
#: Of promised calls, in one transaction.
CALLS = 200


#: The word that somebody left is tried so often, a few seconds apart.
TRIES = procrastinate.RetryStrategy(max_attempts=100, wait=3)


class TurnToCome(Exception):
    """What was written in the chat has not had its turn yet, and may turn out to be about danger."""


@app.task(name=TELL_LEFT, queue=TELL_LEFT, retry=TRIES)
def tell_left(conversation_id: str) -> None:
    """Somebody left a chat that was about danger: whoever has it hears so, else all who were told of it.

    After the chat's last turn: raises TurnToCome, and is tried again, while a message waits for one.
    """
    with transaction() as session:
        await_turn(session, uuid.UUID(conversation_id))
        if waits_for_a_turn(session, uuid.UUID(conversation_id)):
            raise TurnToCome
        service.chat_left(session, uuid.UUID(conversation_id))


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


def watch_calls() -> int:
    """Remind whoever said to ring by a time that is over, and later let the ladder go on; returns how many."""
    with transaction() as session:
        now = clock.now()
        found = lapses.promised(session, now, CALLS)
        for escalation in found:
            lapses.follow_up(session, escalation, now)
        session.flush()
        if found:
            crashpoints.point("call.before_commit")
    if found:
        crashpoints.point("call.after_commit")
    return len(found)


def _release() -> int:
    with transaction() as session:
        abandoned = queries.abandoned(session, ABANDONED)
        for escalation in abandoned:
            service.release(session, escalation, clock.now())
    return len(abandoned)
