"""conferences, reviews, views, timescales, and all that belongs to a plan"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "timescale_states",
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("rules", sa.String(), nullable=False),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["family_id"], ["families.id"], name=op.f("fk_timescale_states_family_id_families")),
        sa.PrimaryKeyConstraint("family_id", name=op.f("pk_timescale_states")),
    )
    op.create_table(
        "case_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("outcome IN ('held','missed')", name=op.f("ck_case_events_outcome")),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_case_events_appointment_id_appointments")
        ),
        sa.ForeignKeyConstraint(["family_id"], ["families.id"], name=op.f("fk_case_events_family_id_families")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_case_events_plan_id_plans")),
        sa.ForeignKeyConstraint(["recorded_by"], ["workers.id"], name=op.f("fk_case_events_recorded_by_workers")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["workers.id"], name=op.f("fk_case_events_withdrawn_by_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_events")),
        sa.UniqueConstraint("family_id", "external_id", name=op.f("uq_case_events_family_id_external_id")),
    )
    op.create_index("ix_case_events_family_day", "case_events", ["family_id", "day"], unique=False)
    op.create_index(
        "uq_case_events_appointment",
        "case_events",
        ["appointment_id"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL AND appointment_id IS NOT NULL"),
    )
    op.create_table(
        "conferences",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("chair", sa.String(), nullable=False),
        sa.Column("assessment", sa.String(), nullable=False),
        sa.Column("discussion", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("decision_reason", sa.String(), nullable=False),
        sa.Column("planning", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(decision <> '') = (status = 'held')", name=op.f("ck_conferences_decision_when_held")),
        sa.CheckConstraint(
            "decision IN ('','plan','no_plan','continue','modify','discontinue')", name=op.f("ck_conferences_decision")
        ),
        sa.CheckConstraint("kind IN ('initial','review','pre_birth','transfer_in')", name=op.f("ck_conferences_kind")),
        sa.CheckConstraint("status IN ('planned','held','cancelled')", name=op.f("ck_conferences_status")),
        sa.ForeignKeyConstraint(["created_by"], ["workers.id"], name=op.f("fk_conferences_created_by_workers")),
        sa.ForeignKeyConstraint(["family_id"], ["families.id"], name=op.f("fk_conferences_family_id_families")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_conferences_plan_id_plans")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conferences")),
        sa.UniqueConstraint("family_id", "external_id", name=op.f("uq_conferences_family_id_external_id")),
    )
    op.create_index("ix_conferences_family_held", "conferences", ["family_id", "held_on"], unique=False)
    op.create_index(op.f("ix_conferences_plan_id"), "conferences", ["plan_id"], unique=False)
    op.create_table(
        "contingencies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("trigger", sa.String(), nullable=False),
        sa.Column("by_on", sa.Date(), nullable=True),
        sa.Column("response", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("kept_from_family", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_contingencies_plan_id_plans")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contingencies")),
    )
    op.create_index(op.f("ix_contingencies_plan_id"), "contingencies", ["plan_id"], unique=False)
    op.create_table(
        "deadlines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("warn_on", sa.Date(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["family_id"], ["families.id"], name=op.f("fk_deadlines_family_id_families")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_deadlines_plan_id_plans")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadlines")),
    )
    op.create_index("ix_deadlines_family_due", "deadlines", ["family_id", "due_on"], unique=False)
    op.create_index(
        "ix_deadlines_open",
        "deadlines",
        ["due_on", "family_id"],
        unique=False,
        postgresql_where=sa.text("done_on IS NULL"),
    )
    op.create_table(
        "outcomes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("by_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.CheckConstraint("state IN ('open','achieved','dropped')", name=op.f("ck_outcomes_state")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_outcomes_plan_id_plans")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcomes")),
        sa.UniqueConstraint("plan_id", "external_id", name=op.f("uq_outcomes_plan_id_external_id")),
    )
    op.create_index(op.f("ix_outcomes_plan_id"), "outcomes", ["plan_id"], unique=False)
    op.create_table(
        "conference_attendees",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conference_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("agency", sa.String(), nullable=False),
        sa.Column("attended", sa.Boolean(), nullable=False),
        sa.Column("sent_report", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conference_id"], ["conferences.id"], name=op.f("fk_conference_attendees_conference_id_conferences")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_conference_attendees_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conference_attendees")),
    )
    op.create_index(
        op.f("ix_conference_attendees_conference_id"), "conference_attendees", ["conference_id"], unique=False
    )
    op.create_table(
        "conference_children",
        sa.Column("conference_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("harms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["conference_id"], ["conferences.id"], name=op.f("fk_conference_children_conference_id_conferences")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_conference_children_person_id_people")),
        sa.PrimaryKeyConstraint("conference_id", "person_id", name=op.f("pk_conference_children")),
    )
    op.create_index(op.f("ix_conference_children_person_id"), "conference_children", ["person_id"], unique=False)
    op.create_table(
        "conference_dissents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conference_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conference_id"], ["conferences.id"], name=op.f("fk_conference_dissents_conference_id_conferences")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conference_dissents")),
    )
    op.create_index(
        op.f("ix_conference_dissents_conference_id"), "conference_dissents", ["conference_id"], unique=False
    )
    op.create_table(
        "reviews",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("conference_id", sa.Uuid(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("changes", sa.String(), nullable=False),
        sa.Column("next_step", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("support", sa.String(), nullable=False),
        sa.Column("next_review_on", sa.Date(), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("next_step IN ('continue','modify','discontinue')", name=op.f("ck_reviews_next_step")),
        sa.ForeignKeyConstraint(
            ["conference_id"], ["conferences.id"], name=op.f("fk_reviews_conference_id_conferences")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_reviews_plan_id_plans")),
        sa.ForeignKeyConstraint(["recorded_by"], ["workers.id"], name=op.f("fk_reviews_recorded_by_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("plan_id", "external_id", name=op.f("uq_reviews_plan_id_external_id")),
        sa.UniqueConstraint("plan_id", "held_on", name=op.f("uq_reviews_plan_id_held_on")),
    )
    op.create_index(op.f("ix_reviews_plan_id"), "reviews", ["plan_id"], unique=False)
    op.create_table(
        "action_effects",
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("effect", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.CheckConstraint(
            "effect IN ('helped','helped_a_little','did_not_help','made_worse','not_started')",
            name=op.f("ck_action_effects_effect"),
        ),
        sa.ForeignKeyConstraint(
            ["action_id"], ["plan_actions.id"], name=op.f("fk_action_effects_action_id_plan_actions")
        ),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name=op.f("fk_action_effects_review_id_reviews")),
        sa.PrimaryKeyConstraint("review_id", "action_id", name=op.f("pk_action_effects")),
    )
    op.create_index(op.f("ix_action_effects_action_id"), "action_effects", ["action_id"], unique=False)
    op.create_table(
        "outcome_progress",
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("outcome_id", sa.Uuid(), nullable=False),
        sa.Column("progress", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.CheckConstraint(
            "progress IN ('worse','none','some','good','achieved')", name=op.f("ck_outcome_progress_progress")
        ),
        sa.ForeignKeyConstraint(["outcome_id"], ["outcomes.id"], name=op.f("fk_outcome_progress_outcome_id_outcomes")),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name=op.f("fk_outcome_progress_review_id_reviews")),
        sa.PrimaryKeyConstraint("review_id", "outcome_id", name=op.f("pk_outcome_progress")),
    )
    op.create_index(op.f("ix_outcome_progress_outcome_id"), "outcome_progress", ["outcome_id"], unique=False)
    op.create_table(
        "plan_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("review_id", sa.Uuid(), nullable=True),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["workers.id"], name=op.f("fk_plan_versions_made_by_workers")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_versions_plan_id_plans")),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name=op.f("fk_plan_versions_review_id_reviews")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_versions")),
        sa.UniqueConstraint("plan_id", "number", name=op.f("uq_plan_versions_plan_id_number")),
    )
    op.create_table(
        "stated_views",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("family_may_see", sa.Boolean(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("audience IN ('lead','workers','meeting')", name=op.f("ck_stated_views_audience")),
        sa.CheckConstraint(
            "way IN ('said','written','drawn','message','through_somebody')", name=op.f("ck_stated_views_way")
        ),
        sa.ForeignKeyConstraint(["family_id"], ["families.id"], name=op.f("fk_stated_views_family_id_families")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["inbound_messages.id"], name=op.f("fk_stated_views_message_id_inbound_messages")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_stated_views_person_id_people")),
        sa.ForeignKeyConstraint(["recorded_by"], ["workers.id"], name=op.f("fk_stated_views_recorded_by_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stated_views")),
        sa.UniqueConstraint("family_id", "external_id", name=op.f("uq_stated_views_family_id_external_id")),
        sa.UniqueConstraint("message_id", name=op.f("uq_stated_views_message_id")),
    )
    op.create_index("ix_stated_views_family_given", "stated_views", ["family_id", "given_on"], unique=False)
    op.create_index(op.f("ix_stated_views_person_id"), "stated_views", ["person_id"], unique=False)
    op.add_column("core_group_members", sa.Column("email", sa.String(), server_default=sa.text("''"), nullable=False))
    op.add_column(
        "core_group_members", sa.Column("responsibility", sa.String(), server_default=sa.text("''"), nullable=False)
    )
    op.add_column("plan_actions", sa.Column("kind", sa.String(), server_default=sa.text("''"), nullable=False))
    op.add_column("plan_actions", sa.Column("measure", sa.String(), server_default=sa.text("''"), nullable=False))
    op.add_column("plan_actions", sa.Column("evidence", sa.String(), server_default=sa.text("''"), nullable=False))
    op.add_column("plan_actions", sa.Column("outcome_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_plan_actions_outcome_id_outcomes"), "plan_actions", "outcomes", ["outcome_id"], ["id"]
    )
    op.add_column("plans", sa.Column("visit_every_days", sa.Integer(), nullable=True))
    op.add_column("plans", sa.Column("version", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("risks", sa.Column("level", sa.String(), server_default=sa.text("''"), nullable=False))
    op.add_column("risks", sa.Column("evidence", sa.String(), server_default=sa.text("''"), nullable=False))
    op.add_column("risks", sa.Column("lower_when", sa.String(), server_default=sa.text("''"), nullable=False))
    op.add_column("risks", sa.Column("kept_from_family", sa.Boolean(), server_default=sa.text("false"), nullable=False))

    op.create_check_constraint(op.f("ck_risks_level"), "risks", "level IN ('','low','medium','high')")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_risks_level"), "risks", type_="check")
    op.drop_column("risks", "kept_from_family")
    op.drop_column("risks", "lower_when")
    op.drop_column("risks", "evidence")
    op.drop_column("risks", "level")
    op.drop_column("plans", "version")
    op.drop_column("plans", "visit_every_days")
    op.drop_constraint(op.f("fk_plan_actions_outcome_id_outcomes"), "plan_actions", type_="foreignkey")
    op.drop_column("plan_actions", "outcome_id")
    op.drop_column("plan_actions", "evidence")
    op.drop_column("plan_actions", "measure")
    op.drop_column("plan_actions", "kind")
    op.drop_column("core_group_members", "responsibility")
    op.drop_column("core_group_members", "email")
    op.drop_index(op.f("ix_stated_views_person_id"), table_name="stated_views")
    op.drop_index("ix_stated_views_family_given", table_name="stated_views")
    op.drop_table("stated_views")
    op.drop_table("plan_versions")
    op.drop_index(op.f("ix_outcome_progress_outcome_id"), table_name="outcome_progress")
    op.drop_table("outcome_progress")
    op.drop_index(op.f("ix_action_effects_action_id"), table_name="action_effects")
    op.drop_table("action_effects")
    op.drop_index(op.f("ix_reviews_plan_id"), table_name="reviews")
    op.drop_table("reviews")
    op.drop_index(op.f("ix_conference_dissents_conference_id"), table_name="conference_dissents")
    op.drop_table("conference_dissents")
    op.drop_index(op.f("ix_conference_children_person_id"), table_name="conference_children")
    op.drop_table("conference_children")
    op.drop_index(op.f("ix_conference_attendees_conference_id"), table_name="conference_attendees")
    op.drop_table("conference_attendees")
    op.drop_index(op.f("ix_outcomes_plan_id"), table_name="outcomes")
    op.drop_table("outcomes")
    op.drop_index("ix_deadlines_open", table_name="deadlines", postgresql_where=sa.text("done_on IS NULL"))
    op.drop_index("ix_deadlines_family_due", table_name="deadlines")
    op.drop_table("deadlines")
    op.drop_index(op.f("ix_contingencies_plan_id"), table_name="contingencies")
    op.drop_table("contingencies")
    op.drop_index(op.f("ix_conferences_plan_id"), table_name="conferences")
    op.drop_index("ix_conferences_family_held", table_name="conferences")
    op.drop_table("conferences")
    op.drop_index(
        "uq_case_events_appointment",
        table_name="case_events",
        postgresql_where=sa.text("withdrawn_at IS NULL AND appointment_id IS NOT NULL"),
    )
    op.drop_index("ix_case_events_family_day", table_name="case_events")
    op.drop_table("case_events")
    op.drop_table("timescale_states")
