"""How work is handed from a transaction to the worker: the job queue (procrastinate on the same PostgreSQL), and the
announcing of conversations in which a message waits for its turn.

Rules (DESIGN, "Durable work"): rows are the truth and jobs only carry them; a job is enqueued, a turn announced, inside
the transaction that made its row; both run at least once.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import procrastinate
from procrastinate.jobs import Job
from sqlalchemy import text
from sqlalchemy.orm import Session

from api.database import notify

#: What the worker runs; it opens its own connector (api.worker).
app = procrastinate.App(
    connector=procrastinate.PsycopgConnector(),
    import_paths=["api.escalations.jobs", "api.messages.jobs"],
)

#: Only ever enqueues, and only through a caller's own connection: it never connects by itself.
_enqueuer = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())

#: The channel on which conversations are announced (api.assistant.runner listens).
TURNS = "hearthline_turns"
#: The first number of the advisory locks that those hold who run a conversation's turns, and the second, as SQL, of the
#: conversation ``{id}``.
TURN_LOCKS = 7201
_OF_CONVERSATION = "hashtext({id}) & 2147483647"
TURN_LOCK = f"{TURN_LOCKS}, {_OF_CONVERSATION}"
#: As SQL: nobody runs the turns of the conversation ``{id}``. A statement sees rows as they were when it began and
#: locks as they are: a row that a turn is sending is told by its lock, or settled before a job gets to it.
NO_TURN_RUNS = f"""
    ({_OF_CONVERSATION})::oid NOT IN (
        SELECT objid FROM pg_locks
        WHERE locktype = 'advisory' AND classid = {TURN_LOCKS} AND objsubid = 2
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""  # noqa: S608 (our own words)

DELIVER = "deliver"
DELIVER_REMINDERS = "deliver_reminders"
TELL_LEFT = "tell_left"
#: Reminders give way to everything that somebody waits for.
LAST = -10


def _enqueue(session: Session, name: str, *, lock: str, priority: int = 0, **args: str | int) -> None:
    connection = session.connection().connection.driver_connection
    _enqueuer.configure_task(name, queue=name, lock=lock, priority=priority, connection=connection).defer(**args)


def announce_turns(session: Session, conversation_id: uuid.UUID) -> None:
    """Have the conversation's waiting messages answered, one at a time and in order, once (and only if) the session's
    transaction commits. The rows are the queue: every worker looks each second for what nobody answers."""
    notify(session, str(conversation_id), channel=TURNS)


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
    """Queue the word to the workers that somebody left this chat (api.escalations.jobs)."""
    _enqueue(session, TELL_LEFT, lock=f"left:{conversation_id}", conversation_id=str(conversation_id))


def await_turn(session: Session, conversation_id: uuid.UUID) -> None:
    """Wait until no turn of the conversation runs; none begins before the session's transaction ends."""
    session.execute(_AWAIT_TURN, {"id": str(conversation_id)})


_AWAIT_TURN = text(f"SELECT pg_advisory_xact_lock({TURN_LOCK.format(id=':id')})")


def enqueue_lane(session: Session, lane: int) -> None:
    """Queue the delivery of the reminders that wait in this lane (api.messages.jobs); never two of one lane at once."""
    _enqueue(session, DELIVER_REMINDERS, lock=f"reminders:{lane}", priority=LAST, lane=lane)
