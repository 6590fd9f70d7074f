"""PINs, safe-contact profiles, consent, and numbers that two people share"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None


# The version before writes people and messages too while processes are replaced: so the defaults stay in the database.
def people() -> list[sa.Column[Any]]:
    return [
        sa.Column("contact_days", sa.String(), server_default="1234567", nullable=False),
        sa.Column("may_name_self", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("code_word", sa.String(), server_default="", nullable=False),
        sa.Column("use_code_word", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("phone_seen_by", sa.String(), server_default="", nullable=False),
        sa.Column("phone_label", sa.String(), server_default="", nullable=False),
        sa.Column("profile_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reconfirm_on", sa.Date(), nullable=True),
        sa.Column("pin_hash", sa.String(), server_default="", nullable=False),
        sa.Column("pin_temporary_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pin_tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("pin_locked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("session_minutes", sa.Integer(), server_default="15", nullable=False),
    ]


LIVE = sa.text("state <> 'quarantined'")


def upgrade() -> None:
    for column in people():
        op.add_column("people", column)
    op.add_column("conversations", sa.Column("proved_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("inbound_messages", sa.Column("door", sa.String(), server_default="", nullable=False))
    op.add_column("inbound_messages", sa.Column("continues", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_inbound_messages_continues_inbound_messages"),
        "inbound_messages",
        "inbound_messages",
        ["continues"],
        ["id"],
    )
    op.add_column("contact_points", sa.Column("added_by", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_contact_points_added_by_workers"), "contact_points", "workers", ["added_by"], ["id"])
    op.drop_constraint(op.f("ck_contact_points_state"), "contact_points", type_="check")
    op.create_check_constraint(
        op.f("ck_contact_points_state"), "contact_points", "state IN ('pending','active','opted_out','quarantined')"
    )
    op.drop_index("uq_contact_points_live", "contact_points")
    op.create_index(
        "uq_contact_points_live",
        "contact_points",
        ["channel", "address", "person_id"],
        unique=True,
        postgresql_where=LIVE,
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("contact_point_id", sa.Uuid(), nullable=False),
        sa.Column("wording_id", sa.String(), nullable=False),
        sa.Column("wording_version", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_consents_person_id_people")),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_points.id"], name=op.f("fk_consents_contact_point_id_contact_points")
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["workers.id"], name=op.f("fk_consents_asked_by_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_person_id"), "consents", ["person_id"])
    op.create_index(op.f("ix_consents_contact_point_id"), "consents", ["contact_point_id"])


def downgrade() -> None:
    op.drop_table("consents")
    op.drop_index("uq_contact_points_live", "contact_points")
    op.create_index(
        "uq_contact_points_live", "contact_points", ["channel", "address"], unique=True, postgresql_where=LIVE
    )
    op.drop_constraint(op.f("ck_contact_points_state"), "contact_points", type_="check")
    op.create_check_constraint(
        op.f("ck_contact_points_state"), "contact_points", "state IN ('active','opted_out','quarantined')"
    )
    op.drop_column("contact_points", "added_by")
    op.drop_column("inbound_messages", "continues")
    op.drop_column("inbound_messages", "door")
    op.drop_column("conversations", "proved_until")
    for column in people():
        op.drop_column("people", column.name)
