"""Applies the migrations; several processes may try at once (one does it, the others wait)."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from api.database import engine
from api.settings import ROOT

_LOCK = 7_110_400


def config() -> Config:
    """Alembic's configuration, wherever the command is run from."""
    configured = Config(ROOT / "alembic.ini")
    configured.set_main_option("script_location", str(ROOT / "api" / "migrations"))
    return configured


def upgrade() -> None:
    """Bring the database to the newest version."""
    with engine().connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        try:
            command.upgrade(config(), "head")
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
