"""Every table, in one place.

A call is live exactly as long as its ``ended_at`` and its ``waits_until`` are null: a scheduled call whose time has not
come has neither worker nor capacity. ``released_at`` is when such a call was let go.
"""

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, UniqueConstraint, text

from trunkline.storage.columns import Counting, Moment, Words
from trunkline.storage.metadata import id_column, metadata, org_column, required
from trunkline.storage.outreach_tables import campaigns, do_not_call, leads
from trunkline.storage.record_tables import analysis_templates, audit_log, domains, tool_templates, usage_logs

__all__ = [
    "analysis_templates",
    "api_keys",
    "assistants",
    "audit_log",
    "call_events",
    "call_messages",
    "call_signalling",
    "calls",
    "campaigns",
    "do_not_call",
    "domains",
    "idempotency_keys",
    "leads",
    "metadata",
    "numbers",
    "organisations",
    "outbox",
    "provider_keys",
    "tool_templates",
    "trunks",
    "usage_logs",
    "webhook_deliveries",
]

organisations = Table(
    "organisations",
    metadata,
    id_column(),
    required("name"),
    Column("email", Words),
    Column("minutes_balance", Float),
    Column("credits_balance", Float),
    Column("webhook_url", Words),
    Column("webhook_secret_sealed", Words),
    Column("max_concurrent_calls", Integer),
    Column("has_local_models_access", Boolean, nullable=False),
    Column("provider_defaults", JSON, nullable=False),
    Column("parent_org_id", String(64), index=True),
    Column("guaranteed_concurrent_calls", Integer),
    Column("monthly_minutes_limit", Float),
    Column("content_retention_days", Integer, nullable=False),
    Column("metadata_retention_days", Integer, nullable=False),
    # No call that was placed since then was ever deleted; null: none at all.
    Column("calls_kept_since", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

provider_keys = Table(
    "provider_keys",
    metadata,
    id_column(),
    org_column(index=False),
    Column("vendor", String(64), nullable=False),
    required("key_sealed"),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("org_id", "vendor"),
)

api_keys = Table(
    "api_keys",
    metadata,
    id_column(),
    org_column(),
    required("name"),
    required("prefix"),
    Column("hash", String(64), nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    Column("expires_at", Moment),
    Column("last_used_at", Moment),
    Column("revoked_at", Moment),
    Column("created_at", Moment, nullable=False),
)

trunks = Table(
    "trunks",
    metadata,
    id_column(),
    org_column(),
    Column("revision", Integer, nullable=False),
    required("name"),
    Column("provider", Words),
    required("host"),
    Column("port", Integer),
    required("transport"),
    required("srtp"),
    Column("auth_username", Words),
    Column("auth_password_sealed", Words),
    Column("inbound_addresses", JSON, nullable=False),
    Column("outbound_number", Words),
    Column("register", Boolean, nullable=False),
    Column("allow_sip_uri", Boolean, nullable=False),
    Column("max_concurrent_calls", Integer),
    Column("calls_per_second", Float),
    Column("is_active", Boolean, nullable=False),
    required("status"),
    Column("next_dial_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

assistants = Table(
    "assistants",
    metadata,
    id_column(),
    org_column(),
    required("name"),
    Column("business_name", Words),
    Column("is_active", Boolean, nullable=False),
    Column("config", JSON, nullable=False),
    Column("secrets_sealed", Words),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

numbers = Table(
    "numbers",
    metadata,
    id_column(),
    org_column(),
    Column("phone_number", String(32), nullable=False, unique=True),
    Column("name", Words),
    Column("assistant_id", String(64), ForeignKey("assistants.id", ondelete="SET NULL")),
    Column("trunk_id", String(64), ForeignKey("trunks.id", ondelete="SET NULL")),
    Column("transfer_trunk_id", String(64), ForeignKey("trunks.id", ondelete="SET NULL")),
    required("source"),
    Column("is_active", Boolean, nullable=False),
    Column("max_concurrent_calls", Integer),
    Column("last_used_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

calls = Table(
    "calls",
    metadata,
    id_column(),
    org_column(index=False),
    Column("direction", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("end_reason", String(32)),
    Column("error", Words),
    Column("caller_phone", Words),
    Column("assistant_phone", Words),
    Column("number_id", String(64)),
    Column("number_name", Words),
    Column("trunk_id", String(64)),
    Column("assistant_id", String(64)),
    Column("assistant_name", Words),
    Column("business_name", Words),
    Column("metadata", JSON, nullable=False),
    Column("assistant_public", JSON, nullable=False),
    Column("plan_sealed", Words, nullable=False),
    Column("tells_status", Boolean, nullable=False),
    Column("answered_at", Moment),
    Column("ended_at", Moment),
    Column("duration_seconds", Integer),
    Column("summary", Words),
    Column("analysis_result", JSON(none_as_null=True)),
    Column("recording", Words),
    Column("sip", JSON(none_as_null=True)),
    Column("usage", JSON(none_as_null=True)),
    Column("latency", JSON(none_as_null=True)),
    Column("cost", JSON(none_as_null=True)),
    Column("last_seq", Integer, nullable=False),
    Column("worker_id", String(128)),
    Column("lease_until", Moment),
    Column("dial_at", Moment),
    Column("scheduled_at", Moment),
    Column("waits_until", Moment),
    Column("released_at", Moment),
    Column("campaign_id", String(64)),
    Column("lead_id", String(64)),
    Column("content_deleted_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)
# The last column lets the month's seconds be summed up without reading a call.
Index("ix_calls_newest", calls.c.org_id, calls.c.created_at.desc(), calls.c.id, calls.c.duration_seconds)
for _filter in ("status", "direction", "assistant_id", "number_id", "end_reason"):
    Index(f"ix_calls_by_{_filter}", calls.c.org_id, calls.c[_filter], calls.c.created_at.desc(), calls.c.id)
Index(
    "ix_calls_live",
    calls.c.org_id,
    calls.c.number_id,
    calls.c.trunk_id,
    sqlite_where=text("ended_at IS NULL AND waits_until IS NULL"),
    postgresql_where=text("ended_at IS NULL AND waits_until IS NULL"),
)
Index(
    "ix_calls_by_campaign_id",
    calls.c.org_id,
    calls.c.campaign_id,
    calls.c.created_at.desc(),
    calls.c.id,
    sqlite_where=text("campaign_id IS NOT NULL"),
    postgresql_where=text("campaign_id IS NOT NULL"),
)
Index(
    "ix_calls_kept",
    calls.c.org_id,
    calls.c.ended_at,
    calls.c.id,
    sqlite_where=text("content_deleted_at IS NULL"),
    postgresql_where=text("content_deleted_at IS NULL"),
)
Index(
    "ix_calls_scheduled",
    calls.c.waits_until,
    sqlite_where=text("ended_at IS NULL AND waits_until IS NOT NULL"),
    postgresql_where=text("ended_at IS NULL AND waits_until IS NOT NULL"),
)


def _call(*, index: bool = False, primary_key: bool = False) -> Column[str]:
    to = ForeignKey("calls.id", ondelete="CASCADE")
    return Column("call_id", String(64), to, nullable=False, index=index, primary_key=primary_key)


call_messages = Table(
    "call_messages",
    metadata,
    Column("id", Counting, primary_key=True, autoincrement=True),
    org_column(),
    _call(index=True),
    Column("role", String(16), nullable=False),
    required("content"),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("interrupted", Boolean, nullable=False),
)

call_events = Table(
    "call_events",
    metadata,
    _call(primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    org_column(),
    Column("event", String(16), nullable=False),
    Column("data", JSON, nullable=False),
    Column("final", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
)

call_signalling = Table(
    "call_signalling",
    metadata,
    _call(primary_key=True),
    org_column(index=False),
    Column("messages", JSON, nullable=False),
    Column("omitted", Integer, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Counting, primary_key=True, autoincrement=True),
    org_column(),
    _call(index=True),
    Column("kind", String(32), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("taken_at", Moment),
    sqlite_autoincrement=True,
)
Index(
    "ix_outbox_untaken",
    outbox.c.id,
    sqlite_where=text("taken_at IS NULL"),
    postgresql_where=text("taken_at IS NULL"),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    id_column(),
    org_column(),
    _call(index=True),
    Column("position", Counting, nullable=False),
    Column("event", String(32), nullable=False),
    required("url"),
    Column("body", Words),
    Column("status", String(16), nullable=False),
    Column("attempts", JSON, nullable=False),
    Column("next_attempt_at", Moment),
    Column("failing_since", Moment),
    Column("claimed_until", Moment),
    Column("earlier_attempts", Integer, nullable=False),
    Column("lane", String(32), nullable=False),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("call_id", "position"),
)
Index("ix_webhook_deliveries_newest", webhook_deliveries.c.org_id, webhook_deliveries.c.created_at.desc())
Index(
    "ix_webhook_deliveries_by_status",
    webhook_deliveries.c.org_id,
    webhook_deliveries.c.status,
    webhook_deliveries.c.created_at.desc(),
    webhook_deliveries.c.id,
)
# The last columns let those of lanes and organisations that are full be passed over without being read.
Index(
    "ix_webhook_deliveries_due",
    webhook_deliveries.c.next_attempt_at,
    webhook_deliveries.c.lane,
    webhook_deliveries.c.org_id,
    sqlite_where=text("status = 'pending'"),
    postgresql_where=text("status = 'pending'"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("key_id", String(64), primary_key=True),
    Column("method", String(8), primary_key=True),
    Column("path", String(512), primary_key=True),
    Column("key", String(255), primary_key=True),
    org_column(primary_key=True),
    Column("body_hash", String(64), nullable=False),
    Column("status_code", Integer),
    Column("reply", JSON(none_as_null=True)),
    Column("created_at", Moment, nullable=False, index=True),
)
