"""webhooks out: where events go, and each on its way"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0010"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("kinds", JSONB(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("failing_since", MOMENT, nullable=True),
        sa.Column("last_ok_at", MOMENT, nullable=True),
        sa.Column("off_at", MOMENT, nullable=True),
        sa.Column("off_why", sa.String(), server_default="", nullable=False),
        sa.CheckConstraint(
            "off_why IN ('','failing','gone','by_hand','removed')", name=op.f("ck_webhook_endpoints_off_why")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_webhook_endpoints_agency_id_agencies")),
        sa.ForeignKeyConstraint(["created_by"], ["workers.id"], name=op.f("fk_webhook_endpoints_created_by_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoints")),
    )
    op.create_index(op.f("ix_webhook_endpoints_agency_id"), "webhook_endpoints", ["agency_id"])
    op.create_table(
        "webhook_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("body", JSONB(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(), server_default="queued", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("problem", sa.String(), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('queued','delivered','given_up')", name=op.f("ck_webhook_events_state")),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["webhook_endpoints.id"], name=op.f("fk_webhook_events_endpoint_id_webhook_endpoints")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_events")),
    )
    op.create_index("ix_webhook_events_due", "webhook_events", ["due_at"], postgresql_where=sa.text("state = 'queued'"))
    op.create_index("ix_webhook_events_endpoint_id_created_at", "webhook_events", ["endpoint_id", "created_at"])


def downgrade() -> None:
    op.drop_table("webhook_events")
    op.drop_table("webhook_endpoints")
