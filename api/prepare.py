"""``python -m api.prepare``: everything that must be true before the processes start; the second time it does little.

Settings whole, database up (embedded unless HEARTHLINE_DATABASE_URL is set), migrations applied, demo data imported in
demo mode, model trained. Prints progress for people and, as its last line, the environment for the processes as JSON.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from urllib.parse import urlsplit

from sqlalchemy import select

from api.assistant.training import bot_python, ensure_trained
from api.database import libpq_url, reading
from api.safety import thresholds
from api.settings import DATA, ROOT, settings

DEMO_FILE = DATA / "demo" / "families.json"
SERVICES = DATA / "directory"


def say(text: str) -> None:
    print(f"  {text}", flush=True)


def free_port(preferred: int) -> int:
    """The preferred loopback port if it is free, else another that is (only our own processes use it)."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SystemExit("No port is free on this machine.")


def require_public_port() -> None:
    """The one port that others know must be free. Raises SystemExit with the fix."""
    port = settings().port
    if free_port(port) != port:
        raise SystemExit(
            f"Port {port} is in use: perhaps Hearthline runs already (http://127.0.0.1:{port}), "
            "or another program has it.\n"
            f"Stop that, or choose another port:  HEARTHLINE_PORT={port + 1} make run"
        )


def assist_port() -> int:
    """Where the action server is answered: HEARTHLINE_ASSIST_PORT, or the port of a HEARTHLINE_API_URL on loopback, or
    one that is free. Raises SystemExit with the fix where one that was named is in use."""
    url = urlsplit(os.environ.get("HEARTHLINE_API_URL", ""))
    here = url.hostname in ("127.0.0.1", "localhost", "::1")
    try:
        named = settings().assist_port or (url.port if here else None)
    except ValueError:
        raise SystemExit("HEARTHLINE_API_URL has no port from 0 to 65535: such as http://127.0.0.1:8005") from None
    if not named or named == settings().port:
        return free_port(8005)
    if free_port(named) != named:
        raise SystemExit(
            f"Port {named}, where the action server is to be answered, is in use. Stop what has it, or choose another"
            " port: HEARTHLINE_ASSIST_PORT (and the same in HEARTHLINE_API_URL, if you set that)."
        )
    return named


def load_demo_data() -> None:
    """Import the demo's families and services once: not over what people did with them since."""
    from api.access.models import Agency
    from api.directory.models import Service
    from api.imports.service import import_file, import_services

    with reading() as session:
        has_agency = session.scalar(select(Agency.id).limit(1)) is not None
        has_services = session.scalar(select(Service.id).limit(1)) is not None
    if not has_services:
        say("directory: importing the demo services")
        for path in sorted(SERVICES.glob("services*.json")):
            import_services(path)
    if not has_agency:
        say("families: importing the demo families")
        import_file(DEMO_FILE)


def environment() -> dict[str, str]:
    """What the processes are started with, on top of this process's own environment."""
    rasa, actions, assist = free_port(5005), free_port(5055), assist_port()
    made = {
        "HEARTHLINE_DATABASE_URL": libpq_url(),
        "HEARTHLINE_PORT": str(settings().port),
        "HEARTHLINE_RASA_URL": os.environ.get("HEARTHLINE_RASA_URL", f"http://127.0.0.1:{rasa}"),
        "HEARTHLINE_ACTIONS_URL": os.environ.get("HEARTHLINE_ACTIONS_URL", f"http://127.0.0.1:{actions}"),
        "HEARTHLINE_API_URL": os.environ.get("HEARTHLINE_API_URL", f"http://127.0.0.1:{assist}"),
        "HEARTHLINE_ASSIST_PORT": str(assist),
        "HEARTHLINE_SECRET_KEY": settings().key,
        "HEARTHLINE_MODEL": str(ensure_trained()),
        "HEARTHLINE_ENCODER": str(settings().encoder_folder),
        "API_PYTHON": sys.executable,
        "BOT_PYTHON": str(bot_python()),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        # Small matrices: more threads only wait for one another, burning the cores that others need.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
        # One allocator arena: several threads' arenas would each keep what one needs (glibc).
        "MALLOC_ARENA_MAX": "2",
    }
    if not settings().database_url:  # they are told where it is, and would look for keys from outside
        made["HEARTHLINE_DATA_KEYS"] = ",".join(settings().data_secrets)
    if settings().demo:
        made["HEARTHLINE_CLOCK_FILE"] = str((settings().var_dir / "clock").resolve())
    return made


def main() -> None:
    settings().check()
    thresholds.in_force()
    require_public_port()
    if not (settings().demo or settings().data_keys.strip(" ,")):
        say(
            f"KEY: what people write is sealed with the key in {settings().var_dir / 'data_key'}, made here because\n"
            "     HEARTHLINE_DATA_KEYS is not set. Keep a copy apart from the backups: without it nobody can read them."
        )
    say("database: starting" if not settings().database_url else "database: connecting")
    from api.migrations.apply import InUse, upgrade
    from api.protection import data_keys, resealing

    try:
        upgrade()
    except InUse as problem:
        raise SystemExit(str(problem)) from None
    data_keys.check()
    if data_keys.older_words():
        if settings().demo:
            say("words: sealing what was stored before")
            resealing.reseal()
        else:
            say("words: some were stored before they were sealed. When all runs: hearthline seal")
    if settings().demo:
        load_demo_data()
    made = environment()
    print(json.dumps(made), flush=True)


if __name__ == "__main__":
    main()
