"""The worker's runner of turns: several conversations at once, one conversation in one place at a time, and none
forgotten."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine

from api import jobs
from api.assistant import runner as module
from api.assistant.runner import Locks, Runner
from api.database import transaction

SECONDS = 20.0


class Answering:
    """Stands where turns are run: notes who began, and holds each turn until it may end."""

    def __init__(self) -> None:
        self.begun: list[uuid.UUID] = []
        self.at_once: dict[uuid.UUID, int] = {}
        self.most = 0
        self.may_end = threading.Event()
        self._changed = threading.Condition()
        self.ended = 0

    def __call__(self, conversation_id: uuid.UUID) -> None:
        with self._changed:
            self.begun.append(conversation_id)
            self.at_once[conversation_id] = self.at_once.get(conversation_id, 0) + 1
            self.most = max(self.most, self.at_once[conversation_id])
            self._changed.notify_all()
        assert self.may_end.wait(SECONDS)
        with self._changed:
            self.at_once[conversation_id] -= 1
            self.ended += 1
            self._changed.notify_all()

    def until(self, true: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(true, SECONDS)


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Answering:
    made = Answering()
    monkeypatch.setattr(module.turn, "run_waiting", made)
    return made


@pytest.fixture
def start(database: Engine, monkeypatch: pytest.MonkeyPatch, answering: Answering) -> Iterator[Callable[[], Runner]]:
    """Start a runner that listens already when it is handed over."""
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.1)
    started: list[Runner] = []
    listening = text(f"SELECT count(*) FROM pg_stat_activity WHERE query = 'LISTEN {jobs.TURNS}'")

    def make() -> Runner:
        one = Runner(at_once=2)
        one.start()
        started.append(one)
        ready = threading.Event()
        for _ in range(400):
            with database.connect() as connection:
                if connection.execute(listening).scalar_one() >= len(started):
                    return one
            ready.wait(0.05)  # asked again until it listens
        raise AssertionError("it does not listen")

    yield make
    answering.may_end.set()
    for one in started:
        one.stop(SECONDS)


def announce(conversation_id: uuid.UUID) -> None:
    with transaction() as session:
        jobs.announce_turns(session, conversation_id)


def test_a_commit_starts_the_turn_and_a_rollback_does_not(start: Callable[[], Runner], answering: Answering) -> None:
    start()
    answering.may_end.set()
    kept, given_up = uuid.uuid4(), uuid.uuid4()
    with pytest.raises(RuntimeError), transaction() as session:
        jobs.announce_turns(session, given_up)
        raise RuntimeError
    announce(kept)
    answering.until(lambda: answering.ended == 1)
    assert answering.begun == [kept]


def test_conversations_go_on_side_by_side_and_one_conversation_goes_on_in_one_place(
    start: Callable[[], Runner], answering: Answering
) -> None:
    start()
    start()
    one, other = uuid.uuid4(), uuid.uuid4()
    announce(one)
    announce(other)
    answering.until(lambda: {one, other} <= set(answering.begun))
    announce(one)
    answering.may_end.set()
    answering.until(lambda: answering.ended == len(answering.begun) and answering.begun.count(one) >= 2)
    assert answering.most == 1


def test_what_is_announced_while_the_turn_runs_is_looked_at_after_it(
    start: Callable[[], Runner], answering: Answering
) -> None:
    running = start()
    one = uuid.uuid4()
    announce(one)
    answering.until(lambda: answering.begun == [one])
    for _ in range(3):
        running.announce(one)
    answering.may_end.set()
    answering.until(lambda: answering.ended == 2)
    assert answering.begun == [one, one]


def test_a_turn_that_fails_holds_up_nobody(
    start: Callable[[], Runner], answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = uuid.uuid4(), uuid.uuid4()

    def run(conversation_id: uuid.UUID) -> None:
        if conversation_id == bad:
            raise ValueError
        answering(conversation_id)

    monkeypatch.setattr(module.turn, "run_waiting", run)
    start()
    answering.may_end.set()
    for one in (bad, bad, bad, good):
        announce(one)
    answering.until(lambda: answering.ended == 1)
    assert answering.begun == [good]


def test_whose_process_is_gone_holds_no_lock(database: Engine) -> None:
    one = uuid.uuid4()
    first, second = Locks(), Locks()
    assert first.take(one) and not second.take(one)
    first.close()  # as when the process is killed: its connection ends
    for _ in range(400):
        if second.take(one):
            break
        threading.Event().wait(0.05)  # the server has not noticed yet
    else:
        raise AssertionError("the lock is still held")
    second.give_back(one)
    assert first.take(one), "a lock can be had again, on a new connection"
    first.close()
    second.close()
