"""The job that delivers a message, and the sweep that finds rows which no live job carries."""

from __future__ import annotations

import uuid

from sqlalchemy import text

from api import clock, jobs
from api.database import transaction
from api.jobs import DELIVER, app
from api.messages import delivery

BATCH = 500


@app.task(name=DELIVER, queue=DELIVER)
def deliver(outbound_id: str) -> None:
    """Try to send one message (procrastinate's lock: one at a time per address, in order)."""
    delivery.deliver(uuid.UUID(outbound_id))


_ORPHAN_TURNS = text("""
    SELECT DISTINCT i.conversation_id FROM inbound_messages i
    WHERE i.state = 'queued' AND NOT EXISTS (
        SELECT 1 FROM procrastinate_jobs j
        WHERE j.status IN ('todo', 'doing') AND j.lock = 'conversation:' || i.conversation_id)
    LIMIT :batch
""")

_ORPHAN_DELIVERIES = text("""
    SELECT o.id, o.address FROM outbound_messages o
    WHERE o.state IN ('queued', 'sending') AND o.channel = 'sms' AND o.due_at <= :now AND NOT EXISTS (
        SELECT 1 FROM procrastinate_jobs j
        WHERE j.status IN ('todo', 'doing') AND j.lock = 'address:' || o.address
          AND j.args ->> 'outbound_id' = o.id::text)
      AND NOT EXISTS (  -- a turn delivers its own replies
        SELECT 1 FROM procrastinate_jobs j
        WHERE j.status = 'doing' AND j.lock = 'conversation:' || o.conversation_id)
    ORDER BY o.seq LIMIT :batch
""")


def sweep() -> int:
    """Queue a job for every unfinished row that has none (a retry that is due, a job that was lost). Returns how
    many."""
    with transaction() as session:
        # One sweeper at a time: two would queue the same rows twice (harmless, but work for nothing).
        if not session.scalar(text("SELECT pg_try_advisory_xact_lock(hashtext('hearthline.sweep'))")):
            return 0
        turns = session.execute(_ORPHAN_TURNS, {"batch": BATCH}).all()
        for (conversation_id,) in turns:
            jobs.enqueue_turns(session, conversation_id)
        deliveries = session.execute(_ORPHAN_DELIVERIES, {"batch": BATCH, "now": clock.now()}).all()
        for outbound_id, address in deliveries:
            jobs.enqueue_delivery(session, outbound_id, address)
    return len(turns) + len(deliveries)
