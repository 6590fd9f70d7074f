"""The rival: the stock Rasa 3.6 starter bot, as ``rasa init`` makes and trains it, served by ``rasa run``."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import psutil
import urllib3

from api.whole_requests import connections
from tests.bench import resources
from tests.harness.processes import ROOT, Process, free_port, wait_until
from tests.harness.system import BOT_PYTHON

KEPT = ROOT / "var" / "bench"
FOLDER = KEPT / "starter"
#: What people would say to it: sentences like those that it was trained on.
MESSAGES = (
    "hello", "I am feeling great today", "are you a bot?", "so so sad", "yes please", "hey there", "not very good",
    "am I talking to a human?", "that did not help", "see you later", "good morning", "I am sad",
)  # fmt: skip


def environment() -> dict[str, str]:
    """For everything of Rasa's own that the benchmark starts: nothing is sent home."""
    return {**os.environ, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}


def model() -> Path:
    """The starter's trained model; made and trained first where it is not kept from an earlier run."""
    kept = sorted((FOLDER / "models").glob("*.tar.gz"))
    if kept:
        return kept[-1]
    print("  making and training the stock starter bot (once; some two minutes) ...", flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    log = KEPT / "starter.log"
    with log.open("wb") as output:
        subprocess.run(
            [BOT_PYTHON, "-m", "rasa", "init", "--no-prompt"], cwd=FOLDER, env=environment(),
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=1800,
        )  # fmt: skip
    made = sorted((FOLDER / "models").glob("*.tar.gz"))
    if not made:
        raise SystemExit(f"The stock starter bot could not be made; see {log}")
    return made[-1]


class Starter:
    """The starter bot on a loopback port; ``started_in``: seconds from the start to its first answer."""

    def __init__(self) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/webhooks/rest/webhook"
        command = [BOT_PYTHON, "-m", "rasa", "run", "--interface", "127.0.0.1", "--port", str(port)]
        self.process = Process("starter", command, environment(), KEPT / "starter-run.log", self._answers)
        self.started_in = 0.0

    def start(self) -> Starter:
        trained = model()
        self.process.output.unlink(missing_ok=True)
        self.process.command = [*self.process.command, "--model", str(trained)]
        self.process.command = [*self.process.command, "--credentials", str(FOLDER / "credentials.yml")]
        self.process.command = [*self.process.command, "--endpoints", str(FOLDER / "endpoints.yml")]
        begun = monotonic()
        self.process.start(wait=False)
        wait_until(self._up, "the stock starter bot did not answer", seconds=300)
        self.started_in = monotonic() - begun
        return self

    def _up(self) -> bool:
        if not self.process.alive:
            raise SystemExit(f"The stock starter bot ended while starting:\n{self.process.tail()}")
        return self._answers()

    def _answers(self) -> bool:
        try:
            with connections(retries=False) as client:
                return bool(self.turn(client, "the first", "hello"))
        except (urllib3.exceptions.HTTPError, ValueError):
            return False

    def turn(self, client: urllib3.PoolManager, sender: str, message: str) -> int:
        """One bare turn; how many replies came."""
        response = client.request("POST", self.url, json={"sender": sender, "message": message}, timeout=60)
        return len(response.json()) if response.status == 200 else 0

    def members(self) -> list[psutil.Process]:
        return resources.family(self.process.started.pid) if self.process.started else []

    def stop(self) -> None:
        members = self.members()
        self.process.stop()
        resources.end(members)


@contextmanager
def serving() -> Iterator[Starter]:
    """The starter bot for as long as the block lasts."""
    starter = Starter()
    try:
        yield starter.start()
    finally:
        starter.stop()
