"""photos and documents as evidence: links to send them by, what was sent, media of texts to be fetched"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0020"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "upload_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=True),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["action_id"], ["plan_actions.id"], name=op.f("fk_upload_links_action_id_plan_actions")
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["workers.id"], name=op.f("fk_upload_links_asked_by_workers")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_upload_links_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_upload_links_token_hash")),
    )
    op.create_index(op.f("ix_upload_links_person_id"), "upload_links", ["person_id"])
    op.create_table(
        "evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=True),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("part", sa.Integer(), nullable=True),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("state", sa.String(), server_default="kept", nullable=False),
        sa.Column("seen_at", MOMENT, nullable=True),
        sa.Column("seen_by", sa.Uuid(), nullable=True),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.Column("removed_by", sa.Uuid(), nullable=True),
        sa.Column("removed_why", sa.String(), server_default="", nullable=False),
        sa.CheckConstraint("way IN ('link','chat','text')", name=op.f("ck_evidence_way")),
        sa.CheckConstraint("state IN ('kept','removed')", name=op.f("ck_evidence_state")),
        sa.ForeignKeyConstraint(["action_id"], ["plan_actions.id"], name=op.f("fk_evidence_action_id_plan_actions")),
        sa.ForeignKeyConstraint(["asked_by"], ["workers.id"], name=op.f("fk_evidence_asked_by_workers")),
        sa.ForeignKeyConstraint(["family_id"], ["families.id"], name=op.f("fk_evidence_family_id_families")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["inbound_messages.id"], name=op.f("fk_evidence_message_id_inbound_messages")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_evidence_person_id_people")),
        sa.ForeignKeyConstraint(["removed_by"], ["workers.id"], name=op.f("fk_evidence_removed_by_workers")),
        sa.ForeignKeyConstraint(["seen_by"], ["workers.id"], name=op.f("fk_evidence_seen_by_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.UniqueConstraint("message_id", "part", name=op.f("uq_evidence_message_id_part")),
    )
    for column in ("action_id", "family_id", "person_id"):
        op.create_index(op.f(f"ix_evidence_{column}"), "evidence", [column])
    op.create_index(
        "ix_evidence_to_see",
        "evidence",
        ["family_id"],
        postgresql_where=sa.text("seen_at IS NULL AND state = 'kept'"),
    )
    op.create_index("ix_evidence_sha256", "evidence", ["sha256"], postgresql_where=sa.text("state = 'kept'"))
    op.create_table(
        "media_fetches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("message_sid", sa.String(), nullable=False),
        sa.Column("media_sid", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("state", sa.String(), server_default="waiting", nullable=False),
        sa.Column("problem", sa.String(), server_default="", nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting','kept','done','refused','given_up')", name=op.f("ck_media_fetches_state")
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["inbound_messages.id"], name=op.f("fk_media_fetches_message_id_inbound_messages")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_media_fetches_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media_fetches")),
        sa.UniqueConstraint("message_id", "part", name=op.f("uq_media_fetches_message_id_part")),
    )
    op.create_index(op.f("ix_media_fetches_person_id"), "media_fetches", ["person_id"])
    op.create_index(
        "ix_media_fetches_due",
        "media_fetches",
        ["due_at"],
        postgresql_where=sa.text("state IN ('waiting','kept')"),
    )


def downgrade() -> None:
    op.drop_table("media_fetches")
    op.drop_table("evidence")
    op.drop_table("upload_links")
