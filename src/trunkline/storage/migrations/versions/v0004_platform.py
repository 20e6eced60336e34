"""Clients of clients, campaigns, templates, and the logs of use and of changes."""

import sqlalchemy as sa
from alembic import op

from trunkline.storage.columns import Moment
from trunkline.storage.migrations import lanes, usage_of_calls

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _due(columns: list[str]) -> None:
    """Which deliveries are to be tried."""
    op.create_index(
        "ix_webhook_deliveries_due",
        "webhook_deliveries",
        columns,
        unique=False,
        sqlite_where=sa.text("status = 'pending'"),
        postgresql_where=sa.text("status = 'pending'"),
    )


def _live(where: str) -> None:
    """Which calls hold capacity: before this version all that have not ended."""
    op.create_index(
        "ix_calls_live",
        "calls",
        ["org_id", "number_id", "trunk_id"],
        unique=False,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def upgrade() -> None:
    op.create_table(
        "analysis_templates",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("schema", sa.JSON(), nullable=False),
        sa.Column("system_prompt", sa.Text(), nullable=True),
        sa.Column("user_prompt", sa.Text(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id"],
            ["organisations.id"],
            name=op.f("fk_analysis_templates_org_id_organisations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis_templates")),
    )
    op.create_index(op.f("ix_analysis_templates_org_id"), "analysis_templates", ["org_id"], unique=False)
    op.create_table(
        "audit_log",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=True),
        sa.Column("actor_org_id", sa.String(length=64), nullable=True),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("noun", sa.String(length=32), nullable=False),
        sa.Column("item_id", sa.String(length=64), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("request_id", sa.String(length=128), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisations.id"], name=op.f("fk_audit_log_org_id_organisations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_newest", "audit_log", ["org_id", sa.literal_column("at DESC"), "id"], unique=False)
    op.create_index(
        "ix_audit_log_of_item", "audit_log", ["org_id", "item_id", sa.literal_column("at DESC"), "id"], unique=False
    )
    op.create_table(
        "call_signalling",
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("messages", sa.JSON(), nullable=False),
        sa.Column("omitted", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_call_signalling_call_id_calls"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisations.id"], name=op.f("fk_call_signalling_org_id_organisations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_call_signalling")),
    )
    op.create_table(
        "do_not_call",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("phone_number", sa.String(length=320), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisations.id"], name=op.f("fk_do_not_call_org_id_organisations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_do_not_call")),
        sa.UniqueConstraint("org_id", "phone_number", name=op.f("uq_do_not_call_org_id_phone_number")),
    )
    op.create_index(
        "ix_do_not_call_newest", "do_not_call", ["org_id", sa.literal_column("created_at DESC"), "id"], unique=False
    )
    op.create_table(
        "domains",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("domain_name", sa.String(length=253), nullable=False),
        sa.Column("resend_domain_id", sa.String(length=128), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=True),
        sa.Column("records", sa.JSON(), nullable=False),
        sa.Column("registered_here", sa.Boolean(), nullable=False),
        sa.Column("verified_at", Moment(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisations.id"], name=op.f("fk_domains_org_id_organisations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domains")),
        sa.UniqueConstraint("org_id", name=op.f("uq_domains_org_id")),
    )
    op.create_table(
        "tool_templates",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("tool_type", sa.String(length=32), nullable=False),
        sa.Column("tool_config", sa.JSON(), nullable=False),
        sa.Column("secrets_sealed", sa.Text(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisations.id"], name=op.f("fk_tool_templates_org_id_organisations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tool_templates")),
    )
    op.create_index(op.f("ix_tool_templates_org_id"), "tool_templates", ["org_id"], unique=False)
    op.create_table(
        "usage_logs",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("billed_org_id", sa.String(length=64), nullable=False),
        sa.Column("duration_sec", sa.Integer(), nullable=False),
        sa.Column("byok_stt", sa.Boolean(), nullable=False),
        sa.Column("byok_llm", sa.Boolean(), nullable=False),
        sa.Column("byok_tts", sa.Boolean(), nullable=False),
        sa.Column("call_type", sa.String(length=8), nullable=False),
        sa.Column("phone_number", sa.Text(), nullable=True),
        sa.Column("assistant_id", sa.String(length=64), nullable=True),
        sa.Column("agent_name", sa.Text(), nullable=True),
        sa.Column("business_name", sa.Text(), nullable=True),
        sa.Column("cost", sa.Float(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisations.id"], name=op.f("fk_usage_logs_org_id_organisations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_logs")),
        sa.UniqueConstraint("call_id", name=op.f("uq_usage_logs_call_id")),
    )
    op.create_index(
        "ix_usage_logs_newest",
        "usage_logs",
        ["org_id", sa.literal_column("created_at DESC"), "id", "duration_sec", "cost"],
        unique=False,
    )
    op.create_index(
        "ix_usage_logs_billed",
        "usage_logs",
        ["billed_org_id", sa.literal_column("created_at DESC"), "id", "duration_sec", "cost"],
        unique=False,
    )
    op.create_table(
        "campaigns",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("assistant_id", sa.String(length=64), nullable=True),
        sa.Column("number_ids", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("pause_reason", sa.Text(), nullable=True),
        sa.Column("system_message_template", sa.Text(), nullable=True),
        sa.Column("schedule_start_time", sa.String(length=8), nullable=True),
        sa.Column("schedule_end_time", sa.String(length=8), nullable=True),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("days_of_week", sa.JSON(), nullable=False),
        sa.Column("max_concurrent_calls", sa.Integer(), nullable=True),
        sa.Column("calls_per_minute", sa.Integer(), nullable=True),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("retry_delay_minutes", sa.Integer(), nullable=False),
        sa.Column("retry_on", sa.JSON(), nullable=False),
        sa.Column("next_call_at", Moment(), nullable=True),
        sa.Column("resumed_at", Moment(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assistant_id"], ["assistants.id"], name=op.f("fk_campaigns_assistant_id_assistants"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisations.id"], name=op.f("fk_campaigns_org_id_organisations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
    )
    op.create_index(
        "ix_campaigns_newest", "campaigns", ["org_id", sa.literal_column("created_at DESC"), "id"], unique=False
    )
    op.create_index(op.f("ix_campaigns_status"), "campaigns", ["status"], unique=False)
    op.create_table(
        "leads",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("campaign_id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("phone_number", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("variables", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("call_id", sa.String(length=64), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Moment(), nullable=True),
        sa.Column("last_attempt_at", Moment(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_leads_campaign_id_campaigns"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisations.id"], name=op.f("fk_leads_org_id_organisations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leads")),
    )
    op.create_index(op.f("ix_leads_call_id"), "leads", ["call_id"], unique=False)
    op.create_index("ix_leads_by_number", "leads", ["campaign_id", "phone_number"], unique=False)
    op.create_index(
        "ix_leads_calling",
        "leads",
        ["campaign_id"],
        unique=False,
        sqlite_where=sa.text("status = 'calling'"),
        postgresql_where=sa.text("status = 'calling'"),
    )
    op.create_index("ix_leads_due", "leads", ["campaign_id", "status", "next_attempt_at", "position"], unique=False)
    op.create_index("ix_leads_in_order", "leads", ["campaign_id", "position"], unique=False)
    op.add_column("webhook_deliveries", sa.Column("earlier_attempts", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("webhook_deliveries", sa.Column("lane", sa.String(length=32), nullable=False, server_default="over"))
    lanes.fill(op.get_bind())
    op.drop_index("ix_webhook_deliveries_due", table_name="webhook_deliveries")
    _due(["next_attempt_at", "lane", "org_id"])
    op.create_index(
        "ix_webhook_deliveries_by_status",
        "webhook_deliveries",
        ["org_id", "status", sa.literal_column("created_at DESC"), "id"],
        unique=False,
    )
    op.add_column("calls", sa.Column("scheduled_at", Moment(), nullable=True))
    op.add_column("calls", sa.Column("waits_until", Moment(), nullable=True))
    op.add_column("calls", sa.Column("released_at", Moment(), nullable=True))
    op.drop_index("ix_calls_live", table_name="calls")
    _live("ended_at IS NULL AND waits_until IS NULL")
    op.add_column("calls", sa.Column("campaign_id", sa.String(length=64), nullable=True))
    op.add_column("calls", sa.Column("lead_id", sa.String(length=64), nullable=True))
    op.add_column("calls", sa.Column("content_deleted_at", Moment(), nullable=True))
    op.create_index(
        "ix_calls_kept",
        "calls",
        ["org_id", "ended_at", "id"],
        unique=False,
        sqlite_where=sa.text("content_deleted_at IS NULL"),
        postgresql_where=sa.text("content_deleted_at IS NULL"),
    )
    op.create_index(
        "ix_calls_by_campaign_id",
        "calls",
        ["org_id", "campaign_id", sa.literal_column("created_at DESC"), "id"],
        unique=False,
        sqlite_where=sa.text("campaign_id IS NOT NULL"),
        postgresql_where=sa.text("campaign_id IS NOT NULL"),
    )
    op.create_index(
        "ix_calls_scheduled",
        "calls",
        ["waits_until"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL AND waits_until IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NULL AND waits_until IS NOT NULL"),
    )
    op.add_column("organisations", sa.Column("parent_org_id", sa.String(length=64), nullable=True))
    op.add_column("organisations", sa.Column("guaranteed_concurrent_calls", sa.Integer(), nullable=True))
    op.add_column("organisations", sa.Column("monthly_minutes_limit", sa.Float(), nullable=True))
    op.add_column(
        "organisations", sa.Column("content_retention_days", sa.Integer(), nullable=False, server_default="365")
    )
    op.add_column(
        "organisations", sa.Column("metadata_retention_days", sa.Integer(), nullable=False, server_default="730")
    )
    op.add_column("organisations", sa.Column("calls_kept_since", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_organisations_parent_org_id"), "organisations", ["parent_org_id"], unique=False)
    _slots("key_id", "method", "path", "key", "org_id")
    usage_of_calls.fill(op.get_bind())


def downgrade() -> None:
    # What a parent asked in the name of a child has no place in the narrower key.
    op.execute(
        "DELETE FROM idempotency_keys WHERE org_id NOT IN "
        "(SELECT api_keys.org_id FROM api_keys WHERE api_keys.id = idempotency_keys.key_id)"
    )
    _slots("key_id", "method", "path", "key")
    op.drop_index(op.f("ix_organisations_parent_org_id"), table_name="organisations")
    op.drop_column("organisations", "calls_kept_since")
    op.drop_column("organisations", "metadata_retention_days")
    op.drop_column("organisations", "content_retention_days")
    op.drop_column("organisations", "monthly_minutes_limit")
    op.drop_column("organisations", "guaranteed_concurrent_calls")
    op.drop_column("organisations", "parent_org_id")
    op.drop_index(
        "ix_calls_scheduled",
        table_name="calls",
        sqlite_where=sa.text("ended_at IS NULL AND waits_until IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NULL AND waits_until IS NOT NULL"),
    )
    op.drop_index(
        "ix_calls_by_campaign_id",
        table_name="calls",
        sqlite_where=sa.text("campaign_id IS NOT NULL"),
        postgresql_where=sa.text("campaign_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_calls_kept",
        table_name="calls",
        sqlite_where=sa.text("content_deleted_at IS NULL"),
        postgresql_where=sa.text("content_deleted_at IS NULL"),
    )
    op.drop_column("calls", "content_deleted_at")
    op.drop_column("calls", "lead_id")
    op.drop_column("calls", "campaign_id")
    op.drop_index("ix_calls_live", table_name="calls")
    _live("ended_at IS NULL")
    op.drop_column("calls", "released_at")
    op.drop_column("calls", "waits_until")
    op.drop_column("calls", "scheduled_at")
    op.drop_index("ix_webhook_deliveries_by_status", table_name="webhook_deliveries")
    op.drop_index("ix_webhook_deliveries_due", table_name="webhook_deliveries")
    op.drop_column("webhook_deliveries", "lane")
    _due(["next_attempt_at"])
    op.drop_column("webhook_deliveries", "earlier_attempts")
    op.drop_index("ix_leads_in_order", table_name="leads")
    op.drop_index("ix_leads_due", table_name="leads")
    op.drop_index(
        "ix_leads_calling",
        table_name="leads",
        sqlite_where=sa.text("status = 'calling'"),
        postgresql_where=sa.text("status = 'calling'"),
    )
    op.drop_index("ix_leads_by_number", table_name="leads")
    op.drop_index(op.f("ix_leads_call_id"), table_name="leads")
    op.drop_table("leads")
    op.drop_index(op.f("ix_campaigns_status"), table_name="campaigns")
    op.drop_index("ix_campaigns_newest", table_name="campaigns")
    op.drop_table("campaigns")
    op.drop_index("ix_usage_logs_billed", table_name="usage_logs")
    op.drop_index("ix_usage_logs_newest", table_name="usage_logs")
    op.drop_table("usage_logs")
    op.drop_index(op.f("ix_tool_templates_org_id"), table_name="tool_templates")
    op.drop_table("tool_templates")
    op.drop_table("domains")
    op.drop_table("do_not_call")
    op.drop_table("call_signalling")
    op.drop_index("ix_audit_log_newest", table_name="audit_log")
    op.drop_table("audit_log")
    op.drop_index(op.f("ix_analysis_templates_org_id"), table_name="analysis_templates")
    op.drop_table("analysis_templates")


def _slots(*key: str) -> None:
    """What makes two requests under an Idempotency-Key the same; nothing hangs on this table, so it may be made anew."""
    with op.batch_alter_table("idempotency_keys") as slots:
        slots.drop_constraint("pk_idempotency_keys", type_="primary")
        slots.create_primary_key("pk_idempotency_keys", list(key))
