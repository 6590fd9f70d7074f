"""Help with getting to an appointment; who is newly expected at one, or no longer, is told; moments for each kind"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0036"
down_revision = "0034"
branch_labels = None
depends_on = None

_WAS = ["starts_at", "ends_at", "status", "kind", "place", "address", "address_hidden", "link", "bring"]
_NEWS = "ck_appointment_news_what"


def upgrade() -> None:
    for table in ("appointments", "appointment_series"):
        op.add_column(table, sa.Column("travel", sa.String(), server_default="", nullable=False))
    _counts([*_WAS, "travel"])
    op.create_table(
        "attendee_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(start=1), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(), server_default="", nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("what IN ('added','removed')", name=op.f("ck_attendee_changes_what")),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointments.id"],
            name=op.f("fk_attendee_changes_appointment_id_appointments"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_attendee_changes_person_id_people"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["changed_by"], ["workers.id"], name=op.f("fk_attendee_changes_changed_by_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendee_changes")),
    )
    op.create_index("ix_attendee_changes_appointment_id", "attendee_changes", ["appointment_id"])
    op.create_index("ix_attendee_changes_person_id", "attendee_changes", ["person_id"])
    op.create_index(
        "ix_attendee_changes_open", "attendee_changes", ["id"], postgresql_where=sa.text("handled_at IS NULL")
    )
    op.drop_constraint(op.f(_NEWS), "appointment_news")
    op.create_check_constraint(
        op.f(_NEWS), "appointment_news", "what IN ('moved','cancelled','restored','added','removed')"
    )
    op.add_column(
        "people",
        sa.Column("reminder_kinds", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("people", "reminder_kinds")
    op.execute("DELETE FROM appointment_news WHERE what IN ('added','removed')")
    op.drop_constraint(op.f(_NEWS), "appointment_news")
    op.create_check_constraint(op.f(_NEWS), "appointment_news", "what IN ('moved','cancelled','restored')")
    op.drop_table("attendee_changes")
    _counts(_WAS)
    for table in ("appointments", "appointment_series"):
        op.drop_column(table, "travel")


def _counts(columns: list[str]) -> None:
    """A change of these counts as one, for whoever keeps the appointment in a calendar."""
    was, now = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    op.execute("DROP TRIGGER appointments_count_change ON appointments")
    op.execute(f"""
        CREATE TRIGGER appointments_count_change BEFORE UPDATE ON appointments FOR EACH ROW
        WHEN (({was}) IS DISTINCT FROM ({now})) EXECUTE FUNCTION count_appointment_change()
    """)
