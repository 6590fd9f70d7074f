"""How the installation stands: counts and ages over all agencies, nothing of anybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from api.channels.twilio import faults
from api.escalations import forgotten, lapses
from api.escalations.models import OPEN_AGAIN
from api.messages import takeovers
from api.messages.quiet import HUSHED
from api.ops.models import ProviderCheck
from api.ops.watch import Deliveries, State
from api.settings import settings

#: A worker beats every three seconds (api.worker).
WORKER_SILENT_AFTER = 15
#: A mail server may put us off for minutes the first time (greylisting), a browser's push service for a while.
PATIENCE_WITH_MAIL = timedelta(minutes=30)
#: Who was told so lately may not have been reached yet: the provider has not taken it.
A_MOMENT = timedelta(minutes=1)

# Messages in a conversation that a worker has taken over wait for the worker, not for us (until when:
# messages.takeovers). Each part has its index.
_QUEUES = text("""
    SELECT w.*, t.*, d.*, r.*, m.*
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
        WHERE state = 'open' AND next_rung_at <= :now) r,
      (SELECT count(*) AS reminders, min(due_at) AS reminder_since FROM reminders
        WHERE state = 'planned' AND due_at <= :now) m
""")

# What is pressing and nobody has on. A telling of the last minute counts once the provider has it: until then it may
# bounce. An emergency waits since it was opened (again), or became one. All are few.
_NOBODY = text("""
    SELECT count(*) FILTER (WHERE opened_at <= :lately AND NOT EXISTS (
             SELECT 1 FROM notifications n
             WHERE n.escalation_id = e.id AND n.problem = ''
               AND n.at >= coalesce((SELECT max(l.at) FROM notifications l
                                     WHERE l.escalation_id = e.id AND l.at <= :lately), '-infinity')
               AND (n.at <= :lately OR EXISTS (
                   SELECT 1 FROM outbound_messages o
                   WHERE o.escalation_id = e.id AND o.worker_id = n.worker_id AND o.created_at = n.at
                     AND o.state IN ('sent', 'delivered')))
           )) AS unreached,
           min(greatest(
             coalesce((SELECT min(v.at) FROM escalation_events v
                       WHERE v.escalation_id = e.id AND v.kind = ANY (CAST(:opens AS text[]))
                         AND v.at > coalesce((SELECT max(a.at) FROM escalation_events a
                                              WHERE a.escalation_id = e.id AND a.kind = 'acknowledged'),
                                             '-infinity')), opened_at),
             (SELECT max(v.at) FROM escalation_events v WHERE v.escalation_id = e.id AND v.kind = 'raised')
           )) FILTER (WHERE priority = 'emergency') AS emergency_since,
           (SELECT count(*) FROM escalations x JOIN workers g ON g.id = x.acknowledged_by
             WHERE x.state = 'acknowledged' AND NOT g.active) AS abandoned
    FROM escalations e WHERE state = 'open' AND priority IN ('emergency', 'urgent')
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
    nobody = session.execute(_NOBODY, {"lately": now - A_MOMENT, "opens": ["opened", *OPEN_AGAIN]}).one()
    takeovers_due, takeover_since = takeovers.overdue(session, now)
    calls_due, call_since = lapses.overdue(session, now)
    held_due, held_since = forgotten.overdue(session, now)

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
        takeovers=takeovers_due,
        oldest_takeover=age(takeover_since),
        calls=calls_due,
        oldest_call=age(call_since),
        held=held_due,
        oldest_held=age(held_since),
        reminders=row.reminders,
        oldest_reminder=age(row.reminder_since),
        abandoned=nobody.abandoned,
        unreached=nobody.unreached,
        oldest_emergency=age(nobody.emergency_since),
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
