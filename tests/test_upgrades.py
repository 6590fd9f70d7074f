"""An upgrade on a live database: each migration by itself, none waits long for a table that somebody uses, what went
through stays, and it is simply run again."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, NullPool, create_engine, text
from sqlalchemy.engine import make_url
from typer.testing import CliRunner

import api.database
from api.cli import app
from api.migrations import apply

#: Next come 0043, which needs no table of these, and then 0047, which changes escalations.
BEFORE, BETWEEN = "0046", "0043"


def use(name: str, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """From now on that database of this run's server is ours."""
    url = make_url(api.database.database_url()).set(database=name)
    engine = create_engine(url, poolclass=NullPool)
    monkeypatch.setattr(api.database, "database_url", lambda: url.render_as_string(hide_password=False))
    monkeypatch.setattr(apply, "engine", lambda: engine)
    return engine


@contextmanager
def created(server: Engine, more: str = "") -> Iterator[str]:
    """A database of this name, as long as the block lasts."""
    name = f"upgrade_{uuid.uuid4().hex}"
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} {more}")
    yield name
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def server(migrated: Engine) -> Engine:
    """The run's PostgreSQL, beyond transactions."""
    return migrated.execution_options(isolation_level="AUTOCOMMIT")


@pytest.fixture(scope="module")
def behind(server: Engine) -> Iterator[str]:
    """A database that is some versions behind."""
    with created(server) as name:
        with pytest.MonkeyPatch.context() as patched:
            use(name, patched)
            command.upgrade(apply.config(), BEFORE)
        yield name


@pytest.fixture
def live(server: Engine, behind: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """One like it for each test."""
    monkeypatch.setattr(apply, "LOCK_TIMEOUT", "100ms")
    monkeypatch.setattr(apply.time, "sleep", lambda _seconds: None)
    with created(server, f"TEMPLATE {behind}") as name:
        yield use(name, monkeypatch)


@pytest.fixture
def reader(live: Engine) -> Iterator[Connection]:
    """Somebody in the middle of reading all escalations, as a backup does."""
    with live.connect() as connection:
        connection.exec_driver_sql("LOCK TABLE escalations IN ACCESS SHARE MODE")
        yield connection


def version(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def columns(engine: Engine) -> int:
    query = (
        "SELECT count(*) FROM information_schema.columns WHERE table_name = 'escalations' AND column_name = 'watched'"
    )
    with engine.connect() as connection:
        return int(connection.scalar(text(query)) or 0)


def test_a_table_in_use_ends_it_in_plain_words_what_went_through_stays_and_it_is_run_again(
    live: Engine, reader: Connection
) -> None:
    answer = CliRunner().invoke(app, ["migrate"])
    assert answer.exit_code == 1 and "Traceback" not in answer.output
    assert f"It is at version {BETWEEN}" in answer.output and "run this again" in answer.output
    assert (version(live), columns(live)) == (BETWEEN, 0)
    with live.connect() as other:  # nobody waits behind it
        assert other.scalar(text("SELECT count(*) FROM escalations")) == 0
    reader.rollback()
    assert "newest version" in CliRunner().invoke(app, ["migrate"]).output
    assert columns(live) == 1 and version(live) > BETWEEN
    command.check(apply.config())


def test_who_lets_go_meanwhile_is_waited_for(live: Engine, reader: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        reader.rollback()

    monkeypatch.setattr(apply.time, "sleep", pause)
    apply.upgrade()
    assert len(pauses) == 1 and columns(live) == 1


def test_another_mistake_is_not_tried_again(live: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with live.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE escalations ADD COLUMN watched boolean")  # by hand
    with pytest.raises(Exception, match="already exists"):
        apply.upgrade()
    assert version(live) == BETWEEN
