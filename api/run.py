"""``python -m api.run`` (what ``make run`` does): prepares, starts the Procfile's processes, says when all is ready.

Kept small: it stays in memory beside the processes. Ctrl-C (or SIGTERM) stops all of them, then the embedded database.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

from honcho.environ import parse_procfile
from honcho.manager import Manager

ROOT = Path(__file__).resolve().parent.parent
READY_WITHIN = 180
#: The process that accepts messages: the others step back for it.
FIRST = "api"
#: These read nothing that is stored, and get no key to it.
BOT = ("rasa", "actions")


def prepare() -> dict[str, str]:
    """Run api.prepare, passing its progress on; returns the environment it made. Raises SystemExit if it failed."""
    process = subprocess.Popen([sys.executable, "-m", "api.prepare"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    last = ""
    for line in process.stdout:
        if line.startswith("{"):
            last = line
        else:
            print(line, end="", flush=True)
    status = process.wait()
    if status:
        raise SystemExit(status)
    made: dict[str, str] = json.loads(last)
    return made


def announce_when_ready(port: str, stop: threading.Event) -> None:
    """Ask /health until every part is well, then print the one line with the addresses."""
    url = f"http://127.0.0.1:{port}"
    parts: dict[str, str] = {}
    for _ in range(READY_WITHIN * 4):
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:  # noqa: S310 (our own loopback address)
                if answer.status == 200:
                    demo = f"   demo {url}/demo" if not os.environ.get("TWILIO_ACCOUNT_SID") else ""
                    print(f"\nHearthline is ready: {url}   chat {url}/chat   console {url}/console{demo}\n", flush=True)
                    return
        except urllib.error.HTTPError as error:
            parts = json.load(error).get("parts", {})
        except (OSError, ValueError):
            pass
        if stop.wait(0.25):
            return
    waiting = ", ".join(f"{name}: {state}" for name, state in parts.items() if state != "ok")
    print(f"\nNot ready after {READY_WITHIN} s; still waiting for {waiting or 'the api'}\n", flush=True)


def main() -> int:
    print("Hearthline is starting", flush=True)
    made = prepare()
    env = {**os.environ, **made}
    manager = Manager()
    without_keys = {name: value for name, value in env.items() if name != "HEARTHLINE_DATA_KEYS"}
    for name, command in parse_procfile((ROOT / "Procfile").read_text()).processes.items():
        keep = f"exec {sys.executable} -m api.keep {'' if name == FIRST else '--behind '}-- {command}"
        manager.add_process(name, keep, env=without_keys if name in BOT else env, cwd=str(ROOT))
    stop = threading.Event()
    threading.Thread(target=announce_when_ready, args=(made["HEARTHLINE_PORT"], stop), daemon=True).start()
    try:
        manager.loop()
    finally:
        stop.set()
        if not os.environ.get("HEARTHLINE_DATABASE_URL"):
            subprocess.run([sys.executable, "-m", "api.embedded_postgres", "stop"], cwd=ROOT)
        print("Hearthline has stopped.", flush=True)
    # Being told to stop is not a failure.
    return 0 if manager.returncode in (0, 130, 143) else int(manager.returncode or 0)


if __name__ == "__main__":
    sys.exit(main())
