"""reminders, what people want of them, and a note of each time that an appointment got another time or status"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("reminder_moments", sa.String(), nullable=True))
    op.create_table(
        "reminders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("moment", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("was_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outbound_id", sa.Uuid(), nullable=True),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("first_option", sa.Integer(), nullable=True),
        sa.CheckConstraint("state IN ('planned','queued','skipped')", name=op.f("ck_reminders_state")),
        sa.CheckConstraint(
            "state <> 'queued' OR outbound_id IS NOT NULL", name=op.f("ck_reminders_queued_has_a_message")
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointments.id"],
            name=op.f("fk_reminders_appointment_id_appointments"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_reminders_person_id_people"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["outbound_id"],
            ["outbound_messages.id"],
            name=op.f("fk_reminders_outbound_id_outbound_messages"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_reminders_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminders")),
        sa.UniqueConstraint("outbound_id", name=op.f("uq_reminders_outbound_id")),
        sa.UniqueConstraint(
            "appointment_id",
            "person_id",
            "moment",
            "starts_at",
            "change_id",
            name=op.f("uq_reminders_appointment_id_person_id_moment_starts_at_change_id"),
        ),
    )
    op.create_index("ix_reminders_due", "reminders", ["due_at"], postgresql_where=sa.text("state = 'planned'"))
    op.create_index(
        "ix_reminders_conversation_id",
        "reminders",
        ["conversation_id"],
        postgresql_where=sa.text("conversation_id IS NOT NULL"),
    )
    op.create_index(op.f("ix_reminders_person_id"), "reminders", ["person_id"])
    op.create_table(
        "reminder_plans",
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("profile", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointments.id"],
            name=op.f("fk_reminder_plans_appointment_id_appointments"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_reminder_plans_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("appointment_id", "person_id", name=op.f("pk_reminder_plans")),
    )
    op.create_index(op.f("ix_reminder_plans_person_id"), "reminder_plans", ["person_id"])
    op.create_table(
        "appointment_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("was_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("was_status", sa.String(), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointments.id"],
            name=op.f("fk_appointment_changes_appointment_id_appointments"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment_changes")),
    )
    op.create_index(
        "ix_appointment_changes_open",
        "appointment_changes",
        ["id"],
        postgresql_where=sa.text("handled_at IS NULL"),
    )
    op.create_index(op.f("ix_appointment_changes_appointment_id"), "appointment_changes", ["appointment_id"])
    # Whoever moves or cancels an appointment, in whatever program: it is noted, in the same transaction.
    op.execute("""
        CREATE FUNCTION note_appointment_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO appointment_changes (appointment_id, was_at, was_status)
            VALUES (OLD.id, OLD.starts_at, OLD.status);
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER appointments_note_change AFTER UPDATE OF starts_at, status ON appointments FOR EACH ROW
        WHEN (OLD.starts_at IS DISTINCT FROM NEW.starts_at OR OLD.status IS DISTINCT FROM NEW.status)
        EXECUTE FUNCTION note_appointment_change()
    """)
    op.create_index(
        "ix_appointments_coming", "appointments", ["starts_at"], postgresql_where=sa.text("status = 'scheduled'")
    )
    op.create_index(
        "ix_outbound_messages_awaited",
        "outbound_messages",
        ["address"],
        postgresql_where=sa.text("state IN ('queued','sending') AND kind <> 'reminder'"),
    )
    op.create_index(
        "ix_outbound_messages_reminders",
        "outbound_messages",
        ["seq"],
        postgresql_where=sa.text("state IN ('queued','sending') AND kind = 'reminder'"),
    )


def downgrade() -> None:
    op.drop_index("ix_outbound_messages_reminders", "outbound_messages")
    op.drop_index("ix_outbound_messages_awaited", "outbound_messages")
    op.drop_index("ix_appointments_coming", "appointments")
    op.execute("DROP TRIGGER appointments_note_change ON appointments")
    op.execute("DROP FUNCTION note_appointment_change")
    op.drop_table("appointment_changes")
    op.drop_table("reminder_plans")
    op.drop_table("reminders")
    op.drop_column("people", "reminder_moments")
