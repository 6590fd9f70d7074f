"""Backups of the whole database, and bringing one back, by PostgreSQL's own pg_dump and pg_restore.

Promises: a backup is one consistent moment; its file is its owner's alone and appears whole or not at all; a restore is
one transaction into an empty database. No password is on a command line, and no word of a family in an error.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from api import clock, embedded_postgres
from api.audit import service as audit
from api.database import transaction

_OTHERS = """
    SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
"""

# Whether these went out after the backup was made nobody here knows: as after any crash, a worker is asked.
_IN_DOUBT = """
    UPDATE outbound_messages SET state = 'uncertain', settled_at = %(now)s
    WHERE state IN ('queued', 'sending') AND kind <> 'escalation' AND channel IN ('sms', 'email') AND due_at <= %(now)s
"""


class BackupFailed(Exception):
    """What was wrong, and what to do."""


def back_up(path: Path, url: str) -> int:
    """Write the database at ``url`` (as libpq reads it) to ``path``; returns the file's size in bytes.

    An older file of that name is replaced only when the new one is whole. Raises BackupFailed.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)  # mode 0600
    except OSError as error:
        raise BackupFailed(
            f"{path} cannot be written ({error.strerror}). Choose a file in a folder of yours."
        ) from None
    os.close(handle)
    part = Path(name)
    try:
        with _address(url) as address:
            _run(_tool("pg_dump", url), "--format=custom", f"--file={part}", f"--dbname={address}")
        _contents(part, _tool("pg_restore", url))
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    except OSError as error:
        raise BackupFailed(f"{path} cannot be written ({error.strerror}).") from None
    finally:
        part.unlink(missing_ok=True)
    size = path.stat().st_size
    with transaction() as session:
        audit.record(session, actor_kind="system", actor_id=None, verb="made_backup", detail={"bytes": size})
    return size


def restore(path: Path, url: str) -> int:
    """Bring a backup into the empty database at ``url``; returns how many texts a worker must look at, because they
    may have gone out since the backup. Raises BackupFailed, and then nothing was changed."""
    restorer = _tool("pg_restore", url)
    if "TABLE public alembic_version" not in _contents(path, restorer):
        raise BackupFailed(f"{path.name} is not a backup of Hearthline.")
    with psycopg.connect(url) as connection:
        found = connection.execute(_OTHERS).fetchone()
    if found is None or found[0]:
        raise BackupFailed(
            "This database is not empty, so nothing was restored. Stop Hearthline, give it an empty database "
            "(HEARTHLINE_DATABASE_URL; with the embedded one, move var/postgres away), and try again."
        )
    with _address(url) as address:
        options = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-comments")
        _run(restorer, *options, f"--dbname={address}", str(path))
    with psycopg.connect(url) as connection:
        doubtful = connection.execute(_IN_DOUBT, {"now": clock.now()}).rowcount
        connection.execute(
            "INSERT INTO audit_entries (at, actor_kind, verb, object_id, detail)"
            " VALUES (%s, 'system', 'restored_backup', '', jsonb_build_object('texts_in_doubt', %s::int))",
            (clock.now(), doubtful),
        )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    return doubtful


def _tool(name: str, url: str) -> Path:
    """The program that fits the server: the wheel's own, else the PATH's. Raises BackupFailed."""
    try:
        with psycopg.connect(url) as connection:
            server = connection.info.server_version // 10000
    except psycopg.OperationalError:
        raise BackupFailed(
            "The database does not answer. Is it running, and is HEARTHLINE_DATABASE_URL right?"
        ) from None
    on_path = shutil.which(name)
    for candidate in (embedded_postgres.tool(name), Path(on_path) if on_path else None):
        if candidate is not None and candidate.exists() and _version(candidate) >= server:
            return candidate
    raise BackupFailed(f"There is no {name} of version {server} or newer here: install PostgreSQL's client programs.")


def _version(program: Path) -> int:
    said = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    found = re.search(r"\) (\d+)", said.stdout)
    return int(found.group(1)) if found else 0


@contextmanager
def _address(url: str) -> Iterator[str]:
    """The address without its password, which stands in a file of its own meanwhile: every user of a machine can read
    the command lines of the others."""
    parsed = make_url(url)
    if parsed.password is None or parsed.password == "":
        yield url
        return
    secret = str(parsed.password).replace("\\", "\\\\").replace(":", "\\:")
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "pgpass"
        kept.touch(mode=0o600)
        kept.write_text(f"*:*:*:*:{secret}\n", encoding="utf-8")
        bare = parsed.set(password=None).update_query_dict({"passfile": str(kept)})
        yield bare.render_as_string(hide_password=False)


def _contents(path: Path, restorer: Path) -> str:
    return _run(restorer, "--list", str(path))


def _run(program: Path, *arguments: str) -> str:
    """Run it; returns what it printed. Raises BackupFailed with the first thing it complained of."""
    command: Sequence[str] = [str(program), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
    if done.returncode:
        complaints = [line for line in done.stderr.splitlines() if "error:" in line] or [""]
        # What stands in quotes may be a row's; an address is no secret, but need not be in a log either.
        first = re.sub(r'"[^"]*"?', '"..."', complaints[0].partition("error:")[2].strip())
        raise BackupFailed(f"{program.name} stopped: {first or f'status {done.returncode}'}")
    return done.stdout
