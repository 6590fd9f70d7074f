"""What waits for its turn is found by every worker that looks, announced or not, unless its turn runs."""

from __future__ import annotations

import queue
import uuid

import pytest
from sqlalchemy.orm import Session

from api.assistant import runner
from api.assistant.runner import Locks, Runner
from tests.small_town import Town


def test_a_worker_that_heard_nothing_answers_what_waits(
    session: Session, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = town.message(town.mine.conversation, "are you there", state="queued").conversation_id
    answered: queue.SimpleQueue[uuid.UUID] = queue.SimpleQueue()
    monkeypatch.setattr(runner.turn, "run_waiting", answered.put)
    monkeypatch.setattr(Runner, "_listen", lambda self: None)
    one = Runner(at_once=1)
    one.start()
    try:
        assert one.look() == 1
        assert answered.get(timeout=20) == waiting
    finally:
        one.stop(20)


def test_what_another_process_answers_at_this_moment_is_not_looked_for(session: Session, town: Town) -> None:
    waiting = town.message(town.mine.conversation, "are you there", state="queued").conversation_id
    one, locks = Runner(at_once=1), Locks()
    assert locks.take(waiting)
    try:
        assert one.look() == 0
    finally:
        locks.close()
