"""What all tests stand on: settings of their own, one embedded PostgreSQL, and tables that are empty before each test.

The environment is set before anything of ``api`` is imported, because settings are read once. Fixtures: ``database``
(empty tables), ``session`` (one transaction in them), ``client`` (the whole app, in this process), ``post`` (a mail
server). What starts real processes is in tests/harness; every test that uses it is marked ``slow``.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from fastapi.testclient import TestClient
    from sqlalchemy.engine import Engine
    from sqlalchemy.orm import Session

    from tests.harness.mail import FakeMail

# Short, because the database's unix socket stands below it and such a path has at most 107 characters.
RUN = Path(tempfile.mkdtemp(prefix="hearthline-test-", dir=os.environ.get("HEARTHLINE_TEST_DIR")))
for _name in [name for name in os.environ if name.startswith(("HEARTHLINE_", "TWILIO_"))]:
    if _name not in ("HEARTHLINE_BOT_PYTHON", "HEARTHLINE_MODEL", "HEARTHLINE_TEST_DIR", "HEARTHLINE_TEST_HOURS"):
        del os.environ[_name]
os.environ["HEARTHLINE_VAR_DIR"] = str(RUN / "var")
os.environ["HEARTHLINE_CLOCK_FILE"] = str(RUN / "clock")
os.environ["HEARTHLINE_SECRET_KEY"] = "0123456789abcdef" * 4
# Made once from the installed package, named after what is in it, and the same for everybody.
os.environ["HEARTHLINE_ENCODER"] = str(Path(__file__).resolve().parents[1] / "var" / "encoder")
#: The whole systems of tests/harness have the same, so that a test can open what it reads in their databases.
os.environ["HEARTHLINE_DATA_KEYS"] = "5ea1ed00" * 8
os.environ["HEARTHLINE_PUBLIC_URL"] = "http://testserver"

#: What is true must be so at any hour: with HEARTHLINE_TEST_HOURS=14 every test's clock begins so many hours ahead.
AHEAD = str(float(os.environ.get("HEARTHLINE_TEST_HOURS", "0")) * 3600)
# That one example took long says no more than that the machine is busy.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")
#: Not emptied between tests: the schema's own version.
KEPT = ("alembic_version",)


def pytest_sessionstart() -> None:
    """A run that is told to end (SIGTERM, as by ``timeout``) still stops its database and its processes."""
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("told to end", returncode=143))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the database, so that ``make test-fast`` can do without it; the promises come first, for they
    take longest."""
    for item in items:
        if "migrated" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.database)
    items.sort(key=lambda item: item.path.parent.name != "promises")


#: Promises that share a whole system; each group's runs in a process of its own, and what is not named here is in one.
RASA_MISBEHAVES = ("test_rasa_misbehaves",)
KILLED = ("test_crashes", "test_faults_in_flight", "test_killed_in_a_takeover", "test_rasa_fails")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """In several processes (``make test``) a file's tests run in one of them, in order; so do the promises that share
    one whole system."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = Path(nodeid.partition("::")[0])
            if path.parent.name != "promises":
                return str(path)
            return next((group[0] for group in (RASA_MISBEHAVES, KILLED) if path.stem in group), "promises")

    return Together(config, log)


def pytest_sessionfinish() -> None:
    """Stop this run's database and remove its folder."""
    from api import embedded_postgres

    embedded_postgres.stop(RUN / "var")
    shutil.rmtree(RUN, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated() -> Engine:
    """The engine of this run's database, at the newest version."""
    from api.database import engine
    from api.migrations import apply
    from tests import once

    once.product_hasher()
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # Nobody pulls the plug of a test's database, and waiting for the disk is most of a test's time.
        for line in ("ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET synchronous_commit = off"):
            connection.exec_driver_sql(line)
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    apply.upgrade()
    return engine()


@pytest.fixture(autouse=True)
def _nothing_personal_is_logged(request: pytest.FixtureRequest) -> Iterator[None]:
    """No line that the product logs in this process holds a name, a number or words that the test stored."""
    from tests import logged

    with logged.kept() as lines:
        yield
    if lines and "migrated" in request.fixturenames:
        assert logged.personal(lines) == []


@pytest.fixture
def database(migrated: Engine) -> Iterator[Engine]:
    """The database with all tables empty, and the clock where it began."""
    Path(os.environ["HEARTHLINE_CLOCK_FILE"]).write_text(AHEAD)
    empty(migrated)
    yield migrated


def empty(engine: Engine) -> None:
    """Delete every row of ours and every job (quicker than TRUNCATE for a few rows; triggers and references rest)."""
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql("; ".join(f'DELETE FROM "{name}"' for name in emptied()))


def emptied() -> list[str]:
    """The tables that are empty before each test."""
    from api.tables import metadata

    tables = [table.name for table in metadata.tables.values() if table.name not in KEPT]
    return [*tables, "procrastinate_events", "procrastinate_periodic_defers", "procrastinate_jobs"]


@pytest.fixture
def session(database: Engine) -> Iterator[Session]:
    """A session in the empty database; what it did is committed when the test says ``session.commit()``."""
    from sqlalchemy.orm import Session

    with Session(database, expire_on_commit=False) as opened:
        yield opened


@pytest.fixture
def client(database: Engine) -> Iterator[TestClient]:
    """The app in this process, as a browser or Twilio sees it; errors of the server are answers, not exceptions."""
    from fastapi.testclient import TestClient

    from tests import once

    with TestClient(once.app(), raise_server_exceptions=False, follow_redirects=False) as opened:
        yield opened


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeMail]:
    """A mail server that this process sends to."""
    from api.settings import settings
    from tests.harness.mail import FakeMail

    server = FakeMail()
    monkeypatch.setattr(settings(), "smtp_url", server.url)
    monkeypatch.setattr(settings(), "mail_from", "Hearthline <help@hearthline.example>")
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def no_rush(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every message gets the whole screen at the door, however fast a test writes (tests/safety/test_door.py)."""
    monkeypatch.setattr("api.safety.door.PACE", 0.0)
