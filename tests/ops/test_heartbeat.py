"""The dead-man's watch: a ping while work is being done, and silence when it is not."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from api import clock
from api.messages.models import OutboundMessage
from api.ops import heartbeat
from api.settings import settings
from tests.small_town import Town


class Watcher:
    """An outside watcher that counts."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.status = 200
        watcher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                watcher.heard.append(self.path)
                self.send_response(watcher.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def watcher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watcher]:
    watcher = Watcher()
    url = f"http://127.0.0.1:{watcher.server.server_port}/ping/secret-key"
    monkeypatch.setattr(settings(), "heartbeat_url", url)
    yield watcher
    watcher.server.shutdown()
    watcher.server.server_close()


@pytest.fixture
def worker(session: Session) -> Iterator[None]:
    """A worker process that beats."""
    session.execute(text("INSERT INTO procrastinate_workers DEFAULT VALUES"))
    session.commit()
    yield
    session.rollback()
    session.execute(text("DELETE FROM procrastinate_workers"))
    session.commit()


def names() -> list[str]:
    return [warning.name for warning in heartbeat.beat()]


def test_it_pings_while_work_is_being_done(worker: None, watcher: Watcher, town: Town) -> None:
    town.escalation(town.mine)
    assert names() == [] and watcher.heard == ["/ping/secret-key"]


def test_it_is_silent_and_says_why_when_a_queue_stands_still(
    worker: None, watcher: Watcher, town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    town.escalation(town.mine)
    town.message(town.mine.conversation, "is anybody there", state="queued")
    clock.move(timedelta(minutes=10))
    assert names() == ["ladder_stuck", "deliveries_stuck", "turns_stuck"]
    assert watcher.heard == []
    logged = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert "watch: ladder_stuck" in logged and not any("anybody" in line or "secret" in line for line in logged)


def test_without_a_living_worker_process_there_is_no_ping(session: Session, watcher: Watcher, town: Town) -> None:
    assert names() == ["worker_silent"] and watcher.heard == []


def test_failing_texts_are_a_warning_and_no_silence(
    session: Session, worker: None, watcher: Watcher, town: Town
) -> None:
    for _ in range(3):
        town.escalation(town.mine, priority="urgent")
        town.escalation(town.other, priority="emergency")
        town.escalation(town.far, priority="emergency")
    for household in (town.mine, town.other, town.far):
        town.escalation(household, "again, and worse", priority="emergency")
    session.execute(update(OutboundMessage).values(state="failed"))
    session.commit()
    assert names() == ["deliveries_failing"] and len(watcher.heard) == 1


def test_a_watcher_that_cannot_be_reached_is_logged_without_its_address(
    worker: None, watcher: Watcher, town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    watcher.status = 500
    assert names() == []
    assert "did not get through (HTTPStatusError)" in caplog.text and "secret-key" not in "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith("api")
    )
