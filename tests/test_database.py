"""The pool: a connection that the server has closed is replaced, and nobody notices."""

from __future__ import annotations

from contextlib import ExitStack

from sqlalchemy import text
from sqlalchemy.engine import Engine

from api.database import transaction


def test_connections_that_the_server_has_closed_are_replaced(database: Engine) -> None:
    with ExitStack() as stack:  # three in the pool
        for session in [stack.enter_context(transaction()) for _ in range(3)]:
            session.execute(text("SELECT 1"))
    with database.connect() as connection:
        ended = connection.execute(
            text(
                "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
        ).scalar_one()
    assert ended >= 2
    with ExitStack() as stack:
        for session in [stack.enter_context(transaction()) for _ in range(3)]:
            assert session.execute(text("SELECT 1")).scalar_one() == 1


def test_statements_are_planned_for_a_disk_that_seeks_in_no_time(database: Engine) -> None:
    with transaction() as session:
        planned = [session.execute(text(f"SHOW {name}")).scalar_one() for name in ("random_page_cost", "jit")]
    assert planned == ["1.1", "off"]
