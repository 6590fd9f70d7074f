"""How the installation stands: counts and ages over all agencies, nothing of anybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from api.channels.twilio import faults
from api.messages.quiet import HUSHED
from api.ops.models import ProviderCheck
from api.ops.watch import Deliveries, State
from api.settings import settings

#: A worker beats every three seconds (api.worker).
WORKER_SILENT_AFTER = 15
#: A mail server may put us off for minutes the first time (greylisting), a browser's push service for a while.
PATIENCE_WITH_MAIL = timedelta(minutes=30)

# Messages in a conversation that a worker has taken over wait for the worker, not for us. Each part has its index.
_QUEUES = text("""
    SELECT w.*, t.*, d.*, r.*
    FROM
      (SELECT count(*) AS workers FROM procrastinate_workers
        WHERE last_heartbeat > now() - make_interval(secs => :silent)) w,
      (SELECT count(*) AS turns, min(i.received_at) AS turn_since FROM inbound_messages i
         JOIN conversations c ON c.id = i.conversation_id
        WHERE i.state = 'queued' AND c.taken_over_by IS NULL) t,
      (SELECT count(*) AS deliveries, count(*) FILTER (WHERE error = ANY (CAST(:faults AS text[]))) AS refused,
              min(CASE WHEN error = 'no_key' THEN created_at
                       WHEN due_at <= :now AND error IN ('', :hushed, :phone_off) THEN due_at
                       ELSE least(CASE WHEN due_at <= :now THEN due_at END, (
                           SELECT min(started_at) FROM delivery_attempts a WHERE a.outbound_id = o.id
                       ) + CASE channel WHEN 'sms' THEN interval '0' ELSE :patience END) END) AS delivery_since
        FROM outbound_messages o  -- what is tried again, or waits for a process with its key, is put off each time
        WHERE state IN ('queued', 'sending') AND channel IN ('sms', 'email', 'push')
          AND (due_at <= :now OR error NOT IN ('', :hushed, :phone_off))) d,
      (SELECT count(*) AS rungs, min(next_rung_at) AS rung_since FROM escalations
        WHERE state = 'open' AND next_rung_at <= :now) r
""")

# This one looks through a day of texts: once a minute, not at every question after our health.
_DELIVERIES = text("""
    SELECT count(*) FILTER (WHERE lately AND NOT failed) AS reached,
           count(*) FILTER (WHERE lately AND failed) AS failed,
           count(*) FILTER (WHERE NOT lately AND NOT failed) AS reached_before,
           count(*) FILTER (WHERE NOT lately AND failed) AS failed_before
    FROM (SELECT state IN ('failed', 'uncertain') AS failed, created_at > :hour AS lately FROM outbound_messages
           WHERE channel IN ('sms', 'email') AND state IN ('sent', 'delivered', 'failed', 'uncertain')
             AND created_at > :day) texts
""")


def queues(session: Session, now: datetime) -> State:
    """What waits, and which workers live, at ``now`` (the clock's; a worker's heartbeat is in the machine's time)."""
    values = {
        "now": now,
        "silent": WORKER_SILENT_AFTER,
        "faults": sorted(faults.ACCOUNT),
        "hushed": HUSHED,  # they asked not to be texted: it waits on purpose
        "phone_off": faults.UNREACHABLE,
        "patience": PATIENCE_WITH_MAIL,
    }
    row = session.execute(_QUEUES, values).one()

    def age(since: datetime | None) -> timedelta:
        return max(now - since, timedelta()) if since else timedelta()

    return State(
        turns=row.turns,
        oldest_turn=age(row.turn_since),
        deliveries=row.deliveries,
        oldest_delivery=age(row.delivery_since),
        refused=row.refused,
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
        twilio_for=max(now - twilio.state_since, timedelta()) if twilio and twilio.state_since else timedelta(),
        balance=twilio.balance if twilio else None,
        currency=twilio.currency if twilio else "",
        low_balance=settings().twilio_low_balance,
        last_hour=Deliveries(row.reached, row.failed),
        day_before=Deliveries(row.reached_before, row.failed_before),
    )
