"""Applies the migrations; several processes may try at once (one does it, the others wait).

Promises: each migration is a transaction of its own. None waits longer than ``LOCK_TIMEOUT`` for a table that somebody
uses, because all that comes after waits behind it; it is tried again for about a minute. What went through stays, and
an upgrade that ended early is simply run again.
"""

from __future__ import annotations

import time

from alembic import command
from alembic.config import Config
from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.database import engine
from api.settings import ROOT

_LOCK = 7_110_400
#: How long one migration waits for a table, as PostgreSQL's ``lock_timeout`` takes it.
LOCK_TIMEOUT = "3s"
#: How often it is tried, and how many seconds the others have between two tries.
TRIES, PAUSE = 8, 5.0


class InUse(Exception):
    """Somebody used a table for too long; the message says what to do, in words for the operator."""


def config() -> Config:
    """Alembic's configuration, wherever the command is run from."""
    configured = Config(ROOT / "alembic.ini")
    configured.set_main_option("script_location", str(ROOT / "api" / "migrations"))
    return configured


def upgrade() -> None:
    """Bring the database to the newest version. Raises InUse."""
    with engine().connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        connection.commit()  # the lock is the session's
        try:
            for left in reversed(range(TRIES)):
                if _upgraded():
                    return
                if left:
                    time.sleep(PAUSE)
            raise InUse(
                "The database could not be brought to the newest version: somebody uses a table that has to change (a"
                f" backup, a long report, another program). It is at version {_version()}: what was done stays, nothing"
                " is lost, and Hearthline as it was before runs on it. End what uses it, or wait, and run this again."
            )
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})


def _upgraded() -> bool:
    """False: a table was in use."""
    try:
        command.upgrade(config(), "head")
    except DBAPIError as error:
        if isinstance(error.orig, LockNotAvailable | DeadlockDetected):
            return False
        raise
    return True


def _version() -> str:
    with engine().connect() as connection:
        found = connection.scalar(text("SELECT to_regclass('alembic_version')"))
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")) if found else "0000")
