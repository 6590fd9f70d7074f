"""A whole Hearthline of real processes with a database, ports and a clock of its own, and a fake Twilio at its side."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg.rows import dict_row

from api import embedded_postgres
from tests.harness import canaries, town
from tests.harness.phones import Phone
from tests.harness.processes import ROOT, Process, free_port, wait_until
from tests.harness.twilio import ACCOUNT, SENDER, TOKEN, FakeTwilio
from tests.harness.words import DATA_KEY, opened

#: Where Twilio thinks that we are. Not where any process listens, as behind a proxy.
PUBLIC_URL = "http://help.hearthline.example"
BOT_PYTHON = os.environ.get("HEARTHLINE_BOT_PYTHON", str(ROOT / "var" / "env" / "bot" / "bin" / "python"))
SERVE = [sys.executable, "-m", "api.serve"]
MODELS = Path(os.environ.get("HEARTHLINE_MODEL", ROOT / "var" / "models"))
#: Seconds after which a dead worker's jobs are run again; short, so that tests need not wait long.
STALLED_AFTER = "3"

_WORK_LEFT = """
    SELECT (SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing'))
         + (SELECT count(*) FROM inbound_messages WHERE state = 'queued')
         + (SELECT count(*) FROM outbound_messages
            WHERE channel = 'sms' AND (state = 'sending' OR state = 'queued' AND due_at <= %(now)s))
         + (SELECT count(*) FROM escalations WHERE state = 'open' AND next_rung_at <= %(now)s)
         + (SELECT count(*) FROM reminders WHERE state = 'planned' AND due_at <= %(now)s)
         + (SELECT count(*) FROM appointment_changes WHERE handled_at IS NULL)
         + (SELECT count(*) FROM attendee_changes WHERE handled_at IS NULL) AS left
"""

_WHAT_IS_LEFT = """
    SELECT 'job' AS kind, j.id::text, j.task_name AS what, j.status::text AS state, j.lock, j.worker_id,
           w.last_heartbeat, now() AS now
    FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
    WHERE j.status IN ('todo', 'doing')
    UNION ALL SELECT 'in', id::text, flag, state, '', turn_attempts, received_at, now() FROM inbound_messages
    WHERE state = 'queued'
    UNION ALL SELECT 'out', id::text, kind, state, error, NULL, due_at, now() FROM outbound_messages
    WHERE state IN ('queued', 'sending')
"""


class System:
    """``apis`` and ``workers`` processes; Rasa and the action server too, unless ``rasa_url`` names a stand-in."""

    def __init__(
        self,
        folder: Path,
        *,
        apis: int = 1,
        workers: int = 1,
        rasa_url: str = "",
        agencies: int = town.AGENCIES,
        **more: str,
    ) -> None:
        self.folder = folder
        self.var = folder / "var"
        self.output = folder / "output"
        self.output.mkdir(parents=True)
        self.clock_file = folder / "clock"
        self.clock_file.write_text(str(float(os.environ.get("HEARTHLINE_TEST_HOURS", "0")) * 3600))
        self.twilio = FakeTwilio()
        self._agencies = agencies
        #: How many teams of it have been given out.
        self.teams = 0
        ports = [free_port() for _ in range(apis)]
        self.api_urls = [f"http://127.0.0.1:{port}" for port in ports]
        self.own_rasa = not rasa_url
        rasa_url = rasa_url or f"http://127.0.0.1:{free_port()}"
        actions_url = f"http://127.0.0.1:{free_port()}"
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "XDG_RUNTIME_DIR") if name in os.environ}
        self.environment = {
            **kept,
            "PYTHONUNBUFFERED": "1",
            "HEARTHLINE_VAR_DIR": str(self.var),
            "HEARTHLINE_CLOCK_FILE": str(self.clock_file),
            "HEARTHLINE_SECRET_KEY": canaries.add("f00dfeed" * 8),
            "HEARTHLINE_DATA_KEYS": canaries.add(DATA_KEY),
            "HEARTHLINE_PUBLIC_URL": PUBLIC_URL,
            "HEARTHLINE_RASA_URL": rasa_url,
            "HEARTHLINE_ACTIONS_URL": actions_url,
            "HEARTHLINE_API_URL": f"http://127.0.0.1:{free_port()}",
            "HEARTHLINE_MODEL": str(MODELS),
            "HEARTHLINE_ENCODER": str(ROOT / "var" / "encoder"),
            "HEARTHLINE_STALLED_AFTER": STALLED_AFTER,
            "HEARTHLINE_TICK_SECONDS": "0.3",
            "HEARTHLINE_DATE_MESSAGES": "false",  # a test phone that gets a text nobody expected fails the test
            "HEARTHLINE_ASK_FOR_VIEWS": "false",  # so too with the question before a meeting
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": canaries.add(TOKEN),
            "TWILIO_FROM": SENDER,
            "TWILIO_API_URL": self.twilio.url,
            **more,
        }
        self.apis = [self.make_api(f"api-{n}", port) for n, port in enumerate(ports)]
        self.workers = [self.make_worker(f"worker-{n}") for n in range(workers)]
        self.bot: list[Process] = []
        if self.own_rasa:
            self.assist = self._make_assist()
            self.rasa = self._make("rasa", [BOT_PYTHON, "-m", "bot.serve"], lambda: understands(rasa_url))
            self.actions = self._make(
                "actions", [BOT_PYTHON, "-m", "actions"], lambda: answers(f"{actions_url}/health")
            )
            self.bot = [self.assist, self.rasa, self.actions]
        canaries.watch(self.output)

    # Processes.

    def _make(self, name: str, command: list[str], ready: Callable[[], object], **more: Any) -> Process:
        return Process(name, command, self.environment, self.output / f"{name}.log", ready, **more)

    def make_api(self, name: str, port: int | None = None) -> Process:
        """One more api process (not started); its port is a free one unless given."""
        port = port or free_port()
        url = f"http://127.0.0.1:{port}/channels/twilio/sms"
        process = self._make(name, [*SERVE, "api"], lambda: answers(url))
        process.environment = {**self.environment, "HEARTHLINE_PORT": str(port)}
        return process

    def _make_assist(self) -> Process:
        """What answers the action server, in a process of its own as in the Procfile."""
        url = self.environment["HEARTHLINE_API_URL"]
        process = self._make("assist", [*SERVE, "assist"], lambda: answers(f"{url}/health"))
        process.environment = {**self.environment, "HEARTHLINE_ASSIST_PORT": url.rpartition(":")[2]}
        return process

    def make_worker(self, name: str) -> Process:
        """One more worker process (not started). It is ready when its heart beats in the database."""
        process = self._make(name, [*SERVE, "worker"], lambda: self._hearts() - process.before, snapshot=self._hearts)
        return process

    def _hearts(self) -> set[int]:
        return {row["id"] for row in self.rows("SELECT id FROM procrastinate_workers")}

    def start(self) -> System:
        """The database, the people, then all processes at once; returns when all are ready."""
        if self.own_rasa:
            assert Path(BOT_PYTHON).exists(), f"there is no bot environment at {BOT_PYTHON}: make setup"
            assert MODELS.is_file() or any(MODELS.glob("*.tar.gz")), (
                f"there is no trained model in {MODELS}: make train"
            )
            for process in self.bot:
                process.start(wait=False)
        self.url = embedded_postgres.ensure_running(self.var)
        # Processes are killed here, not the machine: what is committed is there without waiting for the disk.
        self.change("ALTER SYSTEM SET fsync = off")
        self.change("SELECT pg_reload_conf()")
        town.write(self.folder / "town.json", self._agencies)
        prepared = subprocess.run(
            [sys.executable, "-m", "tests.harness.prepare", str(self.folder / "town.json")],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert prepared.returncode == 0, prepared.stdout + prepared.stderr
        for process in (*self.apis, *self.workers):
            process.start(wait=False)
        for process in self.processes:
            process.wait_ready()
        return self

    @property
    def processes(self) -> list[Process]:
        return [*self.apis, *self.workers, *self.bot]

    def revive(self) -> None:
        """Start whatever is not running (the operator's part after a crash); nothing is asked to crash any more."""
        for process in self.processes:
            process.forget_crash()
            if not process.alive:
                process.start(wait=False)
        for process in self.processes:
            if not process.up:
                process.wait_ready()

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
        self.twilio.stop()
        self.save_database_log()
        embedded_postgres.stop(self.var)
        shutil.rmtree(self.var, ignore_errors=True)

    def save_database_log(self) -> None:
        """Put what PostgreSQL wrote beside what the other processes wrote."""
        log = self.var / "postgres" / "log"
        if log.exists():
            shutil.copy(log, self.output / "postgres.log")

    def tail(self) -> str:
        """The last output of every process, for the report of a failed test."""
        return "\n".join(f"--- {process.name}\n{process.tail(1500)}" for process in self.processes)

    # The world outside.

    def webhook(self, sender: str, body: str, *, sid: str = "", api: int = 0, **more: Any) -> httpx.Response:
        """Twilio hands us an SMS; both are canaries from now on."""
        canaries.add(sender)
        canaries.wrote(body)
        return self.twilio.webhook(PUBLIC_URL, self.api_urls[api], sender=sender, body=body, sid=sid, **more)

    def status(self, text: Any, status: str, *, error: str = "", api: int = 0) -> httpx.Response:
        """Twilio says what became of a text."""
        return self.twilio.callback(text, status, public_url=PUBLIC_URL, api=self.api_urls[api], error=error)

    def team(self) -> town.Team:
        """An agency with its families that no other test has had."""
        self.teams += 1
        assert self.teams < self._agencies, "the town is too small for so many tests: agencies"
        return town.team(self, self.teams)

    def stranger(self, number: str) -> Phone:
        return Phone(canaries.add(number), "a stranger", self)

    # Time.

    def now(self) -> datetime:
        offset = float(self.clock_file.read_text()) if self.clock_file.exists() else 0.0
        return datetime.now(UTC) + timedelta(seconds=offset)

    def move_clock(self, by: timedelta) -> None:
        """Move the clock of all processes forward."""
        offset = float(self.clock_file.read_text()) if self.clock_file.exists() else 0.0
        fresh = self.clock_file.with_suffix(".new")
        fresh.write_text(str(offset + by.total_seconds()))
        fresh.replace(self.clock_file)

    # The truth.

    def rows(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        """What the database holds, sealed words opened."""
        with psycopg.connect(self.url, autocommit=True, row_factory=dict_row) as connection:
            found = connection.execute(sql, parameters or None).fetchall()  # type: ignore[arg-type]
        return [{name: opened(value) for name, value in row.items()} for row in found]

    def one(self, sql: str, **parameters: Any) -> dict[str, Any]:
        """The only row."""
        (row,) = self.rows(sql, **parameters)
        return row

    def change(self, sql: str, **parameters: Any) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql, parameters)  # type: ignore[arg-type]

    def inbound(self, phone: Phone) -> list[dict[str, Any]]:
        """The stored messages of a phone, in order."""
        return self.rows(
            "SELECT m.* FROM inbound_messages m JOIN conversations c ON c.id = m.conversation_id"
            " WHERE c.address = %(number)s ORDER BY m.seq",
            number=phone.number,
        )

    def outbound(self, phone: Phone) -> list[dict[str, Any]]:
        """The outbox rows for a phone, in order."""
        return self.rows("SELECT * FROM outbound_messages WHERE address = %(number)s ORDER BY seq", number=phone.number)

    def escalations(self, phone: Phone) -> list[dict[str, Any]]:
        """The escalations from a phone, in order."""
        return self.rows(
            "SELECT e.* FROM escalations e JOIN conversations c ON c.id = e.conversation_id"
            " WHERE c.address = %(number)s ORDER BY e.id",
            number=phone.number,
        )

    def work_left(self) -> int:
        """Jobs, messages and rungs that are due and not done."""
        return int(self.one(_WORK_LEFT, now=self.now())["left"])

    def settle(self, seconds: float = 60.0) -> None:
        """Wait until nothing is left that is due now."""
        try:
            wait_until(lambda: self.work_left() == 0, "the work does not come to rest", seconds=seconds)
        except AssertionError as error:
            left = "\n".join(str(row) for row in self.rows(_WHAT_IS_LEFT))
            raise AssertionError(f"{error}:\n{left}\n{self.tail()}") from None


def answers(url: str) -> bool:
    """Does anything answer at this address?"""
    try:
        return httpx.get(url, timeout=2).status_code < 500
    except httpx.HTTPError:
        return False


def understands(rasa_url: str) -> bool:
    """Has Rasa taken a whole turn? (It listens sooner than that; the first turn is slow.) Says nothing: no token."""
    question = {"sender": "harness", "message": "hello"}
    try:
        return httpx.post(f"{rasa_url}/webhooks/rest/webhook", json=question, timeout=10).status_code == 200
    except httpx.HTTPError:
        return False


@contextlib.contextmanager
def running(folder: Path, **options: Any) -> Iterator[System]:
    """A system for as long as the block lasts."""
    system = System(folder, **options)
    try:
        yield system.start()
    finally:
        system.stop()
