"""The database that comes with us keeps what people wrote in its tables, and out of its log."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

from api import embedded_postgres
from api.database import engine
from api.settings import settings


def test_a_refused_row_is_not_quoted_in_the_servers_log(database: Engine) -> None:
    statement = text("INSERT INTO agencies (id, external_id, name, jurisdiction) VALUES (NULL, 'canary', :name, 'x')")
    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.execute(statement, {"name": "the words of a family"})
    log = (settings().var_dir / "postgres" / "log").read_text()
    assert "null value in column" in log
    assert "words of a family" not in log and "canary" not in log


def test_many_threads_that_ask_first_get_one_engine(database: Engine) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len({id(found) for found in pool.map(lambda _: engine(), range(16))}) == 1
        assert len(set(pool.map(lambda _: embedded_postgres.ensure_running(settings().var_dir), range(16)))) == 1


def test_a_folder_that_a_kill_left_unfinished_is_put_aside_and_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    (folder / "base").mkdir(parents=True)
    (folder / "PG_VERSION").write_text("16\n")
    try:
        url = embedded_postgres.ensure_running(tmp_path)
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        embedded_postgres.stop(tmp_path)
    (aside,) = tmp_path.glob("postgres.unfinished-*")
    assert (aside / "PG_VERSION").exists() and (folder / embedded_postgres.STARTED_ONCE).exists()
