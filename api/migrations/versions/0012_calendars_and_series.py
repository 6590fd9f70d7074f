"""private calendar addresses, series of appointments, other times offered, how often an appointment was changed"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_feeds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["made_by"], ["workers.id"], name=op.f("fk_calendar_feeds_made_by_workers")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_calendar_feeds_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feeds")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_feeds_token_hash")),
    )
    op.create_index(op.f("ix_calendar_feeds_person_id"), "calendar_feeds", ["person_id"])
    op.create_index(
        "uq_calendar_feeds_live",
        "calendar_feeds",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "appointment_series",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("rrule", sa.String(), nullable=False),
        sa.Column("every_working_days", sa.Integer(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("at", sa.Time(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("address_hidden", sa.Boolean(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("bring", sa.String(), nullable=False),
        sa.Column("attendees", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("follows_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_until", sa.Date(), nullable=True),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_appointment_series_minutes")),
        sa.ForeignKeyConstraint(["family_id"], ["families.id"], name=op.f("fk_appointment_series_family_id_families")),
        sa.ForeignKeyConstraint(
            ["follows_id"], ["appointment_series.id"], name=op.f("fk_appointment_series_follows_id_appointment_series")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment_series")),
        sa.UniqueConstraint("family_id", "external_id", name=op.f("uq_appointment_series_family_id_external_id")),
    )
    op.create_table(
        "offered_times",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("change_request_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offered_by", sa.Uuid(), nullable=True),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("outbound_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["outbound_id"],
            ["outbound_messages.id"],
            name=op.f("fk_offered_times_outbound_id_outbound_messages"),
            ondelete="SET NULL",
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_offered_times_ends_after_start")),
        sa.CheckConstraint("state IN ('offered','chosen','withdrawn')", name=op.f("ck_offered_times_state")),
        sa.ForeignKeyConstraint(
            ["change_request_id"],
            ["change_requests.id"],
            name=op.f("fk_offered_times_change_request_id_change_requests"),
        ),
        sa.ForeignKeyConstraint(["offered_by"], ["workers.id"], name=op.f("fk_offered_times_offered_by_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offered_times")),
        sa.UniqueConstraint(
            "change_request_id", "starts_at", name=op.f("uq_offered_times_change_request_id_starts_at")
        ),
    )
    op.create_index(op.f("ix_offered_times_change_request_id"), "offered_times", ["change_request_id"])
    op.create_index(op.f("ix_offered_times_outbound_id"), "offered_times", ["outbound_id"])
    op.add_column("reminders", sa.Column("others", sa.Integer(), server_default="0", nullable=False))
    op.add_column("workers", sa.Column("works_from", sa.Time(), server_default="09:00", nullable=False))
    op.add_column("workers", sa.Column("works_until", sa.Time(), server_default="17:00", nullable=False))
    op.add_column("workers", sa.Column("works_on", sa.String(), server_default="12345", nullable=False))
    op.add_column("appointments", sa.Column("sequence", sa.Integer(), server_default="0", nullable=False))
    op.add_column("appointments", sa.Column("series_id", sa.Uuid(), nullable=True))
    op.add_column("appointments", sa.Column("series_on", sa.Date(), nullable=True))
    op.create_foreign_key(
        op.f("fk_appointments_series_id_appointment_series"),
        "appointments",
        "appointment_series",
        ["series_id"],
        ["id"],
    )
    op.create_unique_constraint(op.f("uq_appointments_series_id_series_on"), "appointments", ["series_id", "series_on"])
    op.create_check_constraint(
        op.f("ck_appointments_day_of_its_series"), "appointments", "(series_id IS NULL) = (series_on IS NULL)"
    )
    op.execute("""
        CREATE FUNCTION count_appointment_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.sequence := OLD.sequence + 1;
            RETURN NEW;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER appointments_count_change BEFORE UPDATE ON appointments FOR EACH ROW
        WHEN ((OLD.starts_at, OLD.ends_at, OLD.status, OLD.kind, OLD.place, OLD.address, OLD.address_hidden, OLD.link,
               OLD.bring) IS DISTINCT FROM
              (NEW.starts_at, NEW.ends_at, NEW.status, NEW.kind, NEW.place, NEW.address, NEW.address_hidden, NEW.link,
               NEW.bring))
        EXECUTE FUNCTION count_appointment_change()
    """)


def downgrade() -> None:
    op.execute("DROP TRIGGER appointments_count_change ON appointments")
    op.execute("DROP FUNCTION count_appointment_change")
    op.drop_constraint(op.f("ck_appointments_day_of_its_series"), "appointments")
    op.drop_constraint(op.f("uq_appointments_series_id_series_on"), "appointments")
    op.drop_constraint(op.f("fk_appointments_series_id_appointment_series"), "appointments")
    op.drop_column("appointments", "series_on")
    op.drop_column("appointments", "series_id")
    op.drop_column("appointments", "sequence")
    for column in ("works_on", "works_until", "works_from"):
        op.drop_column("workers", column)
    op.drop_column("reminders", "others")
    op.drop_table("offered_times")
    op.drop_table("appointment_series")
    op.drop_table("calendar_feeds")
