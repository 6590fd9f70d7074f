"""Alembic's environment: our own tables only (procrastinate's are made by its own schema, inside the first
migration). Each migration is a transaction of its own, and waits only so long for a table (api.migrations.apply)."""

from alembic import context
from sqlalchemy import NullPool, create_engine

from api.database import database_url
from api.migrations import apply
from api.tables import metadata


def ours(_object: object, name: str | None, kind: str, _reflected: bool, _compared: object) -> bool:
    """Leave procrastinate's tables out of comparisons."""
    return not (kind == "table" and (name or "").startswith("procrastinate_"))


with create_engine(database_url(), poolclass=NullPool).connect() as connection:
    connection.exec_driver_sql(f"SET lock_timeout = '{apply.LOCK_TIMEOUT}'")
    connection.commit()  # what alembic does begins its own transactions
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_object=ours,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
