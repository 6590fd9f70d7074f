"""second factors, sessions that can be seen and ended, opened families, API keys, kept answers

What is added to tables has a default in the database: the version before goes on writing to them meanwhile.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0008"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("agencies", sa.Column("second_factor_roles", JSONB(), server_default="[]", nullable=False))
    op.add_column("worker_sessions", sa.Column("via", sa.String(), server_default="cookie", nullable=False))
    op.add_column("worker_sessions", sa.Column("browser", sa.String(), server_default="", nullable=False))
    op.add_column("worker_sessions", sa.Column("last_seen_at", MOMENT, nullable=True))
    op.create_table(
        "second_factors",
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name=op.f("fk_second_factors_worker_id_workers")),
        sa.PrimaryKeyConstraint("worker_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name=op.f("fk_recovery_codes_worker_id_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
    )
    op.create_index(op.f("ix_recovery_codes_worker_id"), "recovery_codes", ["worker_id"])
    op.create_table(
        "openings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=True),
        sa.Column("seen_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["family_id"], ["families.id"], name=op.f("fk_openings_family_id_families")),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name=op.f("fk_openings_worker_id_workers")),
        sa.ForeignKeyConstraint(["seen_by"], ["workers.id"], name=op.f("fk_openings_seen_by_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openings")),
    )
    op.create_index(op.f("ix_openings_family_id"), "openings", ["family_id"])
    op.create_index("ix_openings_worker_id_ends_at", "openings", ["worker_id", "ends_at"])
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.CheckConstraint("scope IN ('read','write')", name=op.f("ck_api_keys_scope")),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name=op.f("fk_api_keys_worker_id_workers")),
        sa.ForeignKeyConstraint(["created_by"], ["workers.id"], name=op.f("fk_api_keys_created_by_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
    )
    op.create_index(op.f("ix_api_keys_worker_id"), "api_keys", ["worker_id"])
    op.create_table(
        "kept_answers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("request_hash", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name=op.f("fk_kept_answers_worker_id_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_answers")),
        sa.UniqueConstraint("worker_id", "key_hash", name=op.f("uq_kept_answers_worker_id_key_hash")),
    )
    op.create_index(op.f("ix_kept_answers_at"), "kept_answers", ["at"])


def downgrade() -> None:
    for table in ("kept_answers", "api_keys", "openings", "recovery_codes", "second_factors"):
        op.drop_table(table)
    for column in ("last_seen_at", "browser", "via"):
        op.drop_column("worker_sessions", column)
    op.drop_column("agencies", "second_factor_roles")
