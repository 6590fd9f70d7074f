"""The ladder's tick: tells the next rung of every escalation that nobody has acknowledged in time. The job that tells
workers of a chat that was left."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import procrastinate
from sqlalchemy.orm import Session

import crashpoints
from api import clock
from api.database import reading, transaction
from api.escalations import bounced, forgotten, lapses, otherwise, queries, service
from api.escalations.world import Due
from api.jobs import TELL_LEFT, app, await_turn
from api.messages.models import OutboundMessage
from api.messages.queries import waits_for_a_turn

log = logging.getLogger(__name__)

#: Rungs in one transaction.
BATCH = 2000
#: Of what somebody had who is gone, in one transaction.
ABANDONED = 200
#: Of promised calls, in one transaction.
CALLS = 200
#: Escalations of which a worker's text is held up, at one tick, and words beside them.
HELD_UP = 100

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
    none. Where one escalation fails, it is logged and waits for the next tick, and the others are told."""
    _release()
    _tell_otherwise()
    told = 0
    failed: set[int] = set()
    while True:
        with transaction() as session:
            now = clock.now()
            due = queries.due(session, now, BATCH, but=failed)
            missed = _tell(session, due, now) if due else set()
            if due:
                crashpoints.point("ladder.before_commit")
        if due:
            crashpoints.point("ladder.after_commit")
        failed |= missed
        told += len(due) - len(missed)
        if len(due) < BATCH:
            return told


def _tell(session: Session, dues: Sequence[Due], now: datetime) -> set[int]:
    """All of them in a few statements; where that fails, each agency's, and then each escalation, by itself. Returns
    which failed."""
    if _by_itself(session, "telling all that is due", lambda: service.tell_all(session, dues, now)):
        return set()
    failed = set()
    for agency_id in dict.fromkeys(due.agency_id for due in dues):
        theirs = [due for due in dues if due.agency_id == agency_id]
        if not _by_itself(session, f"telling for agency {agency_id}", partial(service.tell_all, session, theirs, now)):
            for due in theirs:
                if not _by_itself(session, f"telling of {due.id}", partial(service.tell_all, session, [due], now)):
                    failed.add(due.id)
    return failed


def _by_itself(session: Session, what: str, work: Callable[[], object]) -> bool:
    """Do it; if it fails, it is taken back and logged, and the transaction goes on with the others."""
    try:
        with session.begin_nested():
            work()
    except Exception as error:
        log.error("ladder: %s failed: %s", what, type(error).__name__)
        return False
    return True


def watch_calls() -> int:
    """Remind whoever said to ring by a time that is over, and later let the ladder go on; returns how many."""
    done = 0
    failed: set[int] = set()
    while True:
        with transaction() as session:
            now = clock.now()
            found = [(one.id, one) for one in lapses.promised(session, now, CALLS, but=failed)]
            for number, one in found:
                if _by_itself(session, f"the call of {number}", partial(lapses.follow_up, session, one, now)):
                    done += 1
                else:
                    failed.add(number)
            if found:
                crashpoints.point("call.before_commit")
        if found:
            crashpoints.point("call.after_commit")
        if len(found) < CALLS:
            return done


def watch_held() -> int:
    """Remind whoever has something on and gives no sign, and later let the ladder go on; returns how many. Each is a
    transaction of its own, so that the next one knows whom this one reminded."""
    done = 0
    seen: set[int] = set()
    while True:
        with transaction() as session:
            now = clock.now()
            one = forgotten.due(session, now, but=seen)
            if one is None:
                return done
            seen.add(one.id)
            done += _by_itself(session, f"what is held, {one.id}", partial(forgotten.follow_up, session, one, now))


def _release() -> None:
    """What somebody had who does not work here any more, or is on leave, is open again."""
    failed: set[int] = set()
    while True:
        with transaction() as session:
            found = [(escalation.id, escalation) for escalation in queries.abandoned(session, ABANDONED, but=failed)]
            for number, escalation in found:
                release = partial(service.release, session, escalation, clock.now())
                if not _by_itself(session, f"opening {number} again", release):
                    failed.add(number)
        if len(found) < ABANDONED:
            return


def _tell_otherwise() -> None:
    """Whoever's text does not go out is told in another way. Each escalation is a transaction of its own."""
    with reading() as session:
        found = bounced.held_up(session, clock.now(), HELD_UP)
    for number in found:
        with transaction() as session:
            _by_itself(
                session, f"another way for {number}", partial(bounced.tell_otherwise, session, number, clock.now())
            )
    with transaction() as session:
        for outbound_id in otherwise.held_up(session, clock.now(), HELD_UP):
            message = session.get_one(OutboundMessage, outbound_id, populate_existing=True)
            _by_itself(session, "words in another way", partial(otherwise.say, session, message))
