"""the texts of the demo's simulated phones"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "demo_texts",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("sid", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("seen", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demo_texts")),
        sa.UniqueConstraint("sid", name=op.f("uq_demo_texts_sid")),
    )
    op.create_index("ix_demo_texts_recipient_id", "demo_texts", ["recipient", "id"], unique=False)
    op.create_index(op.f("ix_demo_texts_sender"), "demo_texts", ["sender"], unique=False)


def downgrade() -> None:
    op.drop_table("demo_texts")
