"""Professionals of other agencies who are expected hear by e-mail of an appointment that is moved or called off"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "professional_news",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("was_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("problem", sa.String(), server_default="", nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outbound_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("what IN ('moved','cancelled','restored')", name=op.f("ck_professional_news_what")),
        sa.CheckConstraint("problem IN ('','no_address','no_mail')", name=op.f("ck_professional_news_problem")),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointments.id"],
            name=op.f("fk_professional_news_appointment_id_appointments"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["outbound_id"],
            ["outbound_messages.id"],
            name=op.f("fk_professional_news_outbound_id_outbound_messages"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_professional_news")),
        sa.UniqueConstraint(
            "appointment_id",
            "name",
            "change_id",
            name=op.f("uq_professional_news_appointment_id_name_change_id"),
        ),
    )
    op.create_index(op.f("ix_professional_news_outbound_id"), "professional_news", ["outbound_id"])


def downgrade() -> None:
    op.drop_table("professional_news")
