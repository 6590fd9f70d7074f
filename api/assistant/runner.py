"""Runs turns in the worker process: several conversations at once, the messages of one in order and by one process.

The messages' rows are the queue (``state = 'queued'``): a conversation is announced when one is committed, every
process looks by itself each second for what waits and nobody runs, and whoever runs a conversation's turns holds its
advisory lock, which goes with the process. So a turn costs no row of a job queue, and after a kill the next look finds
what is left. Promise: nothing that was announced while its conversation's turn ran is forgotten.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
import uuid
from typing import Any

import psycopg
from sqlalchemy import text

from api.assistant import turn
from api.database import libpq_url, reading
from api.jobs import NO_TURN_RUNS, TURN_LOCK, TURNS

log = logging.getLogger(__name__)

RECONNECT_SECONDS = 1.0
#: So often the listener looks whether it is to stop.
LOOK_SECONDS = 1.0

#: A machine that is gone without a word, at either end, is noticed within half a minute.
_KEEPALIVES: dict[str, Any] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
_SERVERS_KEEPALIVES = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"

#: Conversations in one look.
BATCH = 500
_WAITING = text(f"""
    SELECT i.conversation_id FROM inbound_messages i
    WHERE i.state = 'queued' AND {NO_TURN_RUNS.format(id="i.conversation_id::text")}
    GROUP BY i.conversation_id ORDER BY min(i.seq) LIMIT :batch
""")  # noqa: S608 (our own words)

_TAKE = f"SELECT pg_try_advisory_lock({TURN_LOCK.format(id='%s')})"
_GIVE_BACK = f"SELECT pg_advisory_unlock({TURN_LOCK.format(id='%s')})"


def _connect() -> psycopg.Connection[Any]:
    connection = psycopg.connect(libpq_url(), autocommit=True, **_KEEPALIVES)
    connection.execute(_SERVERS_KEEPALIVES)
    return connection


class Locks:
    """The locks of the conversations whose turns this process runs, all on one connection, made when it is needed."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None

    def take(self, conversation_id: uuid.UUID) -> bool:
        """Lock it; False if another process has it. Raises psycopg.Error if the database cannot be asked."""
        return self._ask(_TAKE, conversation_id)

    def give_back(self, conversation_id: uuid.UUID) -> None:
        """Unlock it. If the connection was lost meanwhile, so was the lock."""
        try:
            self._ask(_GIVE_BACK, conversation_id)
        except psycopg.Error as error:
            log.warning("turns: the locks' connection was lost (%s)", type(error).__name__)

    def close(self) -> None:
        """Give all of them back."""
        with self._one_at_a_time:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _ask(self, question: str, conversation_id: uuid.UUID) -> bool:
        with self._one_at_a_time:
            if self._connection is None or self._connection.closed:
                self._connection = _connect()
            row = self._connection.execute(question, [str(conversation_id)]).fetchone()
            return bool(row and row[0])


class Runner:
    """Listens for announced conversations, and answers what waits in them on ``at_once`` threads."""

    def __init__(self, at_once: int) -> None:
        self._locks = Locks()
        self._stopping = threading.Event()
        self._waiting: queue.SimpleQueue[uuid.UUID | None] = queue.SimpleQueue()
        self._mutex = threading.Lock()
        self._known: set[uuid.UUID] = set()  # in the queue
        self._running: dict[uuid.UUID, bool] = {}  # with whether it was announced again since it began
        self._listener = threading.Thread(target=self._listen, name="turns-listener", daemon=True)
        self._hands = [
            threading.Thread(target=self._run, name=f"turns-{number}", daemon=True) for number in range(at_once)
        ]

    def start(self) -> None:
        """Begin to listen and to answer."""
        for thread in (self._listener, *self._hands):
            thread.start()

    def stop(self, seconds: float) -> None:
        """Begin nothing more, and wait that long for the turns under way."""
        self._stopping.set()
        for _ in self._hands:
            self._waiting.put(None)
        until = time.monotonic() + seconds
        for thread in (*self._hands, self._listener):
            thread.join(max(0.0, until - time.monotonic()))
        self._locks.close()

    def announce(self, conversation_id: uuid.UUID) -> None:
        """Something may wait in this conversation."""
        with self._mutex:
            if conversation_id in self._running:
                self._running[conversation_id] = True
            elif conversation_id not in self._known:
                self._known.add(conversation_id)
                self._waiting.put(conversation_id)

    def look(self) -> int:
        """Announce here whatever waits and nobody runs, also where no announcement came through; how many."""
        with reading() as session:
            waiting = session.scalars(_WAITING, {"batch": BATCH}).all()
        for conversation_id in waiting:
            self.announce(conversation_id)
        return len(waiting)

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                with _connect() as connection:
                    connection.execute(f"LISTEN {TURNS}")
                    while not self._stopping.is_set():
                        for notification in connection.notifies(timeout=LOOK_SECONDS):
                            self.announce(uuid.UUID(notification.payload))
            except Exception as error:  # whatever it is: it must not end the listening
                log.warning("turns: the listener stopped (%s); trying again", type(error).__name__)
                self._stopping.wait(RECONNECT_SECONDS)

    def _run(self) -> None:
        while (conversation_id := self._waiting.get()) is not None and not self._stopping.is_set():
            with self._mutex:
                self._known.discard(conversation_id)
                self._running[conversation_id] = False
            try:
                self._answer(conversation_id)
            except Exception as error:  # the row is as it was; the next look finds it
                log.error("turns: one failed (%s)", type(error).__name__)
            with self._mutex:
                again = self._running.pop(conversation_id)
            if again:
                self.announce(conversation_id)

    def _answer(self, conversation_id: uuid.UUID) -> None:
        if not self._locks.take(conversation_id):
            return  # another process has it, and was told as well
        try:
            turn.run_waiting(conversation_id)
        finally:
            self._locks.give_back(conversation_id)
