"""How the installation stands: counts and ages over all agencies, nothing of anybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from api.ops.models import ProviderCheck
from api.ops.watch import Deliveries, State
from api.settings import settings

#: A worker beats every three seconds (api.worker).
WORKER_SILENT_AFTER = 15

# Messages in a conversation that a worker has taken over wait for the worker, not for us. Each part has its index.
_QUEUES = text("""
    SELECT w.*, t.*, d.*, r.*
    FROM
      (SELECT count(*) AS workers FROM procrastinate_workers
        WHERE last_heartbeat > now() - make_interval(secs => :silent)) w,
      (SELECT count(*) AS turns, min(i.received_at) AS turn_since FROM inbound_messages i
         JOIN conversations c ON c.id = i.conversation_id
        WHERE i.state = 'queued' AND c.taken_over_by IS NULL) t,
      (SELECT count(*) AS deliveries, min(CASE WHEN error = 'no_key' THEN created_at ELSE due_at END) AS delivery_since
        FROM outbound_messages  -- what waits for a process with its key is put off again and again
        WHERE state IN ('queued', 'sending') AND channel IN ('sms', 'email', 'push')
          AND (due_at <= :now OR error = 'no_key')) d,
      (SELECT count(*) AS rungs, min(next_rung_at) AS rung_since FROM escalations
        WHERE state = 'open' AND next_rung_at <= :now) r
""")

# This one looks through a day of texts: once a minute, not at every question after our health.
_DELIVERIES = text("""
    SELECT count(*) FILTER (WHERE lately AND state <> 'failed') AS reached,
           count(*) FILTER (WHERE lately AND state = 'failed') AS failed,
           count(*) FILTER (WHERE NOT lately AND state <> 'failed') AS reached_before,
           count(*) FILTER (WHERE NOT lately AND state = 'failed') AS failed_before
    FROM (SELECT state, created_at > :hour AS lately FROM outbound_messages
           WHERE channel IN ('sms', 'email') AND state IN ('sent', 'delivered', 'failed') AND created_at > :day) texts
""")


def queues(session: Session, now: datetime) -> State:
    """What waits, and which workers live, at ``now`` (the clock's; a worker's heartbeat is in the machine's time)."""
    row = session.execute(_QUEUES, {"now": now, "silent": WORKER_SILENT_AFTER}).one()

    def age(since: datetime | None) -> timedelta:
        return max(now - since, timedelta()) if since else timedelta()

    return State(
        turns=row.turns,
        oldest_turn=age(row.turn_since),
        deliveries=row.deliveries,
        oldest_delivery=age(row.delivery_since),
        rungs=row.rungs,
        oldest_rung=age(row.rung_since),
        workers=row.workers,
    )


def measure(session: Session, now: datetime) -> State:
    """The same, and what became of the texts of the last hour and of the day before it."""
    row = session.execute(_DELIVERIES, {"hour": now - timedelta(hours=1), "day": now - timedelta(hours=25)}).one()
    twilio = session.get(ProviderCheck, "twilio")
    return replace(
        queues(session, now),
        twilio=twilio.state if twilio else "",
        balance=twilio.balance if twilio else None,
        currency=twilio.currency if twilio else "",
        low_balance=settings().twilio_low_balance,
        last_hour=Deliveries(row.reached, row.failed),
        day_before=Deliveries(row.reached_before, row.failed_before),
    )
