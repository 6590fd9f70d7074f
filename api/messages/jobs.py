"""The job that delivers a message, and the sweep that finds rows which no live job carries."""

from __future__ import annotations

import logging
import threading
import time
import uuid

from sqlalchemy import text

import crashpoints
from api import clock, jobs
from api.database import transaction
from api.jobs import DELIVER, DELIVER_REMINDERS, NO_TURN_RUNS, app
from api.messages import delivery, takeovers, who_writes

log = logging.getLogger(__name__)

BATCH = 500
#: Reminders go out in so many lanes, each one text at a time and at most one in PACE seconds: however many wait, they
#: leave hands free for replies. 40 a second, 100,000 in 42 minutes.
LANES = 4
PACE = 0.1
SLICE = 1.0
#: Set while a rush of reminders is put into the outbox in this process: what has not been written down comes first, so
#: the lanes go at a fifth of their pace until then.
RUSH = threading.Event()
SLOWER = 5


@app.task(name=DELIVER, queue=DELIVER)
def deliver(outbound_id: str) -> None:
    """Try to send one message (procrastinate's lock: one at a time per address, in order)."""
    delivery.deliver(uuid.UUID(outbound_id))


# NOT IN, because PostgreSQL hashes what stands there: ten thousand may wait for one number, with as many jobs.
_ORPHAN_DELIVERIES = text(f"""
    SELECT o.id, o.address FROM outbound_messages o
    WHERE o.state IN ('queued', 'sending') AND o.kind <> 'reminder' AND o.channel IN ('sms', 'email', 'push')
      AND o.due_at <= :now
      AND o.id::text NOT IN (
        SELECT j.args ->> 'outbound_id' FROM procrastinate_jobs j
        WHERE j.status IN ('todo', 'doing') AND j.task_name = :deliver AND j.args ->> 'outbound_id' IS NOT NULL)
      AND (o.conversation_id IS NULL  -- a turn delivers its own replies
           OR {NO_TURN_RUNS.format(id="o.conversation_id::text")})
    ORDER BY o.seq LIMIT :batch
""")  # noqa: S608 (our own words)

_IDLE_LANES = text("""
    SELECT lane FROM generate_series(0, :lanes - 1) AS lane
    WHERE NOT EXISTS (
        SELECT 1 FROM procrastinate_jobs j
        WHERE j.status IN ('todo', 'doing') AND j.lock = 'reminders:' || lane)
      AND EXISTS (
        SELECT 1 FROM outbound_messages o
        WHERE o.state IN ('queued', 'sending') AND o.kind = 'reminder' AND o.due_at <= :now
          AND mod(abs(hashtext(o.address)::bigint), :lanes) = lane)
""")

_NEXT_IN_LANE = text("""
    SELECT o.id FROM outbound_messages o
    WHERE o.state IN ('queued', 'sending') AND o.kind = 'reminder' AND o.due_at <= :now
      AND mod(abs(hashtext(o.address)::bigint), :lanes) = :lane
    ORDER BY o.seq LIMIT :batch
""")


@app.task(name=DELIVER_REMINDERS, queue=DELIVER_REMINDERS)
def deliver_reminders(lane: int) -> None:
    """Deliver the reminders of one lane, in order and at an even pace, for about a second; then it is others' turn.

    A number is always in the same lane and a lane has one job at a time (procrastinate's lock), so no reminder is tried
    twice at once; one that is ``sending`` here was cut off.
    """
    pace = PACE * SLOWER if RUSH.is_set() else PACE
    with transaction() as session:
        batch = max(1, round(SLICE / pace))
        facts = {"now": clock.now(), "lanes": LANES, "lane": lane, "batch": batch}
        waiting = session.scalars(_NEXT_IN_LANE, facts).all()
    for outbound_id in waiting:
        begun = time.monotonic()
        delivery.deliver(outbound_id)
        if len(waiting) > 1:
            time.sleep(max(0.0, pace - (time.monotonic() - begun)))
    if len(waiting) == batch:
        with transaction() as session:
            jobs.enqueue_lane(session, lane)


def end_silent_takeovers() -> int:
    """Give back to the bot, and to the ladder, every conversation in which somebody waits too long for the worker who
    took it over. Each is a transaction of its own: a crash leaves it as it was or ends it once; one that fails is
    logged and tried again at the next tick (api.ops sees that it waits), and the others go on. Returns how many."""
    with transaction() as session:
        takeovers.settle_forgotten(session)
        found = takeovers.silent(session, clock.now(), BATCH)
    ended = 0
    for conversation_id in found:
        try:
            ended += _end_silent_takeover(conversation_id)
        except Exception as error:
            log.error("takeover: giving back %s failed: %s", conversation_id, type(error).__name__)
    return ended


def _end_silent_takeover(conversation_id: uuid.UUID) -> bool:
    with transaction() as session:
        done = takeovers.lapse(session, conversation_id, clock.now())
        session.flush()
        if done:
            crashpoints.point("takeover.before_commit")
    if done:
        crashpoints.point("takeover.after_commit")
    return done


def tell_who_reads() -> int:
    """Say by text that a person has taken over and reads, where their first words do not come. Each is a transaction of
    its own; one that fails is logged and tried again at the next tick. Returns how many."""
    with transaction() as session:
        found = who_writes.quiet(session, clock.now(), BATCH)
    told = 0
    for conversation_id in found:
        try:
            with transaction() as session:
                told += who_writes.tell_reads(session, conversation_id, clock.now())
        except Exception as error:
            log.error("takeover: saying who reads %s failed: %s", conversation_id, type(error).__name__)
    return told


def sweep() -> int:
    """Queue a job for every unfinished delivery that has none (a retry that is due, a job that was lost), and one for
    each lane of reminders where some wait. Returns how many."""
    with transaction() as session:
        # One sweeper at a time: two would queue the same rows twice (harmless, but work for nothing).
        if not session.scalar(text("SELECT pg_try_advisory_xact_lock(hashtext('hearthline.sweep'))")):
            return 0
        facts = {"batch": BATCH, "now": clock.now(), "deliver": DELIVER}
        deliveries = session.execute(_ORPHAN_DELIVERIES, facts)
        orphans = [(outbound_id, address) for outbound_id, address in deliveries]
        jobs.enqueue_deliveries(session, orphans)
        lanes = session.scalars(_IDLE_LANES, {"lanes": LANES, "now": clock.now()}).all()
        for lane in lanes:
            jobs.enqueue_lane(session, lane)
    return len(orphans) + len(lanes)
