"""Colleagues who are expected hear of a changed appointment, everybody hears why; how a worker wants to be told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appointments", sa.Column("change_reason", sa.String(), server_default="", nullable=False))
    op.add_column("appointments", sa.Column("changed_by", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_appointments_changed_by_workers"), "appointments", "workers", ["changed_by"], ["id"])
    op.add_column("workers", sa.Column("news_by", sa.String(), server_default="text", nullable=False))
    op.create_check_constraint(op.f("ck_workers_news_by"), "workers", "news_by IN ('text','email','console')")
    op.add_column("workers", sa.Column("dates_told_on", sa.Date(), nullable=True))
    op.create_table(
        "appointment_news",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("was_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outbound_id", sa.Uuid(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("what IN ('moved','cancelled','restored')", name=op.f("ck_appointment_news_what")),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointments.id"],
            name=op.f("fk_appointment_news_appointment_id_appointments"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name=op.f("fk_appointment_news_worker_id_workers")),
        sa.ForeignKeyConstraint(
            ["outbound_id"],
            ["outbound_messages.id"],
            name=op.f("fk_appointment_news_outbound_id_outbound_messages"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment_news")),
        sa.UniqueConstraint(
            "appointment_id",
            "worker_id",
            "change_id",
            name=op.f("uq_appointment_news_appointment_id_worker_id_change_id"),
        ),
    )
    op.create_index(
        "ix_appointment_news_due", "appointment_news", ["due_at"], postgresql_where=sa.text("told_at IS NULL")
    )
    op.create_index(
        "ix_appointment_news_to_see", "appointment_news", ["worker_id"], postgresql_where=sa.text("seen_at IS NULL")
    )
    op.create_index(op.f("ix_appointment_news_outbound_id"), "appointment_news", ["outbound_id"])


def downgrade() -> None:
    op.drop_table("appointment_news")
    op.drop_column("workers", "dates_told_on")
    op.drop_constraint(op.f("ck_workers_news_by"), "workers")
    op.drop_column("workers", "news_by")
    op.drop_constraint(op.f("fk_appointments_changed_by_workers"), "appointments")
    op.drop_column("appointments", "changed_by")
    op.drop_column("appointments", "change_reason")
