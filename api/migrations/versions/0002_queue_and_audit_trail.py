"""The job queue's own schema, and the trigger that keeps the audit trail append-only."""

from alembic import op
from procrastinate.schema import SchemaManager
from procrastinate.testing import InMemoryConnector

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # procrastinate's SQL has ":=" and "%" of its own: it goes to the driver as it is.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(SchemaManager(InMemoryConnector()).get_schema().encode())
    op.execute("""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$
    """)
    op.execute("""
        CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)


def downgrade() -> None:
    op.execute("DROP TRIGGER audit_entries_append_only ON audit_entries")
    op.execute("DROP FUNCTION refuse_change")
    op.execute("DROP SCHEMA public CASCADE")
    op.execute("CREATE SCHEMA public")
