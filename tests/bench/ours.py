"""Our side: a whole installation, started by ``make run``'s own runner, with the harness's people and fake Twilio."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import httpx
import psutil

from api import embedded_postgres
from tests.bench import resources
from tests.bench.load import Answer, send
from tests.harness import town
from tests.harness.processes import ROOT, Process, free_port, wait_until
from tests.harness.system import PUBLIC_URL, System
from tests.harness.twilio import ACCOUNT, SENDER, FakeTwilio, new_sid

#: Twilio waits so long for the webhook's answer.
TWILIO_WAITS = 15.0
WEBHOOK = "/channels/twilio/sms"
#: Seconds that an installation may take to start before the benchmark gives up.
READY_WITHIN = 180
#: The numbers of all parents of the harness's town.
PHONES = [town.number(n * 5 + offset) for n in range(town.AGENCIES) for offset in (3, 4)]
#: These are the harness's haste and addresses; the product's own settings are measured here.
_HARNESS_ONLY = (
    "HEARTHLINE_CLOCK_FILE", "HEARTHLINE_STALLED_AFTER", "HEARTHLINE_TICK_SECONDS", "HEARTHLINE_MODEL",
    "HEARTHLINE_API_URL",
)  # fmt: skip


class TimedTwilio(FakeTwilio):
    """A fake Twilio that notes when each of our calls came in."""

    def __post_init__(self) -> None:
        #: (outbox id, time) of every call, and the times again for each number's waiting phone.
        self.arrivals: list[tuple[str, float]] = []
        self._waiting: dict[str, SimpleQueue[float]] = {number: SimpleQueue() for number in PHONES}
        super().__post_init__()

    def take(self, path: str, authorization: str, form: dict[str, str]) -> tuple[int, str]:
        now = monotonic()
        answer = super().take(path, authorization, form)
        self.arrivals.append((form.get("StatusCallback", "").rpartition("message=")[2], now))
        if form.get("To", "") in self._waiting:
            self._waiting[form["To"]].put(now)
        return answer

    def wait_for_text(self, number: str, seconds: float) -> bool:
        """Wait for the next text to this number; False if none comes."""
        try:
            self._waiting[number].get(timeout=seconds)
        except Empty:
            return False
        return True

    def forget(self, number: str) -> None:
        """Whatever came to this number until now is not waited for."""
        while not self._waiting[number].empty():
            self._waiting[number].get()


def give_model(var: Path) -> None:
    """The trained model, so that nothing is trained: the one of ``make train``, or the file HEARTHLINE_MODEL names."""
    from api.assistant.training import fingerprint

    name = f"hearthline-{fingerprint()}.tar.gz"
    source = Path(os.environ.get("HEARTHLINE_MODEL") or ROOT / "var" / "models" / name)
    if not source.is_file():
        raise SystemExit(f"There is no trained model {source}: make train")
    (var / "models").mkdir(parents=True, exist_ok=True)
    shutil.copy(source, var / "models" / name)


class Installation(System):
    """``make run`` without its demo: Twilio's settings lead to the fake one, the people are the harness's town."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.twilio.stop()
        self.twilio: TimedTwilio = TimedTwilio()
        self.port = int(self.api_urls[0].rpartition(":")[2])
        for name in _HARNESS_ONLY:
            del self.environment[name]
        self.environment |= {"HEARTHLINE_PORT": str(self.port), "TWILIO_API_URL": self.twilio.url}
        bot = {name: os.environ[name] for name in ("HEARTHLINE_BOT_PYTHON",) if name in os.environ}
        self.runner = Runner([sys.executable, "-m", "api.run"], {**self.environment, **bot}, self.port, self.output)

    @property
    def processes(self) -> list[Process]:
        return []  # the runner's, not the harness's

    def start(self) -> Installation:
        give_model(self.var)
        self.url = embedded_postgres.ensure_running(self.var)
        town.write(self.folder / "town.json")
        services = ROOT / "data" / "directory" / "services.json"
        for command in (
            ["tests.harness.prepare", str(self.folder / "town.json")],
            ["api.cli", "services", "import", str(services)],
        ):
            self._run_once(command)
        self.runner.start()
        return self

    def _run_once(self, command: list[str]) -> None:
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if done.returncode:
            raise SystemExit(f"{command[0]} did not work:\n{done.stdout[-1500:]}{done.stderr[-1500:]}")

    def stop(self) -> None:
        self.runner.stop()
        self.twilio.stop()
        if resources.postgres(self.var):  # the runner stops it, unless it was killed
            embedded_postgres.stop(self.var)

    def members(self) -> list[psutil.Process]:
        """All processes of the installation, the database's included."""
        return [*self.runner.members(), *resources.postgres(self.var)]

    # Texting.

    def signed(self, sender: str, body: str, sid: str) -> dict[str, Any]:
        """A webhook as Twilio would send it: headers and body."""
        fields = {
            "MessageSid": sid, "SmsSid": sid, "AccountSid": ACCOUNT, "From": sender, "To": SENDER, "Body": body,
            "NumMedia": "0", "NumSegments": "1", "ApiVersion": "2010-04-01",
        }  # fmt: skip
        headers = {
            "X-Twilio-Signature": self.twilio.sign(PUBLIC_URL + WEBHOOK, fields),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return {"headers": headers, "body": urlencode(fields)}

    def text_all(self, texts: list[tuple[str, str, float]]) -> dict[str, Answer]:
        """Texts ``(sender, body, seconds from the start)`` from a process of its own; by message id, their answers."""
        sids = [new_sid() for _ in texts]
        requests = [
            {**self.signed(sender, body, sid), "at": at} for sid, (sender, body, at) in zip(sids, texts, strict=True)
        ]
        plan = {"port": self.port, "path": WEBHOOK, "timeout": 60.0, "requests": requests}
        return dict(zip(sids, send(plan), strict=True))

    def fates(self, sids: list[str]) -> dict[str, dict[str, Any]]:
        """What became of messages: by id, their state and when replies to them reached Twilio (``at``, monotonic).

        ``received``, ``queued`` (the reply) and ``tried`` (its delivery) are the product's own times, in epoch seconds.
        """
        rows = self.rows(
            "SELECT m.external_id AS sid, m.state, m.flag, array_remove(array_agg(o.id::text), NULL) AS replies,"
            " extract(epoch FROM m.received_at)::float AS received,"
            " extract(epoch FROM min(o.created_at))::float AS queued,"
            " extract(epoch FROM min(a.started_at))::float AS tried"
            " FROM inbound_messages m LEFT JOIN outbound_messages o ON o.in_reply_to = m.id"
            " LEFT JOIN delivery_attempts a ON a.outbound_id = o.id"
            " WHERE m.external_id = ANY(%(sids)s) GROUP BY m.id",
            sids=sids,
        )
        arrived = dict(reversed(self.twilio.arrivals))  # the first arrival of each
        return {row["sid"]: {**row, "at": sorted(arrived[r] for r in row["replies"] if r in arrived)} for row in rows}


class Runner:
    """The process that runs a Procfile, started and stopped as a person would, with all that it started."""

    def __init__(self, command: list[str], environment: dict[str, str], port: int, output: Path) -> None:
        self.port = port
        self.health = f"http://127.0.0.1:{port}/health"
        # No looking for what a test asks (crashpoints): nobody's installation does.
        environment = {**environment, "HEARTHLINE_CRASH_FILE": ""}
        self.process = Process("run", command, environment, output / "run.log", self.well)

    def unwell(self) -> dict[str, str]:
        """The parts that /health does not call ok, with what it says of them."""
        try:
            parts: dict[str, str] = httpx.get(self.health, timeout=5).json()["parts"]
        except (httpx.HTTPError, ValueError, KeyError):
            return {"api": "down"}
        return {name: state for name, state in parts.items() if state != "ok"}

    def well(self) -> bool:
        """Is every process up? A screen that works with its patterns alone is measured as it is (``start`` says so)."""
        return not self.unwell().keys() - {"safety"}

    def start(self) -> float:
        """Start it; seconds until /health calls its parts ok. Raises SystemExit with its last words if it does not."""
        begun = monotonic()
        self.process.start(wait=False)
        try:
            wait_until(self._up, "the service to be ready", seconds=READY_WITHIN)
        except AssertionError as error:
            raise SystemExit(f"{error}; still {self.unwell()}\n{self.process.tail()}") from None
        seconds = monotonic() - begun
        for name, state in self.unwell().items():
            print(f"  NOT WHOLE: {name}: {state}", flush=True)
        return seconds

    def _up(self) -> bool:
        if not self.process.alive:
            raise SystemExit(f"The service ended while starting:\n{self.process.tail()}")
        return self.well()

    def members(self) -> list[psutil.Process]:
        return resources.family(self.process.started.pid) if self.process.started else []

    def stop(self) -> None:
        """As Ctrl-C does; what does not end is killed."""
        members = self.members()
        if self.process.started is not None and self.process.alive:
            for process in members:  # make passes no signal on to what it runs
                with contextlib.suppress(psutil.Error):
                    if "api.run" in process.cmdline():
                        process.terminate()
            try:
                self.process.started.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        resources.end(members)


@contextlib.contextmanager
def installed() -> Iterator[Installation]:
    """An installation while the block lasts. In a short folder: a unix socket's path has at most 107 characters."""
    with TemporaryDirectory(prefix="hearthline-bench-") as folder:
        installation = Installation(Path(folder))
        try:
            yield installation.start()
        finally:
            installation.stop()


def demo_runner(folder: Path, command: list[str]) -> Runner:
    """A runner in demo mode with a folder of its own, as a newcomer starts it."""
    dropped = ("HEARTHLINE_", "TWILIO_", "MAKE", "MFLAGS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    if "HEARTHLINE_BOT_PYTHON" in os.environ:
        kept["HEARTHLINE_BOT_PYTHON"] = os.environ["HEARTHLINE_BOT_PYTHON"]
    port = free_port()
    environment = {**kept, "HEARTHLINE_VAR_DIR": str(folder / "var"), "HEARTHLINE_PORT": str(port)}
    return Runner(command, environment, port, folder)
