"""The tables of calling many: campaigns, their leads, and whom not to call."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint, text

from trunkline.storage.columns import Moment, Words
from trunkline.storage.metadata import id_column, metadata, org_column, required

campaigns = Table(
    "campaigns",
    metadata,
    id_column(),
    org_column(index=False),
    required("name"),
    Column("assistant_id", String(64), ForeignKey("assistants.id", ondelete="SET NULL")),
    Column("number_ids", JSON, nullable=False),
    Column("status", String(16), nullable=False, index=True),
    Column("pause_reason", Words),
    Column("system_message_template", Words),
    Column("schedule_start_time", String(8)),
    Column("schedule_end_time", String(8)),
    Column("timezone", String(64), nullable=False),
    Column("days_of_week", JSON, nullable=False),
    Column("max_concurrent_calls", Integer),
    Column("calls_per_minute", Integer),
    Column("max_attempts", Integer, nullable=False),
    Column("retry_delay_minutes", Integer, nullable=False),
    Column("retry_on", JSON, nullable=False),
    Column("next_call_at", Moment),
    Column("resumed_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)
Index("ix_campaigns_newest", campaigns.c.org_id, campaigns.c.created_at.desc(), campaigns.c.id)

leads = Table(
    "leads",
    metadata,
    id_column(),
    org_column(index=False),
    Column("campaign_id", String(64), ForeignKey("campaigns.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("phone_number", String(32), nullable=False),
    Column("name", Words),
    Column("variables", JSON, nullable=False),
    Column("status", String(16), nullable=False),
    Column("error", Words),
    Column("call_id", String(64), index=True),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Moment),
    Column("last_attempt_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)
Index("ix_leads_in_order", leads.c.campaign_id, leads.c.position)
Index("ix_leads_due", leads.c.campaign_id, leads.c.status, leads.c.next_attempt_at, leads.c.position)
Index("ix_leads_by_number", leads.c.campaign_id, leads.c.phone_number)
# Written out, because SQLite takes a partial index only for a condition that stands in the statement.
IS_CALLING = text("leads.status = 'calling'")
Index(
    "ix_leads_calling",
    leads.c.campaign_id,
    sqlite_where=text("status = 'calling'"),
    postgresql_where=text("status = 'calling'"),
)

do_not_call = Table(
    "do_not_call",
    metadata,
    id_column(),
    org_column(index=False),
    Column("phone_number", String(320), nullable=False),
    Column("reason", Words),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("org_id", "phone_number"),
)
Index("ix_do_not_call_newest", do_not_call.c.org_id, do_not_call.c.created_at.desc(), do_not_call.c.id)
