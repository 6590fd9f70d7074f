"""ladders of an agency's own, changes to the rota, what became of an escalation

What is added to tables has a default in the database: the version before goes on writing to them meanwhile.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("workers", sa.Column("team", sa.String(), server_default="", nullable=False))
    op.add_column("workers", sa.Column("calendar_version", sa.Integer(), server_default="0", nullable=False))
    op.add_column("escalations", sa.Column("step", sa.Integer(), server_default="0", nullable=False))
    op.add_column("escalations", sa.Column("outcome_kind", sa.String(), server_default="", nullable=False))
    op.add_column("escalations", sa.Column("ring_by", MOMENT, nullable=True))
    op.create_table(
        "escalation_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("escalation_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=True),
        sa.Column("to_worker_id", sa.Uuid(), nullable=True),
        sa.Column("via", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_escalation_events_escalation_id_escalations")
        ),
        sa.ForeignKeyConstraint(
            ["to_worker_id"], ["workers.id"], name=op.f("fk_escalation_events_to_worker_id_workers")
        ),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name=op.f("fk_escalation_events_worker_id_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_events")),
    )
    op.create_index(op.f("ix_escalation_events_escalation_id"), "escalation_events", ["escalation_id"])
    op.create_table(
        "ladder_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("days", JSONB(), nullable=False),
        sa.Column("begins", sa.Time(), nullable=True),
        sa.Column("ends", sa.Time(), nullable=True),
        sa.Column("steps", JSONB(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("priority IN ('emergency','urgent','routine')", name=op.f("ck_ladder_rules_priority")),
        sa.CheckConstraint("(begins IS NULL) = (ends IS NULL)", name=op.f("ck_ladder_rules_whole_hours")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_ladder_rules_agency_id_agencies")),
        sa.ForeignKeyConstraint(["changed_by"], ["workers.id"], name=op.f("fk_ladder_rules_changed_by_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ladder_rules")),
    )
    op.create_index(op.f("ix_ladder_rules_agency_id"), "ladder_rules", ["agency_id"])
    op.create_table(
        "rota_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("instead_of", sa.Uuid(), nullable=True),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("cancelled_at", MOMENT, nullable=True),
        sa.CheckConstraint("kind IN ('cover','leave')", name=op.f("ck_rota_changes_kind")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_rota_changes_ends_after_start")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_rota_changes_agency_id_agencies")),
        sa.ForeignKeyConstraint(["instead_of"], ["workers.id"], name=op.f("fk_rota_changes_instead_of_workers")),
        sa.ForeignKeyConstraint(["made_by"], ["workers.id"], name=op.f("fk_rota_changes_made_by_workers")),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name=op.f("fk_rota_changes_worker_id_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rota_changes")),
    )
    op.create_index("ix_rota_changes_agency_id_ends_at", "rota_changes", ["agency_id", "ends_at"])


def downgrade() -> None:
    for table in ("rota_changes", "ladder_rules", "escalation_events"):
        op.drop_table(table)
    for column in ("ring_by", "outcome_kind", "step"):
        op.drop_column("escalations", column)
    for column in ("calendar_version", "team"):
        op.drop_column("workers", column)
