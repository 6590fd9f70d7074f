"""Alembic's environment: our own tables only (procrastinate's are made by its own schema, inside the first
migration)."""

from alembic import context
from sqlalchemy import create_engine

from api.database import database_url
from api.tables import metadata


def ours(_object: object, name: str | None, kind: str, _reflected: bool, _compared: object) -> bool:
    """Leave procrastinate's tables out of comparisons."""
    return not (kind == "table" and (name or "").startswith("procrastinate_"))


engine = create_engine(database_url())
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, include_object=ours, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
