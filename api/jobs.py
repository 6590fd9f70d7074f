"""The job queue (procrastinate on the same PostgreSQL): how work is handed from a transaction to the worker.

Rules (DESIGN, "Durable work"): rows are the truth and jobs only carry them; a job is enqueued inside the transaction
that made its row; jobs run at least once.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import procrastinate
from procrastinate.jobs import Job
from sqlalchemy.orm import Session

#: What the worker runs; it opens its own connector (api.worker).
app = procrastinate.App(
    connector=procrastinate.PsycopgConnector(),
    import_paths=["api.assistant.jobs", "api.escalations.jobs", "api.messages.jobs"],
)

#: Only ever enqueues, and only through a caller's own connection: it never connects by itself.
_enqueuer = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())

RUN_TURNS = "run_turns"
DELIVER = "deliver"
DELIVER_REMINDERS = "deliver_reminders"
TELL_LEFT = "tell_left"
#: Reminders give way to everything that somebody waits for.
LAST = -10


def _enqueue(session: Session, name: str, *, lock: str, priority: int = 0, **args: str | int) -> None:
    connection = session.connection().connection.driver_connection
    _enqueuer.configure_task(name, queue=name, lock=lock, priority=priority, connection=connection).defer(**args)


def enqueue_turns(session: Session, conversation_id: uuid.UUID) -> None:
    """Queue the conversation's waiting messages to be answered, one at a time and in order.

    Exists if, and only if, the session's transaction commits.
    """
    _enqueue(session, RUN_TURNS, lock=f"conversation:{conversation_id}", conversation_id=str(conversation_id))


def enqueue_delivery(session: Session, outbound_id: uuid.UUID, address: str) -> None:
    """Queue one outgoing message; those to one address go out in order."""
    _enqueue(session, DELIVER, lock=f"address:{address}", outbound_id=str(outbound_id))


def enqueue_deliveries(session: Session, messages: Sequence[tuple[uuid.UUID, str]]) -> None:
    """The same for many ``(outbox id, address)`` in one statement."""
    if not messages:
        return
    connection = session.connection().connection.driver_connection
    made = [
        Job(
            id=None,
            lock=f"address:{address}",
            queueing_lock=None,
            queue=DELIVER,
            task_name=DELIVER,
            task_kwargs={"outbound_id": str(outbound_id)},
        )
        for outbound_id, address in messages
    ]
    _enqueuer.job_manager.batch_defer_jobs(made, connection=connection)


def enqueue_left(session: Session, conversation_id: uuid.UUID) -> None:
    """Queue the word to the workers that somebody left this chat (api.escalations.jobs), after its last turn."""
    _enqueue(session, TELL_LEFT, lock=f"conversation:{conversation_id}", conversation_id=str(conversation_id))


def enqueue_lane(session: Session, lane: int) -> None:
    """Queue the delivery of the reminders that wait in this lane (api.messages.jobs); never two of one lane at once."""
    _enqueue(session, DELIVER_REMINDERS, lock=f"reminders:{lane}", priority=LAST, lane=lane)
