"""What is made once in each process of a test run, because making it costs more than most tests do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from itertools import count
from typing import Generic, TypeVar

from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy import Connection, Engine, text

from api import clock
from api.access import service as access
from api.app import create_app
from api.safety import screen

Made = TypeVar("Made")
_numbers = count(1)
#: What the app writes when it starts, whether there are rows of anybody's or not.
NOTED = ("data_keys",)


@lru_cache(maxsize=1)
def app() -> FastAPI:
    """The whole app. FastAPI works out its routes at an app's first request; the screen's models are loaded once."""
    screen.warm_up = lru_cache(maxsize=1)(screen.warm_up)
    return create_app()


@lru_cache(maxsize=1)
def product_hasher() -> PasswordHasher:
    """What the product hashes passwords with (tests/access/test_passwords.py): from now on tests hash at no cost."""
    found = access._hasher
    access._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return found


class Kept(Generic[Made]):
    """Rows that are in the tables before many tests: made the first time, kept in a schema of their own beside them,
    and from there put back into the empty tables."""

    def __init__(self, make: Callable[[], Made], *, moves: bool = False) -> None:
        """``make()`` writes them into empty tables; what it returns, ``put`` returns each time. If it ``moves``, every
        time in the rows is as far from now as it was from the moment when they were made."""
        self._make, self._moves = make, moves
        self._schema = f"kept_{next(_numbers)}"
        self._lines: list[str] = []
        self._made: list[Made] = []
        self._at = clock.now()
        #: So much later than they were made, the rows were last put back.
        self.later = timedelta(0)

    def put(self, engine: Engine, tables: list[str]) -> Made:
        """The rows are in these tables, which are empty."""
        if not self._made:
            self._made.append(self._make())
            self._at = clock.now()
            with engine.begin() as connection:
                connection.exec_driver_sql(f"CREATE SCHEMA {self._schema}")
                self._lines = [
                    line for table in tables if table not in NOTED and (line := self._keep(connection, table))
                ]
            return self._made[0]
        if self._moves:
            self.later = clock.now() - self._at
        by = f"interval '{self.later // timedelta(microseconds=1)} microseconds'"
        with engine.begin() as connection:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            connection.exec_driver_sql("; ".join(self._lines).replace("BY_SO_MUCH", by))
        return self._made[0]

    def _keep(self, connection: Connection, table: str) -> str:
        """Keep its rows; the line that puts them back, "" where there are none."""
        if connection.exec_driver_sql(f'SELECT 1 FROM "{table}" LIMIT 1').first() is None:
            return ""
        connection.exec_driver_sql(f'CREATE TABLE {self._schema}."{table}" AS TABLE "{table}"')
        columns = connection.execute(
            text(
                "SELECT quote_ident(column_name), data_type = 'timestamp with time zone'"
                " FROM information_schema.columns"
                " WHERE table_schema = 'public' AND table_name = :table AND is_generated = 'NEVER'"
            ),
            {"table": table},
        ).all()
        names = ", ".join(name for name, _ in columns)
        values = ", ".join(f"{name} + BY_SO_MUCH" if moves else name for name, moves in columns)
        return f'INSERT INTO "{table}" ({names}) OVERRIDING SYSTEM VALUE SELECT {values} FROM {self._schema}."{table}"'
