"""the first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SEQUENCE message_seq")
    op.create_table(
        "agencies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("jurisdiction", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agencies")),
        sa.UniqueConstraint("external_id", name=op.f("uq_agencies_external_id")),
    )
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=True),
        sa.Column("object_id", sa.String(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_index(op.f("ix_audit_entries_family_id"), "audit_entries", ["family_id"], unique=False)
    op.create_table(
        "locations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("location_type", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("address_1", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("state_province", sa.String(), nullable=False),
        sa.Column("postal_code", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locations")),
    )
    op.create_table(
        "organizations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("website", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizations")),
    )
    op.create_table(
        "sign_in_attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempts")),
    )
    op.create_index("ix_sign_in_attempts_subject_at", "sign_in_attempts", ["subject", "at"], unique=False)
    op.create_table(
        "taxonomies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taxonomies")),
    )
    op.create_table(
        "families",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_families_agency_id_agencies")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_families")),
        sa.UniqueConstraint("agency_id", "external_id", name=op.f("uq_families_agency_id_external_id")),
    )
    op.create_index(op.f("ix_families_agency_id"), "families", ["agency_id"], unique=False)
    op.create_table(
        "services",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("fees_description", sa.String(), nullable=False),
        sa.Column("eligibility_description", sa.String(), nullable=False),
        sa.Column("minimum_age", sa.Integer(), nullable=True),
        sa.Column("maximum_age", sa.Integer(), nullable=True),
        sa.Column("last_modified", sa.DateTime(timezone=True), nullable=False),
        sa.Column("country_wide", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_services_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
    )
    op.create_index(op.f("ix_services_organization_id"), "services", ["organization_id"], unique=False)
    op.create_table(
        "taxonomy_terms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("taxonomy_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["taxonomy_id"], ["taxonomies.id"], name=op.f("fk_taxonomy_terms_taxonomy_id_taxonomies")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taxonomy_terms")),
        sa.UniqueConstraint("code", name=op.f("uq_taxonomy_terms_code")),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_workers_agency_id_agencies")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
        sa.UniqueConstraint("agency_id", "external_id", name=op.f("uq_workers_agency_id_external_id")),
        sa.UniqueConstraint("email", name=op.f("uq_workers_email")),
        sa.UniqueConstraint("phone", name=op.f("uq_workers_phone")),
    )
    op.create_table(
        "appointments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("address_hidden", sa.Boolean(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("bring", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.CheckConstraint("status IN ('scheduled','cancelled')", name=op.f("ck_appointments_status")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_appointments_ends_after_start")),
        sa.ForeignKeyConstraint(["family_id"], ["families.id"], name=op.f("fk_appointments_family_id_families")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments")),
        sa.UniqueConstraint("family_id", "external_id", name=op.f("uq_appointments_family_id_external_id")),
    )
    op.create_index("ix_appointments_family_starts", "appointments", ["family_id", "starts_at"], unique=False)
    op.create_table(
        "family_workers",
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("lead", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["family_id"], ["families.id"], name=op.f("fk_family_workers_family_id_families")),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name=op.f("fk_family_workers_worker_id_workers")),
        sa.PrimaryKeyConstraint("family_id", "worker_id", name=op.f("pk_family_workers")),
    )
    op.create_index(op.f("ix_family_workers_worker_id"), "family_workers", ["worker_id"], unique=False)
    op.create_index(
        "uq_family_workers_one_lead", "family_workers", ["family_id"], unique=True, postgresql_where=sa.text("lead")
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("first_name", sa.String(), nullable=False),
        sa.Column("last_name", sa.String(), nullable=False),
        sa.Column("born", sa.Date(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("wording", sa.String(), nullable=False),
        sa.Column("may_name_children", sa.Boolean(), nullable=False),
        sa.Column("contact_from", sa.Time(), nullable=False),
        sa.Column("contact_until", sa.Time(), nullable=False),
        sa.CheckConstraint("kind IN ('parent','carer','young_person','child')", name=op.f("ck_people_kind")),
        sa.CheckConstraint("wording IN ('discreet','plain')", name=op.f("ck_people_wording")),
        sa.ForeignKeyConstraint(["family_id"], ["families.id"], name=op.f("fk_people_family_id_families")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("family_id", "external_id", name=op.f("uq_people_family_id_external_id")),
    )
    op.create_index(op.f("ix_people_family_id"), "people", ["family_id"], unique=False)
    op.create_table(
        "phones",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_phones_service_id_services")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phones")),
    )
    op.create_index(op.f("ix_phones_service_id"), "phones", ["service_id"], unique=False)
    op.create_table(
        "plans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("contingency", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["family_id"], ["families.id"], name=op.f("fk_plans_family_id_families")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
        sa.UniqueConstraint("family_id", "external_id", name=op.f("uq_plans_family_id_external_id")),
    )
    op.create_index(op.f("ix_plans_family_id"), "plans", ["family_id"], unique=False)
    op.create_table(
        "schedules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("byday", sa.String(), nullable=False),
        sa.Column("opens_at", sa.String(), nullable=False),
        sa.Column("closes_at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_schedules_service_id_services")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
    )
    op.create_index(op.f("ix_schedules_service_id"), "schedules", ["service_id"], unique=False)
    op.create_table(
        "service_at_locations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_service_at_locations_location_id_locations")
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_service_at_locations_service_id_services")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_at_locations")),
    )
    op.create_index(op.f("ix_service_at_locations_location_id"), "service_at_locations", ["location_id"], unique=False)
    op.create_index(op.f("ix_service_at_locations_service_id"), "service_at_locations", ["service_id"], unique=False)
    op.create_table(
        "service_taxonomy_terms",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("taxonomy_term_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_service_taxonomy_terms_service_id_services")
        ),
        sa.ForeignKeyConstraint(
            ["taxonomy_term_id"],
            ["taxonomy_terms.id"],
            name=op.f("fk_service_taxonomy_terms_taxonomy_term_id_taxonomy_terms"),
        ),
        sa.PrimaryKeyConstraint("service_id", "taxonomy_term_id", name=op.f("pk_service_taxonomy_terms")),
    )
    op.create_table(
        "shifts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_shifts_ends_after_start")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_shifts_agency_id_agencies")),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name=op.f("fk_shifts_worker_id_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
    )
    op.create_index(op.f("ix_shifts_agency_id"), "shifts", ["agency_id"], unique=False)
    op.create_table(
        "worker_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name=op.f("fk_worker_sessions_worker_id_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_worker_sessions_token_hash")),
    )
    op.create_index(op.f("ix_worker_sessions_worker_id"), "worker_sessions", ["worker_id"], unique=False)
    op.create_table(
        "attendees",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("concerns", sa.Boolean(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_words", sa.String(), nullable=False),
        sa.CheckConstraint("answer IN ('none','confirmed','cannot_come','late')", name=op.f("ck_attendees_answer")),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_attendees_appointment_id_appointments")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_attendees_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendees")),
        sa.UniqueConstraint("appointment_id", "person_id", name=op.f("uq_attendees_appointment_id_person_id")),
    )
    op.create_index(op.f("ix_attendees_appointment_id"), "attendees", ["appointment_id"], unique=False)
    op.create_index(op.f("ix_attendees_person_id"), "attendees", ["person_id"], unique=False)
    op.create_table(
        "chat_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["made_by"], ["workers.id"], name=op.f("fk_chat_codes_made_by_workers")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_chat_codes_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_codes")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_chat_codes_code_hash")),
    )
    op.create_index(op.f("ix_chat_codes_person_id"), "chat_codes", ["person_id"], unique=False)
    op.create_table(
        "contact_points",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('active','opted_out','quarantined')", name=op.f("ck_contact_points_state")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_contact_points_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_points")),
    )
    op.create_index(op.f("ix_contact_points_person_id"), "contact_points", ["person_id"], unique=False)
    op.create_index(
        "uq_contact_points_live",
        "contact_points",
        ["channel", "address"],
        unique=True,
        postgresql_where=sa.text("state <> 'quarantined'"),
    )
    op.create_table(
        "conversations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("worker_id", sa.Uuid(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_inbound_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_over_by", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_conversations_agency_id_agencies")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_conversations_person_id_people")),
        sa.ForeignKeyConstraint(["taken_over_by"], ["workers.id"], name=op.f("fk_conversations_taken_over_by_workers")),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name=op.f("fk_conversations_worker_id_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint("channel", "address", name=op.f("uq_conversations_channel_address")),
    )
    op.create_index(op.f("ix_conversations_agency_id"), "conversations", ["agency_id"], unique=False)
    op.create_index(op.f("ix_conversations_person_id"), "conversations", ["person_id"], unique=False)
    op.create_table(
        "core_group_members",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("organisation", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_core_group_members_plan_id_plans")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_group_members")),
    )
    op.create_index(op.f("ix_core_group_members_plan_id"), "core_group_members", ["plan_id"], unique=False)
    op.create_table(
        "plan_actions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("owner_person_id", sa.Uuid(), nullable=True),
        sa.Column("owner_name", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("blocked_reason", sa.String(), nullable=False),
        sa.Column("also_called", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "status IN ('open','reported_done','verified','blocked','dropped')", name=op.f("ck_plan_actions_status")
        ),
        sa.ForeignKeyConstraint(
            ["owner_person_id"], ["people.id"], name=op.f("fk_plan_actions_owner_person_id_people")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_actions_plan_id_plans")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_actions")),
        sa.UniqueConstraint("plan_id", "external_id", name=op.f("uq_plan_actions_plan_id_external_id")),
    )
    op.create_index("ix_plan_actions_owner", "plan_actions", ["owner_person_id", "status"], unique=False)
    op.create_index(op.f("ix_plan_actions_plan_id"), "plan_actions", ["plan_id"], unique=False)
    op.create_table(
        "plan_children",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_plan_children_person_id_people")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_children_plan_id_plans")),
        sa.PrimaryKeyConstraint("plan_id", "person_id", name=op.f("pk_plan_children")),
    )
    op.create_table(
        "risks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("harm", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_risks_plan_id_plans")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risks")),
    )
    op.create_index(op.f("ix_risks_plan_id"), "risks", ["plan_id"], unique=False)
    op.create_table(
        "inbound_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default=sa.text("nextval('message_seq')"), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("payload", sa.String(), nullable=False),
        sa.Column("media", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("flag", sa.String(), nullable=False),
        sa.Column("turn_attempts", sa.Integer(), nullable=False),
        sa.Column("safety_kind", sa.String(), nullable=False),
        sa.Column("safety_priority", sa.String(), nullable=False),
        sa.Column("safety_reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("intent", sa.String(), nullable=False),
        sa.CheckConstraint(
            "state IN ('queued','answered','unanswered','handled','recorded')", name=op.f("ck_inbound_messages_state")
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_inbound_messages_conversation_id_conversations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_messages")),
        sa.UniqueConstraint("channel", "external_id", name=op.f("uq_inbound_messages_channel_external_id")),
        sa.UniqueConstraint("seq", name=op.f("uq_inbound_messages_seq")),
    )
    op.create_index(
        "ix_inbound_messages_conversation_id_seq", "inbound_messages", ["conversation_id", "seq"], unique=False
    )
    op.create_index(
        "ix_inbound_messages_unsettled",
        "inbound_messages",
        ["state"],
        unique=False,
        postgresql_where=sa.text("state IN ('queued','unanswered')"),
    )
    op.create_table(
        "action_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("worker_id", sa.Uuid(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("status_before", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["action_id"], ["plan_actions.id"], name=op.f("fk_action_events_action_id_plan_actions")
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["inbound_messages.id"], name=op.f("fk_action_events_message_id_inbound_messages")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_action_events_person_id_people")),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name=op.f("fk_action_events_worker_id_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_events")),
        sa.UniqueConstraint("action_id", "message_id", "kind", name=op.f("uq_action_events_action_id_message_id_kind")),
    )
    op.create_index(op.f("ix_action_events_action_id"), "action_events", ["action_id"], unique=False)
    op.create_table(
        "change_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handled_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_change_requests_appointment_id_appointments")
        ),
        sa.ForeignKeyConstraint(["handled_by"], ["workers.id"], name=op.f("fk_change_requests_handled_by_workers")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["inbound_messages.id"], name=op.f("fk_change_requests_message_id_inbound_messages")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_change_requests_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_requests")),
        sa.UniqueConstraint("appointment_id", "message_id", name=op.f("uq_change_requests_appointment_id_message_id")),
    )
    op.create_index(op.f("ix_change_requests_appointment_id"), "change_requests", ["appointment_id"], unique=False)
    op.create_table(
        "escalations",
        sa.Column("id", sa.Integer(), sa.Identity(always=False, start=1), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("next_rung_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=True),
        sa.Column("acknowledged_via", sa.String(), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.CheckConstraint("priority IN ('emergency','urgent','routine')", name=op.f("ck_escalations_priority")),
        sa.CheckConstraint(
            "state <> 'open' OR next_rung_at IS NOT NULL", name=op.f("ck_escalations_open_has_next_rung")
        ),
        sa.CheckConstraint("state IN ('open','acknowledged','resolved')", name=op.f("ck_escalations_state")),
        sa.ForeignKeyConstraint(
            ["acknowledged_by"], ["workers.id"], name=op.f("fk_escalations_acknowledged_by_workers")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_escalations_agency_id_agencies")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_escalations_conversation_id_conversations")
        ),
        sa.ForeignKeyConstraint(["family_id"], ["families.id"], name=op.f("fk_escalations_family_id_families")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["inbound_messages.id"], name=op.f("fk_escalations_message_id_inbound_messages")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_escalations_person_id_people")),
        sa.ForeignKeyConstraint(["resolved_by"], ["workers.id"], name=op.f("fk_escalations_resolved_by_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalations")),
        sa.UniqueConstraint("message_id", name=op.f("uq_escalations_message_id")),
    )
    op.create_index(op.f("ix_escalations_agency_id"), "escalations", ["agency_id"], unique=False)
    op.create_index(op.f("ix_escalations_conversation_id"), "escalations", ["conversation_id"], unique=False)
    op.create_index(op.f("ix_escalations_family_id"), "escalations", ["family_id"], unique=False)
    op.create_index(
        "ix_escalations_next_rung_at",
        "escalations",
        ["next_rung_at"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "notifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("escalation_id", sa.Integer(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_notifications_escalation_id_escalations")
        ),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name=op.f("fk_notifications_worker_id_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint(
            "escalation_id", "rung", "worker_id", name=op.f("uq_notifications_escalation_id_rung_worker_id")
        ),
    )
    op.create_index(op.f("ix_notifications_escalation_id"), "notifications", ["escalation_id"], unique=False)
    op.create_table(
        "outbound_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default=sa.text("nextval('message_seq')"), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("escalation_id", sa.Integer(), nullable=True),
        sa.Column("worker_id", sa.Uuid(), nullable=True),
        sa.Column("written_by", sa.Uuid(), nullable=True),
        sa.Column("in_reply_to", sa.Uuid(), nullable=True),
        sa.Column("part", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider_id", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued','sending','sent','delivered','failed','uncertain','cancelled')",
            name=op.f("ck_outbound_messages_state"),
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_outbound_messages_conversation_id_conversations")
        ),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_outbound_messages_escalation_id_escalations")
        ),
        sa.ForeignKeyConstraint(
            ["in_reply_to"], ["inbound_messages.id"], name=op.f("fk_outbound_messages_in_reply_to_inbound_messages")
        ),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name=op.f("fk_outbound_messages_worker_id_workers")),
        sa.ForeignKeyConstraint(["written_by"], ["workers.id"], name=op.f("fk_outbound_messages_written_by_workers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbound_messages")),
        sa.UniqueConstraint("in_reply_to", "part", name=op.f("uq_outbound_messages_in_reply_to_part")),
        sa.UniqueConstraint("provider_id", name=op.f("uq_outbound_messages_provider_id")),
        sa.UniqueConstraint("seq", name=op.f("uq_outbound_messages_seq")),
    )
    op.create_index(
        "ix_outbound_messages_conversation_id_seq", "outbound_messages", ["conversation_id", "seq"], unique=False
    )
    op.create_index(
        "ix_outbound_messages_due",
        "outbound_messages",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('queued','sending')"),
    )
    op.create_index(op.f("ix_outbound_messages_escalation_id"), "outbound_messages", ["escalation_id"], unique=False)
    op.create_table(
        "delivery_attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("outbound_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["outbound_id"], ["outbound_messages.id"], name=op.f("fk_delivery_attempts_outbound_id_outbound_messages")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_attempts")),
    )
    op.create_index(op.f("ix_delivery_attempts_outbound_id"), "delivery_attempts", ["outbound_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_delivery_attempts_outbound_id"), table_name="delivery_attempts")
    op.drop_table("delivery_attempts")
    op.drop_index(op.f("ix_outbound_messages_escalation_id"), table_name="outbound_messages")
    op.drop_index(
        "ix_outbound_messages_due",
        table_name="outbound_messages",
        postgresql_where=sa.text("state IN ('queued','sending')"),
    )
    op.drop_index("ix_outbound_messages_conversation_id_seq", table_name="outbound_messages")
    op.drop_table("outbound_messages")
    op.drop_index(op.f("ix_notifications_escalation_id"), table_name="notifications")
    op.drop_table("notifications")
    op.drop_index("ix_escalations_next_rung_at", table_name="escalations", postgresql_where=sa.text("state = 'open'"))
    op.drop_index(op.f("ix_escalations_family_id"), table_name="escalations")
    op.drop_index(op.f("ix_escalations_conversation_id"), table_name="escalations")
    op.drop_index(op.f("ix_escalations_agency_id"), table_name="escalations")
    op.drop_table("escalations")
    op.drop_index(op.f("ix_change_requests_appointment_id"), table_name="change_requests")
    op.drop_table("change_requests")
    op.drop_index(op.f("ix_action_events_action_id"), table_name="action_events")
    op.drop_table("action_events")
    op.drop_index(
        "ix_inbound_messages_unsettled",
        table_name="inbound_messages",
        postgresql_where=sa.text("state IN ('queued','unanswered')"),
    )
    op.drop_index("ix_inbound_messages_conversation_id_seq", table_name="inbound_messages")
    op.drop_table("inbound_messages")
    op.drop_index(op.f("ix_risks_plan_id"), table_name="risks")
    op.drop_table("risks")
    op.drop_table("plan_children")
    op.drop_index(op.f("ix_plan_actions_plan_id"), table_name="plan_actions")
    op.drop_index("ix_plan_actions_owner", table_name="plan_actions")
    op.drop_table("plan_actions")
    op.drop_index(op.f("ix_core_group_members_plan_id"), table_name="core_group_members")
    op.drop_table("core_group_members")
    op.drop_index(op.f("ix_conversations_person_id"), table_name="conversations")
    op.drop_index(op.f("ix_conversations_agency_id"), table_name="conversations")
    op.drop_table("conversations")
    op.drop_index(
        "uq_contact_points_live", table_name="contact_points", postgresql_where=sa.text("state <> 'quarantined'")
    )
    op.drop_index(op.f("ix_contact_points_person_id"), table_name="contact_points")
    op.drop_table("contact_points")
    op.drop_index(op.f("ix_chat_codes_person_id"), table_name="chat_codes")
    op.drop_table("chat_codes")
    op.drop_index(op.f("ix_attendees_person_id"), table_name="attendees")
    op.drop_index(op.f("ix_attendees_appointment_id"), table_name="attendees")
    op.drop_table("attendees")
    op.drop_index(op.f("ix_worker_sessions_worker_id"), table_name="worker_sessions")
    op.drop_table("worker_sessions")
    op.drop_index(op.f("ix_shifts_agency_id"), table_name="shifts")
    op.drop_table("shifts")
    op.drop_table("service_taxonomy_terms")
    op.drop_index(op.f("ix_service_at_locations_service_id"), table_name="service_at_locations")
    op.drop_index(op.f("ix_service_at_locations_location_id"), table_name="service_at_locations")
    op.drop_table("service_at_locations")
    op.drop_index(op.f("ix_schedules_service_id"), table_name="schedules")
    op.drop_table("schedules")
    op.drop_index(op.f("ix_plans_family_id"), table_name="plans")
    op.drop_table("plans")
    op.drop_index(op.f("ix_phones_service_id"), table_name="phones")
    op.drop_table("phones")
    op.drop_index(op.f("ix_people_family_id"), table_name="people")
    op.drop_table("people")
    op.drop_index("uq_family_workers_one_lead", table_name="family_workers", postgresql_where=sa.text("lead"))
    op.drop_index(op.f("ix_family_workers_worker_id"), table_name="family_workers")
    op.drop_table("family_workers")
    op.drop_index("ix_appointments_family_starts", table_name="appointments")
    op.drop_table("appointments")
    op.drop_table("workers")
    op.drop_table("taxonomy_terms")
    op.drop_index(op.f("ix_services_organization_id"), table_name="services")
    op.drop_table("services")
    op.drop_index(op.f("ix_families_agency_id"), table_name="families")
    op.drop_table("families")
    op.drop_table("taxonomies")
    op.drop_index("ix_sign_in_attempts_subject_at", table_name="sign_in_attempts")
    op.drop_table("sign_in_attempts")
    op.drop_table("organizations")
    op.drop_table("locations")
    op.drop_index(op.f("ix_audit_entries_family_id"), table_name="audit_entries")
    op.drop_table("audit_entries")
    op.drop_table("agencies")
    op.execute("DROP SEQUENCE message_seq")
