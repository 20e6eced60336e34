"""The tables of what an organisation keeps beside its calls: templates, domains, the log of use and of changes."""

from sqlalchemy import JSON, Boolean, Column, Float, Index, Integer, String, Table, UniqueConstraint

from trunkline.storage.columns import Moment, Words
from trunkline.storage.metadata import id_column, metadata, org_column, required

tool_templates = Table(
    "tool_templates",
    metadata,
    id_column(),
    org_column(),
    required("name"),
    Column("description", Words),
    Column("tool_type", String(32), nullable=False),
    Column("tool_config", JSON, nullable=False),
    Column("secrets_sealed", Words),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

analysis_templates = Table(
    "analysis_templates",
    metadata,
    id_column(),
    org_column(),
    required("name"),
    Column("description", Words),
    Column("schema", JSON, nullable=False),
    Column("system_prompt", Words),
    Column("user_prompt", Words),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

domains = Table(
    "domains",
    metadata,
    id_column(),
    org_column(index=False),
    Column("domain_name", String(253), nullable=False),
    Column("resend_domain_id", String(128)),
    Column("status", String(16), nullable=False),
    Column("region", String(32)),
    Column("records", JSON, nullable=False),
    Column("registered_here", Boolean, nullable=False),
    Column("verified_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("org_id"),
)

usage_logs = Table(
    "usage_logs",
    metadata,
    id_column(),
    org_column(index=False),
    Column("call_id", String(64), nullable=False, unique=True),
    Column("billed_org_id", String(64), nullable=False),
    Column("duration_sec", Integer, nullable=False),
    Column("byok_stt", Boolean, nullable=False),
    Column("byok_llm", Boolean, nullable=False),
    Column("byok_tts", Boolean, nullable=False),
    Column("call_type", String(8), nullable=False),
    Column("phone_number", Words),
    Column("assistant_id", String(64)),
    Column("agent_name", Words),
    Column("business_name", Words),
    Column("cost", Float),
    Column("created_at", Moment, nullable=False),
)
# The last columns let sums be made without reading a row.
for _name, _whose in (("newest", usage_logs.c.org_id), ("billed", usage_logs.c.billed_org_id)):
    Index(
        f"ix_usage_logs_{_name}",
        _whose,
        usage_logs.c.created_at.desc(),
        usage_logs.c.id,
        usage_logs.c.duration_sec,
        usage_logs.c.cost,
    )

audit_log = Table(
    "audit_log",
    metadata,
    id_column(),
    org_column(index=False),
    Column("at", Moment, nullable=False),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_id", String(64)),
    Column("actor_name", Words),
    Column("actor_org_id", String(64)),
    Column("action", String(32), nullable=False),
    Column("noun", String(32), nullable=False),
    Column("item_id", String(64), nullable=False),
    Column("changes", JSON, nullable=False),
    Column("request_id", String(128)),
)
Index("ix_audit_log_newest", audit_log.c.org_id, audit_log.c.at.desc(), audit_log.c.id)
Index("ix_audit_log_of_item", audit_log.c.org_id, audit_log.c.item_id, audit_log.c.at.desc(), audit_log.c.id)
