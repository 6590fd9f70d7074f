"""What waits today, who is looked for by name, and who looked at what are found without reading whole tables"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0030"
branch_labels = None
depends_on = None

ACCENTS = "áàâäãåāąčçćéèêëēęíìîïīłñńňóòôöõøōřśšúùûüūůýÿźżžÁÀÂÄÃÅĀĄČÇĆÉÈÊËĒĘÍÌÎÏĪŁÑŃŇÓÒÔÖÕØŌŘŚŠÚÙÛÜŪŮÝŸŹŻŽ"
PLAIN = "aaaaaaaaccceeeeeeiiiiilnnnooooooorssuuuuuuyyzzz" * 2
NAMES = (
    ("ix_families_search", "families", "name"),
    ("ix_people_search_first", "people", "first_name"),
    ("ix_people_search_last", "people", "last_name"),
)


def upgrade() -> None:
    op.create_index(
        "ix_change_requests_open", "change_requests", ["appointment_id"], postgresql_where="handled_at IS NULL"
    )
    op.create_index("ix_escalations_unresolved", "escalations", ["family_id"], postgresql_where="state <> 'resolved'")
    op.create_index(
        "ix_plan_actions_waiting",
        "plan_actions",
        ["plan_id", "due_on"],
        postgresql_where="status IN ('open','blocked','reported_done')",
    )
    op.create_index("ix_audit_entries_actor_at", "audit_entries", ["actor_id", "at"])
    op.create_index("ix_audit_entries_at", "audit_entries", ["at"])
    for index, table, column in NAMES:
        folded = f"(lower(translate({column}, '{ACCENTS}', '{PLAIN}'))) text_pattern_ops"
        op.create_index(index, table, [sa.text(folded)])


def downgrade() -> None:
    for index, table, _ in NAMES:
        op.drop_index(index, table_name=table)
    op.drop_index("ix_audit_entries_at", table_name="audit_entries")
    op.drop_index("ix_audit_entries_actor_at", table_name="audit_entries")
    op.drop_index("ix_plan_actions_waiting", table_name="plan_actions")
    op.drop_index("ix_escalations_unresolved", table_name="escalations")
    op.drop_index("ix_change_requests_open", table_name="change_requests")
