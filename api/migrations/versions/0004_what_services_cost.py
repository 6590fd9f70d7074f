"""what services cost, and the languages they speak"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cost_options",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("option", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("amount", sa.Float(), nullable=False),
        sa.Column("amount_description", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_cost_options_service_id_services")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cost_options")),
    )
    op.create_index(op.f("ix_cost_options_service_id"), "cost_options", ["service_id"], unique=False)
    op.add_column(
        "services",
        sa.Column(
            "languages", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
    )
    op.alter_column("services", "languages", server_default=None)


def downgrade() -> None:
    op.drop_column("services", "languages")
    op.drop_table("cost_options")
